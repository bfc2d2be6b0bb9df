"""Where ``nibrs`` begins. Every function's process imports this module again, so it is kept small."""

import gc
import signal
import sys

#: Objects between two garbage collections. Modules are not garbage, and searching them takes a tenth of the time that
#: importing them takes.
_OBJECTS = 100_000


def entry() -> None:
    """Run the command; SIGTERM ends it in good order, with its database and processes."""
    signal.signal(signal.SIGTERM, _end)
    gc.set_threshold(_OBJECTS)
    try:
        from nibrs_command.cli import main  # noqa: PLC0415
    except KeyboardInterrupt:
        sys.exit("\nAborted!")  # as click says it
    main()


def _end(number: int, frame: object) -> None:
    raise KeyboardInterrupt
