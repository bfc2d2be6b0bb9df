"""What a user sees of a run, on a terminal and in a log."""

import io
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from nibrs_command import display
from nibrs_command.display import follow, picture
from nibrs_command.watching import Activity, MapProgress, RunView, Step
from rich.console import Console

PLAN, EXTRACT = Step("Plan run", done=True), Step("Extract state-years")
PLANNED = RunView("RUNNING", [PLAN, EXTRACT], [MapProgress("ExtractStateYears", 4, 1, 0, 2)])
DONE = RunView(
    "SUCCEEDED", [PLAN, Step("Extract state-years", done=True)], [MapProgress("ExtractStateYears", 4, 4, 0, 0)]
)
FAILED = RunView(
    "FAILED",
    [PLAN, Step("Extract state-years", done=True), Step("Check extracts")],
    [MapProgress("ExtractStateYears", 4, 3, 1, 0)],
    error="RunFailed",
    cause='MissingExtracts: {"errorMessage": "1 of 4"}',
)
IDLE = Activity()
STATES = "ImputeAndTabulateStates"
TWO_YEARS = RunView(
    "RUNNING",
    [
        Step("Estimate years"),
        Step("Impute and tabulate states", "2022", done=True),
        Step("Weight", "2022", done=True),
        Step("Impute and tabulate states", "2023"),
    ],
    [
        MapProgress(STATES, 2, 2, 0, 0, "2022"),
        MapProgress(STATES, 2, 0, 0, 1, "2023"),
    ],
)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(display, "_INTERVAL", 0)


def looks(*views: RunView) -> Callable[[], RunView]:
    remaining = list(views)
    return lambda: remaining.pop(0)


def text_of(view: RunView, activity: Activity = IDLE, width: int = 100) -> str:
    console = Console(file=io.StringIO(), width=width, record=True)
    console.print(picture(view, 10.0, activity, width))
    return console.export_text()


def log_of(*views: RunView, finished: tuple[str, ...] = ()) -> list[str]:
    out = io.StringIO()
    follow(Console(file=out, force_terminal=False, width=40), looks(*views), lambda: Activity(finished=list(finished)))
    return out.getvalue().splitlines()


def test_the_picture_shows_steps_items_rows_and_rate() -> None:
    text = text_of(PLANNED, Activity(5000, ["ExtractStateYear-RI-2016"]))
    for part in (
        "done  Plan run",
        "now   Extract state-years",
        "Extract state-years  ━",
        "1 of 4 done",
        "0 failed",
        "2 running",
        "at work: ExtractStateYear-RI-2016",
        "running, 10 s, 5,000 rows, 500 rows/s",
    ):
        assert part in text


def test_the_picture_of_a_failed_run_shows_where_it_ended() -> None:
    text = text_of(FAILED)
    for part in ("ended  Check extracts", "3 of 4 done", "1 failed", "failed, 10 s"):
        assert part in text


def test_the_picture_leaves_one_line_of_years_that_are_done() -> None:
    text = text_of(TWO_YEARS)
    assert re.search(r"^done +2022 estimated *$", text, re.M)
    assert "Impute and tabulate states 2022" not in text
    assert re.search(r"^now +Impute and tabulate states 2023 *$", text, re.M)
    assert re.search(r"^Impute and tabulate states 2023 .*0 of 2 done", text, re.M)


@pytest.mark.parametrize("width", [34, 40, 59])
def test_the_picture_fits_a_narrow_terminal(width: int) -> None:
    text = text_of(PLANNED, Activity(5000, ["ExtractStateYear-RI-2016", "ExtractStateYear-RI-2015"]), width)
    assert "Extract state-years: 1 of 4 done" in text
    assert "━" not in text
    assert max(map(len, text.splitlines())) <= width


@pytest.mark.parametrize(
    "options", [{"force_terminal": True}, {"force_terminal": False}, {"force_terminal": True, "no_color": True}]
)
def test_a_run_is_followed_to_its_end(options: dict[str, bool]) -> None:
    out = io.StringIO()
    console = Console(file=out, width=100, **options)  # type: ignore[arg-type]
    assert follow(console, looks(PLANNED, PLANNED, DONE)) == DONE
    assert "Extract state-years" in out.getvalue()
    assert "4 of 4 done" in out.getvalue()


def test_a_dumb_terminal_gets_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    out = io.StringIO()
    follow(Console(file=out, force_terminal=True, width=100), looks(PLANNED, DONE))
    assert "\x1b[" not in out.getvalue()
    assert out.getvalue().splitlines()[-1] == "  Extract state-years: 4 of 4 done"


def test_a_log_has_a_line_only_for_what_has_changed() -> None:
    more_at_once = replace(PLANNED, maps=[replace(PLANNED.maps[0], running=1)])
    assert log_of(PLANNED, PLANNED, more_at_once, PLANNED, FAILED) == [
        "Plan run",
        "Extract state-years",
        "  Extract state-years: 1 of 4 done",
        "  Extract state-years: 3 of 4 done, 1 failed",
        "Check extracts",
    ]


def test_a_log_names_the_year_of_each_step_and_map_and_says_each_once() -> None:
    done = replace(
        TWO_YEARS,
        status="SUCCEEDED",
        maps=[TWO_YEARS.maps[0], MapProgress(STATES, 2, 2, 0, 0, "2023")],
    )
    assert log_of(TWO_YEARS, TWO_YEARS, done) == [
        "Estimate years",
        "Impute and tabulate states 2022",
        "Weight 2022",
        "Impute and tabulate states 2023",
        "  Impute and tabulate states 2022: 2 of 2 done",
        "  Impute and tabulate states 2023: 0 of 2 done",
        "  Impute and tabulate states 2023: 2 of 2 done",
    ]


def test_a_log_names_what_has_been_made() -> None:
    assert log_of(DONE, finished=("PlanRun", "ExtractStateYear-DE-2015", "ExtractStateYear-RI-2015"))[-1] == (
        "  Extract state-years: 4 of 4 done: DE-2015, RI-2015"
    )
    years = log_of(
        replace(TWO_YEARS, status="SUCCEEDED"), finished=("impute_and_tabulate-DE-2022", "impute_and_tabulate-RI-2023")
    )
    assert "  Impute and tabulate states 2022: 2 of 2 done: DE-2022" in years
    assert "  Impute and tabulate states 2023: 0 of 2 done: RI-2023" in years


@pytest.mark.parametrize(
    ("cause", "failure"),
    [
        ('MissingExtracts: {"errorMessage": "1 of 4"}', ("MissingExtracts", "1 of 4")),
        ("States.Timeout: ", ("States.Timeout", "States.Timeout: ")),
        ("X: plain text", ("X", "plain text")),
        ("", ("FAILED", "Step Functions gives no cause")),
    ],
)
def test_a_failure_is_told_by_name_and_message(cause: str, failure: tuple[str, str]) -> None:
    assert RunView("FAILED", [], [], cause=cause).failure == failure
