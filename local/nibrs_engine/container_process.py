"""What runs inside a container's own process: the entry point of its image, as ``python3`` would run it."""

import runpy
import sys
from collections.abc import Mapping
from pathlib import Path

from nibrs_engine.process_start import begin


def run_program(arguments: list[str], environment: Mapping[str, str], log: str) -> None:
    """Run a program; its exit status becomes the process's.

    Args:
        arguments: as ``python3`` takes them: a path, or ``-m`` and a module; then those of the program.
        environment: all variables of the container; those of the process that it was forked from are removed.
        log: file that what is printed is appended to.
    """
    begin(environment, log)
    if arguments[0] == "-m":
        sys.argv = arguments[1:]
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = arguments
        sys.path.insert(0, str(Path(arguments[0]).parent))
        runpy.run_path(arguments[0], run_name="__main__")
