"""The reference extract: agencies, months and Return A of a year, as the estimation reads them."""

import csv
import io
import zipfile
from pathlib import Path

import pytest
from nibrs_engine.container_tasks import estimation_folder
from nibrs_pipeline.database.location import DatabaseLocation
from nibrs_pipeline.database.snapshot import snapshot
from nibrs_pipeline.errors import SourceUnfit
from nibrs_pipeline.extract.areas import require_areas
from nibrs_pipeline.extract.reference import extract_reference

from tests.conftest import REAL_DATA, missing
from tests.runs import sql


def extract(location: DatabaseLocation, folder: Path) -> Path:
    path = folder / "reference-2016.zip"
    with snapshot(location) as view, path.open("wb") as target:
        extract_reference(view, 2016, target)
    return path


def extracted(location: DatabaseLocation, folder: Path) -> dict[str, list[dict[str, str]]]:
    with zipfile.ZipFile(extract(location, folder)) as archive:
        return {
            name.removesuffix(".csv"): list(csv.DictReader(io.StringIO(archive.read(name).decode())))
            for name in archive.namelist()
        }


def test_return_a_months_and_agencies_are_those_of_the_year(loaded: DatabaseLocation, tmp_path: Path) -> None:
    agency = str(sql(loaded, "SELECT agency_id FROM ref_agency WHERE ori = 'DE0010000'")[0][0])
    sql(loaded, "INSERT INTO reta_offense_subcat VALUES (30, 'Larceny-theft', 'larceny')")
    sql(loaded, f"INSERT INTO reta_month VALUES (1, {agency}, 2016, 5, 'Y'), (2, {agency}, 2016, 6, 'N')")
    sql(loaded, "INSERT INTO reta_month_offense_subcat VALUES (1, 30, 7), (2, 30, 9)")
    found = extracted(loaded, tmp_path)
    assert found["return_a"] == [{"agency_id": agency, "year": "2016", "line": "larceny", "actual_count": "7"}]
    assert found["return_a_months"] == [{"agency_id": agency, "year": "2016", "months": "1"}]
    assert {"agency_id": agency, "month": "5", "nibrs_status": "I"} in found["months"]
    assert len(found["months"]) == 10 * 12
    [described] = [row for row in found["agencies"] if row["ori"] == "DE0010000"]
    assert (described["region"], described["population"], described["msa_status"]) == ("South", "4000", "")
    assert described["nibrs_start"] == str(2015 * 12)


def test_offenses_of_a_month_that_was_not_reported_are_history_too(loaded: DatabaseLocation, tmp_path: Path) -> None:
    [(agency, year, month, count)] = sql(
        loaded,
        "SELECT m.agency_id, m.data_year, m.month_num, count(*) FROM nibrs_month m JOIN nibrs_incident USING "
        "(nibrs_month_id) JOIN nibrs_offense USING (incident_id) WHERE m.data_year = 2015 GROUP BY 1, 2, 3 "
        "ORDER BY 1, 2, 3 LIMIT 1",
    )
    before = extracted(loaded, tmp_path)["history"]
    row = {"agency_id": str(agency), "year": str(year), "month": str(month), "offenses": str(count)}
    assert row in before
    sql(loaded, f"UPDATE nibrs_month SET reported_status = 'U' WHERE agency_id = {agency} AND month_num = {month}")
    assert extracted(loaded, tmp_path)["history"] == before
    sql(loaded, f"UPDATE nibrs_month SET reported_status = 'U' WHERE agency_id = {agency} AND data_year = 2015")
    sql(loaded, "DELETE FROM nibrs_offense")
    assert str(agency) not in {each["agency_id"] for each in extracted(loaded, tmp_path)["history"]}


