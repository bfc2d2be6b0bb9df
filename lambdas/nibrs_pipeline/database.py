"""The adapter to PostgreSQL: where it is, one read-only snapshot, COPY out."""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

import pg8000.native
from pg8000.core import COPY_DATA, COPY_DONE, ci_unpack
from pg8000.exceptions import InterfaceError

from nibrs_pipeline.copy_frames import unframe
from nibrs_pipeline.database_errors import CANCELLED, sqlstate, translated_errors
from nibrs_pipeline.database_socket import (
    PATIENCE,
    Patience,
    Tls,
    answers,
    buffered,
    keep_alive,
    open_socket,
    tls_context,
    wanted_tls,
)
from nibrs_pipeline.errors import BadRequest, PipelineError, QueryFailed, QueryTooSlow
from nibrs_pipeline.queries import data_folder_query, source_position_query

_BUFFER = 1 << 20
#: Seconds that a function keeps for itself to tell of a query that took too long.
_MARGIN = 10
#: Connections that answer several queries together.
_SIDE_BY_SIDE = 4
#: The seconds that are left to whoever asks the database.
SecondsLeft = Callable[[], float]


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
    password: str = field(repr=False)
    database: str
    tls: Tls
    root_certificates: str = ""

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str] = os.environ, fetch_secret: Callable[[str], Mapping[str, Any]] | None = None
    ) -> "DatabaseLocation":
        """DB_URI, or a Secrets Manager secret (DB_SECRET_ARN), or PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE.

        Without PGSSLMODE, TLS is on except on this machine. PGSSLROOTCERT names a file of certificates to
        trust instead of the system's.

        Raises:
            BadRequest: nothing of this is set, or DB_URI is not a PostgreSQL address.
        """
        if uri := environment.get("DB_URI"):
            return cls.from_uri(uri, environment)
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
            port=_port("PGPORT", settings["port"] or 5432),
            user=str(settings["username"] or "postgres"),
            password=str(settings["password"] or ""),
            database=str(settings["dbname"] or "postgres"),
            tls=wanted_tls(host, environment.get("PGSSLMODE", "")),
            root_certificates=environment.get("PGSSLROOTCERT", ""),
        )

    @classmethod
    def from_uri(cls, uri: str, environment: Mapping[str, str] = os.environ) -> "DatabaseLocation":
        """``postgresql://user:password@host:port/database?host=/socket/folder&sslmode=disable``.

        What the address does not say of TLS, PGSSLMODE and PGSSLROOTCERT of the environment do.

        Raises:
            BadRequest: it is not a PostgreSQL address.
        """
        try:
            parts = urlsplit(uri)
            port = parts.port
        except ValueError:
            # Its message would show a part of the password.
            raise BadRequest(
                "DB_URI has no port that is a number; special characters of user and password have to be written "
                "as %XX, for example %2F for a slash"
            ) from None
        if parts.scheme not in ("postgresql", "postgres"):
            raise BadRequest(f"DB_URI begins with {parts.scheme!r}; it has to begin with postgresql://")
        options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        host = options.get("host") or parts.hostname or "localhost"
        return cls(
            host=host,
            port=port or _port("port in DB_URI", options.get("port", "5432")),
            user=unquote(parts.username or "postgres"),
            password=unquote(parts.password or ""),
            database=unquote(parts.path.lstrip("/")) or "postgres",
            tls=wanted_tls(host, options.get("sslmode") or environment.get("PGSSLMODE", "")),
            root_certificates=options.get("sslrootcert") or environment.get("PGSSLROOTCERT", ""),
        )

    def as_environment(self) -> dict[str, str]:
        """The variables from which ``from_environment`` makes the same location."""
        return {
            "PGHOST": self.host,
            "PGPORT": str(self.port),
            "PGUSER": self.user,
            "PGPASSWORD": self.password,
            "PGDATABASE": self.database,
            "PGSSLMODE": self.tls or "disable",
            "PGSSLROOTCERT": self.root_certificates,
        }


