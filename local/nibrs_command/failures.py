"""What a user is told when a command cannot do what it should: a line or two, never a traceback."""

import errno
import os
import tempfile
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import IO, Any

import click
from nibrs_home.embedded_postgres import DatabaseDidNotStart
from nibrs_home.home import Home, HomeInUse, HomeUnusable
from nibrs_loading.archives import BadFile
from nibrs_pipeline.errors import BadRequest, PipelineError
from nibrs_simulation.world import SimulationError
from rich.markup import escape

from nibrs_command.aws_error import AwsError
from nibrs_command.published_site import NotFetched
from nibrs_command.terminal import FAILED, WRONG_USE, errors
from nibrs_command.verification import UnreadableManifest

#: Errors whose text names thing, value and remedy: those that a user caused, and others.
_REFUSALS = (BadRequest, UnreadableManifest, HomeUnusable)
_FAILURES = (PipelineError, NotFetched, HomeInUse, AwsError, BadFile, SimulationError, DatabaseDidNotStart)
#: Remedies if the operating system refuses.
_REMEDIES = {
    errno.ENOSPC: "free some space, or set NIBRS_HOME (and TMPDIR) to folders of another disk",
    errno.EDQUOT: "free some space, or set NIBRS_HOME (and TMPDIR) to folders of another disk",
    errno.EACCES: "give your user the right to it, or name another place",
    errno.EPERM: "give your user the right to it, or name another place",
    errno.EROFS: "name a place that can be written",
    errno.ENOENT: "check the path; folders have to exist already",
    errno.ENOTDIR: "a part of this path is a file; name a path of folders",
    errno.EISDIR: "name a file, not a folder",
    errno.ENAMETOOLONG: "give it a shorter name",
    errno.EMFILE: "allow more open files: ulimit -n 4096",
}


class Told(click.ClickException):
    """An error as it is shown: one word of what happened, then what, why and what helps."""

    exit_code = FAILED

    def __init__(self, what: str, message: str) -> None:
        super().__init__(message)
        self.what = what

    def show(self, file: IO[Any] | None = None) -> None:
        """Print it on standard error."""
        errors.print(f"[bold red]{self.what}[/]: {escape(self.message)}", soft_wrap=True)


class Refusal(Told):
    """What was asked for is wrong."""

    exit_code = WRONG_USE


def told(error: Exception) -> Told:
    """How an error is shown; an unexpected one leaves its traceback in a file."""
    if isinstance(error, _REFUSALS):
        return Refusal("Refused", str(error))
    if isinstance(error, _FAILURES):
        return Told("Failed", str(error))
    if isinstance(error, OSError) and error.errno is not None:
        return Told("Failed", of_operating_system(error))
    if isinstance(error, MemoryError):
        return Told("Failed", "there is not enough memory; end other programs, or ask for less at once")
    return Told(
        "Failed",
        f"an unexpected error: {type(error).__name__}: {_first_line(error)}; the details are in {_keep(error)}",
    )


def of_operating_system(error: OSError) -> str:
    """What the operating system refused, of which file, and what helps."""
    where = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, str | bytes | os.PathLike) else ""
    remedy = _REMEDIES.get(error.errno or 0)
    return f"{where}{error.strerror or error}" + (f"; {remedy}" if remedy else "")


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or ["no message"])[0][:300]


def _keep(error: Exception) -> Path:
    """Write the traceback where the logs are, else where temporary files are; returns the file."""
    name = f"error-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}.txt"
    text = "".join(traceback.format_exception(error))
    folders = [Path(tempfile.gettempdir())]
    with suppress(HomeUnusable, OSError):
        folders.insert(0, Home.from_environment().path / "scratch")
    for folder in folders:
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8", errors="replace")
            return folder / name
    return Path(os.devnull)


class Commands(click.Group):
    """Commands that end with a line instead of a traceback, and suggest a command for a mistyped one.

    Args:
        named: commands besides those that are added.
        find: gives one of them by its name.
    """

    def __init__(self, *args: Any, named: Iterable[str] = (), find: Callable[[str], click.Command], **options: Any):
        super().__init__(*args, **options)
        self._named = set(named)
        self._find = find

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands."""
        return sorted(self._named | self.commands.keys())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command by its name, or None if there is none."""
        return self._find(cmd_name) if cmd_name in self._named else super().get_command(ctx, cmd_name)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was named.

        Raises:
            Told: whatever went wrong.
        """
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise  # whoever read the output has seen enough; click ends without a word
        except (click.ClickException, click.Abort, click.exceptions.Exit):
            raise
        except Exception as error:
            raise told(error) from error

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that was named.

        Raises:
            click.UsageError: there is none of this name; suggests a similar one.
        """
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            alike = get_close_matches(args[0].lower(), self.list_commands(ctx), n=1)
            if alike and "Did you mean" not in error.message:
                raise click.UsageError(f"{error.message} Did you mean {alike[0]!r}?", ctx) from None
            raise
