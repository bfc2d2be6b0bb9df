"""``nibrs diff``."""

import json
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click
from nibrs_loading.archives import BadFile
from nibrs_pipeline.catalog import nibrs_catalog
from rich.markup import escape
from rich.table import Table

from nibrs_command.terminal import FAILED, OutputFile, console, errors

if TYPE_CHECKING:
    from nibrs_quality.differences import Differences

_MOST_COLUMNS = 4
_MOST_CODES = 5


@click.command(name="diff")
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
@click.option("--json", "json_file", type=OutputFile(), help="Write the result as JSON.")
@click.option("--exit-code", is_flag=True, help="End with exit code 1 if they differ.")
@click.pass_context
def diff_command(context: click.Context, before: Path, after: Path, json_file: Path | None, exit_code: bool) -> None:
    """Tell what differs between two published zips of any layout.

    Rows are compared by their keys: those that came, that went, and that changed, with the columns that did. Codes
    that came, went or were renamed are named. Compare two versions of one state-year; of two state-years nearly all
    rows differ.

    \b
    Examples:
      nibrs diff last-month/AZ-2016.zip AZ-2016.zip
      nibrs diff --json changes.json AZ-2016.zip AZ-2016-corrected.zip
    """
    from nibrs_quality.differences import differences  # noqa: PLC0415 (DuckDB takes a while to import)

    try:
        with console.status(f"Comparing {before.name} and {after.name}"):
            found = differences(before, after, nibrs_catalog())
    except BadFile as error:
        errors.print(f"[bold red]Not compared[/] {escape(str(error))}", soft_wrap=True)
        context.exit(FAILED)
    _tell(found)
    if json_file:
        json_file.write_text(json.dumps(found.as_json(), indent=1) + "\n", encoding="utf-8")
    if exit_code and found.any:
        context.exit(FAILED)


def _tell(found: "Differences") -> None:
    if not found.any:
        console.print(f"{escape(found.before)} and {escape(found.after)} hold the same rows and codes.", soft_wrap=True)
    if found.tables:
        table = Table("Table", "Rows before", "Rows after", "Came", "Went", "Changed", "In columns")
        for each in found.tables:
            counts = (each.before, each.after, each.came, each.went, each.changed)
            table.add_row(each.table, *(f"{count:,}" for count in counts), _columns(each.columns))
        console.print(table)
    for name, codes in groupby(found.codes, key=lambda code: code.table):
        sentences = [code.sentence for code in codes]
        for sentence in sentences[:_MOST_CODES]:
            console.print(escape(sentence), soft_wrap=True)
        if len(sentences) > _MOST_CODES:
            console.print(f"{name}: and {len(sentences) - _MOST_CODES} more; --json has them all", soft_wrap=True)


def _columns(columns: dict[str, int]) -> str:
    most = sorted(columns, key=lambda name: -columns[name])
    told = [f"{name} {columns[name]:,}" for name in most[:_MOST_COLUMNS]]
    return ", ".join(told) + (f" and {len(most) - _MOST_COLUMNS} more" if len(most) > _MOST_COLUMNS else "")
