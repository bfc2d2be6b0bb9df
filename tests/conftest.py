"""Shared by all suites: where the real zips are, and a PostgreSQL of the tests' own."""

import gc
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing import forkserver
from pathlib import Path
from typing import NoReturn

import pytest
from coverage import Coverage
from hypothesis import HealthCheck, settings
from nibrs_engine import definition
from nibrs_home import embedded_postgres
from nibrs_home.home import Home
from nibrs_pipeline.catalog import Catalog, nibrs_catalog
from nibrs_pipeline.database.location import DatabaseLocation

from tests.databases import copied, leave_alone, make_empty
from tests.memory_files import write_into_memory
from tests.runs import load_trial

# How long an example takes says something of the machine, nothing of the product.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

#: Modules that take minutes are begun first: else one worker would be at them when the other has nothing left.
_LONGEST = (
    "test_deployment.py",
    "test_estimates.py",
    "test_simulated_estimates.py",
    "test_r_package.py",
    "test_image.py",
)

# As in the command: there is much to search, and little of it is garbage.
gc.set_threshold(100_000)

REAL_DATA = Path(__file__).parents[2] / "shared" / "data"


def pytest_configure(config: pytest.Config) -> None:
    write_into_memory()
    for name in ("DB_URI", "PGHOST", "DB_SECRET_ARN", "NIBRS_HOME"):
        os.environ.pop(name, None)
    # Workbooks take most of the time of a report; tests that look at them ask for them.
    os.environ["WORKBOOKS"] = "none"
    # Likewise tables: those of persons, drugs and guns have most of the cells.
    os.environ["TABLES"] = "crimes"
    # Forty files of the Parquet set per state-year take a third of a run of a small state.
    os.environ["PARQUET"] = "no"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: _LONGEST.index(item.path.name) if item.path.name in _LONGEST else len(_LONGEST))


def pytest_unconfigure() -> None:
    # Hypothesis leaves a callback of the garbage collector. It outlives the interpreter's last collection and, through
    # what it refers to, all that was collected here: DuckDB's bindings would print hundreds of objects as leaked.
    gc.callbacks.clear()


def missing(reason: str) -> NoReturn:
    """Something that a test needs is not here: the test is skipped, but on CI it fails."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def real_zip(name: str) -> Path:
    """A zip as the FBI published it."""
    return real_data(f"{name}.zip")


def real_data(name: str) -> Path:
    """A file of real data."""
    path = REAL_DATA / name
    if not path.exists():
        missing(f"{path} is not here: real data are not part of the repository")
    return path


@pytest.fixture(scope="session", autouse=True)
def _tried_again_soon() -> None:
    """What tests break is mended at once: runs in the tests' own process wait for a second before they try again."""
    definition._LONGEST_WAIT_S = 2


@pytest.fixture(scope="module")
def unmeasured() -> Iterator[None]:
    """The module's coverage is not measured: measuring takes half as long again, and others run the same lines."""
    measured = Coverage.current()
    variables = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("COVERAGE_")}
    if not measured:
        yield
        return
    measured.stop()
    # What it forks would go on to measure, or not to.
    forkserver._forkserver._stop()  # type: ignore[attr-defined]
    yield
    forkserver._forkserver._stop()  # type: ignore[attr-defined]
    os.environ.update(variables)
    measured.start()


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return nibrs_catalog()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DatabaseLocation]:
    """A PostgreSQL that many tests share; its database ``empty`` has the schema, for ``databases.copied``."""
    with embedded_postgres.database(Home(tmp_path_factory.mktemp("server"))) as found:
        leave_alone(found)
        make_empty(found, "empty")
        yield found


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A home of the test's own; its database is stopped at the end."""
    made = Home(tmp_path / "home")
    yield made
    embedded_postgres.stop(made)


@pytest.fixture
def location(server: DatabaseLocation) -> Iterator[DatabaseLocation]:
    """An empty database with the schema, until the test ends."""
    with copied(server, "empty") as made:
        yield made


@pytest.fixture(scope="session")
def trial(server: DatabaseLocation, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a database with the trial: two states, two years."""
    name = make_empty(server, "trial")
    load_trial(tmp_path_factory.mktemp("trial"), replace(server, database=name))
    return name


@pytest.fixture
def loaded(server: DatabaseLocation, trial: str) -> Iterator[DatabaseLocation]:
    """A copy of the trial's database, until the test ends."""
    with copied(server, trial) as made:
        yield made


@pytest.fixture(scope="module")
def parquet() -> Iterator[None]:
    """State-years have their files of the Parquet set, too, as with users."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PARQUET", "yes")
        yield


@pytest.fixture
def r() -> None:
    """R, which a test runs."""
    if not shutil.which("Rscript"):
        missing("R is not installed; `make setup` installs it")
