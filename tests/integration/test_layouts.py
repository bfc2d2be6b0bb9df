"""``nibrs load`` of all published layouts: what comes in is in the database, and comes out again."""

import csv
import io
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

import pytest
from nibrs_loading.archives import BadFile
from nibrs_loading.layouts import layouts
from nibrs_loading.loading import load_zip
from nibrs_loading.published_zip import read_published_zip
from nibrs_pipeline.catalog import Catalog
from nibrs_pipeline.database.connection import Connection, connect
from nibrs_pipeline.database.location import DatabaseLocation
from nibrs_pipeline.database.snapshot import snapshot
from nibrs_pipeline.plan.planning import reasons_out_of_date
from nibrs_pipeline.plan.source import read_source_contents
from nibrs_pipeline.state_year import StateYear

from tests.conftest import real_zip
from tests.databases import copied
from tests.published import decoder, raw
from tests.runs import extract, sql

LATER = ("DC-2018", "VT-2024")
VT = StateYear("VT", 2024)
#: How VT-2024's own list numbers the ages that are no number of years.
AGES = {"NN": "1", "NB": "2", "BB": "3", "99": "102", "00": "103"}


@pytest.fixture
def location(server: DatabaseLocation) -> Iterator[DatabaseLocation]:
    with copied(server, "empty") as found:
        yield found


@pytest.fixture
def connection(location: DatabaseLocation) -> Connection:
    return connect(location)


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
    edited = edit(path, tmp_path, "NIBRS_ARRESTEE_GROUPB.csv", _with_odd_ages)
    load_zip(connection, catalog, edited, replace=True)
    assert sql(location, counts) == [[7003, 7004]]
    ages = "SELECT age_code, count(*) FROM nibrs_grpb_arrest JOIN nibrs_age USING (age_id)"
    odd = f"{ages} WHERE age_num IS NULL GROUP BY 1"
    assert dict(sql(location, odd)) == {"NB": 1, "00": 1, "99": 1, "NN": 1, "BB": 1}


@pytest.mark.slow
def test_group_b_arrests_of_no_agency_go_through_a_published_zip(
    connection: Connection, location: DatabaseLocation, catalog: Catalog, tmp_path: Path
) -> None:
    """They are in the zip of the file's state-year, beside a state whose file has none, and load from it again."""
    for name in ("LA-2013", "VT-2024"):
        load_zip(connection, catalog, real_zip(name))
    without, _ = extract(location, catalog, StateYear("LA", 2013), tmp_path)
    assert len(without.rows) == 43
    manifest, rows = extract(location, catalog, VT, tmp_path)
    assert (manifest.rows["nibrs_grpb_arrest"], manifest.rows["nibrs_grpb_arrest_weapon"]) == (7003, 7004)
    assert {(row["agency_id"], row["nibrs_month_id"]) for row in rows["nibrs_grpb_arrest"]} == {("", "")}
    with snapshot(location) as view:
        contents = read_source_contents(view, catalog, [without, manifest])
    assert [reasons_out_of_date(each, contents, catalog) for each in (without, manifest)] == [[], []]
    load_zip(connection, catalog, tmp_path / "VT-2024.zip", replace=True)
    again, _ = extract(location, catalog, VT, tmp_path)
    assert {name: again.rows[name] for name in again.rows} == manifest.rows
    sql(
        location,
        "DELETE FROM nibrs_grpb_arrest WHERE grpb_arrest_id = (SELECT min(grpb_arrest_id) FROM nibrs_grpb_arrest)",
    )
    with snapshot(location) as view:
        changes = reasons_out_of_date(again, read_source_contents(view, catalog, [again]), catalog)
    assert changes == ["nibrs_grpb_arrest has 7,002 rows, had 7,003"]


def _with_odd_ages(text: str) -> str:
    """The first arrests are of persons of no known number of years."""
    lines = text.splitlines()
    columns = [name.strip('"').lower() for name in lines[0].split(",")]
    for line, code in enumerate(("NB", "00", "99", "NN", "BB"), 1):
        fields = lines[line].split(",")
        fields[columns.index("age_num")] = code
        fields[columns.index("age_id")] = AGES[code]
        lines[line] = ",".join(fields)
    return "\n".join(lines) + "\n"


def test_what_the_file_cannot_say_is_empty_and_told(
    connection: Connection, location: DatabaseLocation, catalog: Catalog
) -> None:
    """Also what the reference tables get of its agencies."""
    remarks = load_zip(connection, catalog, real_zip("VT-2024")).remarks
    assert any("months with a zero report and months that were not reported" in remark for remark in remarks)
    assert any("11D is 'Criminal Sexual Contact' here, 'Fondling' in the database" in remark for remark in remarks)
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


def test_an_agency_in_several_counties_has_a_piece_in_each(
    connection: Connection, catalog: Catalog, location: DatabaseLocation, tmp_path: Path
) -> None:
    """With the metropolitan area of each where the file says it, of its own or of agencies in that county alone."""
    area = "Burlington-South Burlington, VT"

    def moved(text: str) -> str:
        found = io.StringIO()
        reader = csv.DictReader(io.StringIO(text))
        writer = csv.DictWriter(found, reader.fieldnames or [], lineterminator="\n")
        writer.writeheader()
        for row in reader:
            if row["ori"] in places:
                row["county_name"], row["msa_name"] = places[row["ori"]]
            writer.writerow(row)
        return found.getvalue()

    places = {
        # A city in two counties of one area, one partly outside, and two of which a county is nobody's alone.
        "VT0040100": ("CHITTENDEN; FRANKLIN", area),
        "VT0010100": ("ADDISON; CHITTENDEN", f"{area}; Not Specified"),
        "VT0010200": ("ADDISON; NOWHERE", f"{area}; Not Specified"),
        "VT0010300": ("ADDISON;ELSEWHERE", "Not Specified"),
    }  # fmt: skip
    load_zip(connection, catalog, edit(real_zip("VT-2024"), tmp_path, "agencies.csv", moved))
    found = sql(
        location,
        "SELECT ori, county_name, msa_name, c.population FROM ref_agency LEFT JOIN ref_agency_county c USING "
        "(agency_id) LEFT JOIN ref_county USING (county_id) LEFT JOIN ref_metro_division USING (metro_div_id) "
        f"LEFT JOIN ref_msa USING (msa_id) WHERE ori IN {tuple(places)} ORDER BY ori, county_name",
    )
    outside = "Outside metropolitan areas"
    assert found == [
        ["VT0010100", "ADDISON", outside, None], ["VT0010100", "CHITTENDEN", area, None],
        ["VT0010200", None, None, None],
        ["VT0010300", "ADDISON", outside, None], ["VT0010300", "ELSEWHERE", outside, None],
        ["VT0040100", "CHITTENDEN", area, None], ["VT0040100", "FRANKLIN", area, None],
    ]  # fmt: skip
    [[note]] = sql(location, "SELECT note FROM source_note WHERE table_name = 'ref_agency_county'")
    assert note == (
        "4 agencies lie in several counties; the residents in each are not in the file, nor, of 1, which of them is in "
        "which metropolitan area: 1 in no county"
    )
    assert sql(location, "SELECT count(*) FROM ref_county WHERE county_name LIKE '%;%' OR county_name = 'NOWHERE'") == [
        [0]
    ]


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
