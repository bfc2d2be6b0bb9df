"""The adapter to PostgreSQL, against a real server."""

import time
import traceback
from pathlib import Path

import pytest
from nibrs_pipeline.database.connection import connect
from nibrs_pipeline.database.location import DatabaseLocation
from nibrs_pipeline.database.position import SourcePosition
from nibrs_pipeline.database.snapshot import snapshot
from nibrs_pipeline.errors import BadRequest, DatabaseUnavailable, QueryFailed, QueryTooSlow

from tests.runs import sql


class Collected:
    def __init__(self) -> None:
        self.data = b""

    def write(self, data: bytes, /) -> int:
        self.data += data
        return len(data)


def test_what_others_write_during_a_snapshot_is_not_seen(location: DatabaseLocation) -> None:
    with snapshot(location) as view:
        sql(location, "INSERT INTO nibrs_injury VALUES (1, 'B', 'Broken bones')")
        sink = Collected()
        assert view.copy("COPY nibrs_injury TO STDOUT", sink) == 0
        assert sink.data == b""
    assert sql(location, "SELECT count(*) FROM nibrs_injury") == [[1]]


def test_rows_of_every_length_arrive_whole(location: DatabaseLocation) -> None:
    sizes = [0, 1, 96, 25_596, 65_530, 65_531, 65_532, 70_000, 3_000_000]
    query = f"SELECT repeat('d', n) FROM unnest(ARRAY{sizes}) n"
    sink = Collected()
    with snapshot(location) as view:
        assert view.copy(f"COPY ({query}) TO STDOUT", sink) == len(sizes)
    assert sink.data == b"".join(b"d" * size + b"\n" for size in sizes)


def test_a_connection_can_be_used_on_after_a_copy(location: DatabaseLocation) -> None:
    with snapshot(location) as view:
        for _ in range(3):
            view.copy("COPY (SELECT generate_series(1, 50000)) TO STDOUT", Collected())
            assert view.read("SELECT 1") == [[1]]


def test_dates_do_not_depend_on_how_the_server_is_configured(location: DatabaseLocation) -> None:
    sql(location, "ALTER ROLE postgres SET datestyle = 'German'")
    sink = Collected()
    with snapshot(location) as view:
        view.copy("COPY (SELECT timestamp '2013-04-05 06:07:08') TO STDOUT", sink)
    assert sink.data == b"2013-04-05 06:07:08\n"


def test_a_role_that_may_only_read_is_enough(location: DatabaseLocation) -> None:
    sql(location, "CREATE ROLE reader LOGIN")
    sql(location, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
    reader = DatabaseLocation(location.host, location.port, "reader", "", location.database, location.tls)
    with snapshot(reader) as view:
        assert isinstance(view.position, SourcePosition)
        assert view.copy("COPY nibrs_injury TO STDOUT", Collected()) == 0


def test_a_snapshot_writes_nothing(location: DatabaseLocation) -> None:
    with pytest.raises(QueryFailed, match="read-only transaction"), snapshot(location) as view:
        view.read("INSERT INTO nibrs_injury VALUES (1, 'B', 'x')")


def test_a_connection_cut_in_mid_copy_can_be_tried_again(location: DatabaseLocation) -> None:
    class Cutting:
        def write(self, data: bytes, /) -> int:
            sql(
                location,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE query LIKE 'COPY%' AND pid <> pg_backend_pid()",
            )
            return len(data)

    with pytest.raises(DatabaseUnavailable), snapshot(location) as view:
        view.copy("COPY (SELECT repeat('x', 1000) FROM generate_series(1, 1000000)) TO STDOUT", Cutting())


def test_a_server_that_is_not_there_can_be_tried_again() -> None:
    nowhere = DatabaseLocation("127.0.0.1", 1, "x", "", "x", "")
    with pytest.raises(DatabaseUnavailable, match="cannot be reached"):
        connect(nowhere)


def test_a_query_that_the_database_refuses_is_not_tried_again(location: DatabaseLocation) -> None:
    with pytest.raises(QueryFailed, match=r"no_such_table.*42P01"), snapshot(location) as view:
        view.read("SELECT * FROM no_such_table")


def test_a_query_ends_before_the_time_does_that_is_left(location: DatabaseLocation) -> None:
    started = time.monotonic()
    with (
        pytest.raises(QueryTooSlow, match=r"reading nibrs_injury was ended after \d+ s, all the time that was left"),
        snapshot(location, lambda: 10.3) as view,
    ):
        view.read("SELECT pg_sleep(60) FROM nibrs_injury RIGHT JOIN (SELECT 1) one ON true")
    assert time.monotonic() - started < 30


def test_with_no_time_left_nothing_is_begun(location: DatabaseLocation) -> None:
    with pytest.raises(QueryTooSlow), snapshot(location, lambda: -5.0) as view:
        view.copy("COPY (SELECT count(*) FROM generate_series(1, 100000000)) TO STDOUT", Collected())


def test_a_query_that_somebody_cancels_is_not_called_slow(location: DatabaseLocation) -> None:
    with pytest.raises(QueryFailed, match="57014"), snapshot(location, lambda: 900.0) as view:
        view.read("SELECT pg_cancel_backend(pg_backend_pid()) FROM pg_sleep(0)")


def test_too_many_connections_can_be_tried_again(location: DatabaseLocation) -> None:
    sql(location, "CREATE ROLE lonely LOGIN CONNECTION LIMIT 0")
    lonely = DatabaseLocation(location.host, location.port, "lonely", "", location.database, location.tls)
    with pytest.raises(DatabaseUnavailable):
        connect(lonely)


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("postgresql://u:p%40ss@db.example:5433/cde", ("db.example", 5433, "u", "p@ss", "cde", "verify-full")),
        ("postgresql://u@localhost/cde", ("localhost", 5432, "u", "", "cde", "")),
        ("postgresql://u@/cde?host=/run/pg", ("/run/pg", 5432, "u", "", "cde", "")),
        ("postgres://u@db.example/cde?sslmode=disable", ("db.example", 5432, "u", "", "cde", "")),
        ("postgres://u@db.example/cde?sslmode=prefer", ("db.example", 5432, "u", "", "cde", "verify-full")),
        ("postgres://u@localhost/cde?sslmode=require", ("localhost", 5432, "u", "", "cde", "verify-full")),
        ("postgres://u@127.0.0.1/cde?sslmode=verify-full", ("127.0.0.1", 5432, "u", "", "cde", "verify-full")),
        ("postgres://u@db.example/cde?sslmode=verify-ca", ("db.example", 5432, "u", "", "cde", "verify-ca")),
    ],
)
def test_a_location_is_read_from_its_address(uri: str, expected: tuple[object, ...]) -> None:
    found = DatabaseLocation.from_environment({"DB_URI": uri})
    assert (found.host, found.port, found.user, found.password, found.database, found.tls) == expected
    assert DatabaseLocation.from_environment(found.as_environment()) == found