def _port(name: str, value: object) -> int:
    try:
        return int(str(value))
    except ValueError:
        raise BadRequest(f"{name}: {value!r} was given; it has to be a number, for example 5432") from None


class Connection(pg8000.native.Connection):
    """pg8000's connection, with COPY output read by the buffer instead of by the row."""

    def __init__(self, location: DatabaseLocation, patience: Patience = PATIENCE) -> None:
        context = tls_context(location.tls, location.root_certificates) if location.tls else None
        connected = open_socket(location.host, location.port, context, patience)
        try:
            keep_alive(connected, patience)
            super().__init__(
                user=location.user,
                password=location.password or None,
                database=location.database,
                sock=connected,
                ssl_context=False,
                application_name="nibrs-pipeline",
            )
        except BaseException:
            connected.close()
            raise
        self._sock = buffered(connected, patience.silence, lambda: answers(location.host, location.port, patience))

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
    """The cluster and database, and where its transactions stood (see ``source_position_query``).

    Transactions of two positions can be compared only if ``system``, ``timeline`` and ``server`` are the same:
    a restored backup gives numbers out a second time.
    """

    system: str
    horizon: int
    next: int
    time: str
    timeline: int
    server: str


class Snapshot:
    """One REPEATABLE READ, READ ONLY transaction."""

    def __init__(
        self,
        connection: Connection,
        seconds_left: SecondsLeft | None = None,
        another: Callable[[], Connection] | None = None,
        exported: str = "",
    ) -> None:
        """Begin the transaction.

        Args:
            seconds_left: see ``snapshot``.
            another: opens a further connection to the same database.
            exported: the name of another transaction's view, to be shared.
        """
        self._connection = connection
        self._seconds_left = seconds_left
        self._another = another
        self._run("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        if exported:
            self._run(f"SET TRANSACTION SNAPSHOT '{exported}'")
        # Text formats must not depend on how the server or the role is configured.
        self._run("SET LOCAL datestyle = 'ISO, YMD'; SET LOCAL extra_float_digits = 1; SET LOCAL jit = off")
        [[*position, by_folder]] = self.rows(source_position_query())
        self.position = SourcePosition(*position)
        if by_folder:
            [[server]] = self.rows(data_folder_query())
            self.position = replace(self.position, server=server)

    def rows(self, query: str) -> list[list[Any]]:
        """All rows of a small result."""
        return self._limited(query, "", None)

    def rows_side_by_side(self, queries: Iterable[str]) -> list[list[list[Any]]]:
        """The results of several queries, which further connections with the same view help to answer.

        A pooler may lead to another server, and there may be no connection to be had: whoever cannot help does not.
        """
        wanted = list(queries)
        left = SimpleQueue[int]()
        for number in range(len(wanted)):
            left.put(number)
        results: list[list[list[Any]]] = [[] for _ in wanted]
        helpers = min(_SIDE_BY_SIDE, len(wanted)) - 1
        exported = self.rows("SELECT pg_export_snapshot()")[0][0] if self._another and helpers > 0 else ""
        with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
            helping = [
                pool.submit(self._help, exported, wanted, left, results) for _ in range(helpers if exported else 0)
            ]
            try:
                self._answer(wanted, left, results)
            finally:
                # After an error nobody begins with another one.
                _emptied(left)
            for helper in helping:
                helper.result()
        return results

    def _answer(self, queries: list[str], left: "SimpleQueue[int]", results: list[list[list[Any]]]) -> None:
        while True:
            try:
                number = left.get_nowait()
            except Empty:
                return
            results[number] = self.rows(queries[number])

    def _help(
        self, exported: str, queries: list[str], left: "SimpleQueue[int]", results: list[list[list[Any]]]
    ) -> None:
        try:
            connection = self._another() if self._another else None
        except PipelineError:
            return
        if connection is None:
            return
        try:
            try:
                sharing = Snapshot(connection, self._seconds_left, exported=exported)
            except PipelineError:
                return
            sharing._answer(queries, left, results)
            sharing.end()
        finally:
            _closed(connection)

    def copy(self, statement: str, sink: Sink, probe: bool = True) -> int:
        """Stream a COPY ... TO STDOUT into a sink; returns the number of rows without the header.

        Args:
            probe: whether the database may join by probing an index once per row. It cannot know
                that keys lie close together and would do so where reading along the index is faster.
        """
        guarded = _Guarded(sink)
        try:
            self._limited(statement, f"SET LOCAL enable_nestloop = {'on' if probe else 'off'}", guarded)
        except PipelineError:
            if guarded.error is not None:
                raise guarded.error from None
            raise
        return int(self._connection.row_count)

    def end(self) -> None:
        """End the transaction; nothing was written, but a broken connection shows here at the latest."""
        self._run("COMMIT")

    def _limited(self, statement: str, setting: str, sink: Sink | None) -> list[list[Any]]:
        """Run a statement that ends before the time does that is left."""
        limit = self._seconds_left() - _MARGIN if self._seconds_left else None
        if limit is not None:
            # Within the transaction, since behind a pooler the session is not ours.
            setting += f"; SET LOCAL statement_timeout = {max(1, int(1000 * limit))}"
        if setting:
            self._run(setting.removeprefix("; "))
        started = monotonic()
        try:
            return self._run(statement, sink)
        except QueryFailed as error:
            seconds = monotonic() - started
            # The message is in the server's language; whether time was up shows by the clock.
            if limit is None or sqlstate(error.__cause__) != CANCELLED or seconds < 0.9 * limit:
                raise
            raise QueryTooSlow(
                f"reading {_table_of(statement)} was ended after {seconds:,.0f} s, all the time that was left; give "
                f"the function or the database more of what it lacks, or ask for fewer states or years at once"
            ) from error

    def _run(self, statement: str, sink: Sink | None = None) -> list[list[Any]]:
        with translated_errors():
            return list(self._connection.run(statement, stream=sink) or [])


class _Guarded:
    """Keeps the error of a sink apart from those of the database."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self.error: BaseException | None = None

    def write(self, data: bytes, /) -> None:
        try:
            self._sink.write(data)
        except BaseException as error:
            self.error = error
            raise


def _table_of(statement: str) -> str:
    found = re.search(r"\bFROM\s+(\w+)", statement)
    return found[1] if found else "the database"


def connect(location: DatabaseLocation, patience: Patience = PATIENCE) -> Connection:
    """Open a connection.

    Raises:
        DatabaseUnavailable: the server cannot be reached or does not accept connections now.
        DatabaseMisconfigured: it refuses the user, the password or the database, or its certificate is not trusted.
    """
    with translated_errors():
        try:
            return Connection(location, patience)
        except OSError as error:
            raise InterfaceError(f"{location.host}:{location.port}: {error}") from error


@contextmanager
def snapshot(
    location: DatabaseLocation, seconds_left: SecondsLeft | None = None, patience: Patience = PATIENCE
) -> Iterator[Snapshot]:
    """One consistent view of the database: all that is read inside belongs to one moment.

    Works on a hot standby (writes nothing) and behind a pooler (settings end with the transaction).

    Args:
        seconds_left: the time after which nobody waits for an answer any more; without it, queries may run on.

    Raises:
        DatabaseUnavailable: the connection failed, before or within; try again from the start.
        DatabaseMisconfigured: the database does not let us in.
        QueryFailed: the database refused a statement.
        QueryTooSlow: a query took all the time that was left.
    """
    connection = connect(location, patience)
    try:
        taken = Snapshot(connection, seconds_left, lambda: connect(location, patience))
        yield taken
        taken.end()
    finally:
        _closed(connection)


def _closed(connection: Connection) -> None:
    try:
        connection.close()
    except (InterfaceError, OSError):
        pass  # the connection is what failed; there is nothing left to close


def _emptied(queue: "SimpleQueue[int]") -> None:
    try:
        while True:
            queue.get_nowait()
    except Empty:
        return
