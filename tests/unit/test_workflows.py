"""GitHub's workflows: what they use is pinned, what they run exists, and nothing in them is a key."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

REPOSITORY = Path(__file__).parents[2]
WORKFLOWS = sorted((REPOSITORY / ".github" / "workflows").glob("*.y*ml"))


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text())
    return found


def steps(path: Path) -> list[dict[str, Any]]:
    return [step for job in read(path)["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_pinned_by_commit(path: Path) -> None:
    used = [job["uses"] for job in read(path)["jobs"].values() if "uses" in job]
    used += [step["uses"] for step in steps(path) if "uses" in step]
    assert used
    for each in used:
        assert re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}", each), each
        # People read the version beside it.
        assert re.search(rf"{each} # v\d+\.\d+\.\d+$", path.read_text(), re.MULTILINE), each


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_job_may_do_only_what_it_says(path: Path) -> None:
    assert "permissions" in read(path)
    assert "secrets." not in path.read_text()
    assert "write-all" not in path.read_text()


def test_a_deployment_has_a_reviewer_a_role_and_a_processor() -> None:
    [job] = read(REPOSITORY / ".github" / "workflows" / "deploy.yml")["jobs"].values()
    assert job["environment"] == "production"
    assert job["permissions"] == {"contents": "read", "id-token": "write"}
    assert job["runs-on"].endswith("-arm")
    [role] = [step["with"]["role-to-assume"] for step in job["steps"] if "credentials" in step.get("uses", "")]
    assert role == "${{ vars.AWS_DEPLOYMENT_ROLE }}"


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_the_words_that_are_made_are_the_makefile_s(path: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
    made = re.findall(r"\bmake ([a-z-]+)", "\n".join(step.get("run", "") for step in steps(path)))
    assert made
    assert set(made) <= targets
