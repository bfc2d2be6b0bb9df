"""The two templates that most tests read, synthesised once; cdk-nag's findings would raise."""

from pathlib import Path
from typing import Any

import pytest

from tests.infrastructure.synthesis import GIVEN, given_configuration, synthesise


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where templates are written."""
    return tmp_path_factory.mktemp("cdk.out")


@pytest.fixture(scope="session")
def given(folder: Path) -> dict[str, Any]:
    """For a database and a network that exist."""
    production = GIVEN.replace("[database]", '[database]\nprofile = "ucr_prd"')
    return synthesise(str(given_configuration(folder, production)), folder / "given")


@pytest.fixture(scope="session")
def trial(folder: Path) -> dict[str, Any]:
    """Everything created."""
    return synthesise("development", folder / "trial")
