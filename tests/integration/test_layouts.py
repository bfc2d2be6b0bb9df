"""``nibrs load`` of all published layouts: what comes in is in the database, and comes out again."""

import csv
import io
import re
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest
from nibrs_local.archives import BadFile
from nibrs_local.layouts import layouts
from nibrs_local.loading import load_zip
from nibrs_local.published_zip import read_published_zip
from nibrs_pipeline.catalog import Catalog
from nibrs_pipeline.code_columns import code_columns
from nibrs_pipeline.database import Connection, DatabaseLocation, connect
from nibrs_pipeline.keys import StateYear

from tests.conftest import real_zip
from tests.runs import extract, sql

Rows = list[dict[str, str]]
LATER = ("DC-2018", "VT-2024")
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
#: Names that differ between the later layouts and the database, as LAYOUTS.md lists them.
RENAMED = {
    "circumstance_type": "circumstances_type", "circumstance_code": "circumstances_code",
    "circumstance_name": "circumstances_name", "justifiable_fore_id": "justifiable_force_id",
    "age_code_range_high": "age_range_high_num", "bias_desc": "bias_name",
}  # fmt: skip
#: What layout 1 numbers and VT-2024 leaves empty.
NUMBERED = {"nibrs_weapon_id", "nibrs_prop_desc_id", "nibrs_victim_offender_id", "nibrs_arrestee_weapon_id"}


@pytest.fixture
def connection(location: DatabaseLocation) -> Connection:
    return connect(location)


def raw(path: Path) -> dict[str, Rows]:
    """The tables of a zip as they are, with names in lower case."""
    found = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.lower().endswith(".csv"):
                rows = csv.reader(io.StringIO(archive.read(name).decode("utf-8-sig")))
                header = [RENAMED.get(column.lower(), column.lower()) for column in next(rows)]
                found[PurePosixPath(name).stem.lower()] = [dict(zip(header, row, strict=True)) for row in rows]
    return found


def comparable(tables: dict[str, Rows], catalog: Catalog, name: str, columns: list[str]) -> Counter[tuple[str, ...]]:
    """A table's rows with codes instead of identifiers, and values in one notation."""
    table = catalog[name]
    codes: dict[str, Callable[[str], str]] = {}
    for column in table.columns:
        target = catalog.get(column.references)
        if target is not None and target.kind == "code":
            codes[column.name] = decoder(tables[target.name], target.primary_key[0], code_columns()[target.name].code)
    return Counter(
        tuple(codes.get(column, notation)(row[column]) if row[column] else "" for column in columns)
        for row in (with_age(row, tables) for row in tables[name])
    )


def decoder(rows: Rows, key: str, code: str) -> Callable[[str], str]:
    of = {row.get(key, row[code]): row[code].strip() for row in rows}
    return lambda value: of[value]


def with_age(row: dict[str, str], tables: dict[str, Rows]) -> dict[str, str]:
    """Layout 3 has an age identifier for every year of age; the database one for ages in years."""
    if "age_id" not in row or not any(age["age_code"] == "47" for age in tables["nibrs_age"]):
        return row
    code = decoder(tables["nibrs_age"], "age_id", "age_code")(row["age_id"])
    years = code.isdecimal() and code not in ("00", "99")
    return {**row, "age_id": "years" if years else row["age_id"], "age_num": str(int(code)) if years else ""}


def notation(value: str) -> str:
    day = re.fullmatch(r"(\d\d)-([A-Z]{3})-(\d\d)", value)
    if day:
        return f"20{day[3]}-{MONTHS.index(day[2]) + 1:02d}-{day[1]}"
    if re.fullmatch(r"\d{4}-\d\d-\d\d 00:00:00", value):
        return value[:10]
    if re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+", value):
        return value.rstrip("0").rstrip(".")
    if re.fullmatch(r"-?\d+(\.\d+)?", value):
        return f"{float(value):g}"
    return {"t": "Y", "f": "N"}.get(value, value)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["AZ-2016", "LA-2013", *LATER])
