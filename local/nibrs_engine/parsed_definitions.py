"""State machines as moto parses them, kept: parsing takes longer than the rest of a run that has nothing to do.

An execution keeps its state in what was parsed, so that each gets a copy of its own.
"""

import hashlib
import os
import pickle
import sys
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

# isort: off
from nibrs_engine import without_batch  # noqa: F401  # before moto's interpreter
# isort: on

from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

#: What this process has parsed, by definition.
_KEPT: dict[str, bytes] = {}


class ParsedDefinitions:
    """Parsed definitions, in memory and in a folder of the user's own.

    Args:
        folder: it holds the newest definition only; whoever can write there can run programs as this user.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._parse = AmazonStateLanguageParser.parse

    def program(self, definition: str) -> Any:
        """What moto executes, in a state in which nothing has been executed.

        Raises:
            ASLParserException: the definition cannot be parsed.
        """
        if definition not in _KEPT:
            _KEPT[definition] = self._read(definition) or self._write(definition)
        return pickle.loads(_KEPT[definition])

    def _path(self, definition: str) -> Path:
        """Named by everything that what is in it depends on."""
        made_from = (definition, version("moto"), version("antlr4-python3-runtime"), sys.version)
        return self._folder / f"{hashlib.sha256(chr(0).join(made_from).encode()).hexdigest()}.pickle"

    def _read(self, definition: str) -> bytes | None:
        with suppress(OSError):
            content = self._path(definition).read_bytes()
            # A file that was cut off is like none.
            with suppress(pickle.UnpicklingError, EOFError):
                pickle.loads(content)
                return content
        return None

    def _write(self, definition: str) -> bytes:
        content = pickle.dumps(self._parse(definition)[0])
        path = self._path(definition)
        # A disk on which there is no space for it fails the run where the run needs space.
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            partial = path.with_suffix(f".{os.urandom(4).hex()}.partial")
            partial.write_bytes(content)
            partial.replace(path)
            for other in path.parent.iterdir():
                if other != path:
                    other.unlink(missing_ok=True)
        return content
