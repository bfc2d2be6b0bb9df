"""The embedded PostgreSQL: in homes of any name, shared by commands at once, with a reason if it fails."""

import os
from pathlib import Path

import pytest
from nibrs_home import embedded_postgres
from nibrs_home.embedded_postgres import DatabaseDidNotStart, database, is_running, keep_running, stop
from nibrs_home.home import Home
from nibrs_home.postgres_library import PostgresServer
from nibrs_pipeline.database.location import DatabaseLocation
from nibrs_pipeline.errors import DatabaseUnavailable

from tests.runs import sql


def test_a_home_may_have_any_name_and_the_last_user_stops_its_server(tmp_path: Path) -> None:
    home = Home(tmp_path / "my höme + 1% & 'more'")
    with database(home) as first:
        with database(home) as second:
            assert sql(second, "SELECT 1") == [[1]]
        assert is_running(home), "another still uses it"
        assert sql(first, "SELECT 1") == [[1]]
    assert not is_running(home)
    try:
        address = DatabaseLocation.from_uri(keep_running(home))
        with database(home):
            pass
        assert sql(address, "SELECT 1") == [[1]], "it is to run until it is stopped by name"
    finally:
        assert stop(home)
    assert not is_running(home)
    assert not stop(home)


def test_a_server_that_does_not_start_is_told_with_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home(tmp_path)
    with database(home):
        pass
    with (home.database / "postgresql.conf").open("a") as settings:
        settings.write("no_such_setting = 1\n")
    monkeypatch.setattr(embedded_postgres, "_PATIENCE", 1)
    said = r"did not start: .*(no_such_setting|configuration file).*its log is"
    with pytest.raises(DatabaseDidNotStart, match=said), database(home):
        pass


def test_users_of_one_machine_have_locks_of_their_own() -> None:
    assert Path(os.fsdecode(PostgresServer._lock.path)).name == f"nibrs-{os.getuid()}.lock"


def test_a_server_that_breaks_down_tells_its_own_reason(tmp_path: Path) -> None:
    home = Home(tmp_path)
    said = r"broke down: could not write to file \"pg_wal/x\": No space left on device; .*free some space"
    with pytest.raises(DatabaseDidNotStart, match=said), database(home):
        with (home.database / "log").open("a") as log:
            log.write('2026-01-01 UTC [1] PANIC:  could not write to file "pg_wal/x": No space left on device\n')
        raise DatabaseUnavailable("the connection broke")
    with pytest.raises(DatabaseUnavailable), database(home):
        raise DatabaseUnavailable("of another cause: what an earlier server said is not it")
