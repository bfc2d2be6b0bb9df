"""The ``nibrs`` command."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from nibrs_pipeline.catalog import nibrs_catalog
from nibrs_pipeline.database import DatabaseLocation, connect, snapshot, translated_errors
from nibrs_pipeline.errors import BadRequest, PipelineError
from nibrs_pipeline.index_page import human_size
from nibrs_pipeline.keys import manifest_of
from nibrs_pipeline.request import parse_request
from nibrs_pipeline.store import Store
from nibrs_quality.command import check_command
from nibrs_simulation.command import simulate_command
from nibrs_simulation.world import SimulationError
from rich.markup import escape
from rich.table import Table

from nibrs_local import embedded_postgres
from nibrs_local.aws import AwsError, find_state_machine, newest_execution, start_execution
from nibrs_local.display import follow, shortened
from nibrs_local.folder_objects import FolderObjects
from nibrs_local.home import BUCKET, Home, HomeInUse
from nibrs_local.listing import Listed, list_state_years
from nibrs_local.loading import Loaded, load_zip
from nibrs_local.published_zip import BadFile
from nibrs_local.run_id import default_run_id
from nibrs_local.schema import create_schema
from nibrs_local.terminal import FAILED, WRONG_USE, console, errors
from nibrs_local.verification import UnreadableManifest, problems_of, read_manifest
from nibrs_local.watching import RunView, observe
from nibrs_local.years import parse_years

if TYPE_CHECKING:
    from nibrs_local.local_run import Outcome


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="nibrs-pipeline")
def main() -> None:
    """NIBRS downloads and estimates: from a PostgreSQL database to one zip per state and data year, and per year.

    \b
    On this machine:   nibrs simulate, nibrs load, nibrs check, nibrs run, nibrs list, nibrs verify
    On AWS:            nibrs start, nibrs watch

    NIBRS_HOME (default: the current folder) is where the database, published objects, logs and
    results live. DB_URI, or PGHOST and its companions, name another database than the embedded one.

    Exit codes: 0 done, 1 failed, 2 wrong use or a refused request.
    """


def request_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options that make a request, for ``run`` and ``start`` alike."""
    options = [
        click.option("--years", metavar="YEARS", help="Data years, such as 2016 or 2016,2012-2014 (default: all)."),
        click.option("--states", metavar="STATES", help="Postal abbreviations, such as AZ,LA (default: all)."),
        click.option(
            "--bundle",
            "bundles",
            type=click.Choice(["states", "years"]),
            multiple=True,
            help="Also make one zip per state with all its years, or per year with all its states.",
        ),
        click.option("--force", is_flag=True, help="Make everything anew, also what is up to date."),
        click.option("--downloads-only", is_flag=True, help="Make the downloads, not the estimates."),
        click.option(
            "--estimates-only", is_flag=True, help="Make the estimates, from the downloads that are published."
        ),
        click.option("--run-id", metavar="ID", help="Name of the run; the name alone completes a run that failed."),
        click.option(
            "--input",
            "input_file",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            help="A request as JSON; the other options override its fields.",
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def make_request(
    years: str | None,
    states: str | None,
    bundles: tuple[str, ...],
    force: bool,
    downloads_only: bool,
    estimates_only: bool,
    run_id: str | None,
    input_file: Path | None,
) -> dict[str, Any]:
    """The request that the options ask for; it always has a run_id."""
    request = _read_request(input_file) if input_file else {}
    if years:
        request["years"] = parse_years(years)
    if states:
        request["states"] = [state.strip().upper() for state in states.split(",")]
    if bundles:
        request["bundles"] = list(bundles)
    if force:
        request["force"] = True
    if downloads_only and estimates_only:
        raise BadRequest("--downloads-only and --estimates-only: give one of them, or none for both")
    if downloads_only:
        request["estimates"] = False
    if estimates_only:
        request |= {"downloads": False, "estimates": True}
    if run_id or "run_id" not in request:
        request["run_id"] = run_id or default_run_id()
    parse_request(request)
    return request


def _read_request(path: Path) -> dict[str, Any]:
    try:
        request = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BadRequest(f"--input: {path} is not JSON: {error}") from error
    if not isinstance(request, dict):
        raise BadRequest(f"--input: {path} holds {type(request).__name__}; it has to be a JSON object")
    return request


@main.command()
@request_options
def run(**options: Any) -> None:
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
    # Importing the emulation takes seconds, which no other command should wait for.
    from nibrs_local.local_run import run_locally  # noqa: PLC0415

    home, request = Home.from_environment(), make_request(**options)
    with embedded_postgres.database(home) as location:
        outcome = run_locally(home, location, request, lambda look, rows: follow(console, look, rows))
    _report(request["run_id"], outcome)


def _report(run_id: str, outcome: "Outcome") -> None:
    view = outcome.view
    if view.status != "SUCCEEDED":
        name, message = view.failure
        errors.print(f"\n[bold red]Run {run_id} failed[/]: {name}: {escape(message)}", soft_wrap=True)
        errors.print(f"Logs: {outcome.logs}", soft_wrap=True)
        if (outcome.artifacts / "failure.txt").exists():
            errors.print((outcome.artifacts / "failure.txt").read_text(encoding="utf-8"), markup=False)
        sys.exit(WRONG_USE if name == BadRequest.__name__ else FAILED)
    published = view.output.get("publish", {}).get("result", {}).get("published", 0)
    if published:
        console.print(f"\n[bold green]Run {run_id}[/]: {published} {'zip' if published == 1 else 'zips'} published.")
    else:
        console.print(f"\n[bold green]Run {run_id}[/]: nothing was out of date.")
    console.print(f"Open      {outcome.artifacts / 'downloads' / 'index.html'}", soft_wrap=True)
    console.print(f"Downloads {outcome.artifacts / 'downloads'}", soft_wrap=True)
    for report in sorted((outcome.artifacts / "estimates").glob("*/report.html"), reverse=True)[:1]:
        console.print(f"Estimates {report}", soft_wrap=True)
    console.print(f"Logs      {outcome.logs}", soft_wrap=True)


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Replace state-years that are in the database already.")
@click.option("--quarantine", is_flag=True, help="Load a file that breaks its own keys without the rows that do.")
def load(files: tuple[Path, ...], replace: bool, quarantine: bool) -> None:
    """Load published zips (any layout) into the database.

    A file is loaded whole or not at all; with --quarantine, rows that break keys are put into
    quarantine/ as CSVs that say line and reason. A file that was loaded before is passed over.

    \b
    Examples:
      nibrs load AZ-2016.zip DC-2018.zip VT-2024.zip
      nibrs load --replace AZ-2016.zip
      nibrs load --quarantine LA-2016.zip
    """
    home, refused = Home.from_environment(), 0
    with embedded_postgres.database(home) as location:
        for path in files:
            refused += not _load_one(location, path, replace, home.quarantine(path.stem) if quarantine else None)
    if refused:
        sys.exit(FAILED)


def _load_one(location: DatabaseLocation, path: Path, replace: bool, quarantine: Path | None = None) -> bool:
    connection = connect(location)
    try:
        with console.status(f"Loading {path.name}"), translated_errors():
            create_schema(connection)
            loaded = load_zip(connection, nibrs_catalog(), path, replace, quarantine)
    except BadFile as error:
        errors.print(f"[bold red]Not loaded[/] {escape(str(error))}", soft_wrap=True)
        return False
    finally:
        connection.close()
    _tell_loaded(path, loaded, quarantine)
    return True


def _tell_loaded(path: Path, loaded: Loaded, quarantine: Path | None) -> None:
    if loaded.was_there:
        console.print(f"{path.name}: {loaded.item} was loaded before; nothing to do")
        return
    console.print(f"{path.name}: {loaded.item}, {sum(loaded.rows.values()):,} rows")
    for table, rows in loaded.set_aside.items():
        console.print(f"  {table}: {rows:,} rows put aside in {quarantine}", soft_wrap=True)
    for remark in loaded.remarks:
        console.print(f"  {shortened(remark)}", soft_wrap=True, markup=False)
    if any(shortened(remark) != remark for remark in loaded.remarks):
        console.print("  These remarks in full: SELECT remarks FROM loaded_file", soft_wrap=True)


@main.command(name="list")
@click.option("--bucket", help="Compare with this bucket on AWS instead of this machine's downloads.")
def list_command(bucket: str | None) -> None:
    """Show which state-years there are, which are published, and which are out of date and why.

    \b
    Examples:
      nibrs list
      DB_URI=postgresql://reader@db/cde nibrs list --bucket nibrs-downloads
    """
    home = Home.from_environment()
    objects = Store(bucket) if bucket else FolderObjects(home.objects / BUCKET)
    with embedded_postgres.database(home) as location, snapshot(location) as rows:
        listed = list_state_years(rows, objects, nibrs_catalog())
    if not listed:
        console.print("The database has no state-years and nothing is published. Load a zip with: nibrs load FILE.zip")
        return
    console.print(_table_of(listed))


def _table_of(listed: list[Listed]) -> Table:
    table = Table("State", "Year", "Status", "Published from data of", "Size", "Why")
    for each in listed:
        size = human_size(each.size) if each.size else ""
        why = "; ".join(each.reasons) if each.published and each.in_database else ""
        table.add_row(
            each.item.state, str(each.item.year), each.status, each.published[:19].replace("T", " "), size, why
        )
    return table


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--manifest",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The manifest (default: the one beside the zip).",
)
def verify(file: Path, manifest: Path | None) -> None:
    """Check a zip against its manifest.

    \b
    Example:
      nibrs verify AZ-2016.zip
    """
    found = read_manifest(manifest or Path(manifest_of(str(file))))
    problems = problems_of(file, found)
    for problem in problems:
        errors.print(f"{file.name}: {problem}", soft_wrap=True)
    if problems:
        sys.exit(FAILED)
    console.print(
        f"{file.name}: as its manifest says, {found.zip.bytes:,} bytes, SHA-256 {found.zip.sha256}", soft_wrap=True
    )


@main.command()
@request_options
@click.option("--state-machine", envvar="NIBRS_STATE_MACHINE", help="ARN (default: the one named nibrs-pipeline).")
def start(state_machine: str | None, **options: Any) -> None:
    """Start the state machine on AWS.

    \b
    Examples:
      nibrs start --years 2016 --states AZ
      nibrs watch
    """
    request = make_request(**options)
    console.print(start_execution(state_machine or find_state_machine(), request), soft_wrap=True)


@main.command()
@click.argument("execution", required=False)
@click.option("--state-machine", envvar="NIBRS_STATE_MACHINE", help="ARN (default: the one named nibrs-pipeline).")
def watch(execution: str | None, state_machine: str | None) -> None:
    """Watch an execution on AWS until it ends (default: the newest one).

    \b
    Example:
      nibrs watch arn:aws:states:us-east-1:123456789012:execution:nibrs-pipeline:run-20260102-030405-678
    """
    client, arn = newest_execution(execution, state_machine)
    view: RunView = follow(console, lambda: observe(client, arn))
    if view.status != "SUCCEEDED":
        errors.print(f"[bold red]{view.status}[/]: {escape(': '.join(view.failure))}", soft_wrap=True)
        sys.exit(FAILED)


main.add_command(simulate_command)
main.add_command(check_command)


@main.group()
def db() -> None:
    """The embedded database."""


@db.command()
def uri() -> None:
    """Start the embedded database, leave it running, and print its address.

    \b
    Example:
      psql "$(nibrs db uri)"
    """
    click.echo(embedded_postgres.start(Home.from_environment()).get_uri())


@db.command()
def stop() -> None:
    """Stop the embedded database."""
    stopped = embedded_postgres.stop(Home.from_environment())
    console.print("stopped" if stopped else "was not running")


def entry() -> None:
    """Run the command; errors that name their remedy are printed without a traceback."""
    try:
        main()
    except (BadRequest, UnreadableManifest) as error:
        errors.print(f"[bold red]Refused[/]: {escape(str(error))}", soft_wrap=True)
        sys.exit(WRONG_USE)
    except (PipelineError, HomeInUse, AwsError, BadFile, SimulationError) as error:
        errors.print(f"[bold red]Failed[/]: {escape(str(error))}", soft_wrap=True)
        sys.exit(FAILED)