def test_a_location_is_read_from_a_secret() -> None:
    secret = {"host": "db.example", "port": 5433, "username": "u", "password": "p", "dbname": "cde"}
    found = DatabaseLocation.from_environment({"DB_SECRET_ARN": "arn:x"}, lambda arn: secret)
    assert (found.host, found.port, found.user, found.tls) == ("db.example", 5433, "u", "verify-full")


@pytest.mark.parametrize("mode", ["require", "verify-full"])
def test_an_sslmode_that_is_given_holds_on_this_machine_too(mode: str) -> None:
    named = {"PGHOST": "localhost", "PGSSLMODE": mode}
    assert DatabaseLocation.from_environment(named).tls == "verify-full"
    assert DatabaseLocation.from_environment({"PGHOST": "localhost"}).tls == ""
    assert DatabaseLocation.from_environment({"DB_URI": "postgresql://u@localhost/d", **named}).tls == "verify-full"


@pytest.mark.parametrize(
    "uri",
    ["postgresql://u:its-secret@db.example/d", "postgresql://u:pa/its-secret@db.example/d", "mysql://u:its-secret@h"],
)
def test_a_password_is_shown_nowhere(uri: str) -> None:
    try:
        shown = repr(DatabaseLocation.from_environment({"DB_URI": uri}))
    except BadRequest as error:
        shown = "".join(traceback.format_exception(error))
    assert "secret" not in shown


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({}, "DB_URI, or PGHOST"),
        ({"DB_URI": "mysql://x"}, "begins with 'mysql'"),
        ({"DB_URI": "postgresql://u:a/b@h/d"}, "no port that is a number; special characters"),
        ({"DB_URI": "postgresql://u@h/d?port=x"}, "port in DB_URI: 'x' was given"),
        ({"PGHOST": "h", "PGPORT": "5432/tcp"}, "PGPORT: '5432/tcp' was given; it has to be a number"),
        (
            {"PGHOST": "h", "PGSSLMODE": "verify_full"},
            "sslmode: 'verify_full' was given; allowed are disable, .*verify-full",
        ),
    ],
)
def test_a_missing_location_is_refused_by_name(environment: dict[str, str], named: str) -> None:
    with pytest.raises(BadRequest, match=named):
        DatabaseLocation.from_environment(environment)


@pytest.mark.parametrize("content", [None, "not a certificate"])
def test_certificates_that_cannot_be_used_are_refused_by_name(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "bundle.pem"
    if content is not None:
        path.write_text(content)
    location = DatabaseLocation.from_environment(
        {"PGHOST": "db.example", "PGUSER": "u", "PGDATABASE": "d", "PGSSLROOTCERT": str(path)}
    )
    assert location.as_environment()["PGSSLROOTCERT"] == str(path)
    with pytest.raises(
        BadRequest, match=r"PGSSLROOTCERT: '.*bundle\.pem' was given; it has to be a file of certificates"
    ):
        connect(location)