def test_every_row_of_a_published_zip_is_in_the_database_and_every_key_resolves(
    connection: Connection, location: DatabaseLocation, catalog: Catalog, name: str
) -> None:
    path = real_zip(name)
    load_zip(connection, catalog, path)
    files = raw(path)
    for table in (each for each in catalog.data_tables if each.name in files):
        rows = len(files[table.name])
        if table.name == "nibrs_month":
            rows = len({row["nibrs_month_id"] for row in files[table.name]})
        assert sql(location, f"SELECT count(*) FROM {table.name}")[0][0] == rows, table.name
    for table in catalog.tables:
        for column in table.columns:
            target = catalog.get(column.references)
            if target is not None:
                key = target.primary_key[0]
                orphans = (
                    f"SELECT count(*) FROM {table.name} t LEFT JOIN {target.name} r ON r.{key} = t.{column.name} "
                    f"WHERE t.{column.name} IS NOT NULL AND r.{key} IS NULL"
                )
                assert sql(location, orphans) == [[0]], (table.name, column.name)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "lossy"), [("DC-2018", set()), ("VT-2024", {"incident_status", "report_date_flag"})])
def test_what_layout_1_can_carry_comes_out_as_it_came_in(
    connection: Connection, location: DatabaseLocation, catalog: Catalog, tmp_path: Path, name: str, lossy: set[str]
) -> None:
    path = real_zip(name)
    # A file with the other identifiers first: codes have to keep their meaning.
    for first in LATER:
        load_zip(connection, catalog, real_zip(first))
    state, year = name.split("-")
    came_in = raw(path)
    _, came_out = extract(location, catalog, StateYear(state, int(year)), tmp_path)
    if name == "VT-2024":
        # The offense is given by its code, its type has no identifier.
        for rows in (came_in["nibrs_offense"], came_in["nibrs_arrestee"], came_in["nibrs_offense_type"]):
            for row in rows:
                row["offense_type_id"] = row["offense_code"]
        came_in["nibrs_age"].append({"age_id": "years", "age_code": "AG"})
        came_in["nibrs_month"] = [
            dict(pair) for pair in {tuple((k, v) for k, v in row.items() if k not in ("ddocname", "did"))
                                    for row in came_in["nibrs_month"]}
        ]  # fmt: skip
    for table in (each for each in catalog.data_tables if each.name in came_in):
        header = came_in[table.name][0]
        columns = [column for column in table.column_names if column in header and column not in lossy | NUMBERED]
        assert columns
        assert comparable(came_in, catalog, table.name, columns) == comparable(
            came_out, catalog, table.name, columns
        ), table.name


@pytest.mark.slow
def test_codes_keep_their_meaning_whatever_is_loaded_first(
    connection: Connection, location: DatabaseLocation, catalog: Catalog
) -> None:
    for name in ("AZ-2016", "VT-2024", "DC-2018"):
        load_zip(connection, catalog, real_zip(name))
    races = raw(real_zip("VT-2024"))
    of = decoder(races["ref_race"], "race_id", "race_code")
    expected = Counter(of(row["race_id"]) for row in races["nibrs_arrestee"])
    found = sql(
        location,
        "SELECT race_code, count(*) FROM nibrs_arrestee JOIN ref_race USING (race_id) JOIN nibrs_incident i "
        "USING (incident_id) JOIN ref_agency USING (agency_id) WHERE state_id = 52 GROUP BY 1",
    )
    assert dict(found) == expected
    assert sql(location, "SELECT count(*) FROM nibrs_age WHERE age_code = '47'") == [[0]]
    assert sql(location, "SELECT offense_name FROM nibrs_offense_type WHERE offense_code = '11D'") == [["Fondling"]]


@pytest.mark.slow
def test_group_b_arrests_come_with_the_file_and_go_with_it(
    connection: Connection, location: DatabaseLocation, catalog: Catalog, tmp_path: Path
) -> None:
    path = real_zip("VT-2024")
    load_zip(connection, catalog, path)
    counts = "SELECT (SELECT count(*) FROM nibrs_grpb_arrest), (SELECT count(*) FROM nibrs_grpb_arrest_weapon)"
    assert sql(location, counts) == [[7003, 7004]]
    edited = edit(path, tmp_path, "README.md", lambda text: text + " ")
    load_zip(connection, catalog, edited, replace=True)
    assert sql(location, counts) == [[7003, 7004]]


