"""``nibrs estimates``."""

import csv
import sys
from dataclasses import asdict, fields
from pathlib import Path

import click
from nibrs_home.home import BUCKET, Home
from nibrs_pipeline.errors import BadRequest
from nibrs_pipeline.keys import public_estimates_key
from rich.markup import escape
from rich.table import Table

from nibrs_command.published_estimates import (
    ALL_AGENCIES,
    NATION,
    OffenseEstimate,
    asked_for,
    published_years,
    read_offense_estimates,
)
from nibrs_command.terminal import console


@click.command(name="estimates")
@click.argument("words", metavar="[OFFENSE]", nargs=-1)
@click.option("--geography", "places", default=NATION, help="Such as US,Midwest,OH (default: US).")
@click.option("--year", type=int, help="The data year (default: the newest that is published).")
@click.option("--group", default=ALL_AGENCIES, help="A group of agencies, such as 'city agencies'.")
@click.option("--zip", "path", type=click.Path(path_type=Path), help="An estimates zip (default: what is published).")
@click.option("--csv", "as_csv", is_flag=True, help="Write CSV instead of a table.")
def estimates_command(
    words: tuple[str, ...], places: str, year: int | None, group: str, path: Path | None, as_csv: bool
) -> None:
    """Show how many offenses of a kind there were, give or take, from the published estimates.

    OFFENSE is an offense code, or words of its name; without it, all offenses are shown. Numbers are offense records as
    in offenses.csv of the zip; its README says what that is, and has the tables by victim, place and weapon.

    \b
    Examples:
      nibrs estimates robbery --geography US,OH,PA
      nibrs estimates violent --year 2023
      nibrs estimates 13A --zip nibrs-estimates-2023.zip --csv
    """
    if path and year:
        raise BadRequest("--year chooses from what is published; leave it out if you name a zip")
    found = read_offense_estimates(path or _published(year))
    rows = asked_for(found, words, places.split(","), group)
    if as_csv:
        writer = csv.DictWriter(sys.stdout, [field.name for field in fields(OffenseEstimate)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(row) for row in rows)
        return
    table = Table("Where", "Offense", "", "Estimate", "95 % interval", "per 100,000", "For release")
    for row in rows:
        table.add_row(*(escape(text) for text in _cells(row)))
    warning = "[bold red]SIMULATED, NOT REAL[/]: " if found.simulated else ""
    console.print(f"{warning}data year {rows[0].year}, {escape(group)}", soft_wrap=True)
    console.print(table)


def _published(year: int | None) -> Path:
    objects = Home.from_environment().objects / BUCKET
    years = published_years(objects)
    if not years:
        raise BadRequest("no estimates are published here; `nibrs run` makes them, or name a zip with --zip")
    if year is not None and year not in years:
        raise BadRequest(f"--year: {year} was given; there are estimates of {', '.join(map(str, years))}")
    return objects / public_estimates_key(year or years[-1])


def _cells(row: OffenseEstimate) -> tuple[str, ...]:
    interval = "" if row.lower is None or row.upper is None else f"{row.lower:,.0f} to {row.upper:,.0f}"
    return (
        row.geography,
        row.cell,
        row.label,
        f"{row.estimate:,.0f}",
        interval if row.is_estimate else "a count, no estimate",
        "" if row.rate is None or not row.is_estimate else f"{row.rate:,.1f}",
        "yes" if row.released else "no",
    )