def test_its_columns_are_those_that_the_estimation_knows(location: DatabaseLocation, tmp_path: Path) -> None:
    known: dict[str, list[str]] = {}
    with (estimation_folder() / "nibrsest/inst/extdata/file_columns.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            for name in row["files"].split():
                known.setdefault(name, []).append(row["column"])
    with zipfile.ZipFile(extract(location, tmp_path)) as archive:
        headers = {name: archive.read(name).decode().splitlines()[0].split(",") for name in archive.namelist()}
    assert headers == {
        name.removeprefix("reference/"): columns for name, columns in known.items() if name.startswith("reference/")
    }


def test_what_is_known_of_the_sources_goes_along_if_the_database_says_it(
    loaded: DatabaseLocation, tmp_path: Path
) -> None:
    sql(loaded, "DELETE FROM source_note")
    for year, state in ((2016, "RI"), (2016, "DE"), (2015, "DE")):
        sql(loaded, f"INSERT INTO source_note VALUES ('{state}', {year}, 'reporters_only', NULL, NULL, 'Half.')")
    rest = {"kind": "reporters_only", "table_name": "", "rows": "", "note": "Half."}
    assert extracted(loaded, tmp_path)["source_notes"] == [{"state": "DE"} | rest, {"state": "RI"} | rest]
    sql(loaded, "DROP TABLE source_note")
    assert extracted(loaded, tmp_path)["source_notes"] == []


def test_shares_of_residents_go_along_if_the_database_has_them(loaded: DatabaseLocation, tmp_path: Path) -> None:
    sql(
        loaded,
        "INSERT INTO ref_agency_demographics (agency_id, data_year, age_under_5, sex_female) "
        "SELECT agency_id, year, 0.06, 0.51 FROM ref_agency, (VALUES (2015), (2016)) y(year) WHERE ori = 'DE0010000'",
    )
    [shares] = extracted(loaded, tmp_path)["demographics"]
    assert (shares["age_under_5"], shares["sex_female"], shares["race_black"]) == ("0.06", "0.51", "")
    sql(
        loaded,
        "INSERT INTO ref_agency_residents (agency_id, data_year, sex_code, race_code, ethnicity_code, age_15) "
        "SELECT agency_id, year, 'F', 'W', e, 7 FROM ref_agency, (VALUES (2015), (2016)) y(year), "
        "(VALUES ('N'), ('H')) v(e) WHERE ori = 'DE0010000'",
    )
    found = extracted(loaded, tmp_path)["residents"]
    assert [(row["sex"], row["race"], row["ethnicity"], row["age_15"], row["age_16"]) for row in found] == [
        ("F", "W", "H", "7", ""), ("F", "W", "N", "7", ""),
    ]  # fmt: skip
    sql(loaded, "DROP TABLE ref_agency_demographics")
    sql(loaded, "DROP TABLE ref_agency_residents")
    without = extracted(loaded, tmp_path)
    assert without["demographics"] == without["residents"] == []


def test_an_agency_has_the_msa_status_of_most_of_its_residents(loaded: DatabaseLocation, tmp_path: Path) -> None:
    sql(loaded, "INSERT INTO ref_county (county_id, state_id, county_name) VALUES (1, 11, 'A'), (2, 11, 'B')")
    sql(loaded, "INSERT INTO ref_msa (msa_id, msa_name) VALUES (1, 'M'), (2, 'None')")
    sql(loaded, "INSERT INTO ref_metro_division VALUES (1, 1, 'M', 'Y'), (2, 2, 'None', 'N')")
    # A city mostly in the area, one mostly outside, a county outside, and one half and half.
    pieces = {"DE0010000": (3000, 1000), "DE0020000": (10, 90), "DE0030000": (0, 500), "DE0040000": (50, 50)}
    for ori, (inside, outside) in pieces.items():
        for place, population in ((1, inside), (2, outside)):
            sql(
                loaded,
                "INSERT INTO ref_agency_county (agency_id, county_id, metro_div_id, data_year, population) "
                f"SELECT agency_id, {place}, {place}, 2016, {population} FROM ref_agency WHERE ori = '{ori}'",
            )
    found = {row["ori"]: row["msa_status"] for row in extracted(loaded, tmp_path)["agencies"]}
    assert {ori: found[ori] for ori in pieces} == {
        "DE0010000": "1", "DE0020000": "2", "DE0030000": "3", "DE0040000": "1",
    }  # fmt: skip


def test_an_agency_has_a_row_per_county_with_its_area_district_and_office(
    loaded: DatabaseLocation, tmp_path: Path
) -> None:
    sql(
        loaded, "INSERT INTO ref_county (county_id, state_id, county_name, county_fips_code) VALUES (1, 11, 'A', '001')"
    )
    sql(loaded, "INSERT INTO ref_msa (msa_id, msa_name, msa_omb_code) VALUES (1, 'M', '10100'), (2, 'None', NULL)")
    sql(loaded, "INSERT INTO ref_metro_division VALUES (1, 1, 'M', 'Y'), (2, 2, 'None', 'N')")
    sql(loaded, "INSERT INTO ref_field_office VALUES (5, 'PH', 'Philadelphia')")
    sql(loaded, "UPDATE ref_agency SET judicial_dist_code = '011', field_office_id = 5 WHERE ori = 'DE0010000'")
    [(agency,)] = sql(loaded, "SELECT agency_id FROM ref_agency WHERE ori = 'DE0010000'")
    sql(
        loaded,
        "INSERT INTO ref_agency_county (agency_id, county_id, metro_div_id, core_city_flag, data_year, population) "
        f"VALUES ({agency}, 1, 1, 'Y', 2016, 3000), ({agency}, 7, 2, NULL, 2016, 1000), ({agency}, 1, 1, 'N', 2015, 9)",
    )
    found = extracted(loaded, tmp_path)["counties"]
    assert len(found) == 11
    columns = ("county", "county_name", "county_known", "metropolitan", "msa", "msa_name", "core_city", "population")
    mine = [row for row in found if row["agency_id"] == str(agency)]
    assert [tuple(row[name] for name in columns) for row in mine] == [
        ("1", "A", "Y", "Y", "10100", "M", "Y", "3000"),
        # No reference table has the county.
        ("7", "", "N", "N", "", "", "N", "1000"),
    ]
    places = ("judicial_district", "field_office", "field_office_name")
    assert {tuple(row[name] for name in places) for row in mine} == {("011", "PH", "Philadelphia")}
    others = [row for row in found if row["agency_id"] != str(agency)]
    assert {(row["county"], row["county_known"], row["msa"], row["judicial_district"]) for row in others} == {
        ("", "", "", "")
    }
    sql(loaded, "DROP TABLE ref_field_office")
    assert extracted(loaded, tmp_path)["counties"] == []


def test_areas_are_those_of_the_censuss_list_of_counties(loaded: DatabaseLocation, tmp_path: Path) -> None:
    path = REAL_DATA / "cbsa2fipsxw.csv"
    if not path.exists():
        missing(f"{path} is not there")
    with path.open(encoding="utf-8-sig", newline="") as file:
        listed = [row for row in csv.DictReader(file) if row["countycountyequivalent"]]
    # The database numbers counties and areas in its own way, and has divisions between the two.
    metropolitan = {row["cbsacode"] for row in listed if row["metropolitanmicropolitanstatis"].startswith("Metro")}
    divisions = sorted({(row["cbsacode"], row["metropolitandivisiontitle"]) for row in listed})
    titles = {row["cbsacode"]: row["cbsatitle"] for row in listed}
    areas = sorted(titles)
    quoted = {code: title.replace("'", "''") for code, title in titles.items()}
    rows = ", ".join(f"({number}, '{quoted[code]}', '{code}')" for number, code in enumerate(areas, 1))
    sql(loaded, f"INSERT INTO ref_msa (msa_id, msa_name, msa_omb_code) VALUES {rows}")
    rows = ", ".join(
        f"({number}, {areas.index(code) + 1}, 'x', '{'Y' if code in metropolitan else 'N'}')"
        for number, (code, _) in enumerate(divisions, 1)
    )
    sql(loaded, f"INSERT INTO ref_metro_division (metro_div_id, msa_id, metro_div_name, msa_flag) VALUES {rows}")
    rows = ", ".join(f"({number}, 11, 'x', '{row['fipscountycode']}')" for number, row in enumerate(listed, 1))
    sql(loaded, f"INSERT INTO ref_county (county_id, state_id, county_name, county_fips_code) VALUES {rows}")
    [(agency,)] = sql(loaded, "SELECT agency_id FROM ref_agency WHERE ori = 'DE0010000'")
    rows = ", ".join(
        f"({agency}, {number}, {divisions.index((row['cbsacode'], row['metropolitandivisiontitle'])) + 1}, 2016, 1)"
        for number, row in enumerate(listed, 1)
    )
    sql(
        loaded,
        f"INSERT INTO ref_agency_county (agency_id, county_id, metro_div_id, data_year, population) VALUES {rows}",
    )
    found = {row["county"]: row for row in extracted(loaded, tmp_path)["counties"] if row["county"]}
    assert len(metropolitan) > 380
    assert {number: (row["msa"], row["msa_name"], row["county_known"]) for number, row in found.items()} == {
        str(number): (row["cbsacode"], row["cbsatitle"], "Y") if row["cbsacode"] in metropolitan else ("", "", "Y")
        for number, row in enumerate(listed, 1)
    }


def test_a_year_without_areas_is_refused_if_areas_are_wanted(loaded: DatabaseLocation, tmp_path: Path) -> None:
    said = r"AREAS=all, but no agency of 2016 lies in .* fill ref_agency_county, .* or with AREAS=none"
    with pytest.raises(SourceUnfit, match=said):
        require_areas(extract(loaded, tmp_path), 2016)
    sql(loaded, "UPDATE ref_agency SET judicial_dist_code = '034' WHERE ori = 'DE0010000'")
    require_areas(extract(loaded, tmp_path), 2016)
