"""One read-only view of the database: small results, and tables by COPY."""

import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from math import inf
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any, Protocol

from pg8000.exceptions import InterfaceError

from nibrs_pipeline.catalog import nibrs_catalog
from nibrs_pipeline.database.connection import Connection, connect
from nibrs_pipeline.database.failures import CANCELLED, sqlstate, translated_errors
from nibrs_pipeline.database.location import DatabaseLocation
from nibrs_pipeline.database.position import (
    SourcePosition,
    data_folder_query,
    source_position_query,
    tables_query,
)
from nibrs_pipeline.database.sockets import (
    PATIENCE,
    Patience,
)
from nibrs_pipeline.errors import PipelineError, QueryFailed, QueryTooSlow, SourceUnfit
from nibrs_pipeline.source_profile import EXPLORER, REFUSAL, SourceProfile, source_profile

#: Seconds that a function keeps for itself to report a query that took too long.
_MARGIN = 10
#: Connections that answer several queries together.
_SIDE_BY_SIDE = 4
#: The seconds that the caller has left.
SecondsLeft = Callable[[], float]


class Sink(Protocol):
    """What takes the bytes of a COPY."""

    def write(self, data: bytes, /) -> object:
        """Take some bytes."""


class Snapshot:
    """One REPEATABLE READ, READ ONLY transaction."""

    def __init__(
        self,
        connection: Connection,
        seconds_left: SecondsLeft | None = None,
        another: Callable[[], Connection] | None = None,
        exported: str = "",
        profile: SourceProfile | None = None,
    ) -> None:
        """Begin the transaction.

        Args:
            seconds_left: see ``snapshot``.
            another: opens a further connection to the same database.
            exported: the name of another transaction's view, to be shared.
            profile: what the database calls its tables; that of the catalog if None.
        """
        self.profile = profile or source_profile(EXPLORER)
        self._connection = connection
        self._seconds_left = seconds_left
        self._another = another
        self._run("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        if exported:
            self._run(f"SET TRANSACTION SNAPSHOT '{exported}'")
        # Text formats must not depend on how the server or the role is configured.
        self._run("SET LOCAL datestyle = 'ISO, YMD'; SET LOCAL extra_float_digits = 1; SET LOCAL jit = off")
        [[*position, by_folder]] = self.read(source_position_query())
        # A view that is shared is that of its first transaction, which has asked.
        tables = "" if exported else self._tables()
        self.position = replace(SourcePosition(*position), tables=tables)
        if by_folder:
            [[server]] = self.read(data_folder_query())
            self.position = replace(self.position, server=server)

    @property
    def seconds_left(self) -> float:
        """The time within which an answer is of use."""
        return self._seconds_left() - _MARGIN if self._seconds_left else inf

    def _tables(self) -> str:
        """What stands for the tables that are read, and for how the profile reads them."""
        [[tables]] = self.read(tables_query(self.profile.deciding(nibrs_catalog())))
        return f"{tables} {self.profile.version}".strip()

    def read(self, query: str) -> list[list[Any]]:
        """All rows of a small result."""
        return self._limited(query, "", None)

    def read_side_by_side(self, queries: Iterable[str]) -> list[list[list[Any]]]:
        """The results of several queries, which further connections with the same view help to answer.

        A pooler may lead to another server, and further connections may be refused: those that fail are done without.
        """
        wanted = list(queries)
        left = SimpleQueue[int]()
        for number in range(len(wanted)):
            left.put(number)
        results: list[list[list[Any]]] = [[] for _ in wanted]
        helpers = min(_SIDE_BY_SIDE, len(wanted)) - 1
        exported = self.read("SELECT pg_export_snapshot()")[0][0] if self._another and helpers > 0 else ""
        with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
            helping = [
                pool.submit(self._help, exported, wanted, left, results) for _ in range(helpers if exported else 0)
            ]
            try:
                self._answer(wanted, left, results)
            finally:
                # After an error no connection begins another query.
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
            results[number] = self.read(queries[number])

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
                sharing = Snapshot(connection, self._seconds_left, exported=exported, profile=self.profile)
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
        """Run a statement that is ended before the time that is left is over."""
        limit = self.seconds_left
        if limit < inf:
            # Within the transaction, since behind a pooler the session is not ours.
            setting += f"; SET LOCAL statement_timeout = {max(1, int(1000 * limit))}"
        if setting:
            self._run(setting.removeprefix("; "))
        started = monotonic()
        try:
            return self._run(self.profile.shaped(statement), sink)
        except QueryFailed as error:
            _raise_refusal(error)
            seconds = monotonic() - started
            # The message is in the server's language; whether time was up shows by the clock.
            if limit == inf or sqlstate(error.__cause__) != CANCELLED or seconds < 0.9 * limit:
                raise
            raise QueryTooSlow(
                f"reading {_table_of(statement)} was ended after {seconds:,.0f} s, all the time that was left; give "
                f"the function or the database more of what it lacks, or ask for fewer states or years at once"
            ) from error

    def _run(self, statement: str, sink: Sink | None = None) -> list[list[Any]]:
        with translated_errors():
            return list(self._connection.run(statement, stream=sink) or [])


def _raise_refusal(error: QueryFailed) -> None:
    """A query that ended itself says why (see ``source_profile``)."""
    begin, end = REFUSAL
    _, found, reason = str(error).partition(begin)
    if found:
        raise SourceUnfit(reason.partition(end)[0]) from error


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


@contextmanager
def snapshot(
    location: DatabaseLocation, seconds_left: SecondsLeft | None = None, patience: Patience = PATIENCE
) -> Iterator[Snapshot]:
    """One consistent view of the database: all that is read inside belongs to one moment.

    Works on a hot standby (writes nothing) and behind a pooler (settings end with the transaction).

    Args:
        seconds_left: the time within which an answer is of use; without it, queries may take any time.

    Raises:
        DatabaseUnavailable: the connection failed, before or within; try again from the start.
        DatabaseMisconfigured: the database refuses the login.
        QueryFailed: the database refused a statement.
        QueryTooSlow: a query took all the time that was left.
        SourceUnfit: the database has a value that the profile does not know.
        BadRequest: there is no such profile.
    """
    profile = source_profile(location.profile)
    connection = connect(location, patience)
    try:
        taken = Snapshot(connection, seconds_left, lambda: connect(location, patience), profile=profile)
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
