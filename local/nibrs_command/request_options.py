"""The options of ``nibrs run`` and ``nibrs start``, and the request that they make."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from nibrs_pipeline.errors import BadRequest
from nibrs_pipeline.plan.request import parse_request

from nibrs_command.choices import parse_states, parse_years
from nibrs_command.run_id import default_run_id


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
        click.option("--force", is_flag=True, help="Make everything anew, even what is up to date."),
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
    """The request that the options ask for; it always has a run_id.

    A run_id given alone means: complete that run. So a run_id that is made up here never stands alone.

    Raises:
        BadRequest: it cannot be carried out, whatever the database holds.
    """
    request = _read_request(input_file) if input_file else {}
    if years is not None:
        request["years"] = parse_years(years)
    if states is not None:
        request["states"] = parse_states(states)
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
    if run_id is not None:
        request["run_id"] = run_id
    elif request.get("run_id") is None:
        request = {"years": "all"} | request | {"run_id": default_run_id()}
    parse_request(request)
    return request


def _read_request(path: Path) -> dict[str, Any]:
    try:
        request = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"--input: {path} is not JSON: {error}") from error
    if not isinstance(request, dict):
        raise BadRequest(f"--input: {path} holds {type(request).__name__}; it has to be a JSON object")
    return request
