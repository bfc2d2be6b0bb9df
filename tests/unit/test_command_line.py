"""What a wrong command is answered: a line or two that name thing, value and remedy; 2 for wrong use, 1 for failed."""

import os
from contextlib import nullcontext
from pathlib import Path

import boto3
import pytest
from click.testing import CliRunner, Result
from nibrs_command import listing
from nibrs_command.choices import parse_states, parse_years
from nibrs_command.cli import main
from nibrs_command.failures import told
from nibrs_command.listing import Listed
from nibrs_pipeline.errors import BadRequest
from nibrs_pipeline.state_year import StateYear

AWS = ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
AN_ARN = "arn:aws:states:us-east-1:123456789012:stateMachine:nibrs-pipeline"


@pytest.fixture(autouse=True)
def _a_home_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIBRS_HOME", str(tmp_path / "home"))
    for name in AWS:
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    # The session of an earlier test has found credentials already.
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)


def nibrs(*arguments: str) -> Result:
    """The command; what it would show as a traceback is raised here."""
    result = CliRunner().invoke(main, list(arguments))
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        ("run --years=", 2, "--years: '' was given; allowed is a year such as 2016"),
        ("run --years 20160", 2, "--years: '20160' was given"),
        ("run --years 2016-2012", 2, "did you mean 2012-2016?"),
        ("run --states=", 2, "--states: '' was given; allowed are postal abbreviations"),
        ("run --states Arizona", 2, "--states: 'Arizona' was given"),
        ("run --states AZ;LA", 2, "--states: 'AZ;LA' was given"),
        ("run --run-id=", 2, "run_id: '' was given"),
        ("run --run-id ../up", 2, "run_id: '../up' was given"),
        ("run --downloads-only --estimates-only", 2, "give one of them"),
        ("run --input /", 2, "is a directory"),
        ("run --bundle counties", 2, "'counties' is not one of"),
        ("run AZ", 2, "unexpected extra argument"),
        ("simulate --years 99999", 2, "--years: '99999' was given"),
        ("simulate --years=-2023", 2, "--years: '-2023' was given"),
        ("simulate --years 2023-2020", 2, "did you mean 2020-2023?"),
        ("check --years soon", 2, "--years: 'soon' was given"),
        ("run --years twenty", 2, "--years: 'twenty' was given; allowed is a year"),
        ("run --input missing.json", 2, "does not exist"),
        ("run --no-such-option", 2, "No such option"),
        ("check nowhere.zip", 1, "nowhere.zip: there is no such file"),
        ("check --html no/such/folder/x.html a.zip", 2, "there is no folder no/such/folder for x.html"),
        ("check --json no/x.json", 2, "there is no folder no for x.json"),
        ("check --html / a.zip", 2, "is a directory"),
        ("check --states RI a.zip", 2, "leave them out if you name files"),
        ("check --years= a.zip", 2, "--years: '' was given"),
        ("simulate --scale nan", 2, "nan is not a number"),
        ("simulate --scale inf", 2, "is not in the range"),
        ("check --states all", 2, "--states: 'all' was given"),
        ("lsit", 2, "Did you mean 'list'?"),
        ("RUN", 2, "Did you mean 'run'?"),
        ("db strat", 2, "No such command 'strat'"),
        ("help rnu", 2, "Did you mean 'run'?"),
        ("verify nowhere.zip", 2, "nowhere.zip: there is no such file"),
        ("watch", 1, "You must specify a region; set AWS_DEFAULT_REGION"),
        ("start", 1, "You must specify a region; set AWS_DEFAULT_REGION"),
        ("watch run-20260102-030405-678", 2, "it has to be an ARN"),
        ("start --state-machine nibrs-pipeline", 2, "it has to be an ARN"),
        (f"start --state-machine {AN_ARN}", 1, "was not started: Unable to locate credentials; set AWS_PROFILE"),
        (f"watch --state-machine {AN_ARN}", 1, "Unable to locate credentials; set AWS_PROFILE"),
    ],
)  # fmt: skip
def test_a_wrong_command_is_answered_in_a_line_or_two(arguments: str, code: int, told: str) -> None:
    result = nibrs(*arguments.split())
    assert (result.exit_code, told in result.stderr) == (code, True), result.output
    assert "Traceback" not in result.output
    assert len(result.stderr.splitlines()) <= 4


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'{"years": [1907]}', "years: [1907] was given"),
        (b"[]", "has to be a JSON object"),
        (b"{", "is not JSON"),
        (b"\xff\xfe\x00", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b'{"downloads": false, "estimates": false}', "this asks for nothing"),
    ],
)
def test_a_request_file_is_read_or_refused(content: bytes, told: str, tmp_path: Path) -> None:
    (tmp_path / "request.json").write_bytes(content)
    result = nibrs("run", "--input", str(tmp_path / "request.json"))
    assert (result.exit_code, told in result.stderr) == (2, True), result.stderr


