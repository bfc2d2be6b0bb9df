"""The adapter to PostgreSQL: where it is, one read-only snapshot, COPY out."""

import os
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

import pg8000.native
from pg8000.core import COPY_DATA, COPY_DONE, ci_unpack
from pg8000.exceptions import DatabaseError, InterfaceError

from nibrs_pipeline.copy_frames import unframe
from nibrs_pipeline.errors import BadRequest, DatabaseUnavailable, QueryFailed
from nibrs_pipeline.queries import source_position_query

_BUFFER = 1 << 20

#: SQLSTATEs after which the same statement can succeed on another try: connection exceptions,
#: shutdowns, too many connections, and conflicts with recovery on a hot standby.
_TRANSIENT = ("08", "57P", "53300", "40001", "40P01")


class Sink(Protocol):
    """What takes the bytes of a COPY."""

    def write(self, data: bytes, /) -> object:
        """Take some bytes."""


@dataclass(frozen=True)
class DatabaseLocation:
    """Where the database is and how to log in. ``host`` that begins with a slash is a socket folder."""

    host: str
    port: int
    user: str
    password: str
    database: str
    tls: bool
    root_certificates: str = ""

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str] = os.environ, fetch_secret: Callable[[str], Mapping[str, Any]] | None = None
    ) -> "DatabaseLocation":
        """DB_URI, or a Secrets Manager secret (DB_SECRET_ARN), or PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE.

        TLS is on except on this machine; PGSSLMODE=disable turns it off. PGSSLROOTCERT names a file of
        certificates to trust instead of the system's.

        Raises:
            BadRequest: nothing of this is set, or DB_URI is not a PostgreSQL address.
        """
        if uri := environment.get("DB_URI"):
            return cls.from_uri(uri)
        settings: Mapping[str, Any] = {
            "host": environment.get("PGHOST"),
            "port": environment.get("PGPORT"),
            "username": environment.get("PGUSER"),
            "password": environment.get("PGPASSWORD"),
            "dbname": environment.get("PGDATABASE"),
        }
        if (arn := environment.get("DB_SECRET_ARN")) and fetch_secret:
            settings = {**settings, **fetch_secret(arn)}
        if not settings["host"]:
            raise BadRequest("no database is named: set DB_URI, or PGHOST and its companions, or DB_SECRET_ARN")
        host = str(settings["host"])
        return cls(
            host=host,
            port=int(settings["port"] or 5432),
            user=str(settings["username"] or "postgres"),
            password=str(settings["password"] or ""),
            database=str(settings["dbname"] or "postgres"),
            tls=_wants_tls(host, environment.get("PGSSLMODE", "")),
            root_certificates=environment.get("PGSSLROOTCERT", ""),
        )

    @classmethod
    def from_uri(cls, uri: str) -> "DatabaseLocation":
        """``postgresql://user:password@host:port/database?host=/socket/folder&sslmode=disable``."""
        parts = urlsplit(uri)
        if parts.scheme not in ("postgresql", "postgres"):
            raise BadRequest(f"DB_URI begins with {parts.scheme!r}; it has to begin with postgresql://")
        options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        host = options.get("host") or parts.hostname or "localhost"
        return cls(
            host=host,
            port=parts.port or int(options.get("port", "5432")),
            user=unquote(parts.username or "postgres"),
            password=unquote(parts.password or ""),
            database=unquote(parts.path.lstrip("/")) or "postgres",
            tls=_wants_tls(host, options.get("sslmode", "")),
            root_certificates=options.get("sslrootcert", os.environ.get("PGSSLROOTCERT", "")),
        )

    def as_environment(self) -> dict[str, str]:
        """The variables from which ``from_environment`` makes the same location."""
        return {
            "PGHOST": self.host,
            "PGPORT": str(self.port),
            "PGUSER": self.user,
            "PGPASSWORD": self.password,
            "PGDATABASE": self.database,
            "PGSSLMODE": "verify-full" if self.tls else "disable",
            "PGSSLROOTCERT": self.root_certificates,
        }


def _tls_context(location: DatabaseLocation) -> ssl.SSLContext:
    """Verifies the server's certificate and name.

    Raises:
        BadRequest: the file of certificates cannot be used.
    """
    try:
        return ssl.create_default_context(cafile=location.root_certificates or None)
    except (OSError, ssl.SSLError) as error:
        raise BadRequest(
            f"PGSSLROOTCERT: {location.root_certificates!r} was given; it has to be a file of certificates in PEM "
            f"format: {error}"
        ) from error


def _wants_tls(host: str, mode: str) -> bool:
    return mode != "disable" and not host.startswith("/") and host not in ("localhost", "127.0.0.1", "::1")


