"""``nibrs estimates``."""

import csv
import sys
from collections.abc import Callable
from dataclasses import asdict, fields
from pathlib import Path

import click
from nibrs_home.home import BUCKET, Home
from nibrs_pipeline.errors import BadRequest
from nibrs_pipeline.keys import public_estimates_key
from rich.markup import escape
from rich.table import Table

from nibrs_command.person_estimates import PersonQuestion, ask
from nibrs_command.published_estimates import (
    ALL_AGENCIES,
    NATION,
    OffenseEstimate,
    asked_for,
    published_years,
    read_offense_estimates,
    says_simulated,
)
from nibrs_command.terminal import console


class _OffensesUnlessNamed(click.Group):
    """``nibrs estimates robbery`` asks for offenses, ``nibrs estimates cell`` for a cell of a table."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] not in ctx.help_option_names):
            args = ["offenses", *args]
        return super().parse_args(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return super().get_command(ctx, cmd_name) or self.commands["offenses"]


def _of_published(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say which published estimates are meant."""
    options = (
        click.option("--year", type=int, help="The data year (default: the newest that is published)."),
        click.option("--group", default=ALL_AGENCIES, help="A group of agencies, such as 'city agencies'."),
        click.option(
            "--zip", "path", type=click.Path(path_type=Path), help="An estimates zip (default: what is published)."
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.group(name="estimates", cls=_OffensesUnlessNamed)
def estimates_command() -> None:
    """Show published estimates: of offenses, or of a group of victims or arrestees.

    \b
    nibrs estimates [offenses] robbery --geography US,OH,PA     see nibrs estimates offenses --help
    nibrs estimates cell --table 3a --domain 'female, 12-17'    see nibrs estimates cell --help
    """


@estimates_command.command(name="offenses")
@click.argument("words", metavar="[OFFENSE]", nargs=-1)
@click.option("--geography", "places", default=NATION, help="Such as US,Midwest,OH (default: US).")
@_of_published
@click.option("--csv", "as_csv", is_flag=True, help="Write CSV instead of a table.")
def offenses_command(
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


def _numbers(_context: click.Context, _parameter: click.Parameter, text: str | None) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in (text or "").split(",") if part)
    except ValueError:
        raise click.BadParameter(f"'{text}' was given; numbers separated by commas are expected") from None


@estimates_command.command(name="cell")
@click.option(
    "--table", required=True, help="3a, 3aclear, 3aunclear, 4a, 5a, GV2a, DM7, DM9, DM10, or rates: 3b, 4b, 5b, GV2b."
)
@click.option("--domain", default="all", help="Such as 'female, 12-17' or 'Hispanic, 18+' (default: all).")
@click.option("--geography", default=NATION, help="Such as US, Midwest, OH or 'MSA 33860' (default: US).")
@click.option("--row", "rows", callback=_numbers, help="Numbers of rows, such as 1,67 (default: 1).", default="1")
@click.option("--column", "columns", callback=_numbers, help="Numbers of columns (default: all).")
@_of_published
@click.option("--csv", "as_csv", is_flag=True, help="Write CSV with the columns of the indicator tables.")
def cell_command(
    table: str, domain: str, geography: str, rows: tuple[int, ...], columns: tuple[int, ...], year: int | None,
    group: str, path: Path | None, as_csv: bool,
) -> None:  # fmt: skip
    """Estimate a table of victims or arrestees for a group of persons, with interval and release flag.

    The numbers are made when they are asked for, by R, from what respondents counted: the zip has it.

    \b
    Examples:
      nibrs estimates cell --table 3a --domain 'female, 12-17' --geography TX
      nibrs estimates cell --table 4b --domain 'under 18' --row 1 --column 30,31
      nibrs estimates cell --table GV2a --domain 'male, 18-24' --column 2,3
    """
    if path and year:
        raise BadRequest("--year chooses from what is published; leave it out if you name a zip")
    found = ask(path or _published(year), PersonQuestion(table, domain, geography, group, rows, columns))
    if as_csv:
        writer = csv.DictWriter(sys.stdout, list(found[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(found)
        return
    shown = Table("Row", "Offense", "", "Estimate", "95 % interval", "For release")
    for row in found:
        shown.add_row(*(escape(text) for text in _person_cells(row)))
    warning = "[bold red]SIMULATED, NOT REAL[/]: " if says_simulated(path or _published(year)) else ""
    title = f"{found[0]['estimate_geographic_location']}, {found[0]['estimate_domain']}"
    console.print(warning + escape(title), soft_wrap=True)
    console.print(shown)


def _person_cells(row: dict[str, str]) -> tuple[str, ...]:
    missing = row["estimate"] in {"", "-9"}
    digits = 0 if row["estimate_type"] == "count" else 1
    limits = [row["estimate_lower_bound"], row["estimate_upper_bound"]]
    certain = all(limits) and row["estimate_standard_error"] not in {"", "-9"}
    label = ": ".join(filter(None, [row["estimate_domain_1"], row["estimate_domain_2"]]))
    return (
        label,
        row["indicator_name"],
        row["estimate_type"],
        "not known" if missing else f"{float(row['estimate']):,.{digits}f}",
        " to ".join(f"{float(limit):,.{digits}f}" for limit in limits) if certain else "",
        "" if missing else "yes" if row["suppression_flag_indicator"] == "0" else "no",
    )


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
