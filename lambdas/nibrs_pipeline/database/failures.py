"""Errors of PostgreSQL, the driver and the network, translated into those that the state machine knows."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pg8000.exceptions import DatabaseError, InterfaceError

from nibrs_pipeline.errors import DatabaseMisconfigured, DatabaseUnavailable, QueryFailed

#: SQLSTATEs after which the same statement can succeed on another try: connection exceptions, shutdowns,
#: resources that are used up, conflicts with recovery on a hot standby, a snapshot that grew too old.
_TRANSIENT = ("08", "53", "57P", "40001", "40P01", "25P03", "72000")
#: A user, password or database that the server does not know.
_MISCONFIGURED = ("28", "3D000")
#: What a statement that ran into ``statement_timeout`` ends with, and one that somebody cancelled.
CANCELLED = "57014"


def sqlstate(error: BaseException | None) -> str:
    """The SQLSTATE that the server gave, "?" if it gave none."""
    details: Any = error.args[0] if isinstance(error, DatabaseError) and error.args else {}
    return str(details.get("C", "?")) if isinstance(details, dict) else "?"


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn whatever can fail between here and the database into a named error.

    Raises:
        DatabaseUnavailable: the connection failed, or the server is short of something; try again.
        DatabaseMisconfigured: it does not let this user in; trying again does not help.
        QueryFailed: it refused a statement.
    """
    try:
        yield
    except DatabaseError as error:
        details: Any = error.args[0] if error.args else {}
        message = details.get("M", str(error)) if isinstance(details, dict) else str(error)
        state = sqlstate(error)
        if state.startswith(_TRANSIENT):
            raise DatabaseUnavailable(
                f"the database cannot answer now: {message} (SQLSTATE {state}); try again"
            ) from error
        if state.startswith(_MISCONFIGURED):
            raise DatabaseMisconfigured(
                f"the database refuses the login: {message} (SQLSTATE {state}); check user, password and database"
            ) from error
        raise QueryFailed(f"the database refused: {message} (SQLSTATE {state})") from error
    except InterfaceError as error:
        raise DatabaseUnavailable(
            f"the database cannot be reached: {_with_cause(error)}; check host, port and network"
        ) from error
    except OSError as error:
        if error.errno == 28:  # The disk of this machine is full; that has a name of its own.
            raise
        raise DatabaseUnavailable(f"the connection to the database broke: {error}; try again") from error
    except (struct.error, EOFError) as error:
        raise DatabaseUnavailable(f"the database broke off in the middle of an answer: {error}; try again") from error


def _with_cause(error: InterfaceError) -> str:
    return f"{error} ({error.__cause__})" if error.__cause__ else str(error)
