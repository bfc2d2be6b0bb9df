"""CSVs of agencies and Return A: what they may be, and that nothing else is taken."""

import csv
import gzip
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nibrs_loading.archives import BadFile
from nibrs_loading.frame_files import columns, read_agencies, read_return_a

from tests.conftest import real_data

AGENCIES = {
    "ori": "MN0271100", "agency_name": "Minneapolis", "agency_type": "City", "state": "MN", "population": "429000",
    "data_year": "2018",
}  # fmt: skip
COUNT = {"ori": "MN0271100", "data_year": "2018", "month": "3", "line": "murder", "count": "2"}


def written(folder: Path, *rows: dict[str, str]) -> Path:
    path = folder / "frame.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_a_frame_of_our_own_columns_is_read_and_what_follows_is_derived(tmp_path: Path) -> None:
    sheriff = AGENCIES | {"ori": "MN0270000", "agency_type": "county", "population": "", "agency_name": "Hennepin"}
    path = written(
        tmp_path,
        AGENCIES | {"county": "27053", "covered_by": ""},
        sheriff | {"county": "27053", "covered_by": "MN0271100"},
    )
    found, (city, county) = read_agencies(path, None)
    assert (city.group, city.status, city.population, city.data_year) == ("1C", "A", 429_000, 2018)
    # The county has 60,000 residents: it is taken for metropolitan.
    assert (county.group, county.agency_type, county.covered_by, county.line) == ("9D", "County", "MN0271100", 3)
    assert len(found.sha256) == 64


def test_the_list_of_18454_real_agencies_is_read_by_aliases() -> None:
    path = real_data("agencies.csv.gz")
    _, agencies = read_agencies(path, 2018)
    assert len(agencies) == 18_454
    assert {each.state for each in agencies} >= {"NE", "DC", "GU"}
    [minneapolis] = [each for each in agencies if each.ori == "MN0271100"]
    assert (minneapolis.agency_type, minneapolis.group) == ("City", "1C")
    assert sum(each.population for each in agencies) > 325_000_000


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"ori": "MN027110"}, "line 2, column ori: 'MN027110'; it has to be an ORI"),
        ({"state": "ZZ"}, "line 2, column state: 'ZZ'"),
        ({"agency_type": "Posse"}, "line 2, column agency_type: 'Posse'"),
        ({"population": "many"}, "line 2, column population: 'many'; it has to be a whole number from 0"),
        ({"population": "-5"}, "column population: '-5'"),
        ({"population": "1e6"}, "column population: '1e6'"),
        ({"population": "٣"}, "column population"),
        ({"population": "999999999999"}, "column population"),
        ({"data_year": "1066"}, "column data_year: '1066'"),
        ({"population_group": "1Z"}, "column population_group: '1Z'"),
        ({"covered_by": "x"}, "column covered_by: 'x'"),
        ({"reporting_type": "N"}, "column reporting_type: 'N'; it has to be I, S or empty"),
    ],
)
def test_a_bad_value_names_line_column_value_and_remedy(tmp_path: Path, change: dict[str, str], said: str) -> None:
    with pytest.raises(BadFile) as refused:
        read_agencies(written(tmp_path, AGENCIES | change), None)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"month": "13"}, "line 2, column month: '13'; it has to be a whole number from 1 to 12"),
        ({"line": "arson"}, "line 2, column line: 'arson'"),
        ({"count": ""}, "line 2, column count: ''"),
        ({"line": "", "count": "3"}, "the line of Return A that the 3 offenses are of"),
    ],
)
def test_a_bad_count_does_too(tmp_path: Path, change: dict[str, str], said: str) -> None:
    with pytest.raises(BadFile) as refused:
        read_return_a(written(tmp_path, COUNT | change), None)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "has no column ori"),
        (b"ori,state\n", "has no column agency_type (or agency_type_id, agency_type_name)"),
        (b"ori,ori,agency_type,state,population\n", "the column ori stands in the header twice"),
        (b"ori,agency_type,state,population,year\n", "a header and no row"),
        (b"ori,agency_type,state,population,year\nMN0271100,City,MN\n", "line 2: 3 values, and the header has 5"),
        (
            b"ori,agency_type,state,population,year\nMN0271100,City,MN,1,2018\nMN0271100,City,MN,1,2018\n",
            "in line 2 too",
        ),
        (b"ori,agency_type,state,population\nMN0271100,City,MN,1\n", "give the year with --year"),
        (b"ori,agency_type,state,population,year\nMN\xff271100,City,MN,1,2018\n", "line 2: the byte 0xff is not UTF-8"),
        (b"ori,agency_type,state,population,year\nMN0271100,City,MN,\0,2018\n", "line 2: a NUL"),
        (b'ori,agency_type,state,population,year\n"MN0271100,City,MN,1,2018\n', "line 2: unexpected end of data"),
        (b"\x1f\x8b\x08 no gzip", "cut off or damaged"),
        (gzip.compress(b"ori,agency_type,state,population,year\n" * 99, mtime=0)[:-20], "cut off or damaged"),
    ],
)
def test_a_file_that_is_none_is_refused_in_a_line(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "frame.csv"
    path.write_bytes(content)
    with pytest.raises(BadFile) as refused:
        read_agencies(path, None)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_there_or_of_another_year_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="No such file"):
        read_agencies(tmp_path / "none.csv", 2018)
    with pytest.raises(BadFile, match="Is a directory"):
        read_return_a(tmp_path, 2018)
    with pytest.raises(BadFile, match="line 2: the row is of 2018, and --year says 2019"):
        read_agencies(written(tmp_path, AGENCIES), 2019)


@given(st.binary(max_size=200))
def test_no_bytes_end_in_anything_but_agencies_or_a_refusal(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "noise.csv"
    path.write_bytes(b"ori,agency_type,state,population\nMN0271100,City,MN,1\n" + noise)
    for reader in (read_agencies, read_return_a):
        try:
            reader(path, 2018)
        except BadFile as refused:
            assert str(path) in str(refused)


@given(st.permutations(list(AGENCIES)), st.sampled_from(["\n", "\r\n"]), st.booleans(), st.booleans())
def test_order_of_columns_line_ends_a_byte_order_mark_and_gzip_make_no_difference(
    tmp_path_factory: pytest.TempPathFactory, order: list[str], end: str, mark: bool, packed: bool
) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, order, lineterminator=end)
    writer.writeheader()
    writer.writerow(AGENCIES)
    content = text.getvalue().encode("utf-8-sig" if mark else "utf-8")
    path = tmp_path_factory.getbasetemp() / "shape.csv"
    path.write_bytes(gzip.compress(content) if packed else content)
    _, [agency] = read_agencies(path, None)
    assert (agency.ori, agency.population, agency.group, agency.line) == ("MN0271100", 429_000, "1C", 2)


def test_every_column_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
    for file in ("agencies", "return_a"):
        for column in columns(file):
            assert f"| `{column.name}` |" in page, column.name
