"""Parsed state machines are kept, and no execution gets what another has used."""

from pathlib import Path

import pytest
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser, ASLParserException
from nibrs_engine import parsed_definitions
from nibrs_engine.parsed_definitions import ParsedDefinitions

ONE = '{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}'
TWO = ONE.replace('"A"', '"B"')


@pytest.fixture(autouse=True)
def _nothing_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsed_definitions, "_KEPT", {})


def never(definition: str) -> None:
    raise AssertionError("parsed again")


def another_process(folder: Path, monkeypatch: pytest.MonkeyPatch) -> ParsedDefinitions:
    """One that may not parse."""
    monkeypatch.setattr(parsed_definitions, "_KEPT", {})
    monkeypatch.setattr(AmazonStateLanguageParser, "parse", never)
    return ParsedDefinitions(folder)


def test_every_execution_gets_a_copy_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ParsedDefinitions(tmp_path).program(ONE)
    monkeypatch.setattr(AmazonStateLanguageParser, "parse", never)
    parsed = ParsedDefinitions(tmp_path / "elsewhere")
    first, second = parsed.program(ONE), parsed.program(ONE)
    assert first.start_at.start_at_name == second.start_at.start_at_name == "A"
    assert first is not second
    assert first.states is not second.states


def test_the_next_process_does_not_parse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ParsedDefinitions(tmp_path).program(ONE)
    assert another_process(tmp_path, monkeypatch).program(ONE).start_at.start_at_name == "A"


def test_another_definition_is_parsed_and_takes_the_place_of_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed = ParsedDefinitions(tmp_path)
    assert [parsed.program(each).start_at.start_at_name for each in (ONE, TWO)] == ["A", "B"]
    assert len(list(tmp_path.iterdir())) == 1
    next_process = another_process(tmp_path, monkeypatch)
    assert next_process.program(TWO).start_at.start_at_name == "B"
    with pytest.raises(AssertionError, match="parsed again"):
        next_process.program(ONE)


@pytest.mark.parametrize("left", [b"", b"no pickle", None])
def test_a_file_that_was_cut_off_is_like_none(
    left: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ParsedDefinitions(tmp_path).program(ONE)
    [path] = tmp_path.iterdir()
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] if left is None else left)
    monkeypatch.setattr(parsed_definitions, "_KEPT", {})
    assert ParsedDefinitions(tmp_path).program(ONE).start_at.start_at_name == "A"
    assert path.read_bytes() == whole


def test_a_folder_that_cannot_be_written_costs_time_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert ParsedDefinitions(tmp_path / "file").program(ONE).start_at.start_at_name == "A"


def test_what_cannot_be_parsed_is_refused_every_time(tmp_path: Path) -> None:
    parsed = ParsedDefinitions(tmp_path)
    for _ in range(2):
        with pytest.raises(ASLParserException):
            parsed.program('{"StartAt": ')
    assert list(tmp_path.iterdir()) == []
