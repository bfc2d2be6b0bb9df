"""How a process that was forked begins: with an environment and a log of its own."""

import locale
import os
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress


def begin(environment: Mapping[str, str], log: str) -> None:
    """Leave the environment of the process that this one was forked from.

    Args:
        environment: all variables.
        log: see ``log_to``.
    """
    os.environ.clear()
    os.environ.update(environment)
    tempfile.tempdir = None  # the folder may have been asked for before, with other variables
    with suppress(locale.Error):  # a locale that is not installed is none, as for Python itself
        locale.setlocale(locale.LC_CTYPE, "")
    log_to(log)
    # By lines: if the process is killed, what it printed has been written.
    sys.stdout = open(1, "w", encoding="utf-8", buffering=1, closefd=False)  # noqa: SIM115  # open to the end
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115


def log_to(path: str) -> None:
    """Append to a file what is printed from now on, by this process and those that it starts."""
    sys.stdout.flush()
    sys.stderr.flush()
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(file, 1)
    os.dup2(file, 2)
    os.close(file)
