"""The ``nibrs`` command."""

import signal
import sys
from pathlib import Path
from urllib.parse import urlsplit

import click
from nibrs_engine.folder_objects import FolderObjects
from nibrs_home import embedded_postgres
from nibrs_home.home import BUCKET, Home
from nibrs_home.schema import create_schema
from nibrs_loading.archives import BadFile
from nibrs_loading.frames import FrameLoader, load_agencies, load_return_a
from nibrs_loading.loading import Loaded, load_zip
from nibrs_loading.remote_files import at_hand
from nibrs_pipeline.catalog import nibrs_catalog
from nibrs_pipeline.database.connection import connect
from nibrs_pipeline.database.failures import translated_errors
from nibrs_pipeline.database.location import DatabaseLocation
from nibrs_pipeline.database.snapshot import snapshot
from nibrs_pipeline.keys import manifest_of
from nibrs_pipeline.publish.index_page import human_size
from nibrs_pipeline.state_year import FIRST_YEAR, LAST_YEAR
from nibrs_pipeline.store import Store
from rich.markup import escape
from rich.table import Table

from nibrs_command.check import check_command
from nibrs_command.display import shortened
from nibrs_command.failures import Commands
from nibrs_command.listing import Listed, list_state_years
from nibrs_command.published_site import is_address, verify_published
from nibrs_command.run_commands import run_command, start_command, watch_command
from nibrs_command.simulate import simulate_command
from nibrs_command.terminal import FAILED, NARROW, console, errors
from nibrs_command.verification import problems_of, read_manifest


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
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


@main.command()
@click.argument("files", nargs=-1)
@click.option("--replace", is_flag=True, help="Replace state-years that are in the database already.")
@click.option("--quarantine", is_flag=True, help="Load a file that breaks its own keys without the rows that do.")
@click.option(
    "--renumber", is_flag=True, help="Give rows other numbers whose keys another state-year of the database has."
)
@click.option("--agencies", type=click.Path(path_type=Path), help="A CSV of every agency of a year: the universe.")
@click.option("--return-a", type=click.Path(path_type=Path), help="A CSV of Return A by agency, month and line.")
@click.option("--year", type=click.IntRange(FIRST_YEAR, LAST_YEAR), help="Year of these CSVs, if they do not say it.")
def load(
    files: tuple[str, ...],
    replace: bool,
    quarantine: bool,
    renumber: bool,
    agencies: Path | None,
    return_a: Path | None,
    year: int | None,
) -> None:
    """Load published zips (any layout) into the database, and what estimates need beside them.

    FILES are of this machine, or objects of S3 (s3://bucket/key).

    A file is loaded whole or not at all; of several, those that can be loaded are. With --quarantine, rows
    that break keys are put into quarantine/ as CSVs that say line and reason. A file that was loaded before is
    passed over. What bad files are answered, and the columns of --agencies and --return-a, are in
    docs/operations.md.

    \b
    Examples:
      nibrs load AZ-2016.zip DC-2018.zip VT-2024.zip
      nibrs load --replace AZ-2016.zip
      nibrs load --quarantine LA-2017.zip
      nibrs load --quarantine --renumber *.zip
      nibrs load s3://bucket/uploads/VT-2024.zip
      nibrs load MN-2018.zip --agencies agencies.csv.gz --return-a return_a.csv --year 2018
    """
    if not (files or agencies or return_a):
        raise click.UsageError("Name a zip to load, or --agencies, or --return-a.")
    home, refused = Home.from_environment(), []
    with embedded_postgres.database(home) as location:
        for file in files:
            folder = home.quarantine(Path(file).stem) if quarantine else None
            if not _load_one(location, file, replace, folder, renumber):
                refused.append(Path(file).name)
        zips_refused = len(refused)
        for frame, loader in ((agencies, load_agencies), (return_a, load_return_a)):
            if frame and not _load_frame(location, frame, loader, year):
                refused.append(frame.name)
    if len(files) > 1:
        console.print(f"{len(files) - zips_refused} of {len(files)} files are in the database")
    if refused:
        errors.print(f"[bold red]Not loaded[/]: {escape(', '.join(refused))}", soft_wrap=True)
        sys.exit(FAILED)


def _load_one(location: DatabaseLocation, file: str, replace: bool, quarantine: Path | None, renumber: bool) -> bool:
    connection = connect(location)
    try:
        with console.status(f"Loading {Path(file).name}"), at_hand(file) as path, translated_errors():
            create_schema(connection)
            loaded = load_zip(connection, nibrs_catalog(), path, replace, quarantine, renumber)
    except BadFile as error:
        errors.print(f"[bold red]Not loaded[/] {escape(str(error))}", soft_wrap=True)
        return False
    finally:
        connection.close()
    _tell_loaded(path, loaded, quarantine)
    return True


