"""``nibrs simulate``."""

import math
import os
from contextlib import nullcontext
from pathlib import Path

import click
from nibrs_home import embedded_postgres
from nibrs_home.home import Home
from nibrs_loading.remote_files import at_hand
from nibrs_pipeline.errors import BadRequest
from nibrs_simulation.world import MECHANISMS, SIZES, UNKNOWN, World
from rich.progress import Progress

from nibrs_command.choices import parse_years
from nibrs_command.on_aws import on_aws_option, run_on_aws, stack_option
from nibrs_command.terminal import console

_MECHANISMS = "; ".join(f"{name}: {why}" for name, why in MECHANISMS.items())

_UNKNOWN = "; ".join(f"{name}: {why}" for name, why in UNKNOWN.items())


def _number(context: click.Context, option: click.Parameter, value: float) -> float:
    """Python takes "nan" for a number, and it is within every range."""
    if math.isnan(value):
        raise click.BadParameter("nan is not a number.", context, option)
    return value


@click.command(name="simulate")
@click.option("--size", type=click.Choice(list(SIZES)), default="tiny", show_default=True, help="Number of agencies.")
@click.option("--scale", type=click.FloatRange(0, 100, min_open=True), callback=_number, default=1.0, show_default=True,
              help="Volume of crime; 1 is the nation's real number of incidents per resident.")  # fmt: skip
@click.option("--years", metavar="YEARS", default="2023", show_default=True, help="Data years with incidents.")
@click.option("--history", type=click.IntRange(1, 30), default=5, show_default=True,
              help="Number of years with Return A, up to the last one.")  # fmt: skip
@click.option("--reporting", type=click.Choice(list(MECHANISMS)), default="random", show_default=True,
              help=f"Who reports NIBRS. {_MECHANISMS}.")  # fmt: skip
@click.option("--unknown", type=click.Choice(list(UNKNOWN)), default="random", show_default=True,
              help=f"Of whom age, sex, race, ethnicity or relationship are not known. {_UNKNOWN}.")  # fmt: skip
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Another seed gives another nation.")
@click.option("--frame", metavar="FILE",
              help="A CSV of agencies, instead of --size: ori, agency_name, agency_type_id, state_abbr, county_name, "
              "population, nibrs.")  # fmt: skip
@click.option(
    "--truth", type=click.Path(file_okay=False, path_type=Path), help="Folder for the truth (default: truth)."
)
@click.option(
    "--processes", type=click.IntRange(1), default=os.cpu_count(), help="States at once (default: one per core)."
)
@on_aws_option
@stack_option
@click.pass_context
def simulate_command(
    context: click.Context,
    size: str,
    scale: float,
    years: str,
    history: int,
    reporting: str,
    unknown: str,
    seed: int,
    frame: str | None,
    truth: Path | None,
    processes: int,
    on_aws: bool,
    stack: str | None,
) -> None:
    """Fill an empty database with a simulated nation, and write the truth beside it.

    Its agencies, people and incidents do not exist; docs/simulation.md says what is modelled.

    \b
    Examples:
      nibrs simulate
      nibrs simulate --size small --years 2023
      nibrs simulate --size national --scale 0.1 --reporting size --seed 7
      nibrs simulate --frame agencies.csv.gz --reporting frame
      nibrs simulate --size small --on-aws
    """
    if on_aws:
        _require_no_truth(truth)
        run_on_aws(context, stack, [frame] if frame else [])
    # NumPy and its company take a while to import; no other command should wait for them.
    from nibrs_simulation.nation import simulate  # noqa: PLC0415

    home = Home.from_environment()
    folder = truth or home.truth
    with (
        at_hand(frame) if frame else nullcontext() as agencies,
        embedded_postgres.database_to_fill(home) as location,
        Progress(console=console, transient=True) as bar,
    ):
        world = World(size, scale, tuple(parse_years(years)), history, reporting, seed, agencies, unknown)
        task = bar.add_task("Simulating", total=None)
        simulated = simulate(
            location, world, folder, processes,
            lambda name, done, all_: bar.update(task, description=f"Simulating {name}", completed=done, total=all_),
        )  # fmt: skip
    if simulated is None:
        console.print("The database holds this nation already; nothing to do")
        return
    console.print(
        f"{simulated.agencies:,} agencies, {simulated.incidents:,} incidents, of which "
        f"{simulated.rows['nibrs_incident']:,} are reported; {sum(simulated.rows.values()):,} rows"
    )
    console.print(f"Truth     {folder}", soft_wrap=True)


def _require_no_truth(truth: Path | None) -> None:
    if truth:
        raise BadRequest(
            f"--truth: {truth} was given; with --on-aws it is kept in the stack's bucket, under uploads/kept/truth/"
        )
