"""Where commands write, and what they end with."""

import os
import sys
from pathlib import Path
from typing import Any

import click
from rich.console import Console

FAILED, WRONG_USE = 1, 2

#: Columns below which there are no tables and bars.
NARROW = 80
#: Lines in a file are not wrapped.
_UNBOUNDED = None if sys.stdout.isatty() or "COLUMNS" in os.environ else 200

console = Console(highlight=False, width=_UNBOUNDED)
errors = Console(stderr=True, highlight=False)


class OutputFile(click.Path):
    """A file that can be written, which is checked before the work begins."""

    def __init__(self) -> None:
        super().__init__(dir_okay=False, writable=True, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The path; refused if its folder is not there or cannot be written."""
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        if not path.parent.is_dir():
            self.fail(f"there is no folder {path.parent} for {path.name}; make the folder first.", param, ctx)
        if not path.exists() and not os.access(path.parent, os.W_OK):
            self.fail(f"{path.parent} cannot be written; name another folder.", param, ctx)
        return path
