"""Databases of tests: copies of one that is made once, which takes a fraction of the time of a server each."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count

import pytest
from nibrs_home.schema import create_schema
from nibrs_pipeline.database.connection import connect
from nibrs_pipeline.database.location import DatabaseLocation

_NUMBERS = count(1)


@contextmanager
def copied(server: DatabaseLocation, template: str) -> Iterator[DatabaseLocation]:
    """A copy of a database that nobody is connected to; it is dropped afterwards."""
    name = f"copy_{next(_NUMBERS)}"
    _tell(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        yield replace(server, database=name)
    finally:
        _tell(server, f"DROP DATABASE {name} WITH (FORCE)")


def make_empty(server: DatabaseLocation, name: str) -> str:
    """Make a database that has the schema and nothing else, to be copied; gives its name."""
    _tell(server, f"CREATE DATABASE {name}")
    connection = connect(replace(server, database=name))
    create_schema(connection)
    connection.close()
    return name


def leave_alone(server: DatabaseLocation) -> None:
    """Have a server begin no transactions of its own, which tests would see, and wait for no disk."""
    for name in ("autovacuum", "fsync"):
        _tell(server, f"ALTER SYSTEM SET {name} = off")
    _tell(server, "SELECT pg_reload_conf()")


def given_to_the_command(location: DatabaseLocation, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ``nibrs`` command works on this database until the test ends."""
    for name, value in location.as_environment().items():
        monkeypatch.setenv(name, value)


def _tell(server: DatabaseLocation, statement: str) -> None:
    connection = connect(server)
    try:
        connection.run(statement)
    finally:
        connection.close()