def _load_frame(location: DatabaseLocation, path: Path, loader: FrameLoader, year: int | None) -> bool:
    connection = connect(location)
    try:
        with console.status(f"Loading {path.name}"), translated_errors():
            create_schema(connection)
            loaded = loader(connection, nibrs_catalog(), path, year)
    except BadFile as error:
        errors.print(f"[bold red]Not loaded[/] {escape(str(error))}", soft_wrap=True)
        return False
    finally:
        connection.close()
    what = "was loaded before; nothing to do" if loaded.was_there else f"{loaded.rows:,} rows"
    console.print(f"{path.name}: {loaded.named}, {what}", soft_wrap=True)
    for remark in loaded.remarks:
        console.print(f"  {remark}", soft_wrap=True, markup=False)
    return True


def _tell_loaded(path: Path, loaded: Loaded, quarantine: Path | None) -> None:
    if loaded.was_there:
        console.print(f"{path.name}: {loaded.item} was loaded before; nothing to do")
        return
    instead = f", in place of {loaded.replaced}" if loaded.replaced else ""
    console.print(
        f"{path.name}: {loaded.item}, {sum(loaded.rows.values()):,} rows{instead}", soft_wrap=True, markup=False
    )
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
        console.print(
            "The database has no state-years and nothing is published. Load a zip with: nibrs load FILE.zip",
            soft_wrap=True,
        )
        return
    if console.width < NARROW:
        for each in listed:
            why = f": {each.why}" if each.why else ""
            console.print(f"{each.item}: {each.status}{why}", soft_wrap=True, markup=False)
        return
    console.print(_table_of(listed))


def _table_of(listed: list[Listed]) -> Table:
    table = Table("State", "Year", "Status", "Published from data of", "Size", "Why")
    for each in listed:
        size = human_size(each.size) if each.size else ""
        table.add_row(
            each.item.state, str(each.item.year), each.status, each.published[:19].replace("T", " "), size, each.why
        )
    return table


@main.command()
@click.argument("file", metavar="FILE_OR_ADDRESS")
@click.option(
    "--manifest",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The manifest (default: the one beside the zip).",
)
def verify(file: str, manifest: Path | None) -> None:
    """Check a zip, of this machine or of a published site, against its manifest.

    \b
    Examples:
      nibrs verify AZ-2016.zip
      nibrs verify https://downloads.example.org/downloads/2016/AZ-2016.zip
    """
    name = Path(urlsplit(file).path if is_address(file) else file).name
    if is_address(file):
        found, problems = verify_published(file, (lambda: read_manifest(manifest)) if manifest else None)
    else:
        if not Path(file).is_file():
            raise click.BadParameter(f"{file}: there is no such file", param_hint="FILE_OR_ADDRESS")
        found = read_manifest(manifest or Path(manifest_of(file)))
        problems = problems_of(Path(file), found)
    for problem in problems:
        errors.print(f"{name}: {problem}", soft_wrap=True, markup=False)
    if problems:
        sys.exit(FAILED)
    kind = ", simulated data" if found.simulated else ""
    console.print(
        f"{name}: as its manifest says, {found.zip.bytes:,} bytes, SHA-256 {found.zip.sha256}{kind}", soft_wrap=True
    )


for each in (run_command, start_command, watch_command, simulate_command, check_command):
    main.add_command(each)


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
    click.echo(embedded_postgres.keep_running(Home.from_environment()))


@db.command()
def stop() -> None:
    """Stop the embedded database."""
    stopped = embedded_postgres.stop(Home.from_environment())
    console.print("stopped" if stopped else "was not running")


@main.command(name="help")
@click.argument("command", required=False)
@click.pass_context
def help_command(context: click.Context, command: str | None) -> None:
    """Show what there is, or what a command does.

    \b
    Example:
      nibrs help run
    """
    parent = context.find_root()
    if command is None:
        click.echo(parent.get_help())
        return
    _, found, _ = main.resolve_command(parent, [command])
    if found:
        with click.Context(found, parent=parent, info_name=command) as shown:
            click.echo(found.get_help(shown))


def entry() -> None:
    """Run the command; a request to end ends it in good order, with its database and processes."""
    signal.signal(signal.SIGTERM, _end)
    main()


def _end(number: int, frame: object) -> None:
    raise KeyboardInterrupt