@pytest.mark.parametrize("arguments", ["list", "run", "check", "load x.zip", "simulate", "db uri", "db stop"])
def test_a_home_that_is_a_file_is_refused(arguments: str, tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    result = nibrs(*arguments.split())
    assert (result.exit_code, f"NIBRS_HOME: {tmp_path / 'home'} is a file" in result.stderr) == (2, True), result.stderr


def test_a_home_below_a_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "home").write_text("")
    monkeypatch.setenv("NIBRS_HOME", str(tmp_path / "home" / "below"))
    assert f"{tmp_path / 'home'} is a file" in nibrs("list").stderr


def test_a_current_folder_that_is_gone_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    monkeypatch.delenv("NIBRS_HOME")
    (tmp_path / "gone").rmdir()
    result = nibrs("list")
    assert (result.exit_code, "the current folder has been removed" in result.stderr) == (2, True)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            OSError(28, "No space left on device", "/data/x.zip"),
            "/data/x.zip: No space left on device; free some space",
        ),
        (PermissionError(13, "Permission denied", "/data"), "/data: Permission denied; give your user the right to it"),
        (NotADirectoryError(20, "Not a directory", "/a/b"), "/a/b: Not a directory; a part of this path is a file"),
        (OSError(95, "Operation not supported"), "Operation not supported"),
        (MemoryError(), "there is not enough memory"),
        (BadRequest("years: no"), "years: no"),
    ],
)
def test_what_the_machine_refuses_is_told_with_what_helps(error: Exception, said: str) -> None:
    assert told(error).message.startswith(said)


def test_an_error_that_nobody_foresaw_leaves_its_traceback_in_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: object) -> None:
        raise ZeroDivisionError("[bold]half of nothing")

    monkeypatch.setattr(listing.embedded_postgres, "database", broken)
    result = nibrs("list")
    [kept] = (tmp_path / "home" / "scratch").glob("error-*.txt")
    assert result.exit_code == 1
    assert f"ZeroDivisionError: [bold]half of nothing; the details are in {kept}" in result.stderr
    assert kept.read_text().startswith("Traceback")


def test_a_traceback_goes_to_the_temporary_folder_if_the_home_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home").write_text("")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert f"the details are in {tmp_path}{os.sep}error-" in told(ValueError("x")).message


@pytest.mark.parametrize(("width", "shown"), [(79, "DE-2016: out of date: it changed"), (200, "DE    \u2502 2016")])
def test_a_list_is_readable_on_a_narrow_terminal(width: int, shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = [Listed(StateYear("DE", 2016), True, "2026-01-02T03:04:05", 7, ["it changed"], False)]
    monkeypatch.setattr(listing, "list_state_years", lambda *arguments: listed)
    monkeypatch.setattr(listing.embedded_postgres, "database", lambda home: nullcontext())
    monkeypatch.setattr(listing, "snapshot", lambda location: nullcontext())
    monkeypatch.setattr(listing.console, "width", width)
    assert shown in nibrs("list").stdout


def test_help_is_there_for_everything_and_for_one_command() -> None:
    assert "nibrs load" in nibrs("help").stdout
    assert nibrs("help", "run").stdout == nibrs("run", "--help").stdout
    assert (nibrs().exit_code, "Commands:" in nibrs().output) == (2, True)


@pytest.mark.parametrize(
    ("text", "years"), [("2016", [2016]), ("2016,2012-2014", [2012, 2013, 2014, 2016]), (" 2016 , 2016 ", [2016])]
)
def test_years_are_read(text: str, years: list[int]) -> None:
    assert parse_years(text) == years


@pytest.mark.parametrize(
    "text", ["", "-", "2016-", "x", "1-2-3", "1000-9999", "1959", "2101", "2016,", "٢٠١٦", "+2016"]
)
def test_years_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(BadRequest, match="--years"):
        parse_years(text)


def test_states_are_read_in_small_letters_too() -> None:
    assert parse_states("az, La") == ["AZ", "LA"]
