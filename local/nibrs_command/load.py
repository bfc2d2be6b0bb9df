"""``nibrs load``."""

import sys
from pathlib import Path

import click
from nibrs_home import embedded_postgres
from nibrs_home.home import Home
from nibrs_home.schema import create_schema
from nibrs_home.turns import wait_for_turn
from nibrs_loading.archives import BadFile
from nibrs_loading.counted import counted
from nibrs_loading.frames import FrameLoader, load_agencies, load_return_a
from nibrs_loading.loading import Loaded, load_zip
from nibrs_loading.remote_files import at_hand, named
from nibrs_pipeline.archive.provenance import SourceNote
from nibrs_pipeline.catalog import nibrs_catalog
from nibrs_pipeline.database.connection import connect
from nibrs_pipeline.database.failures import translated_errors
from nibrs_pipeline.database.location import DatabaseLocation
from nibrs_pipeline.state_year import FIRST_YEAR, LAST_YEAR
from rich.markup import escape

from nibrs_command.on_aws import on_aws_option, run_on_aws, stack_option
from nibrs_command.terminal import FAILED, console, errors

#: Kinds of notes of which a file may have dozens: what they have in common. Others are told one by one.
_IN_COMMON = {
    "incomplete": "Not in the file as the database has it: left empty, or numbered here",
    "decoded": "Not UTF-8: read as Windows-1252",
    "renumbered": "Numbers that another state-year has: other ones here",
    "renamed": "Codes described otherwise than in the database: its zip has the file's own",
}


@click.command(name="load")
@click.argument("files", nargs=-1)
@click.option("--replace", is_flag=True, help="Replace state-years that are in the database already.")
@click.option("--quarantine", is_flag=True, help="Load a file without the rows that break its own keys.")
@click.option(
    "--renumber", is_flag=True, help="Give new numbers to rows whose keys another state-year of the database has."
)
@click.option("--agencies", metavar="FILE", help="A CSV of every agency of a year: the universe.")
@click.option("--return-a", metavar="FILE", help="A CSV of Return A by agency, month and line.")
@click.option(
    "--year", type=click.IntRange(FIRST_YEAR, LAST_YEAR), help="Year of these CSVs, if they have no column for it."
)
@click.option("-v", "--verbose", is_flag=True, help="Every remark on a file, instead of a line for each kind.")
@on_aws_option
@stack_option
@click.pass_context
def load_command(
    context: click.Context,
    files: tuple[str, ...],
    replace: bool,
    quarantine: bool,
    renumber: bool,
    agencies: str | None,
    return_a: str | None,
    year: int | None,
    verbose: bool,
    on_aws: bool,
    stack: str | None,
) -> None:
    """Load published zips (any layout) into the database, and what estimates need beside them.

    FILES are local zips or objects of S3 (s3://bucket/key, or all that match s3://bucket/uploads/*.zip).

    A file is loaded whole or not at all; of several, those that can be loaded are. With --quarantine, rows
    that break keys are put into quarantine/ as CSVs with line and reason. A file that was loaded before is
    skipped. docs/operations.md lists the answers to bad files, and the columns of --agencies and --return-a.

    \b
    Examples:
      nibrs load AZ-2016.zip DC-2018.zip VT-2024.zip
      nibrs load --replace AZ-2016.zip
      nibrs load --quarantine LA-2017.zip
      nibrs load --quarantine --renumber *.zip
      nibrs load s3://bucket/uploads/VT-2024.zip
      nibrs load --on-aws s3://bucket/uploads/*.zip
      nibrs load MN-2018.zip --agencies agencies.csv.gz --return-a return_a.csv --year 2018
    """
    if not (files or agencies or return_a):
        raise click.UsageError("Name a zip to load, or --agencies, or --return-a.")
    if on_aws:
        run_on_aws(context, stack, [*files, *filter(None, (agencies, return_a))])
    home, refused = Home.from_environment(), []
    zips = [file for name in files for file in named(name)]
    with embedded_postgres.database_to_fill(home) as location:
        for file in zips:
            folder = home.quarantine(Path(file).stem) if quarantine else None
            if not _load_one(location, file, replace, folder, renumber, verbose):
                refused.append(Path(file).name)
        zips_refused = len(refused)
        for frame, loader in ((agencies, load_agencies), (return_a, load_return_a)):
            if frame and not _load_frame(location, frame, loader, year):
                refused.append(Path(frame).name)
    if len(zips) > 1:
        console.print(f"{len(zips) - zips_refused} of {len(zips)} files are in the database")
    if refused:
        errors.print(f"[bold red]Not loaded[/]: {escape(', '.join(refused))}", soft_wrap=True)
        sys.exit(FAILED)


def _load_one(
    location: DatabaseLocation, file: str, replace: bool, quarantine: Path | None, renumber: bool, verbose: bool
) -> bool:
    connection = connect(location)
    try:
        with console.status(f"Loading {Path(file).name}"), at_hand(file) as path, translated_errors():
            wait_for_turn(connection, _tell_waiting)
            create_schema(connection)
            loaded = load_zip(connection, nibrs_catalog(), path, replace, quarantine, renumber)
    except BadFile as error:
        errors.print(f"[bold red]Not loaded[/] {escape(str(error))}", soft_wrap=True)
        return False
    finally:
        connection.close()
    _tell_loaded(path, loaded, quarantine, verbose)
    return True


def _load_frame(location: DatabaseLocation, file: str, loader: FrameLoader, year: int | None) -> bool:
    connection = connect(location)
    try:
        with console.status(f"Loading {Path(file).name}"), at_hand(file) as path, translated_errors():
            wait_for_turn(connection, _tell_waiting)
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


def _tell_waiting() -> None:
    errors.print("Another command is loading into this database: waiting until it has ended")


def _tell_loaded(path: Path, loaded: Loaded, quarantine: Path | None, verbose: bool) -> None:
    if loaded.was_there:
        console.print(f"{path.name}: {loaded.item} was loaded before; nothing to do")
        return
    instead = f", in place of {loaded.replaced}" if loaded.replaced else ""
    console.print(
        f"{path.name}: {loaded.item}, {sum(loaded.rows.values()):,} rows{instead}", soft_wrap=True, markup=False
    )
    for table, rows in loaded.set_aside.items():
        what = counted(rows, "row", "rows")
        console.print(f"  {table}: {what} put aside in {quarantine}", soft_wrap=True, markup=False)
    remarks = loaded.remarks if verbose else _remarks_in_common(loaded.notes)
    for remark in remarks:
        console.print(f"  {remark}", soft_wrap=True, markup=False)
    if len(remarks) < len(loaded.notes):
        console.print(
            f"  All {len(loaded.notes)} remarks stand in the README of the zip that is made from it, and in the "
            "database: SELECT remarks FROM loaded_file (-v says them while loading)",
            soft_wrap=True,
        )


def _remarks_in_common(notes: list[SourceNote]) -> list[str]:
    """A sentence for each note, but one for all of a kind of which there may be many."""
    remarks, grouped = [], {kind: [note for note in notes if note.kind == kind] for kind in _IN_COMMON}
    for note in notes:
        of_kind = grouped.get(note.kind, [note])
        if len(of_kind) == 1:
            remarks.append(note.sentence)
        elif note is of_kind[0]:
            tables = dict.fromkeys(each.table or "" for each in of_kind)
            remarks.append(f"{_IN_COMMON[note.kind]} ({len(of_kind)} remarks on {', '.join(tables)})")
    return remarks
