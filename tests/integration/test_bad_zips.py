"""What bad files are answered: docs/operations.md promises it row by row, and nothing of them is loaded."""

import gzip
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from nibrs_loading.archives import BadFile
from nibrs_loading.loading import load_zip
from nibrs_pipeline.catalog import Catalog
from nibrs_pipeline.database.connection import Connection, connect
from nibrs_pipeline.database.location import DatabaseLocation

from tests.databases import copied
from tests.runs import sql
from tests.trial_data import write_trial_zips
from tests.zips import Members, edited, keep_header, members, set_cell, set_column, write

pytestmark = pytest.mark.usefixtures("unmeasured")

DOCS = Path(__file__).parents[2] / "docs" / "operations.md"
#: A maker gets a good zip (DE-2015) and a free path, and gives the bad file and how it is loaded.
Maker = Callable[[Path, Path], tuple[Path, dict[str, Any]]]
_CHILDREN = (
    "nibrs_offense", "nibrs_weapon", "nibrs_criminal_act", "nibrs_suspect_using", "nibrs_bias_motivation",
    "nibrs_offender", "nibrs_victim", "nibrs_victim_offense", "nibrs_victim_offender_rel", "nibrs_victim_injury",
    "nibrs_victim_circumstances", "nibrs_property", "nibrs_property_desc", "nibrs_suspected_drug", "nibrs_arrestee",
    "nibrs_arrestee_weapon", "nibrs_grpb_arrest", "nibrs_grpb_arrest_weapon",
)  # fmt: skip


def promised() -> dict[str, str]:
    """The rows of the table in docs/operations.md: what is loaded, and what the answer says."""
    text = DOCS.read_text(encoding="utf-8").split("### Files that are not loaded", 1)[1].split("\n##", 1)[0]
    return dict(re.findall(r"^\| ([^|]+?) \| `([^`]+)`", text, re.MULTILINE))


def as_file(content: bytes) -> Maker:
    def make(good: Path, path: Path) -> tuple[Path, dict[str, Any]]:
        path.write_bytes(content)
        return path, {}

    return make


def changed(change: Callable[[Members], Members], name: str = "", **options: Any) -> Maker:
    def make(good: Path, path: Path) -> tuple[Path, dict[str, Any]]:
        return write(path.with_name(name) if name else path, change(members(good))), options

    return make


def table(name: str, edit: Callable[[list[list[str]]], None], **options: Any) -> Maker:
    return changed(lambda content: edited(content, name, edit), **options)


def member(name: str, content: bytes | Callable[[bytes], bytes]) -> Maker:
    return changed(
        lambda files: {**files, f"{name}.csv": content(files[f"{name}.csv"]) if callable(content) else content}
    )


def without_rows(names: tuple[str, ...], **options: Any) -> Maker:
    def change(content: Members) -> Members:
        for name in names:
            content = edited(content, name, keep_header)
        return content

    return changed(change, **options)


def cut_off(good: Path, path: Path) -> tuple[Path, dict[str, Any]]:
    path.write_bytes(good.read_bytes()[:-3000])
    return path, {}


