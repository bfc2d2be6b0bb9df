"""Extraction from a real database: which rows belong to a state-year, in which order, and at what moment."""

import csv
import io
import zipfile
from pathlib import Path

import pytest
from nibrs_local.home import Home
from nibrs_pipeline.catalog import Catalog
from nibrs_pipeline.database import DatabaseLocation, snapshot
from nibrs_pipeline.documents import documents
from nibrs_pipeline.errors import EmptyTable
from nibrs_pipeline.extraction import extract_common, extract_state_year
from nibrs_pipeline.keys import StateYear
from nibrs_pipeline.planning import WorkItem
from nibrs_pipeline.queries import KeyRange, copy_out, state_year_query
from nibrs_pipeline.source import read_source_state

from tests.runs import extract, load_trial, sql

DE = StateYear("DE", 2015)


@pytest.fixture
def loaded(home: Home, location: DatabaseLocation) -> DatabaseLocation:
    load_trial(home, location)
    return location


def test_a_state_year_has_the_rows_of_its_months_and_no_others(
    loaded: DatabaseLocation, catalog: Catalog, tmp_path: Path
) -> None:
    manifest, rows = extract(loaded, catalog, DE, tmp_path)
    months = {row["nibrs_month_id"] for row in rows["nibrs_month"]}
    assert {row["data_year"] for row in rows["nibrs_month"]} == {"2015"}
    assert len(months) == 60
    assert {row["nibrs_month_id"] for row in rows["nibrs_incident"]} <= months
    for table in catalog.data_tables:
        [parent] = catalog.lineage(table)[1:2] or [None]
        if parent:
            key = parent.primary_key[0]
            assert {row[key] for row in rows[table.name]} <= {row[key] for row in rows[parent.name]}, table.name
    assert manifest.rows == {name: len(found) for name, found in rows.items()}


def test_the_year_is_that_of_the_month_not_that_of_the_incident(
    loaded: DatabaseLocation, catalog: Catalog, tmp_path: Path
) -> None:
    before, _ = extract(loaded, catalog, DE, tmp_path)
    sql(loaded, "UPDATE nibrs_incident SET incident_date = incident_date - interval '1 year'")
    assert extract(loaded, catalog, DE, tmp_path)[0].rows == before.rows


def test_nebraska_is_asked_for_as_ne_where_the_fbi_writes_nb(
    loaded: DatabaseLocation, catalog: Catalog, tmp_path: Path
) -> None:
    expected, _ = extract(loaded, catalog, DE, tmp_path)
    sql(loaded, "UPDATE cde_agencies SET state_abbr = 'NB' WHERE state_abbr = 'DE'")
    sql(loaded, "UPDATE agency_participation SET state_abbr = 'NB' WHERE state_abbr = 'DE'")
    sql(loaded, "UPDATE ref_agency SET state_id = (SELECT state_id FROM ref_state WHERE state_postal_abbr = 'NE') "
                "WHERE state_id = (SELECT state_id FROM ref_state WHERE state_postal_abbr = 'DE')")  # fmt: skip
    with snapshot(loaded) as rows:
        names = read_source_state(rows, catalog, []).state_years
    assert names[StateYear("NE", 2015)] == "Nebraska"
    manifest, _ = extract(loaded, catalog, StateYear("NE", 2015), tmp_path)
    assert manifest.rows == expected.rows


@pytest.mark.parametrize("dense", [True, False], ids=["keys close together", "keys far apart"])
def test_how_the_database_joins_makes_no_difference(
    loaded: DatabaseLocation, catalog: Catalog, tmp_path: Path, dense: bool
) -> None:
    if not dense:
        # A few rows of the state-year move far away, with all of the other rows in between.
        sql(loaded, "UPDATE nibrs_offense SET offense_id = offense_id + 900000000 WHERE offense_id % 50 = 0")
        sql(loaded, "UPDATE nibrs_weapon SET offense_id = offense_id + 900000000 WHERE offense_id % 50 = 0")
        sql(loaded, "ANALYZE")
    _, found = extract(loaded, catalog, DE, tmp_path)
    for table in catalog.data_tables:
        sink = io.BytesIO()
        with snapshot(loaded) as rows:
            rows.copy(copy_out(state_year_query(catalog, table, *DE)), sink)
        assert found[table.name] == list(csv.DictReader(io.StringIO(sink.getvalue().decode()))), table.name


def test_a_range_that_leaves_rows_out_would_be_seen(loaded: DatabaseLocation, catalog: Catalog) -> None:
    query = state_year_query(catalog, catalog["nibrs_weapon"], *DE, {"nibrs_offense": KeyRange(1, 2)})
    sink = io.BytesIO()
    with snapshot(loaded) as rows:
        assert rows.copy(copy_out(query), sink) == 0


def test_what_changes_during_an_extraction_is_not_in_it(
    loaded: DatabaseLocation, catalog: Catalog, tmp_path: Path
) -> None:
    expected, _ = extract(loaded, catalog, DE, tmp_path)
    with zipfile.ZipFile(tmp_path / "common.zip") as common_zip, snapshot(loaded) as rows:
        part = extract_common(rows, catalog, documents(catalog), io.BytesIO())

        def meddle(table: object, count: int, size: int, seconds: float) -> None:
            sql(loaded, "DELETE FROM nibrs_arrestee_weapon")

        work = WorkItem(run_id="r", state="DE", state_name="X", year=2015, reason="x")
        manifest = extract_state_year(
            lambda: snapshot(loaded), catalog, work, (part, common_zip), tmp_path / "x.zip", {}, meddle
        )
    assert manifest.rows == expected.rows


def test_a_table_that_became_empty_is_refused_by_name(
    loaded: DatabaseLocation, catalog: Catalog, tmp_path: Path
) -> None:
    before, _ = extract(loaded, catalog, DE, tmp_path)
    sql(loaded, "DELETE FROM nibrs_suspected_drug")
    with pytest.raises(EmptyTable, match=r"nibrs_suspected_drug of DE-2015 has no rows, the published zip has \d+"):
        extract(loaded, catalog, DE, tmp_path, before.rows)
    assert extract(loaded, catalog, DE, tmp_path, {})[0].rows["nibrs_suspected_drug"] == 0
