"""The live picture of a run on a terminal; one line per state where there is no terminal."""

import time
from collections.abc import Callable

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from nibrs_local.watching import MapProgress, RunView

#: Seconds between two looks; a look costs some work of the machine that also does the run's.
_INTERVAL = 0.8


def follow(console: Console, look: Callable[[], RunView], rows: Callable[[], int] | None = None) -> RunView:
    """Show a run until it is over; returns its last view.

    Args:
        look: what the run does now.
        rows: how many rows have been extracted so far, if that is known.
    """
    started = time.monotonic()
    if not console.is_terminal:
        return _print_lines(console, look)
    with Live(console=console, refresh_per_second=4, transient=False) as live:
        while True:
            view = look()
            live.update(picture(view, time.monotonic() - started, rows() if rows else None))
            if view.is_over:
                return view
            time.sleep(_INTERVAL)


def picture(view: RunView, seconds: float, rows: int | None) -> Group:
    """One frame: the states, the items of each map, rows and rate."""
    states = Table.grid(padding=(0, 2))
    for name, done in view.states.items():
        mark = Text("done", style="green") if done else Text("now", style="bold cyan")
        if view.is_over and not done and view.status != "SUCCEEDED":
            mark = Text("ended", style="bold red")
        states.add_row(mark, name)
    maps = Table.grid(padding=(0, 2))
    for progress in view.maps:
        finished = progress.done + progress.failed
        failed = Text(f"{progress.failed} failed", style="bold red" if progress.failed else "dim")
        maps.add_row(
            progress.label,
            ProgressBar(total=max(progress.total, 1), completed=finished, width=30),
            f"{progress.done} of {progress.total} done",
            failed,
            f"{progress.running} running",
        )
    foot = f"{view.status.lower()}, {seconds:.0f} s"
    if rows:
        foot += f", {rows:,} rows, {rows / max(seconds, 0.1):,.0f} rows/s"
    return Group(states, maps, Text(foot, style="bold"))


def _print_lines(console: Console, look: Callable[[], RunView]) -> RunView:
    told: set[str] = set()
    counts: dict[str, MapProgress] = {}
    while True:
        view = look()
        for name in view.states:
            if name not in told:
                told.add(name)
                console.print(name)
        for progress in view.maps:
            if counts.get(progress.label) != progress:
                counts[progress.label] = progress
                failed = f", {progress.failed} failed" if progress.failed else ""
                console.print(f"  {progress.label}: {progress.done} of {progress.total} done{failed}")
        if view.is_over:
            return view
        time.sleep(_INTERVAL)


def shortened(text: str, limit: int = 200) -> str:
    """A text that fits two lines of a terminal."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
