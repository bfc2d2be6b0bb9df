"""The FBI's production schema as a source: a nation in it gives the same zips, reference extract and estimates."""

import csv
import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from nibrs_command.cli import main
from nibrs_home.home import BUCKET, Home
from nibrs_pipeline.archive.manifest import StateYearManifest
from nibrs_pipeline.catalog import Catalog
from nibrs_pipeline.database.location import DatabaseLocation
from nibrs_pipeline.database.snapshot import snapshot
from nibrs_pipeline.errors import SourceUnfit
from nibrs_pipeline.extract.parquet_set import agencies_query
from nibrs_pipeline.extract.reference import extract_reference
from nibrs_pipeline.keys import public_estimates_key
from nibrs_pipeline.plan.source import read_source_contents, read_state_years
from nibrs_pipeline.state_year import StateYear
from nibrs_simulation.nation import simulate
from nibrs_simulation.world import World

from tests.conftest import real_zip
from tests.databases import copied, given_to_the_command, make_empty
from tests.production import make_production, reduce_to_what_both_say
from tests.runs import extract, load, published_manifest, run, sql

NE = StateYear("NE", 2023)
PLACE = "code_tables/profiles/ucr_prd"


@pytest.fixture(scope="module")
def explorer(server: DatabaseLocation, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a database with a nation in the Explorer's schema, as far as both schemas say it."""
    name = make_empty(server, "nation_explorer")
    location = replace(server, database=name)
    simulate(location, World("tiny", 0.2, (2022, 2023), 4, "random", 5), tmp_path_factory.mktemp("truth") / "t", 1)
    reduce_to_what_both_say(location)
    return name


@pytest.fixture(scope="module")
def production(server: DatabaseLocation, explorer: str) -> str:
    """The name of a database with the same nation in the production schema."""
    sql(server, f"CREATE DATABASE nation_production TEMPLATE {explorer}")
    make_production(replace(server, database="nation_production"))
    return "nation_production"


@pytest.fixture
def ours(server: DatabaseLocation, explorer: str) -> DatabaseLocation:
    return replace(server, database=explorer)


@pytest.fixture
def theirs(server: DatabaseLocation, production: str) -> Iterator[DatabaseLocation]:
    """A copy, in which tests change something."""
    with copied(server, production) as made:
        yield replace(made, profile="ucr_prd")


def reference(location: DatabaseLocation, folder: Path, year: int = 2023) -> Path:
    path = folder / f"{location.profile}-{year}.zip"
    with snapshot(location) as view, path.open("wb") as target:
        extract_reference(view, year, target)
    return path


def rows_of(path: Path, name: str) -> list[dict[str, str]]:
    with zipfile.ZipFile(path) as archive:
        return list(csv.DictReader(io.StringIO(archive.read(f"{name}.csv").decode())))


def agencies_by_id(location: DatabaseLocation, folder: Path) -> dict[str, dict[str, str]]:
    rows = rows_of(reference(location, folder), "agencies")
    assert len({row["agency_id"] for row in rows}) == len(rows)
    return {row["agency_id"]: row for row in rows}


def agencies_for_parquet(location: DatabaseLocation, item: StateYear) -> bytes:
    text = io.BytesIO()
    with snapshot(location) as view:
        view.copy(agencies_query(item), text)
    return text.getvalue()


def test_zips_have_the_same_bytes(
    ours: DatabaseLocation, theirs: DatabaseLocation, catalog: Catalog, tmp_path: Path
) -> None:
    with snapshot(ours) as view:
        state_years = read_state_years(view)
    with snapshot(theirs) as view:
        assert read_state_years(view) == state_years
    assert {item.year for item in state_years} == {2022, 2023}
    for item in state_years:
        expected, rows = extract(ours, catalog, item, tmp_path)
        found, _ = extract(theirs, catalog, item, tmp_path)
        assert found.files == expected.files
        assert found.zip == expected.zip
        assert all(rows[name] for name in ("nibrs_weapon", "nibrs_victim_offender_rel", "nibrs_grpb_arrest"))


def test_the_reference_extract_has_the_same_bytes(
    ours: DatabaseLocation, theirs: DatabaseLocation, tmp_path: Path
) -> None:
    expected, found = reference(ours, tmp_path), reference(theirs, tmp_path)
    for name in ("agencies", "months", "history", "return_a", "return_a_months", "counties", "residents"):
        assert rows_of(found, name), name
    assert found.read_bytes() == expected.read_bytes()


def test_agencies_for_parquet_are_the_same(ours: DatabaseLocation, theirs: DatabaseLocation) -> None:
    expected = agencies_for_parquet(ours, NE)
    assert agencies_for_parquet(theirs, NE) == expected
    assert expected.count(b"\n") > 10


@pytest.mark.slow
@pytest.mark.parametrize("name", ["VT-2024", "AZ-2016"])
def test_a_real_state_year_comes_out_as_it_went_in(
    location: DatabaseLocation, catalog: Catalog, tmp_path: Path, name: str
) -> None:
    load(location, real_zip(name))
    sql(location, "DELETE FROM source_note")
    sql(location, "DELETE FROM source_code")
    reduce_to_what_both_say(location)
    item = StateYear(name[:2], int(name[3:]))
    expected, before = extract(location, catalog, item, tmp_path)
    make_production(location)
    found, after = extract(replace(location, profile="ucr_prd"), catalog, item, tmp_path)
    # Code tables are those of our lists, and the lists of agencies say what the production schema does.
    same = [table for table in catalog.data_tables if table.name not in ("cde_agencies", "agency_participation")]
    for table in same:
        assert after.get(table.name) == before.get(table.name), table.name
    of_files = [{entry.name: entry.sha256 for entry in each.files} for each in (expected, found)]
    assert all(of_files[0].get(table.csv_name) == of_files[1].get(table.csv_name) for table in same)


def changes_of(
    location: DatabaseLocation, catalog: Catalog, made: list[StateYearManifest]
) -> dict[StateYear, list[str]]:
    with snapshot(location) as view:
        return dict(read_source_contents(view, catalog, made).changes)


def test_what_changes_in_the_production_tables_is_seen(
    theirs: DatabaseLocation, catalog: Catalog, tmp_path: Path
) -> None:
    items = [NE, StateYear("RI", 2023)]
    made = [extract(theirs, catalog, item, tmp_path)[0] for item in items]
    sql(theirs, "CREATE TABLE heartbeat AS SELECT 1")
    assert changes_of(theirs, catalog, made) == {}
    sql(
        theirs,
        "UPDATE ucr_prd.nibrs_offense SET location_code = '25' WHERE offense_id = (SELECT min(offense_id) "
        "FROM ucr_prd.nibrs_offense JOIN ucr_prd.nibrs_incident i USING (incident_id) JOIN ucr_prd.form_month f "
        "USING (form_month_id) JOIN ucr_prd.ref_agency a ON a.agency_id = i.agency_id JOIN ucr_prd.ref_state "
        "USING (state_id) WHERE postal_abbr = 'NE' AND data_year = 2023 AND location_code <> '25')",
    )
    assert changes_of(theirs, catalog, made) == {NE: ["nibrs_offense has other contents in as many rows"]}
    sql(theirs, "UPDATE ucr_prd.ref_agency_yearly SET population = population + 1 WHERE data_year = 2023")
    assert set(changes_of(theirs, catalog, made)) == set(items)


def an_agency(location: DatabaseLocation) -> int:
    """One that reports for itself."""
    [[agency]] = sql(location, "SELECT min(agency_id) FROM ucr_prd.ref_agency_yearly WHERE is_nibrs AND NOT is_covered")
    return int(agency)


def test_an_agency_that_several_others_cover_is_one_agency(theirs: DatabaseLocation, tmp_path: Path) -> None:
    before = agencies_by_id(theirs, tmp_path)
    agency = an_agency(theirs)
    others = sql(theirs, f"SELECT agency_id FROM ucr_prd.ref_agency WHERE agency_id <> {agency} ORDER BY 1 LIMIT 2")
    sql(theirs, "UPDATE ucr_prd.ref_agency_yearly SET is_covered = true "
                f"WHERE agency_id = {agency} AND data_year = 2023")  # fmt: skip
    for [other] in others:
        sql(theirs, f"INSERT INTO ucr_prd.ref_agency_month_covered VALUES ({agency}, 2023, {other})")
    after = agencies_by_id(theirs, tmp_path)
    assert after.keys() == before.keys()
    assert after[str(agency)]["covered"] == "Y"
    assert {after[str(other)]["covering"] for [other] in others} == {"Y"}
    listed = agencies_for_parquet(theirs, StateYear(after[str(agency)]["state"], 2023)).decode()
    lines = [row for row in csv.DictReader(io.StringIO(listed)) if row["agency_id"] == str(agency)]
    assert [line["covered_by_agency_id"] for line in lines] == [str(others[0][0])]


def test_an_agency_with_several_forms_of_employees_has_those_of_the_last(
    theirs: DatabaseLocation, tmp_path: Path
) -> None:
    before = agencies_by_id(theirs, tmp_path)
    [[agency, form]] = sql(
        theirs, "SELECT agency_id, max(form_month_id) FROM ucr_prd.form_month WHERE form_code = 'P' "
        "AND data_year = 2023 GROUP BY 1 ORDER BY 1 LIMIT 1"
    )  # fmt: skip
    sql(theirs, f"INSERT INTO ucr_prd.form_month VALUES ({form + 1}, {agency}, 2023, 12, 'P')")
    sql(theirs, f"INSERT INTO ucr_prd.pe_employee_data VALUES ({form + 1}, 4321, 0, 1, 0)")
    after = agencies_by_id(theirs, tmp_path)
    assert after.keys() == before.keys()
    assert (after[str(agency)]["male_officers"], after[str(agency)]["female_officers"]) == ("4321", "1")


@pytest.mark.parametrize(
    ("lost", "columns"),
    [
        ("UPDATE ucr_prd.ref_agency SET submitting_agency_id = NULL WHERE agency_id = {}", set()),
        ("UPDATE ucr_prd.ref_agency SET submitting_agency_id = -1 WHERE agency_id = {}", set()),
        ("DELETE FROM ucr_prd.ref_submitting_agency", set()),
        ("UPDATE ucr_prd.ref_agency SET agency_type_id = NULL WHERE agency_id = {}", {"agency_type"}),
        ("UPDATE ucr_prd.ref_agency SET state_id = NULL WHERE agency_id = {}", {"state", "state_name", "region"}),
        ("UPDATE ucr_prd.ref_state SET division_id = NULL", {"region"}),
        ("DELETE FROM ucr_prd.ref_division", {"region"}),
        ("UPDATE ucr_prd.ref_division SET region_id = NULL", {"region"}),
        ("DELETE FROM ucr_prd.ref_region", {"region"}),
    ],
)
def test_an_agency_of_which_something_is_not_known_stays(
    theirs: DatabaseLocation, tmp_path: Path, lost: str, columns: set[str]
) -> None:
    before = agencies_by_id(theirs, tmp_path)
    agency = str(an_agency(theirs))
    sql(theirs, lost.format(agency))
    after = agencies_by_id(theirs, tmp_path)
    assert after.keys() == before.keys()
    assert {name for name, value in after[agency].items() if value != before[agency][name]} == columns
    assert {after[agency][name] for name in columns} <= {""}


def test_an_agency_without_type_or_division_is_in_its_zip(
    theirs: DatabaseLocation, catalog: Catalog, tmp_path: Path
) -> None:
    sql(theirs, "UPDATE ucr_prd.ref_agency SET agency_type_id = NULL, submitting_agency_id = NULL")
    sql(theirs, "UPDATE ucr_prd.ref_state SET division_id = NULL")
    _, rows = extract(theirs, catalog, NE, tmp_path)
    assert {(row["agency_type_id"], row["agency_type_name"]) for row in rows["cde_agencies"]} == {("99", "Unknown")}
    with snapshot(theirs) as view:
        assert {division for [division] in view.read("SELECT division_id FROM ref_state")} == {99}


NOT_AMONG = "which is not among those of"
UNKNOWN = [
    ("nibrs_offense SET offense_code = 'ZZZ'", "nibrs_offense.offense_code has the value 'ZZZ', " + NOT_AMONG +
     " code_tables/lists/nibrs_offense_type.csv; correct the row, or add the value there"),
    ("nibrs_offense SET attempt_complete_code = 'Q'", "nibrs_offense.attempt_complete_code has the value 'Q', " +
     NOT_AMONG + f" {PLACE}/schema.csv; correct the row, or add the value there"),
    ("nibrs_property SET prop_loss_code = 12", "nibrs_property.prop_loss_code has the value '12', " + NOT_AMONG),
    ("nibrs_arrestee SET race_code = ''", "nibrs_arrestee.race_code is empty in a row that needs a value; correct"),
    ("nibrs_victim SET age_code = 'O'''", "nibrs_victim.age_code has the value 'O'', " + NOT_AMONG),
    ("ref_agency_yearly SET agency_status = 'X'", "ref_agency_yearly.agency_status has the value 'X', " + NOT_AMONG),
    ("ref_agency_type SET name = 'Town'", "ref_agency_type.name has the value 'Town', " + NOT_AMONG),
    ("ref_population_group SET code = '77'", "ref_population_group.code has the value '77', " + NOT_AMONG),
]  # fmt: skip


@pytest.mark.parametrize(("change", "told"), UNKNOWN)
def test_a_value_that_nobody_knows_is_refused_by_name(
    theirs: DatabaseLocation, catalog: Catalog, tmp_path: Path, change: str, told: str
) -> None:
    sql(theirs, f"UPDATE ucr_prd.{change}")
    with pytest.raises(SourceUnfit) as refused:
        extract(theirs, catalog, NE, tmp_path)
    assert str(refused.value).startswith(f"ucr_prd.{told}")


def test_values_of_other_state_years_refuse_nothing(theirs: DatabaseLocation, catalog: Catalog, tmp_path: Path) -> None:
    sql(
        theirs,
        "UPDATE ucr_prd.nibrs_offense SET offense_code = 'ZZZ' FROM ucr_prd.nibrs_incident i, ucr_prd.form_month f "
        "WHERE i.incident_id = nibrs_offense.incident_id AND f.form_month_id = i.form_month_id AND f.data_year = 2022",
    )
    extract(theirs, catalog, NE, tmp_path)
    with pytest.raises(SourceUnfit, match="offense_code has the value 'ZZZ'"):
        extract(theirs, catalog, StateYear("NE", 2022), tmp_path)


PUBLISHED, ASSUMED = "named by public sources", "an assumption, since no public source names it"
MISSING = [
    ("ALTER TABLE ucr_prd.form_month DROP COLUMN is_zero_report",
     f"ucr_prd.form_month has no column is_zero_report (boolean; {PUBLISHED}); say in {PLACE} how it is to be read"),
    ("ALTER TABLE ucr_prd.nibrs_offense RENAME location_code TO location",
     f"ucr_prd.nibrs_offense has no column location_code (character(2); {PUBLISHED})"),
    ("DROP TABLE ucr_prd.nibrs_victim_injury",
     "the database has no ucr_prd.nibrs_victim_injury, or the role may not use its schema"),
    ("ALTER TABLE ucr_prd.nibrs_groupb_arrestee DROP COLUMN sex_code",
     f"ucr_prd.nibrs_groupb_arrestee has no column sex_code (character(1); {ASSUMED})"),
    ("ALTER TABLE ucr_prd.nibrs_incident ALTER is_cargo_theft TYPE text",
     f"ucr_prd.nibrs_incident.is_cargo_theft is text, not boolean ({PUBLISHED})"),
    ("ALTER SCHEMA ucr_prd RENAME TO other",
     "the database has no ucr_prd.form_month, or the role may not use its schema"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "told"), MISSING)
def test_what_is_missing_or_of_another_type_is_refused_before_anything_is_read(
    theirs: DatabaseLocation, catalog: Catalog, change: str, told: str
) -> None:
    sql(theirs, change)
    with snapshot(theirs) as view, pytest.raises(SourceUnfit) as refused:
        read_source_contents(view, catalog, [])
    assert str(refused.value).startswith(told)


def test_what_only_estimates_need_is_refused_by_them_alone(
    theirs: DatabaseLocation, catalog: Catalog, tmp_path: Path
) -> None:
    sql(theirs, "ALTER TABLE ucr_prd.ref_metro_division DROP COLUMN is_msa")
    with snapshot(theirs) as view:
        read_source_contents(view, catalog, [])
    with pytest.raises(SourceUnfit, match=f"has no column is_msa .boolean; {ASSUMED}"):
        reference(theirs, tmp_path)


def test_a_line_of_return_a_by_another_name_is_refused(theirs: DatabaseLocation, tmp_path: Path) -> None:
    sql(theirs, "UPDATE ucr_prd.lkup_srs_offense SET breakdown_name = 'Autos' WHERE breakdown_name = 'Auto Theft'")
    with pytest.raises(
        SourceUnfit, match=r"no row of ucr_prd.lkup_srs_offense is called 'Auto Theft', a line of Return A"
    ):
        reference(theirs, tmp_path)


def test_types_of_the_same_kind_make_no_difference(
    ours: DatabaseLocation, theirs: DatabaseLocation, catalog: Catalog, tmp_path: Path
) -> None:
    sql(theirs, "ALTER TABLE ucr_prd.nibrs_incident ALTER incident_date TYPE timestamp, "
                "ALTER incident_hour TYPE integer")  # fmt: skip
    sql(theirs, "ALTER TABLE ucr_prd.nibrs_suspected_drug ALTER est_drug_qty TYPE numeric(20, 3)")
    sql(theirs, "ALTER TABLE ucr_prd.nibrs_offense ALTER offense_code TYPE character(5), "
                "ALTER location_code TYPE text")  # fmt: skip
    assert extract(theirs, catalog, NE, tmp_path)[0].zip == extract(ours, catalog, NE, tmp_path)[0].zip


def test_a_database_without_group_b_arrests_gives_zips_without_them(
    theirs: DatabaseLocation, catalog: Catalog, tmp_path: Path
) -> None:
    sql(theirs, "DROP TABLE ucr_prd.nibrs_groupb_arrestee, ucr_prd.nibrs_groupb_arrestee_weapon")
    manifest, _ = extract(theirs, catalog, NE, tmp_path)
    names = {entry.name for entry in manifest.files}
    assert "nibrs_grpb_arrest.csv" not in names
    assert "nibrs_arrestee.csv" in names


def test_views_of_the_production_tables_will_do(
    ours: DatabaseLocation, theirs: DatabaseLocation, catalog: Catalog, tmp_path: Path
) -> None:
    sql(theirs, "CREATE SCHEMA held")
    sql(theirs, "ALTER TABLE ucr_prd.nibrs_offense SET SCHEMA held")
    sql(theirs, "CREATE VIEW ucr_prd.nibrs_offense AS SELECT * FROM held.nibrs_offense")
    made = [extract(theirs, catalog, NE, tmp_path)[0]]
    assert made[0].zip == extract(ours, catalog, NE, tmp_path)[0].zip
    assert changes_of(theirs, catalog, made) == {}
    sql(theirs, "UPDATE held.nibrs_offense SET num_premises_entered = 7")
    assert set(changes_of(theirs, catalog, made)) == {NE}


def test_such_a_database_is_not_filled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SOURCE_PROFILE", "ucr_prd")
    monkeypatch.setenv("NIBRS_HOME", str(tmp_path))
    outcome = CliRunner().invoke(main, ["simulate"])
    assert outcome.exit_code == 2
    assert "SOURCE_PROFILE is 'ucr_prd': only a database with" in " ".join(outcome.output.split())


@pytest.mark.slow
@pytest.mark.usefixtures("r", "unmeasured")
def test_estimates_are_those_of_the_explorers_schema(
    ours: DatabaseLocation, theirs: DatabaseLocation, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(home, ours, years=[2023], estimates=True).view.status == "SUCCEEDED"
    items = (NE, StateYear("UT", 2023))
    before = {item: published_manifest(home, item) for item in items}
    estimates = home.objects / BUCKET / public_estimates_key(2023)
    content, made = estimates.read_bytes(), estimates.stat().st_mtime_ns
    given_to_the_command(theirs, monkeypatch)
    monkeypatch.setenv("NIBRS_HOME", str(home.path))
    outcome = CliRunner().invoke(main, ["run", "--years", "2023", "--run-id", "theirs"])
    assert outcome.exit_code == 0, outcome.output
    for item in items:
        assert published_manifest(home, item).zip == before[item].zip
        assert published_manifest(home, item).run_id == "theirs"
    # The zips and the reference extract have the same bytes, so that nothing is estimated again.
    assert (estimates.read_bytes(), estimates.stat().st_mtime_ns) == (content, made)
