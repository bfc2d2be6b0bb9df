"""One command at a time changes a database: two at once would meet in the tables that state-years share."""

from collections.abc import Callable

from nibrs_pipeline.database.connection import Connection

#: A number that no other program locks by.
_KEY = 0x4E494252


def wait_for_turn(connection: Connection, told: Callable[[], None] = lambda: None) -> None:
    """Wait until no other command changes this database; the turn ends with the connection.

    Args:
        told: called before waiting, if there is another.
    """
    if not connection.run("SELECT pg_try_advisory_lock(:key)", key=_KEY)[0][0]:
        told()
        connection.run("SELECT pg_advisory_lock(:key)", key=_KEY)
