"""``nibrs run``, on this machine."""

import sys
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import click
from nibrs_engine.forked_processes import import_ahead
from nibrs_home import embedded_postgres
from nibrs_home.home import BUCKET, Home
from nibrs_pipeline.errors import BadRequest
from nibrs_pipeline.keys import request_key
from nibrs_pipeline.pages import human_size
from rich.markup import escape

from nibrs_command.display import follow
from nibrs_command.early_refusal import Asked, asked_for
from nibrs_command.request_options import make_request, request_options
from nibrs_command.terminal import FAILED, WRONG_USE, console, errors

if TYPE_CHECKING:
    from nibrs_command.local_run import Outcome


@click.command(name="run")
@request_options
def run_command(**options: Any) -> None:
    """Run the state machine on this machine, and wait for it.

    \b
    Examples:
      nibrs run                                   all that is out of date
      nibrs run --years 2016 --states AZ          one zip
      nibrs run --years 2016,2012-2014 --force    four years anew
      nibrs run --bundle states --bundle years    and the bundles
      nibrs run --estimates-only --years 2016     the estimates of a year, from published zips
      nibrs run --run-id run-20260102-030405-678  complete a run that failed
    """
    home, request = Home.from_environment(), make_request(**options)
    import_ahead()
    # Importing the emulation takes seconds; a refusal should not wait for it.
    Thread(target=import_module, args=["nibrs_command.local_run"], daemon=True).start()
    with embedded_postgres.database(home) as location:
        asked = asked_for(home, location, request)
        from nibrs_command.local_run import run_locally  # noqa: PLC0415

        try:
            outcome = run_locally(home, location, request, lambda look, activity: follow(console, look, activity, 0.1))
        except KeyboardInterrupt:
            _tell_how_to_go_on(home, request["run_id"])
            sys.exit(FAILED)
    _report(request["run_id"], asked, outcome)


def _tell_how_to_go_on(home: Home, run_id: str) -> None:
    """After Ctrl-C: a run that got past Plan run can be completed."""
    began = (home.objects / BUCKET / request_key(run_id)).exists()
    kept = f"what was made is kept. To go on: nibrs run --run-id {run_id}" if began else "nothing had been made"
    errors.print(f"\n[bold red]Stopped[/]: {kept}", soft_wrap=True)


def _report(run_id: str, asked: Asked, outcome: "Outcome") -> None:
    view = outcome.view
    if view.status != "SUCCEEDED":
        report = outcome.artifacts / "failure.txt"
        errors.print()
        errors.print(report.read_text(encoding="utf-8"), markup=False, soft_wrap=True)
        errors.print(f"Logs    {outcome.logs}\nReport  {report}", markup=False, soft_wrap=True)
        sys.exit(WRONG_USE if view.failure[0] == BadRequest.__name__ else FAILED)
    published = view.output.get("publish", {}).get("result", {}).get("published", 0)
    if published:
        happened = f"{published} {'zip' if published == 1 else 'zips'} published."
    else:
        happened = f"nothing was out of date; looked at {asked}. To make it all the same: --force"
    console.print(f"\n[bold green]Run {run_id}[/]: {escape(happened)}", soft_wrap=True)
    _list_results(outcome.artifacts)
    console.print(f"Logs       {outcome.logs}", soft_wrap=True, markup=False)


def _list_results(artifacts: Path) -> None:
    """What there is to open: the index page, and every year's report, the newest first."""
    index = artifacts / "downloads" / "index.html"
    if index.exists():
        zips = list(index.parent.rglob("*.zip"))
        size = human_size(sum(path.stat().st_size for path in zips))
        console.print(f"Downloads  {index} ({len(zips)} {'zip' if len(zips) == 1 else 'zips'}, {size})",
                      soft_wrap=True, markup=False)  # fmt: skip
    for report in sorted((artifacts / "estimates").glob("*/report.html"), reverse=True):
        console.print(f"Estimates  {report}", soft_wrap=True, markup=False)
