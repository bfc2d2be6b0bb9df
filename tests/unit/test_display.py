"""What a user sees of a run, on a terminal and in a log."""

import io
from collections.abc import Callable

import pytest
from nibrs_local import display
from nibrs_local.display import follow, picture
from nibrs_local.watching import MapProgress, RunView
from rich.console import Console

PLANNED = RunView(
    "RUNNING", {"Plan run": True, "Extract state-years": False}, [MapProgress("ExtractStateYears", 4, 1, 0, 2)]
)
DONE = RunView(
    "SUCCEEDED", {"Plan run": True, "Extract state-years": True}, [MapProgress("ExtractStateYears", 4, 4, 0, 0)]
)
FAILED = RunView(
    "FAILED",
    {"Plan run": True, "Check extracts": False},
    [MapProgress("ExtractStateYears", 4, 3, 1, 0)],
    error="RunFailed",
    cause='MissingExtracts: {"errorMessage": "1 of 4"}',
)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(display, "_INTERVAL", 0)


def looks(*views: RunView) -> Callable[[], RunView]:
    remaining = list(views)
    return lambda: remaining.pop(0)


def text_of(view: RunView, rows: int | None = None) -> str:
    console = Console(file=io.StringIO(), width=100, record=True)
    console.print(picture(view, 10.0, rows))
    return console.export_text()


def test_the_picture_shows_states_items_rows_and_rate() -> None:
    text = text_of(PLANNED, 5000)
    for part in ("done  Plan run", "now   Extract state-years", "1 of 4 done", "0 failed", "2 running",
                 "running, 10 s, 5,000 rows, 500 rows/s"):  # fmt: skip
        assert part in text


def test_the_picture_of_a_failed_run_shows_where_it_ended() -> None:
    text = text_of(FAILED)
    for part in ("ended  Check extracts", "3 of 4 done", "1 failed", "failed, 10 s"):
        assert part in text


@pytest.mark.parametrize("terminal", [True, False], ids=["terminal", "log"])
def test_a_run_is_followed_to_its_end(terminal: bool) -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=100)
    assert follow(console, looks(PLANNED, PLANNED, DONE), lambda: 7) == DONE
    assert "Extract state-years" in out.getvalue()
    assert "4 of 4 done" in out.getvalue()


def test_a_log_has_each_state_and_each_progress_once() -> None:
    out = io.StringIO()
    follow(Console(file=out, force_terminal=False, width=100), looks(PLANNED, PLANNED, FAILED))
    assert out.getvalue().splitlines() == [
        "Plan run",
        "Extract state-years",
        "  ExtractStateYears: 1 of 4 done",
        "Check extracts",
        "  ExtractStateYears: 3 of 4 done, 1 failed",
    ]


@pytest.mark.parametrize(
    ("cause", "failure"),
    [
        ('MissingExtracts: {"errorMessage": "1 of 4"}', ("MissingExtracts", "1 of 4")),
        ("States.Timeout: ", ("States.Timeout", "States.Timeout: ")),
        ("X: plain text", ("X", "plain text")),
    ],
)
def test_a_failure_is_told_by_name_and_message(cause: str, failure: tuple[str, str]) -> None:
    assert RunView("FAILED", {}, [], cause=cause).failure == failure
