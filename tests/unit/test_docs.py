"""What the documentation shows can be typed as it stands."""

import csv
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import click
import pytest
from nibrs_command.cli import main
from nibrs_engine.container_tasks import r_library
from nibrs_pipeline.failure_causes import MEANINGS
from nibrs_pipeline.plan.request import parse_request
from nibrs_simulation.records import records

from tests import simulated
from tests.conftest import missing, real_zip

REPOSITORY = Path(__file__).parents[2]
PAGES = sorted(
    [
        *REPOSITORY.glob("*.md"),
        *(REPOSITORY / "docs").rglob("*.md"),
        *REPOSITORY.glob("*/README.md"),
        *REPOSITORY.glob("containers/*/README.md"),
    ]
)
TEXT = {str(page.relative_to(REPOSITORY)): page.read_text() for page in PAGES}


def shown(pattern: str) -> list[str]:
    return sorted({found for text in TEXT.values() for found in re.findall(pattern, text, re.MULTILINE)})


COMMANDS = shown(r"^(?:DB_URI=\S+ )?(nibrs [a-z][^#\n|`]*)") + shown(r"`(?:DB_URI=\S+ )?(nibrs [a-z][^`\n]*)`")


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_shown_can_be_typed(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "request.json").write_text("{}")
    for name in ("AZ-2016.zip", "LA-2013.zip"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    words = shlex.split(line)[1:]
    command: click.Command = main
    while isinstance(command, click.Group):
        name = words.pop(0)
        found = command.get_command(click.Context(command), name)
        assert found, name
        command = found
    command.make_context("nibrs", words)


def test_commands_are_shown_at_all() -> None:
    assert len(COMMANDS) > 15


@pytest.mark.parametrize("text", shown(r"(\{\"(?:years|run_id)\".*?\})(?:`|$)"))
def test_every_request_shown_is_understood(text: str) -> None:
    parse_request(json.loads(text))


@pytest.mark.parametrize("target", shown(r"(?:^|`)make ([a-z-]+)(?=`| [A-Z]+=| *#| *$)") or ["none"])
def test_every_make_target_shown_exists(target: str) -> None:
    subprocess.run(["make", "-n", target], cwd=REPOSITORY, check=True, capture_output=True)


@pytest.mark.parametrize("page", TEXT)
def test_every_link_leads_somewhere(page: str) -> None:
    folder = (REPOSITORY / page).parent
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", TEXT[page])
    assert [link for link in links if not (folder / link).exists()] == []


def test_every_error_of_the_pipeline_has_a_heading_in_operations() -> None:
    names = re.findall(
        r"^class (\w+)\(PipelineError\)", (REPOSITORY / "lambdas/nibrs_pipeline/errors.py").read_text(), re.M
    )
    headings = re.findall(r"^### (.*)", TEXT["docs/operations.md"], re.M)
    assert [name for name in names if name not in headings] == []


def test_the_table_of_costs_is_what_the_script_computes() -> None:
    done = subprocess.run(
        [sys.executable, str(REPOSITORY / "benchmarks" / "cost.py")], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() in TEXT["docs/cost.md"]


def test_every_key_of_the_configuration_is_documented() -> None:
    sections = re.findall(r"^\[(\w+)\]", (REPOSITORY / "cdk" / "config" / "production.toml").read_text(), re.M)
    assert [name for name in sections if f"`[{name}]`" not in TEXT["docs/deployment.md"]] == []


def test_every_exit_status_of_a_stage_is_documented() -> None:
    text = (REPOSITORY / "containers" / "r_estimation" / "stage_runner" / "failures.py").read_text()
    [statuses] = re.findall(r"^FAILED, .* = (.*)$", text, re.M)
    for status in statuses.split(", "):
        assert f"\n| {status} |" in TEXT["docs/operations.md"]
    assert {int(status) for status in statuses.split(", ")} == MEANINGS.keys()


def blocks(page: str, heading: str, language: str) -> list[str]:
    """What a page shows in a language under a heading."""
    section = TEXT[page].partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(rf"```{language}\n(.*?)```", section, re.DOTALL)


def test_statisticians_are_told_to_install_what_the_image_has() -> None:
    lines = (REPOSITORY / "containers" / "r_estimation" / "debian-packages.txt").read_text().splitlines()
    installed = {line.partition("=")[0] for line in lines if not line.startswith("python3")}
    text = (REPOSITORY / "docs" / "statisticians.md").read_text()
    [from_debian] = re.findall(r"apt-get install (.*)", text)
    assert set(from_debian.split()) == installed
    [from_cran] = re.findall(r"install\.packages\(c\((.*?)\)\)", text)
    comes_with_r = {"r-base-core", "r-cran-matrix", "unzip"}
    assert {f"r-cran-{name.lower()}" for name in re.findall(r'"(.*?)"', from_cran)} == installed - comes_with_r


def lay_out(folder: Path, published: Path, state: str, year: int, silent: int = 0) -> None:
    """What stages need from outside: the zip of a state and a reference extract of its agencies.

    Return A is made up; every ``silent``-th agency of a simulated state sends no incidents.
    """
    downloads, reference = folder / "external" / "downloads" / str(year), folder / "external" / "reference"
    downloads.mkdir(parents=True)
    reference.mkdir()
    shutil.copy(published, downloads / f"{state}-{year}.zip")
    with zipfile.ZipFile(published) as archive:
        agencies = list(csv.DictReader(io.StringIO(archive.read("cde_agencies.csv").decode())))
        months = list(csv.DictReader(io.StringIO(archive.read("nibrs_month.csv").decode())))
    with zipfile.ZipFile(reference / f"reference-{year}.zip", "w") as extract:
        header = (
            "agency_id,ori,agency_name,state,state_name,region,agency_type,agency_status,dormant,covered,covering,"
            "population,population_group_code,suburban,reporting_type,nibrs_start,male_officers,female_officers,msa_status"
        )
        rows = [
            f"{a['agency_id']},{a['ori']},A,{state},{state},South,City,A,N,N,N,"
            f"{a['population']},{a['population_group_code']},{a['suburban_area_flag']},I,24000,9,1,1"
            for a in agencies
        ]
        extract.writestr("agencies.csv", "\n".join([header, *rows]) + "\n")
        mute = {a["agency_id"] for a in agencies[::silent]} if silent else set()
        status = ["U" if m["agency_id"] in mute else m["reported_status"] for m in months]
        reported = [f"{m['agency_id']},{m['month_num']},{each}" for m, each in zip(months, status, strict=True)]
        extract.writestr("months.csv", "\n".join(["agency_id,month,nibrs_status", *reported]) + "\n")
        extract.writestr("history.csv", "agency_id,year,month,offenses\n")
        larcenies = [f"{a['agency_id']},{year},larceny,{max(int(a['population'] or 0), 500) // 50}" for a in agencies]
        extract.writestr("return_a.csv", "\n".join(["agency_id,year,line,actual_count", *larcenies]) + "\n")
        sent = [f"{a['agency_id']},{year},12" for a in agencies]
        extract.writestr("return_a_months.csv", "\n".join(["agency_id,year,months", *sent]) + "\n")
        if silent:
            # What is simulated is as large as it is: its agencies are its universe.
            notes = f"state,data_year,kind,table_name,rows,note\n{state},{year},simulated,,,made up\n"
            extract.writestr("source_notes.csv", notes)


def test_the_stages_run_by_hand_as_their_readme_shows(tmp_path: Path) -> None:
    if not shutil.which("Rscript"):
        missing("R is not installed; `make setup` installs it")
    lay_out(tmp_path, real_zip("LA-2013"), "LA", 2013)
    [commands, *_] = blocks("containers/r_estimation/README.md", "A stage by hand", "sh")
    commands = commands.replace("containers/", f"{REPOSITORY}/containers/")
    library = tmp_path / "library"
    library.mkdir()
    done = subprocess.run(
        ["bash", "-euc", commands],
        cwd=tmp_path, env={**os.environ, "R_LIBS": str(library)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "pipeline" / "report" / "report.html").exists()
    [session] = blocks("docs/statisticians.md", "A session in R", "r")
    in_r = subprocess.run(
        ["Rscript", "-e", session], cwd=tmp_path, env={**os.environ, "R_LIBS": str(library)}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert in_r.returncode == 0, in_r.stdout + in_r.stderr
    assert re.search(r"green\s+red\s+11\s+1", in_r.stdout)
    assert (tmp_path / "pipeline" / "report" / "tables.csv").exists()


def test_a_rule_is_changed_and_its_effect_seen_as_the_page_says(tmp_path: Path) -> None:
    if not shutil.which("Rscript"):
        missing("R is not installed; `make setup` installs it")
    crime = simulated.state("SC")
    published = simulated.zip_of(crime, records(crime), tmp_path / "simulated.zip")
    lay_out(tmp_path, published, "SC", simulated.YEAR, silent=3)
    folder = "containers/r_estimation"
    shutil.copytree(REPOSITORY / folder, tmp_path / folder)
    library = tmp_path / "library"
    library.mkdir()
    environment = {**os.environ, "R_LIBS": f"{library}:{r_library()}"}

    def done(*command: str, **variables: str) -> str:
        ended = subprocess.run(
            command, cwd=tmp_path, env={**environment, **variables}, capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    session = {
        "DATA_YEAR": str(simulated.YEAR), "EXTERNAL_FILE_PATH": "external", "INPUT_PIPELINE_DIR": "pipeline",
        "INPUT_STATE": "SC", "GEOGRAPHY_GROUP": "states",
    }  # fmt: skip
    stages = "".join(f"nibrsest::run_stage('{name}', s); " for name in ("tabulate_state", "weight", "estimate"))
    done("Rscript", "-e", "s <- nibrsest::read_settings(); " + stages, **session)
    heading = "To change a rule and see its effect"
    [change, *_] = blocks("docs/statisticians.md", heading, "sh")
    done("bash", "-euc", change.replace("LA", "SC").replace("2013", str(simulated.YEAR)))
    [compare] = blocks("docs/statisticians.md", heading, "r")
    done("Rscript", "-e", compare + "fwrite(changed, 'changed.csv')")
    with (tmp_path / "changed.csv").open(newline="") as file:
        changed = list(csv.DictReader(file))
    assert {row["geography"] for row in changed} == {"SC"}
    assert any(row["estimate_before"] != row["estimate_after"] for row in changed)