class Connection(pg8000.native.Connection):
    """pg8000's connection, with COPY output read by the buffer instead of by the row."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._sock = self._usock.makefile(mode="rwb", buffering=_BUFFER)

    def handle_COPY_OUT_RESPONSE(self, data: bytes, context: Any) -> None:  # noqa: N802  pg8000's name
        """Pass all rows to ``context.stream``, up to the end of the COPY or the first other message."""
        super().handle_COPY_OUT_RESPONSE(data, context)
        while True:
            rows, consumed = unframe(self._sock.peek(_BUFFER))
            if consumed:
                context.stream_write(rows)
                self._sock.read(consumed)
                continue
            code, length = ci_unpack(self._exactly(5))
            body = self._exactly(length - 4)
            if code == COPY_DONE:
                return
            self.message_types[code](body, context)
            if code != COPY_DATA and context.error is not None:
                return

    def _exactly(self, size: int) -> bytes:
        data: bytes = self._sock.read(size)
        if len(data) < size:
            raise InterfaceError("network error: the server closed the connection")
        return data


@dataclass(frozen=True)
class SourcePosition:
    """The cluster and database, and where its transactions stood (see ``source_position_query``)."""

    system: str
    horizon: int
    next: int
    time: str


class Snapshot:
    """One REPEATABLE READ, READ ONLY transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        system, horizon, following, time = self.rows(source_position_query())[0]
        self.position = SourcePosition(system, horizon, following, time)

    def rows(self, query: str) -> list[list[Any]]:
        """All rows of a small result."""
        return list(self._connection.run(query) or [])

    def copy(self, statement: str, sink: Sink, probe: bool = True) -> int:
        """Stream a COPY ... TO STDOUT into a sink; returns the number of rows without the header.

        Args:
            probe: whether the database may join by probing an index once per row. It cannot know
                that keys lie close together and would do so where reading along the index is faster.
        """
        self._connection.run(f"SET LOCAL enable_nestloop = {'on' if probe else 'off'}")
        self._connection.run(statement, stream=sink)
        return int(self._connection.row_count)


def connect(location: DatabaseLocation, timeout: float | None = 10) -> Connection:
    """Open a connection; ``timeout`` in seconds is for connecting only.

    Raises:
        DatabaseUnavailable: the server cannot be reached or does not accept connections now.
        QueryFailed: it refuses the user, the password or the database.
    """
    with translated_errors():
        socket_folder = location.host.startswith("/")
        connection = Connection(
            user=location.user,
            password=location.password or None,
            host=None if socket_folder else location.host,
            port=location.port,
            unix_sock=f"{location.host}/.s.PGSQL.{location.port}" if socket_folder else None,
            database=location.database,
            ssl_context=_tls_context(location) if location.tls else None,
            timeout=timeout,
            application_name="nibrs-pipeline",
        )
        # A query may run for long; a server that is gone is noticed by keep-alive instead.
        connection._usock.settimeout(None)
        return connection


@contextmanager
def snapshot(location: DatabaseLocation) -> Iterator[Snapshot]:
    """One consistent view of the database: all that is read inside belongs to one moment.

    Works on a hot standby (writes nothing) and behind a pooler (settings end with the transaction).

    Raises:
        DatabaseUnavailable: the connection failed, before or within; try again from the start.
        QueryFailed: the database refused a statement.
    """
    connection = connect(location)
    try:
        with translated_errors():
            connection.run("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            # Text formats must not depend on how the server or the role is configured.
            connection.run("SET LOCAL datestyle = 'ISO, YMD'")
            connection.run("SET LOCAL extra_float_digits = 1")
            connection.run("SET LOCAL jit = off")
            yield Snapshot(connection)
            connection.run("COMMIT")
    finally:
        try:
            connection.close()
        except (InterfaceError, OSError):
            pass  # the connection is what failed; there is nothing left to close


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn pg8000's errors into the ones that the state machine knows."""
    try:
        yield
    except DatabaseError as error:
        details: Any = error.args[0] if error.args else {}
        if not isinstance(details, dict):
            raise QueryFailed(f"the database refused: {error}") from error
        state, message = details.get("C", "?"), details.get("M", str(error))
        if str(state).startswith(_TRANSIENT):
            raise DatabaseUnavailable(f"the database cut off: {message} (SQLSTATE {state}); try again") from error
        raise QueryFailed(f"the database refused: {message} (SQLSTATE {state})") from error
    except InterfaceError as error:
        raise DatabaseUnavailable(f"the database cannot be reached: {error}; check host, port and network") from error
    except ConnectionError as error:
        raise DatabaseUnavailable(f"the connection to the database broke: {error}; try again") from error
