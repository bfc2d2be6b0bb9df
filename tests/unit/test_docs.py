"""What the documentation shows can be typed as it stands."""

import json
import re
import shlex
import subprocess
from pathlib import Path

import click
import pytest
from nibrs_local.cli import main
from nibrs_pipeline.request import parse_request

REPOSITORY = Path(__file__).parents[2]
PAGES = sorted([*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md"), *REPOSITORY.glob("*/README.md")])
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
        command = command.commands[words.pop(0)]
    command.make_context("nibrs", words)


def test_commands_are_shown_at_all() -> None:
    assert len(COMMANDS) > 15


@pytest.mark.parametrize("text", shown(r"(\{\"(?:years|run_id)\".*?\})(?:`|$)"))
def test_every_request_shown_is_understood(text: str) -> None:
    parse_request(json.loads(text))


@pytest.mark.parametrize("target", shown(r"\bmake ([a-z-]+)(?=[ `)\n])") or ["none"])
def test_every_make_target_shown_exists(target: str) -> None:
    ordinary_english = {"all", "them", "the"}
    if target not in ordinary_english:
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
