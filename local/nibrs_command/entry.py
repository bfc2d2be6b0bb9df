"""Where ``nibrs`` begins. Every function's process imports this module again, so it is kept small."""

import fcntl
import gc
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: Objects between two garbage collections. Modules are not garbage, and searching them takes a tenth of the time that
#: importing them takes.
_OBJECTS = 100_000
#: Held by every command of this installation, whatever its home: setup.sh installs nothing anew meanwhile.
USERS = Path(__file__).parents[2] / ".tools" / "commands.users"


def entry() -> None:
    """Run the command; SIGTERM ends it in good order, with its database and processes."""
    signal.signal(signal.SIGTERM, _end)
    gc.set_threshold(_OBJECTS)
    try:
        from nibrs_command.cli import main  # noqa: PLC0415
    except KeyboardInterrupt:
        sys.exit("\nAborted!")  # as click says it
    with _at_work():
        main()


@contextmanager
def _at_work() -> Iterator[None]:
    try:
        file = USERS.open("a")
    except OSError:
        # There is no such installation here: in a container, or as another user than the one who installed.
        yield
        return
    with file:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield


def _end(number: int, frame: object) -> None:
    raise KeyboardInterrupt
