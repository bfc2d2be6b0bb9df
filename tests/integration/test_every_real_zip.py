"""Every published zip that is at hand, all in one database: loaded, extracted, compared row by row."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from nibrs_loading.loading import Loaded, load_zip
from nibrs_pipeline.catalog import Catalog, nibrs_catalog
from nibrs_pipeline.code_columns import code_columns
from nibrs_pipeline.database.connection import connect
from nibrs_pipeline.database.location import DatabaseLocation

from tests.conftest import REAL_DATA, missing
from tests.databases import copied
from tests.published import NUMBERED, Rows, comparable, in_terms_of_the_database, raw, without
from tests.runs import extract, sql

ZIPS = sorted(path.stem for path in REAL_DATA.glob("*.zip"))
#: Values of layout 3 that layout 1 cannot say.
LOSSY = {"incident_status", "report_date_flag"}
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("unmeasured")]


@dataclass(frozen=True)
class All:
    """A database with every zip."""

    location: DatabaseLocation
    loaded: dict[str, Loaded]
    quarantine: Path


@pytest.fixture(scope="module")
def together(server: DatabaseLocation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[All]:
    if not ZIPS:
        missing(f"{REAL_DATA} has no zips: the published zips are not part of the repository")
    quarantine, loaded = tmp_path_factory.mktemp("quarantine"), {}
    with copied(server, "empty") as location:
        connection = connect(location)
        for name in ZIPS:
            path = REAL_DATA / f"{name}.zip"
            loaded[name] = load_zip(connection, nibrs_catalog(), path, False, quarantine / name, renumber=True)
        connection.close()
        yield All(location, loaded, quarantine)


@dataclass(frozen=True)
class Both:
    """The tables of a zip as they are, and as they are extracted."""

    name: str
    came_in: dict[str, Rows]
    came_out: dict[str, Rows]


@pytest.fixture(scope="module", params=ZIPS)
def both(
    request: pytest.FixtureRequest, together: All, catalog: Catalog, tmp_path_factory: pytest.TempPathFactory
) -> Both:
    name = request.param
    _, came_out = extract(together.location, catalog, together.loaded[name].item, tmp_path_factory.mktemp(name))
    return Both(name, raw(REAL_DATA / f"{name}.zip"), came_out)


def test_every_row_comes_out_as_it_came_in(together: All, both: Both, catalog: Catalog) -> None:
    """But for what was set aside, and for numbers of rows that another state-year has."""
    name, came_out = both.name, both.came_out
    came_in = in_terms_of_the_database(without(both.came_in, together.quarantine / name))
    notes = "SELECT table_name FROM source_note WHERE kind = 'renumbered' AND state || '-' || data_year"
    renumbered = {catalog[row[0]].primary_key[0] for row in sql(together.location, f"{notes} = '{name}'")}
    is_last_layout = "offense_code" in came_in["nibrs_offense"][0]
    left_out = renumbered | (NUMBERED | LOSSY if is_last_layout else set())
    compared = [table for table in catalog.data_tables if table.name in came_in]
    assert len(compared) >= 18
    for table in compared:
        if not came_in[table.name]:
            assert came_out[table.name] == []
            continue
        header = came_in[table.name][0]
        columns = [column for column in table.column_names if column in header and column not in left_out]
        if table.name == "cde_agencies" and any(other[:2] == name[:2] and other > name for other in ZIPS):
            # Agencies are described as they are today: by the newest file of the state.
            columns = ["agency_id"]
        assert columns
        assert comparable(came_in, catalog, table.name, columns) == comparable(
            came_out, catalog, table.name, columns
        ), table.name


def test_every_key_resolves(together: All, catalog: Catalog) -> None:
    for table in catalog.tables:
        for column in table.columns:
            target = catalog.get(column.references)
            if target is not None:
                key = target.primary_key[0]
                orphans = (
                    f"SELECT count(*) FROM {table.name} t LEFT JOIN {target.name} r ON r.{key} = t.{column.name} "
                    f"WHERE t.{column.name} IS NOT NULL AND r.{key} IS NULL"
                )
                assert sql(together.location, orphans) == [[0]], (table.name, column.name)


def test_what_hangs_on_a_renumbered_incident_hangs_on_it_still(together: All) -> None:
    """AZ-2016 and LA-2017 share 233 numbers of incidents and 694 of offenders."""
    if not {"AZ-2016", "LA-2017"} <= set(ZIPS):
        pytest.skip("the two zips that share numbers are not here")
    notes = "SELECT table_name, rows FROM source_note WHERE kind = 'renumbered' AND state = 'LA' AND data_year = 2017"
    assert dict(sql(together.location, notes)) == {
        "nibrs_incident": 233, "nibrs_offender": 694, "nibrs_suspected_drug": 60,
    }  # fmt: skip
    offenses_of_renumbered = (
        "SELECT count(DISTINCT incident_id), count(*) > 233 FROM nibrs_offense WHERE incident_id > 2000000000"
    )
    assert sql(together.location, offenses_of_renumbered) == [[233, True]]


def test_rows_that_break_the_keys_of_a_file_are_set_aside_and_told(together: All) -> None:
    if "LA-2017" not in ZIPS:
        pytest.skip("the zip that breaks its keys is not here")
    assert together.loaded["LA-2017"].set_aside == {"nibrs_offender": 108, "nibrs_victim_offender_rel": 31}
    assert {name for name in ZIPS if together.loaded[name].set_aside} == {"LA-2017"}


def test_agencies_that_the_file_does_not_list_come_with_their_months(together: All) -> None:
    found = sql(
        together.location,
        "SELECT s.state_postal_abbr, a.agency_id, a.ori, count(*) FROM nibrs_month m JOIN ref_agency a "
        "USING (agency_id) JOIN ref_state s USING (state_id) WHERE a.pub_agency_name IS NULL "
        "AND s.state_postal_abbr || '-' || m.data_year IN ('IL-2020', 'MN-2018') GROUP BY 1, 2, 3 ORDER BY 2",
    )
    expected = {
        "IL-2020": [["IL", 5662, "IL1010700", 2]],
        "MN-2018": [["MN", 9217, "MN0271100", 1], ["MN", 9314, "MN0550100", 1]],
    }
    assert found == [row for name in ("IL-2020", "MN-2018") if name in ZIPS for row in expected[name]]
    kinds = "SELECT state || '-' || data_year, rows FROM source_note WHERE kind = 'unlisted_agency'"
    told = dict(sql(together.location, kinds))
    assert {name: told.get(name) for name in expected if name in ZIPS} == {name: 2 for name in expected if name in ZIPS}


def test_codes_have_the_names_of_the_files_own_list(both: Both) -> None:
    came_in, came_out = both.came_in, both.came_out
    compared = 0
    for table, columns in code_columns().items():
        rows = came_in.get(table, [])
        if not rows or columns.name not in rows[0]:
            continue
        ours = {row[columns.code].strip(): row[columns.name].strip() for row in came_out[table]}
        theirs = {row[columns.code].strip(): row[columns.name].strip() for row in rows}
        if table == "nibrs_age" and "47" in theirs:
            # Layout 3 has a code for each year of age; the database has the year in age_num.
            theirs = {code: name for code, name in theirs.items() if code in ours}
        assert {code: ours.get(code) for code in theirs} == theirs, table
        compared += len(theirs)
    assert compared > 300


def test_what_a_state_years_own_list_says_is_kept(together: All) -> None:
    if "VT-2024" not in ZIPS:
        pytest.skip("VT-2024 is not here")
    found = sql(
        together.location,
        "SELECT table_name, code, value FROM source_code WHERE state = 'VT' AND column_name IN ('offense_name', "
        "'circumstances_name') ORDER BY 1",
    )
    assert found == [
        ["nibrs_circumstances", "6", "Domestic Violence"],
        ["nibrs_offense_type", "11D", "Criminal Sexual Contact"],
    ]
