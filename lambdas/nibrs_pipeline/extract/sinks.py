"""Sinks that stand between a COPY and the member of a zip."""

import csv
from queue import Queue
from threading import Thread

from nibrs_pipeline.catalog import Table
from nibrs_pipeline.database.snapshot import Sink
from nibrs_pipeline.extract.queries import KeyRange

#: Portions that may wait between the reader and the deflater, and their size; bounds the memory.
_WAITING = 8
_PORTION = 1 << 18
#: A header with the first row, or the last row, are shorter than this.
_LONGEST = 1 << 16


class BackgroundSink:
    """Passes all on in a thread of its own, so that reading a COPY and deflating it overlap.

    An error of the sink behind it is raised when the block ends.
    """

    def __init__(self, writer: Sink) -> None:
        self._writer = writer
        self._queue: Queue[bytes | None] = Queue(_WAITING)
        self._error: BaseException | None = None
        self._pending: list[bytes] = []
        self._pending_size = 0
        self._thread = Thread(target=self._run, daemon=True)

    def __enter__(self) -> "BackgroundSink":
        self._thread.start()
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._flush()
        self._queue.put(None)
        self._thread.join()
        if self._error is not None and error is None:
            raise self._error

    def write(self, data: bytes, /) -> int:
        """Take some bytes; waits if too many are waiting already."""
        self._pending.append(data)
        self._pending_size += len(data)
        if self._pending_size >= _PORTION:
            self._flush()
        return len(data)

    def _flush(self) -> None:
        if self._error is not None:
            self._pending, self._pending_size = [], 0
            return
        if self._pending:
            self._queue.put(b"".join(self._pending))
            self._pending, self._pending_size = [], 0

    def _run(self) -> None:
        while (data := self._queue.get()) is not None:
            if self._error is None:
                try:
                    self._writer.write(data)
                except BaseException as error:  # handed to the reader, which raises it
                    self._error = error


class EndsSink:
    """Passes all on, counts lines, and remembers the first and the last after the header."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._head = self._tail = b""
        self._lines = 0

    def write(self, data: bytes, /) -> int:
        """Take some bytes."""
        self._lines += data.count(b"\n")
        if len(self._head) < _LONGEST:
            self._head += data[: _LONGEST - len(self._head)]
        self._tail = data[-_LONGEST:] if len(data) >= _LONGEST else (self._tail + data)[-_LONGEST:]
        self._sink.write(data)
        return len(data)

    def key_range(self, table: Table, rows: int) -> KeyRange | None:
        """The first and the last primary key of a table that was written in the order of its key.

        None if there are no rows, or if a value holds a line break, so that a line need not be a row.
        """
        if not rows or self._lines != rows + 1:
            return None
        place = table.column_names.index(table.primary_key[0])
        first, last = self._head.split(b"\n")[1], self._tail.split(b"\n")[-2]
        try:
            keys = [int(next(csv.reader([line.decode()]))[place]) for line in (first, last)]
        except csv.Error:
            return None
        return KeyRange(keys[0], keys[1])
