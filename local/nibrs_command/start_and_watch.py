"""``nibrs start`` and ``nibrs watch``, on AWS."""

import sys
from typing import Any

import click
from rich.markup import escape

from nibrs_command.aws import find_state_machine, looking_at, start_execution
from nibrs_command.display import follow
from nibrs_command.request_options import make_request, request_options
from nibrs_command.terminal import FAILED, console, errors

_state_machine = click.option(
    "--state-machine", envvar="NIBRS_STATE_MACHINE", help="ARN (default: the one named nibrs-pipeline)."
)


@click.command(name="start")
@request_options
@_state_machine
def start_command(state_machine: str | None, **options: Any) -> None:
    """Start the state machine on AWS.

    \b
    Examples:
      nibrs start --years 2016 --states AZ
      nibrs watch
    """
    request = make_request(**options)
    click.echo(start_execution(state_machine or find_state_machine(), request))


@click.command(name="watch")
@click.argument("execution", required=False)
@_state_machine
def watch_command(execution: str | None, state_machine: str | None) -> None:
    """Watch an execution on AWS until it ends (default: the newest one).

    \b
    Example:
      nibrs watch arn:aws:states:us-east-1:123456789012:execution:nibrs-pipeline:run-20260102-030405-678
    """
    view = follow(console, looking_at(execution, state_machine))
    if view.status != "SUCCEEDED":
        errors.print(f"[bold red]{view.status}[/]: {escape(': '.join(view.failure))}", soft_wrap=True)
        sys.exit(FAILED)
