"""``nibrs check``."""

import tempfile
from calendar import month_abbr
from pathlib import Path
from typing import TYPE_CHECKING

import click
from nibrs_home import embedded_postgres
from nibrs_home.home import Home
from nibrs_loading.archives import BadFile
from nibrs_pipeline.catalog import nibrs_catalog
from nibrs_pipeline.errors import BadRequest
from nibrs_pipeline.plan.request import parse_request
from rich.markup import escape
from rich.table import Table

from nibrs_command.choices import parse_states, parse_years
from nibrs_command.terminal import FAILED, OutputFile, console, errors

if TYPE_CHECKING:
    from nibrs_quality.report import Quality

_MOST_LINES = 10


@click.command(name="check")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--years", metavar="YEARS", help="Of the database: data years (default: all).")
@click.option("--states", metavar="STATES", help="Of the database: postal abbreviations (default: all).")
@click.option("--json", "json_file", type=OutputFile(), help="Write the result as JSON.")
@click.option("--html", "html_file", type=OutputFile(), help="Write a page with pictures.")
@click.option("--strict", is_flag=True, help="End with exit code 1 if a rule is broken.")
@click.pass_context
def check_command(
    context: click.Context,
    files: tuple[Path, ...],
    years: str | None,
    states: str | None,
    json_file: Path | None,
    html_file: Path | None,
    strict: bool,
) -> None:
    """Check the quality of published zips, or of the database if no file is named.

    Checks keys and references, rules of NIBRS, months against incidents, dates against years. Finds agencies that
    leave much more unknown than others, report much more or less, or report for a part of the year only, and
    unusual months. Of several files, those that can be read are checked.

    \b
    Examples:
      nibrs check AZ-2016.zip VT-2024.zip
      nibrs check --html quality.html LA-2013.zip
      nibrs check --years 2023 --states SC --json quality.json
    """
    request = _of_the_database(years, states)
    if files and request:
        raise BadRequest("--years and --states choose from the database; leave them out if you name files")
    # DuckDB and matplotlib take a while to import; no other command should wait for them.
    from nibrs_quality.page import write_page  # noqa: PLC0415
    from nibrs_quality.report import quality_of, write_json  # noqa: PLC0415

    found, refused = [], []
    for path in files:
        try:
            with console.status(f"Checking {path.name}"):
                found.append(quality_of(path, nibrs_catalog()))
        except BadFile as error:
            errors.print(f"[bold red]Not checked[/] {escape(str(error))}", soft_wrap=True)
            refused.append(path.name)
    if not files:
        found = _of_database(Home.from_environment(), request)
    for quality in found:
        _tell(quality)
    if json_file and found:
        write_json(json_file, found)
    if html_file and found:
        write_page(html_file, found)
        console.print(f"Open {html_file}", soft_wrap=True)
    if refused:
        errors.print(f"[bold red]Not checked[/]: {escape(', '.join(refused))}", soft_wrap=True)
    if refused or (strict and any(quality.broken for quality in found)):
        context.exit(FAILED)


def _of_the_database(years: str | None, states: str | None) -> dict[str, list[int] | list[str]]:
    """Which state-years of the database are to be checked, as a request; empty for all."""
    request: dict[str, list[int] | list[str]] = {}
    if years is not None:
        request["years"] = parse_years(years)
    if states is not None:
        request["states"] = parse_states(states)
    return request


def _of_database(home: Home, request: dict[str, list[int] | list[str]]) -> "list[Quality]":
    """Extract each state-year as it would be published, and check that."""
    from nibrs_quality.database import extracted_zips  # noqa: PLC0415
    from nibrs_quality.report import quality_of  # noqa: PLC0415

    with embedded_postgres.database(home) as location, tempfile.TemporaryDirectory() as folder:
        zips = extracted_zips(location, Path(folder), parse_request(request))
        return [quality_of(path, nibrs_catalog()) for path in zips]


def _tell(quality: "Quality") -> None:
    tried = sum(each.checked > 0 for each in quality.findings)
    untried = len(quality.findings) - tried
    console.print(
        f"\n[bold]{escape(quality.name)}[/]: {quality.rows['nibrs_incident']:,} incidents, "
        f"{tried - len(quality.broken)} of {tried} checks passed"
        + (f"; {untried} had no rows to look at" if untried else "")
    )
    if quality.broken:
        table = Table("Broken rule", "Rows", "of", "For example")
        for each in quality.broken:
            table.add_row(escape(each.check.name), f"{each.broken:,}", f"{each.checked:,}", escape(each.examples[0]))
        console.print(table)
    _list(
        "Unknown far more often than by other agencies",
        [f"{each.item}: {each.agency}, {each.share:.0%} of {each.records:,}" for each in quality.far_out],
    )
    _list(
        "Volume unlike that of agencies of the same population group",
        [
            f"{each.agency}: {each.incidents:,} incidents, {each.residents:,} residents ({each.score:+.1f})"
            for each in quality.unusual_volumes
        ],
    )
    _list(
        "Reported for a part of the year only: not a respondent in the estimates",
        [
            f"{each.agency}: {each.stray_incidents:,} incidents in {len(each.stray_months)} months "
            f"({months_named(each.stray_months)}), usually {each.usual:,} in one"
            for each in quality.partial_years
        ],
    )
    _list(
        "Months unlike the agency's others",
        [
            f"{each.agency}, month {each.month}: {each.incidents:,}, usually {each.usual:,.0f} ({each.score:+.1f})"
            for each in quality.unusual_months
        ],
    )


def months_named(months: tuple[int, ...]) -> str:
    """Months by their English abbreviations."""
    return ", ".join(month_abbr[month] for month in months)


def _list(title: str, lines: list[str]) -> None:
    if lines:
        console.print(f"{title}:")
        for line in lines[:_MOST_LINES]:
            console.print(f"  {escape(line)}", soft_wrap=True)
    if len(lines) > _MOST_LINES:
        console.print(f"  and {len(lines) - _MOST_LINES} more; --json and --html have them all")
