"""The configuration of docker compose: valid, and in step with the rest."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml
from nibrs_pipeline.database.location import DatabaseLocation

REPOSITORY = Path(__file__).parents[2]
FILE = REPOSITORY / "local" / "compose.yaml"


def check(path: Path) -> subprocess.CompletedProcess[str]:
    command = Path(sys.executable).parent / "check-jsonschema"
    return subprocess.run(
        [str(command), "--builtin-schema", "vendor.compose-spec", str(path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_it_is_what_the_compose_specification_allows(tmp_path: Path) -> None:
    done = check(FILE)
    assert done.returncode == 0, done.stdout
    wrong = tmp_path / "compose.yaml"
    wrong.write_text(FILE.read_text().replace("depends_on", "depends_of"))
    assert check(wrong).returncode != 0


def test_the_runner_finds_the_database_that_is_defined() -> None:
    services: dict[str, Any] = yaml.safe_load(FILE.read_text())["services"]
    database, runner = services["database"], services["runner"]
    location = DatabaseLocation.from_uri(runner["environment"]["DB_URI"])
    assert location.host == "database"
    assert (location.user, location.password, location.database) == tuple(
        database["environment"][name] for name in ("POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_DB")
    )
    assert runner["depends_on"]["database"]["condition"] == "service_healthy"
    assert (FILE.parent / runner["build"]["context"] / runner["build"]["dockerfile"]).exists()


def test_what_the_runners_dockerfile_copies_and_runs_exists() -> None:
    text = (REPOSITORY / "local" / "Dockerfile").read_text()
    for path in re.findall(r"^RUN (local/\S+)", text, re.MULTILINE):
        assert (REPOSITORY / path).exists()
    assert re.search(r"^USER 10001$", text, re.MULTILINE)


def test_the_estimations_dockerfile_copies_what_exists_and_pins_r_packages() -> None:
    folder = REPOSITORY / "containers" / "r_estimation"
    text = (folder / "Dockerfile").read_text()
    for paths in re.findall(r"^COPY (.+) \S+$", text, re.MULTILINE):
        assert [path for path in paths.split() if not (folder / path).exists()] == []
    assert re.search(r"debian:12\.\d+-slim", text)
    assert re.search(r"^USER \d+$", text, re.MULTILINE)
    packages = (folder / "debian-packages.txt").read_text().split()
    assert [name for name in packages if name.startswith("r-") and "=" not in name] == []
    imports = re.findall(
        r"^    ([\w.]+),?$", (folder / "nibrsest" / "DESCRIPTION").read_text().split("Suggests")[0], re.M
    )
    of_r_itself = {"compiler", "methods", "parallel"}
    assert {f"r-cran-{name.lower()}" for name in imports if name not in of_r_itself} <= {
        name.partition("=")[0] for name in packages
    }
