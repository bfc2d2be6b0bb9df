"""The live display of a run on a terminal; without a terminal, lines that are written once."""

import time
from collections.abc import Callable

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from nibrs_command.terminal import NARROW
from nibrs_command.watching import Activity, MapProgress, RunView, Step

#: Seconds between two looks; looking takes processor time from the run.
_INTERVAL = 0.8


def follow(
    console: Console,
    look: Callable[[], RunView],
    activity: Callable[[], Activity] = Activity,
    first_interval: float = _INTERVAL,
) -> RunView:
    """Show a run until it is over; returns its last view.

    Args:
        look: what the run does now.
        activity: what its tasks do, if that is known.
        first_interval: seconds between the first two looks; the longer the run takes, the longer they become.
    """
    started = time.monotonic()

    def pause() -> None:
        time.sleep(min(_INTERVAL, max(first_interval, (time.monotonic() - started) / 10)))

    if not console.is_terminal or console.is_dumb_terminal:
        return _print_lines(console, look, activity, pause)
    with Live(console=console, refresh_per_second=4, transient=False) as live:
        while True:
            view = look()
            live.update(picture(view, time.monotonic() - started, activity(), console.width))
            if view.is_over:
                return view
            pause()


def picture(view: RunView, seconds: float, activity: Activity, width: int = 80) -> Group:
    """One frame: the steps, the items of each map, rows and rate. A year that is done is one line."""
    year = view.steps[-1].year if view.steps else ""
    years = list(dict.fromkeys(step.year for step in view.steps if step.year))
    over = [each for each in years if each != year]
    parts: list[RenderableType] = []
    steps = Table.grid(padding=(0, 2))
    if over:
        steps.add_row(Text("done", style="green"), f"{', '.join(over)} estimated")
    for step in view.steps:
        if step.year not in over:
            steps.add_row(_mark(view, step), str(step))
    parts.append(steps)
    shown = [progress for progress in view.maps if progress.year not in over]
    if width >= NARROW:
        maps = Table.grid(padding=(0, 2))
        for progress in shown:
            maps.add_row(*_row(view, progress))
        parts += [maps] if shown else []
    else:
        parts += [Text(f"{_name(view, progress)}: {_counts(progress)}") for progress in shown]
    if activity.running:
        names = ", ".join(sorted(activity.running))
        parts.append(Text(f"at work: {names}", style="dim", overflow="ellipsis", no_wrap=True))
    foot = f"{view.status.lower()}, {seconds:.0f} s"
    if activity.rows:
        foot += f", {activity.rows:,} rows, {activity.rows / max(seconds, 0.1):,.0f} rows/s"
    return Group(*parts, Text(foot, style="bold"))


def _mark(view: RunView, step: Step) -> Text:
    if step.done:
        return Text("done", style="green")
    if view.is_over and view.status != "SUCCEEDED":
        return Text("ended", style="bold red")
    return Text("now", style="bold cyan")


def _row(view: RunView, progress: MapProgress) -> list[RenderableType]:
    bar = ProgressBar(total=max(progress.total, 1), completed=progress.done + progress.failed, width=30)
    failed = Text(f"{progress.failed} failed", style="bold red" if progress.failed else "dim")
    return [
        _name(view, progress),
        bar,
        f"{progress.done} of {progress.total} done",
        failed,
        f"{progress.running} running",
    ]


def _counts(progress: MapProgress) -> str:
    failed = f", {progress.failed} failed" if progress.failed else ""
    return f"{progress.done} of {progress.total} done{failed}"


def _name(view: RunView, progress: MapProgress) -> str:
    """A map by the name of its state, with its year."""
    for step in view.steps:
        if step.year == progress.year and progress.is_of(step.name):
            return str(step)
    return f"{progress.label} {progress.year}".strip()


def _print_lines(
    console: Console, look: Callable[[], RunView], activity: Callable[[], Activity], pause: Callable[[], None]
) -> RunView:
    log = _Log(console)
    while True:
        view = look()
        log.tell(view, activity().finished)
        if view.is_over:
            return view
        pause()


class _Log:
    """Writes about a run what it has not written yet."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._steps: set[str] = set()
        self._counts: dict[str, tuple[int, int]] = {}
        self._finished: set[str] = set()

    def tell(self, view: RunView, finished: list[str]) -> None:
        """Progress of maps that were named before, then what is new."""
        known = [progress for progress in view.maps if _name(view, progress) in self._steps]
        for progress in known:
            self._tell_progress(view, progress, finished)
        for step in view.steps:
            if str(step) not in self._steps:
                self._steps.add(str(step))
                self._print(str(step))
        for progress in view.maps:
            if progress not in known:
                self._tell_progress(view, progress, finished)

    def _tell_progress(self, view: RunView, progress: MapProgress, finished: list[str]) -> None:
        name, counts = _name(view, progress), (progress.done, progress.failed)
        if self._counts.get(name) == counts:
            return
        self._counts[name] = counts
        items = [
            each
            for each in finished
            if each not in self._finished and progress.is_of(each.partition("-")[0]) and each.endswith(progress.year)
        ]
        self._finished.update(items)
        named = ": " + ", ".join(each.partition("-")[2] for each in items) if items else ""
        self._print(f"  {name}: {_counts(progress)}{named}")

    def _print(self, line: str) -> None:
        self._console.print(line, soft_wrap=True, markup=False)


def shortened(text: str, limit: int = 200) -> str:
    """A text that fits two lines of a terminal."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
