"""The ``nibrs`` command."""

from importlib import import_module

import click
from nibrs_home import embedded_postgres
from nibrs_home.home import Home

from nibrs_command.failures import Commands
from nibrs_command.terminal import console

#: Modules of the commands, each imported when its command is named: a start should not wait for what others need.
_MODULES = {
    "simulate": "simulate",
    "load": "load",
    "check": "check",
    "diff": "diff",
    "run": "run",
    "start": "start_and_watch",
    "watch": "start_and_watch",
    "list": "listing",
    "verify": "verify",
    "estimates": "estimates",
}


def _command(name: str) -> click.Command:
    found: click.Command = getattr(import_module(f"nibrs_command.{_MODULES[name]}"), f"{name}_command")
    return found


@click.group(
    cls=Commands,
    named=_MODULES,
    find=_command,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(package_name="nibrs-pipeline")
def main() -> None:
    """NIBRS downloads and estimates: from a PostgreSQL database to one zip per state and data year, and per year.

    \b
    On this machine:   nibrs simulate, nibrs load, nibrs check, nibrs diff, nibrs run, nibrs list, nibrs verify,
                       nibrs estimates
    On AWS:            nibrs start, nibrs watch, nibrs load --on-aws, nibrs simulate --on-aws

    NIBRS_HOME (default: the current folder) is where the database, published objects, logs and
    results live. DB_URI, or PGHOST and its companions, name another database than the embedded one.

    Exit codes: 0 done, 1 failed, 2 wrong use or a refused request.
    """


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
    """List the commands, or show what one of them does.

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
