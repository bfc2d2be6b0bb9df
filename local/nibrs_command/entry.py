"""Where ``nibrs`` begins: the part of it that every process of a function imports again, and so the smallest one."""

import gc
import signal

#: Objects between two searches for garbage. Modules are not garbage, and looking for some in them takes a tenth of
#: the time that importing them takes.
_OBJECTS = 100_000


def entry() -> None:
    """Run the command; a request to end ends it in good order, with its database and processes."""
    signal.signal(signal.SIGTERM, _end)
    gc.set_threshold(_OBJECTS)
    from nibrs_command.cli import main  # noqa: PLC0415

    main()


def _end(number: int, frame: object) -> None:
    raise KeyboardInterrupt