def with_a_wrong_byte(good: Path, path: Path) -> tuple[Path, dict[str, Any]]:
    content = bytearray(good.read_bytes())
    with zipfile.ZipFile(good) as archive:
        info = archive.getinfo("nibrs_offense.csv")
    content[info.header_offset + 30 + len(info.filename) + info.compress_size // 2] ^= 0xFF
    path.write_bytes(content)
    return path, {}


def with_field(offset: int, value: int) -> Maker:
    """A two-byte field of every entry of the directory has another value."""

    def make(good: Path, path: Path) -> tuple[Path, dict[str, Any]]:
        content = bytearray(good.read_bytes())
        for entry in re.finditer(rb"PK\x01\x02", bytes(content)):
            content[entry.start() + offset : entry.start() + offset + 2] = value.to_bytes(2, "little")
        path.write_bytes(content)
        return path, {}

    return make


def there_already(edit: Callable[[Members], Members], **options: Any) -> Maker:
    """Another file of the state-year that is in the database."""
    return changed(edit, present=True, **options)


def of_no_state(content: Members) -> Members:
    for name, column in (("ref_state", "state_postal_abbr"), ("ref_state", "state_abbr")):
        content = edited(content, name, set_column(column, "ZZ"))
    return edited(content, "agency_participation", set_column("state_abbr", "ZZ"))


def repeat_first_column(rows: list[list[str]]) -> None:
    for row in rows:
        row.append(row[0])


def without_leading_zeros(rows: list[list[str]]) -> None:
    place = rows[0].index("location_code")
    for row in rows[1:]:
        row[place] = row[place].lstrip("0") or "0"


def of_another_year(content: Members) -> Members:
    """The same rows as those of another year."""
    for name, column in (("nibrs_month", "data_year"), ("agency_participation", "year")):
        content = edited(content, name, set_column(column, "2016"))
    return content


def with_one_key_of_another_year(content: Members) -> Members:
    """Other rows, and one key of a victim that is another year's."""

    def shifted(rows: list[list[str]]) -> None:
        places = [place for place, name in enumerate(rows[0]) if name.endswith("_id") and name in _KEYS]
        for row in rows[1:]:
            for place in places:
                row[place] = str(int(row[place]) + 50_000_000) if row[place] else ""

    for name in ("nibrs_month", "nibrs_incident", *_CHILDREN):
        content = edited(content, name, shifted)
    content = of_another_year(content)
    victims = content["nibrs_victim.csv"].decode()
    key = victims.splitlines()[1].split(",")[0]
    return {
        name: each.decode().replace(key, str(int(key) - 50_000_000)).encode()
        if name.startswith("nibrs_victim")
        else each
        for name, each in content.items()
    }


_KEYS = (
    "nibrs_month_id", "incident_id", "offense_id", "offender_id", "victim_id", "property_id", "arrestee_id",
    "nibrs_weapon_id", "nibrs_prop_desc_id", "nibrs_suspected_drug_id", "nibrs_victim_offender_id",
    "nibrs_arrestee_weapon_id", "grpb_arrest_id", "nibrs_grpb_arrest_weapon_id",
)  # fmt: skip
MAKERS: dict[str, Maker] = {
    "a name that is not there": lambda good, path: (path, {}),
    "a folder": lambda good, path: (path.parent, {}),
    "an empty file": as_file(b""),
    "one CSV instead of the zip": as_file(b"incident_id,agency_id\n1,2\n"),
    "a gzip file": as_file(gzip.compress(b"incident_id\n1\n")),
    "the page that a server sent instead": as_file(b"<html>Not found</html>"),
    "a zip that is cut off": cut_off,
    "a zip with a wrong byte": with_a_wrong_byte,
    "an encrypted zip": with_field(8, 1),
    "a zip of a method that few tools write": with_field(10, 9),
    "a zip of zips": changed(lambda files: {"DE-2015.zip": b"PK\x03\x04", "README.txt": b""}),
    "two files of one table": changed(lambda files: {**files, "DE/NIBRS_OFFENSE.csv": files["nibrs_offense.csv"]}),
    "kilobytes that grow to gigabytes": member("nibrs_weapon", b"0" * 120_000_000),
    "a table of one endless line": member("nibrs_weapon", lambda _: bytes(48 + i * i % 10 for i in range(3_000_000))),
    "a table in UTF-16": member("nibrs_weapon", lambda each: each.decode().encode("utf-16")),
    "a table with a NUL": member("nibrs_weapon", lambda each: each[:500] + b"\0" + each[500:]),
    "bytes that are no text": member("nibrs_injury", lambda each: each.replace(b"Apparent", b"Appar\x81nt")),
    "a zip of something else": changed(lambda files: {"agencies.csv": b"agency_id\n1\n"}),
    "columns separated by semicolons": changed(
        lambda files: {
            name: each.replace(b",", b";") if name.endswith(".csv") else each for name, each in files.items()
        }
    ),
    "codes that a spreadsheet has saved without zeros": table("nibrs_location_type", without_leading_zeros),
    "a zip without one of its tables": changed(
        lambda files: {name: each for name, each in files.items() if name != "nibrs_weapon.csv"}
    ),
    "a table without a column": table("nibrs_arrestee", set_cell(1, "sex_code", "gender")),
    "a column that occurs twice": table("nibrs_arrestee", repeat_first_column),
    "a table without its header": member("nibrs_weapon", b""),
    "a word where a number belongs": table("nibrs_offense", set_cell(5, "location_id", "here")),
    "a row that is too short": table("nibrs_incident", lambda rows: rows[4].pop()),
    "a quotation mark that is not closed": member("nibrs_month", lambda each: each + b'"'),
    "a mandatory field that is empty": table("nibrs_month", set_cell(3, "orig_format", "")),
    "a row that occurs twice": table("nibrs_offender", lambda rows: rows.append(rows[3])),
    "a victim without an incident": table("nibrs_victim", set_cell(9, "incident_id", "12")),
    "a code that is in no list": table("nibrs_offense", set_cell(7, "location_id", "999")),
    "hour 99": table("nibrs_incident", set_cell(4, "incident_hour", "99")),
    "hour -5": table("nibrs_incident", set_cell(4, "incident_hour", "-5")),
    "month 13": table("nibrs_month", set_cell(4, "month_num", "13")),
    "an age of 340": table("nibrs_arrestee", set_cell(4, "age_num", "340")),
    "an incident in 1066": table("nibrs_incident", set_cell(4, "incident_date", "1066-10-14 00:00:00")),
    "data year 1066": changed(
        lambda files: edited(
            edited(files, "nibrs_month", set_column("data_year", "1066")),
            "agency_participation", set_column("year", "1066"),
        )
    ),
    "two data years": table("nibrs_month", set_cell(3, "data_year", "2014")),
    "agencies of two states": table("cde_agencies", set_cell(2, "state_id", "5")),
    "agencies of a state that does not exist": changed(of_no_state),
    "a name that says another state-year": changed(lambda files: files, name="TX-1999.zip"),
    "tables with nothing but headers": without_rows(("nibrs_month", "nibrs_incident", *_CHILDREN)),
    "incidents with nothing but a header": without_rows(("nibrs_incident", *_CHILDREN)),
    "months with nothing but a header, with `--replace --quarantine`": without_rows(
        ("nibrs_month",), present=True, replace=True, with_quarantine=True
    ),
    "no incidents of a state-year that has some, with `--replace`": changed(
        lambda files: edited(
            without_rows_of(files, ("nibrs_incident", *_CHILDREN)), "nibrs_month", set_column("reported_status", "Z")
        ),
        present=True, replace=True,
    ),
    "another file of a state-year that is there": there_already(
        lambda files: edited(files, "nibrs_weapon", lambda rows: rows.pop())
    ),
    "the rows of a state-year under another year": there_already(of_another_year),
    "a key that another state-year has": there_already(with_one_key_of_another_year),
}  # fmt: skip


def without_rows_of(content: Members, names: tuple[str, ...]) -> Members:
    for name in names:
        content = edited(content, name, keep_header)
    return content


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_trial_zips(tmp_path_factory.mktemp("trial"))[0]


@pytest.fixture(scope="module")
def empty(server: DatabaseLocation) -> Iterator[DatabaseLocation]:
    with copied(server, "empty") as location:
        yield location


@pytest.fixture(scope="module")
def filled(server: DatabaseLocation, catalog: Catalog, good: Path) -> Iterator[DatabaseLocation]:
    """A database with DE-2015."""
    with copied(server, "empty") as location:
        connection = connect(location)
        load_zip(connection, catalog, good)
        connection.close()
        yield location


def rows_in(connection: Connection, catalog: Catalog) -> dict[str, int]:
    return {each.name: connection.run(f"SELECT count(*) FROM {each.name}")[0][0] for each in catalog.tables}


def test_the_page_promises_what_is_tried_and_no_more() -> None:
    assert set(promised()) == set(MAKERS)


@pytest.mark.parametrize("what", MAKERS)
def test_a_bad_file_is_answered_in_one_line_and_leaves_nothing(
    request: pytest.FixtureRequest, catalog: Catalog, good: Path, tmp_path: Path, what: str
) -> None:
    bad, options = MAKERS[what](good, tmp_path / "bad.zip")
    location = request.getfixturevalue("filled" if options.pop("present", False) else "empty")
    quarantine = tmp_path / "quarantine" if options.pop("with_quarantine", False) else None
    connection = connect(location)
    before = rows_in(connection, catalog)
    with pytest.raises(BadFile) as refused:
        load_zip(connection, catalog, bad, quarantine=quarantine, **options)
    message = str(refused.value)
    assert promised()[what] in message
    assert message.startswith(str(bad))
    assert "\n" not in message
    assert "staged_" not in message
    assert rows_in(connection, catalog) == before
    assert quarantine is None or not quarantine.exists()
    connection.close()
    assert sql(location, "SELECT count(*) FROM source_note") == [[0]]
