"""A connection to PostgreSQL that reads COPY output by the buffer."""

from contextlib import suppress
from typing import Any

import pg8000.native
from pg8000.core import COPY_DATA, COPY_DONE, ci_unpack
from pg8000.exceptions import InterfaceError

from nibrs_pipeline.database.copy_frames import unframe
from nibrs_pipeline.database.failures import translated_errors
from nibrs_pipeline.database.location import DatabaseLocation
from nibrs_pipeline.database.sockets import (
    PATIENCE,
    Patience,
    answers,
    buffered,
    keep_alive,
    open_socket,
    tls_context,
)

_BUFFER = 1 << 20


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

    def close(self) -> None:
        """End the connection; one that is broken has ended, and why has been told."""
        with suppress(InterfaceError):
            super().close()

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
