"""Extraction from a real database: which rows belong to a state-year, in which order, and at what moment."""

import csv
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from nibrs_command.verification import problems_of
from nibrs_pipeline.archive.provenance import SOURCE_NOTES, UNKNOWN
from nibrs_pipeline.catalog import Catalog, Table
from nibrs_pipeline.database.location import DatabaseLocation
from nibrs_pipeline.database.snapshot import snapshot
from nibrs_pipeline.database.sql import copy_out
from nibrs_pipeline.errors import EmptyTable, QueryFailed
from nibrs_pipeline.extract import state_year_tables
from nibrs_pipeline.extract.documents import documents
from nibrs_pipeline.extract.documents.data_package import DATA_PACKAGE
from nibrs_pipeline.extract.documents.readme import README
from nibrs_pipeline.extract.extraction import extract_common, extract_state_year
from nibrs_pipeline.extract.queries import KeyRange, state_year_query
from nibrs_pipeline.plan.planning import reasons_out_of_date
from nibrs_pipeline.plan.source import read_source_contents
from nibrs_pipeline.state_year import StateYear

from tests.runs import extract, sql

DE = StateYear("DE", 2015)


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
    with snapshot(loaded) as view:
        names = read_source_contents(view, catalog, []).state_years
    assert names[StateYear("NE", 2015)] == "Nebraska"
    manifest, _ = extract(loaded, catalog, StateYear("NE", 2015), tmp_path)
    assert manifest.rows == expected.rows


@pytest.mark.parametrize("dense", [True, False], ids=["keys close together", "keys far apart"])
def test_how_the_database_joins_makes_no_difference(
    loaded: DatabaseLocation, catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dense: bool
) -> None:
    with_ranges = []

    def noted(catalog: Catalog, table: Table, item: StateYear, ranges: Mapping[str, KeyRange]) -> str:
        with_ranges.extend([table.name] if ranges else [])
        return state_year_query(catalog, table, item, ranges)

    monkeypatch.setattr(state_year_tables, "state_year_query", noted)
    if not dense:
        # The trial has four state-years, so that no range has many more than four times the rows of one.
        monkeypatch.setattr(state_year_tables, "_DENSE", 3)
        # A few rows of the state-year move far away, with all of the other rows in between.
        sql(loaded, "UPDATE nibrs_offense SET offense_id = offense_id + 900000000 WHERE offense_id % 50 = 0")
        sql(loaded, "UPDATE nibrs_weapon SET offense_id = offense_id + 900000000 WHERE offense_id % 50 = 0")
        sql(loaded, "ANALYZE")
    _, found = extract(loaded, catalog, DE, tmp_path)
    assert ("nibrs_weapon" in with_ranges) == dense
    for table in catalog.data_tables:
        sink = io.BytesIO()
        with snapshot(loaded) as view:
            view.copy(copy_out(state_year_query(catalog, table, DE)), sink)
        assert found[table.name] == list(csv.DictReader(io.StringIO(sink.getvalue().decode()))), table.name


def test_a_range_that_leaves_rows_out_would_be_seen(loaded: DatabaseLocation, catalog: Catalog) -> None:
    query = state_year_query(catalog, catalog["nibrs_weapon"], DE, {"nibrs_offense": KeyRange(1, 2)})
    sink = io.BytesIO()
    with snapshot(loaded) as view:
        assert view.copy(copy_out(query), sink) == 0


def know(location: DatabaseLocation, kind: str, note: str, table: str) -> None:
    sql(location, f"INSERT INTO source_note VALUES ('DE', 2015, '{kind}', '{table}', 7, '{note}')")


def call(location: DatabaseLocation, table: str, code: str, column: str, value: str) -> None:
    sql(location, f"INSERT INTO source_code VALUES ('DE', 2015, '{table}', '{code}', '{column}', '{value}')")


def test_what_is_known_of_a_source_travels_with_its_zip(
    loaded: DatabaseLocation, catalog: Catalog, tmp_path: Path
) -> None:
    before, rows_before = extract(loaded, catalog, DE, tmp_path)
    know(loaded, "set_aside", "7 victims & more.", "nibrs_victim")
    call(loaded, "nibrs_circumstances", "6", "circumstances_name", "Domestic ''Violence''")
    call(loaded, "nibrs_circumstances", "9", "circumstances_name", 'x, "y"')
    sql(loaded, "INSERT INTO source_code VALUES ('RI', 2015, 'nibrs_injury', 'B', 'injury_name', 'RI only')")

    with snapshot(loaded) as view:
        state = read_source_contents(view, catalog, [before])
    assert reasons_out_of_date(before, state, catalog) == [
        f"notes on its source changed ({len(before.source_notes) + 1}, had {len(before.source_notes)})",
        "names in its own lists of codes changed (2, had 0)",
    ]
    manifest, found = extract(loaded, catalog, DE, tmp_path)
    with snapshot(loaded) as view:
        assert reasons_out_of_date(manifest, read_source_contents(view, catalog, [manifest]), catalog) == []
    [note] = set(manifest.source_notes) - set(before.source_notes)
    assert (note.kind, note.table, note.rows, note.note) == ("set_aside", "nibrs_victim", 7, "7 victims & more.")

    names = {row["circumstances_code"]: row["circumstances_name"] for row in found["nibrs_circumstances"]}
    assert (names["6"], names["9"]) == ("Domestic 'Violence'", 'x, "y"')
    pairs = zip(found["nibrs_circumstances"], rows_before["nibrs_circumstances"], strict=True)
    assert len([own for own, shared in pairs if own != shared]) == 2
    assert [name for name, rows in found.items() if rows != rows_before[name]] == ["nibrs_circumstances"]

    assert problems_of(tmp_path / "DE-2015.zip", manifest) == []
    with zipfile.ZipFile(tmp_path / "DE-2015.zip") as archive:
        assert archive.testzip() is None
        assert archive.namelist()[-4:] == [*README, SOURCE_NOTES, DATA_PACKAGE]
        assert [entry.name for entry in manifest.files] == archive.namelist()
        assert "* nibrs_victim: 7 victims & more." in archive.read("README.md").decode()
    again, _ = extract(loaded, catalog, DE, tmp_path)
    assert again.zip.sha256 == manifest.zip.sha256


