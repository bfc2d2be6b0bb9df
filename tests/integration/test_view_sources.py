"""Views as sources: zips have the bytes that tables give, and what cannot be read is refused by name."""

from pathlib import Path

import pytest
from nibrs_home.home import Home
from nibrs_pipeline.catalog import Catalog
from nibrs_pipeline.database.connection import connect
from nibrs_pipeline.database.location import DatabaseLocation
from nibrs_pipeline.database.snapshot import snapshot
from nibrs_pipeline.database.source_fit import require_fit
from nibrs_pipeline.errors import SourceUnfit
from nibrs_pipeline.extract.unique_keys import tables_without_keys
from nibrs_pipeline.plan.source import read_source_contents
from nibrs_pipeline.state_year import StateYear

from tests.conftest import real_zip
from tests.runs import extract, load, published_manifest, run, sql
from tests.views import move_beneath, see

DE = StateYear("DE", 2015)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["VT-2024"])
def test_zips_from_views_have_the_bytes_of_those_from_tables(
    location: DatabaseLocation, catalog: Catalog, tmp_path: Path, name: str
) -> None:
    load(location, real_zip(name))
    item = StateYear(name[:2], int(name[3:]))
    expected, _ = extract(location, catalog, item, tmp_path)
    connection = connect(location)
    move_beneath(connection, catalog)
    connection.run("ANALYZE")
    connection.close()
    found, _ = extract(location, catalog, item, tmp_path)
    assert found.zip == expected.zip
    assert found.files == expected.files


@pytest.mark.slow
def test_runs_over_views_do_what_runs_over_tables_do(loaded: DatabaseLocation, catalog: Catalog, home: Home) -> None:
    assert run(home, loaded).view.status == "SUCCEEDED"
    tables = {item: published_manifest(home, item).zip for item in (DE, StateYear("RI", 2016))}
    connection = connect(loaded)
    move_beneath(connection, catalog)
    connection.close()
    assert run(home, loaded, run_id="views").view.status == "SUCCEEDED"
    assert {item: published_manifest(home, item).zip for item in tables} == tables
    assert published_manifest(home, DE).run_id == "views"
    sql(loaded, "CREATE TABLE heartbeat AS SELECT 1")
    assert run(home, loaded, run_id="nothing").view.status == "SUCCEEDED"
    assert published_manifest(home, DE).run_id == "views"
    sql(
        loaded,
        "UPDATE beneath.nibrs_offense SET num_premises_entered = 3 WHERE offense_id = (SELECT min(offense_id) "
        "FROM nibrs_offense JOIN nibrs_incident USING (incident_id) JOIN nibrs_month m USING (nibrs_month_id) "
        "JOIN cde_agencies a ON a.agency_id = m.agency_id WHERE data_year = 2015 AND state_abbr = 'DE')",
    )
    assert run(home, loaded, run_id="one").view.status == "SUCCEEDED"
    assert published_manifest(home, DE).run_id == "one"
    assert published_manifest(home, StateYear("RI", 2016)).run_id == "views"


def test_a_view_without_a_column_is_refused_by_name(loaded: DatabaseLocation, catalog: Catalog) -> None:
    connection = connect(loaded)
    move_beneath(connection, catalog)
    connection.run(
        "DROP VIEW nibrs_weapon; CREATE VIEW nibrs_weapon AS SELECT offense_id, weapon_id FROM beneath.nibrs_weapon"
    )
    with (
        snapshot(loaded) as view,
        pytest.raises(
            SourceUnfit,
            match=r"view nibrs_weapon has no column nibrs_weapon_id .bigint: Identifies the row.; create it again "
            "with the column, as NULL::bigint if it is not known",
        ),
    ):
        read_source_contents(view, catalog, [])
    connection.run("DROP VIEW nibrs_weapon")
    with snapshot(loaded) as view, pytest.raises(SourceUnfit, match="no table or view nibrs_weapon that can be found"):
        require_fit(view.read, catalog)
    connection.close()


def test_a_key_that_a_view_gives_twice_is_refused_by_name(
    loaded: DatabaseLocation, catalog: Catalog, tmp_path: Path
) -> None:
    connection = connect(loaded)
    move_beneath(connection, catalog)
    see(connection, catalog, "nibrs_offender", source="beneath.nibrs_offender t, (VALUES (1), (2)) twice")
    see(connection, catalog, "agency_participation", source="beneath.agency_participation t, (VALUES (1)) once")
    connection.close()
    with pytest.raises(SourceUnfit, match=r"nibrs_offender of DE-2015 has 2 rows with offender_id = \d+, which is to"):
        extract(loaded, catalog, DE, tmp_path)


def test_tables_have_keys_of_their_own(loaded: DatabaseLocation, catalog: Catalog) -> None:
    with snapshot(loaded) as view:
        assert tables_without_keys(view, catalog.data_tables) == set()
    sql(loaded, "ALTER TABLE nibrs_weapon DROP CONSTRAINT nibrs_weapon_pkey")
    sql(loaded, "CREATE UNIQUE INDEX ON nibrs_weapon (nibrs_weapon_id, weapon_id)")
    with snapshot(loaded) as view:
        assert tables_without_keys(view, catalog.data_tables) == {"nibrs_weapon"}


@pytest.mark.parametrize(
    ("table", "column", "gives", "named"),
    [
        ("nibrs_incident", "incident_date", "t.incident_date::date", "is date"),
        ("nibrs_incident", "cargo_theft_flag", "t.cargo_theft_flag = 'Y'", "is boolean"),
        ("nibrs_incident", "incident_number", "t.incident_number::char(20)", "is character.20."),
        ("cde_agencies", "ori", "t.ori::char(10)", "is character.10."),
        ("nibrs_suspected_drug", "est_drug_qty", "t.est_drug_qty::real", "is real"),
    ],
)
def test_a_type_that_is_written_differently_is_refused(
    loaded: DatabaseLocation, catalog: Catalog, table: str, column: str, gives: str, named: str
) -> None:
    connection = connect(loaded)
    move_beneath(connection, catalog)
    connection.run(f"DROP VIEW {table}")
    see(connection, catalog, table, **{column: gives})
    connection.close()
    with snapshot(loaded) as view, pytest.raises(SourceUnfit, match=f"column {column} of view {table} {named}"):
        require_fit(view.read, catalog)


def test_types_that_are_written_alike_are_taken(loaded: DatabaseLocation, catalog: Catalog, tmp_path: Path) -> None:
    expected, _ = extract(loaded, catalog, DE, tmp_path)
    connection = connect(loaded)
    move_beneath(connection, catalog)
    connection.run("DROP VIEW nibrs_incident")
    see(
        connection, catalog, "nibrs_incident", incident_hour="t.incident_hour::integer",
        incident_number="t.incident_number::text", cargo_theft_flag="t.cargo_theft_flag::varchar(5)",
        report_date_flag="t.report_date_flag::bpchar",
    )  # fmt: skip
    connection.close()
    with snapshot(loaded) as view:
        require_fit(view.read, catalog)
    assert extract(loaded, catalog, DE, tmp_path)[0].zip == expected.zip