def test_what_the_file_cannot_say_is_empty_and_told(
    connection: Connection, location: DatabaseLocation, catalog: Catalog
) -> None:
    """Also what the reference tables get of its agencies."""
    remarks = load_zip(connection, catalog, real_zip("VT-2024")).remarks
    assert any("months with a zero report and months that were not reported" in remark for remark in remarks)
    assert any("11D is 'Criminal Sexual Contact' in the file, 'Fondling' here" in remark for remark in remarks)
    assert any(remark.startswith("nibrs_incident: incident_status WARNINGS") for remark in remarks)
    months = sql(
        location,
        "SELECT nibrs_months_reported, count(*), sum(months_reported) FROM agency_participation GROUP BY 1 ORDER BY 1",
    )
    assert months[0][0] == 12
    assert months[-1][0] is None
    assert all(row[2] is None for row in months)
    assert sql(location, "SELECT remarks LIKE '%zero report%' FROM loaded_file") == [[True]]
    assert sql(location, "SELECT count(*) FROM source_note WHERE kind = 'reporters_only' AND state = 'VT'") == [[1]]
    found = sql(
        location,
        "SELECT ucr_agency_name, agency_type_name, population_group_code, p.population, reporting_type, "
        "male_officer + female_officer, county_name FROM ref_agency r JOIN ref_agency_type t USING (agency_type_id) "
        "JOIN ref_agency_population p USING (agency_id) JOIN ref_population_group g USING (population_group_id) "
        "JOIN ref_agency_data_content d USING (agency_id) JOIN pe_employee_data e USING (agency_id) "
        "JOIN ref_agency_county USING (agency_id) JOIN ref_county c USING (county_id) WHERE r.ori = 'VT0010100'",
    )
    assert found == [["BRISTOL", "City", "6", 3763, "I", 4, "ADDISON"]]


def edit(path: Path, folder: Path, member: str, change: Callable[[str], str]) -> Path:
    """A copy of a zip with one member changed."""
    target = folder / path.name
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy:
        for name in source.namelist():
            content = source.read(name)
            copy.writestr(name, change(content.decode()) if PurePosixPath(name).name == member else content)
    return target


@pytest.mark.parametrize(
    ("member", "change", "named"),
    [
        ("NIBRS_incident.csv", lambda text: text.replace("13-FEB-18", "31-FEB-18", 1), r"line 2, column incident_date"),
        (
            "NIBRS_OFFENSE.csv",
            lambda text: text.replace(",51,", ",951,", 1),
            r"line 2: offense_type_id 951 is not in",
        ),
        ("NIBRS_VICTIM.csv", lambda text: text.replace(",", ",,", 20), r"line 2: 31 fields; the header has 16"),
    ],
)
def test_a_later_layouts_bad_row_is_named_in_its_own_terms(
    connection: Connection, catalog: Catalog, tmp_path: Path, member: str, change: Callable[[str], str], named: str
) -> None:
    def in_rows(text: str) -> str:
        header, rows = text.split("\n", 1)
        return f"{header}\n{change(rows)}"

    broken = edit(real_zip("DC-2018"), tmp_path, member, in_rows)
    with pytest.raises(BadFile, match=f"{member}, {named}"):
        load_zip(connection, catalog, broken)
    assert load_zip(connection, catalog, real_zip("DC-2018")).rows, "the connection is of no use any more"


def test_a_layout_is_recognised_and_an_unknown_one_refused(tmp_path: Path, catalog: Catalog) -> None:
    found = {name: read_published_zip(real_zip(name), catalog).layout.number for name in ("AZ-2016", *LATER)}
    assert found == {"AZ-2016": 1, "DC-2018": 2, "VT-2024": 3}
    other = tmp_path / "other.zip"
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("agencies.csv", "agency_id\n1\n")
    with pytest.raises(BadFile, match="none of the published layouts"):
        read_published_zip(other, catalog)


def test_the_mapping_covers_every_column_of_the_catalog(catalog: Catalog) -> None:
    first = layouts()[0]
    for table in catalog.published:
        assert first.sources[table.name] == {column: column for column in table.column_names}
    for layout in layouts():
        for name, sources in layout.sources.items():
            if name != "agencies":
                assert set(sources) <= set(catalog[name].column_names)