def test_the_readme_counts_agencies_and_months_that_were_reported(
    loaded: DatabaseLocation, catalog: Catalog, tmp_path: Path
) -> None:
    _, rows = extract(loaded, catalog, DE, tmp_path)
    reported = [row for row in rows["nibrs_month"] if row["reported_status"] != "U"]
    with zipfile.ZipFile(tmp_path / "DE-2015.zip") as archive:
        text = archive.read("README.md").decode()
    assert f"| Incidents | {len(rows['nibrs_incident'])} |" in text
    assert f"| Agencies that reported at least one month | {len({row['agency_id'] for row in reported})} |" in text
    assert f"| Months that they reported, all agencies together | {len(reported)} |" in text


def test_a_database_without_the_tables_of_sources_says_nothing_of_them(
    loaded: DatabaseLocation, catalog: Catalog, tmp_path: Path
) -> None:
    sql(loaded, "DROP TABLE source_note")
    sql(loaded, "DROP TABLE source_code")
    manifest, _ = extract(loaded, catalog, DE, tmp_path)
    assert (manifest.simulated, manifest.provenance) == (False, UNKNOWN)
    with zipfile.ZipFile(tmp_path / "DE-2015.zip") as archive:
        assert archive.namelist()[-3:] == [*README, DATA_PACKAGE]


def test_a_database_without_group_b_arrests_makes_zips_without_them(
    loaded: DatabaseLocation, catalog: Catalog, tmp_path: Path
) -> None:
    """First it has the arrests only, then neither table; what was published with them is not emptied silently."""
    before, _ = extract(loaded, catalog, DE, tmp_path)
    for table, left in (("nibrs_grpb_arrest_weapon", 44), ("nibrs_grpb_arrest", 43)):
        sql(loaded, f"DROP TABLE {table}")
        with pytest.raises(EmptyTable, match=f"{table} of DE-2015 has no rows, the published zip has 52"):
            extract(loaded, catalog, DE, tmp_path, before.rows)
        manifest, _ = extract(loaded, catalog, DE, tmp_path)
        assert manifest.rows == {name: rows for name, rows in before.rows.items() if name in manifest.rows}
        assert len(manifest.rows) == left
        assert problems_of(tmp_path / "DE-2015.zip", manifest) == []
        with zipfile.ZipFile(tmp_path / "DE-2015.zip") as archive:
            for name in ("postgres_load.sql", "README.md", "data_dictionary.csv", DATA_PACKAGE):
                assert table not in archive.read(name).decode(), name
        with snapshot(loaded) as view:
            there = read_source_contents(view, catalog, [manifest])
        assert reasons_out_of_date(manifest, there, catalog) == []
    with snapshot(loaded) as view:
        [reason] = reasons_out_of_date(before, read_source_contents(view, catalog, [before]), catalog)
    assert "tables" in reason


def test_codes_that_fit_no_table_are_named(loaded: DatabaseLocation, catalog: Catalog, tmp_path: Path) -> None:
    for table, column, message in (
        ("nibrs_curse", "curse_name", r"source_code names nibrs_curse: there is no such code table"),
        ("nibrs_offense", "offense_id", r"source_code names nibrs_offense: there is no such code table"),
        ("nibrs_injury", "pain", r"nibrs_injury has no column pain; remove the rows of nibrs_injury"),
    ):
        call(loaded, table, "B", column, "x")
        with pytest.raises(QueryFailed, match=message):
            extract(loaded, catalog, DE, tmp_path)
        sql(loaded, "DELETE FROM source_code")


def test_what_changes_during_an_extraction_is_not_in_it(
    loaded: DatabaseLocation, catalog: Catalog, tmp_path: Path
) -> None:
    expected, _ = extract(loaded, catalog, DE, tmp_path)
    with zipfile.ZipFile(tmp_path / "common.zip") as common_zip, snapshot(loaded) as view:
        part = extract_common(view, catalog, documents(catalog), io.BytesIO())

        def meddle(table: object, count: int, size: int, seconds: float) -> None:
            sql(loaded, "DELETE FROM nibrs_arrestee_weapon")

        manifest = extract_state_year(
            lambda: snapshot(loaded), catalog, DE, "X", (part, common_zip), tmp_path / "x.zip", {}, meddle
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
