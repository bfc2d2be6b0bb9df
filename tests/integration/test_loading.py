"""``nibrs load``: all of a file or nothing, and refusals that name table, line and reason."""

import csv
import io
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from nibrs_home.home import Home
from nibrs_home.schema import create_schema
from nibrs_home.turns import wait_for_turn
from nibrs_loading.archives import BadFile
from nibrs_loading.loading import load_zip
from nibrs_loading.staging import plain
from nibrs_pipeline.archive.provenance import SOURCE_NOTES, Provenance, SourceNote, source_notes_csv
from nibrs_pipeline.catalog import Catalog
from nibrs_pipeline.database.connection import Connection, connect
from nibrs_pipeline.database.location import DatabaseLocation
from pg8000.exceptions import DatabaseError

from tests.databases import copied
from tests.runs import sql
from tests.trial_data import write_trial_zips

Edit = Callable[[list[list[str]]], None]


@pytest.fixture
def trial(home: Home) -> Path:
    """DE-2015.zip of the made-up world."""
    return write_trial_zips(home.scratch("trial"))[0]


@pytest.fixture
def location(server: DatabaseLocation) -> Iterator[DatabaseLocation]:
    with copied(server, "empty") as found:
        yield found


@pytest.fixture
def connection(location: DatabaseLocation) -> Connection:
    return connect(location)


def edited(path: Path, table: str, edit: Edit) -> Path:
    """A copy of a zip with one CSV changed."""
    target = path.with_name(f"edited-{path.name}")
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy:
        for name in source.namelist():
            content = source.read(name)
            if name == f"{table}.csv":
                rows = list(csv.reader(io.StringIO(content.decode())))
                edit(rows)
                text = io.StringIO()
                csv.writer(text, lineterminator="\n").writerows(rows)
                content = text.getvalue().encode()
            copy.writestr(name, content)
    return target


def set_cell(line: int, column: str, value: str) -> Edit:
    def edit(rows: list[list[str]]) -> None:
        rows[line - 1][rows[0].index(column)] = value

    return edit


def repeat_line(line: int) -> Edit:
    return lambda rows: rows.append(rows[line - 1])


def rows_in(location: DatabaseLocation, catalog: Catalog) -> dict[str, int]:
    return {table.name: sql(location, f"SELECT count(*) FROM {table.name}")[0][0] for table in catalog.published}


def test_every_row_of_a_file_is_in_the_database(
    connection: Connection, location: DatabaseLocation, catalog: Catalog, trial: Path
) -> None:
    loaded = load_zip(connection, catalog, trial)
    assert loaded.item == ("DE", 2015)
    assert loaded.rows == rows_in(location, catalog)
    assert all(loaded.rows.values()), "the made-up world leaves a table empty"


def test_the_same_file_again_changes_nothing(
    connection: Connection, location: DatabaseLocation, catalog: Catalog, trial: Path
) -> None:
    load_zip(connection, catalog, trial)
    before = rows_in(location, catalog)
    assert load_zip(connection, catalog, trial).was_there
    assert rows_in(location, catalog) == before


def test_another_file_of_a_state_year_that_is_there_is_refused_unless_it_replaces(
    connection: Connection, location: DatabaseLocation, catalog: Catalog, trial: Path
) -> None:
    load_zip(connection, catalog, trial)
    other = edited(trial, "nibrs_weapon", lambda rows: rows.pop())
    before = rows_in(location, catalog)
    with pytest.raises(BadFile, match="DE-2015 is in the database already; use --replace"):
        load_zip(connection, catalog, other)
    assert load_zip(connection, catalog, other, replace=True).replaced == "DE-2015.zip"
    assert rows_in(location, catalog) == {**before, "nibrs_weapon": before["nibrs_weapon"] - 1}


@pytest.mark.parametrize(
    ("table", "edit", "named"),
    [
        (
            "nibrs_offense",
            set_cell(5, "location_id", "here"),
            r"nibrs_offense.csv, line 5, column location_id: .*here",
        ),
        (
            "nibrs_offense",
            set_cell(7, "location_id", "999"),
            r"nibrs_offense.csv, line 7: location_id 999 is not in nibrs_location_type.csv",
        ),
        (
            "nibrs_victim",
            set_cell(9, "incident_id", "12"),
            r"nibrs_victim.csv, line 9: incident_id 12 is not in nibrs_incident.csv",
        ),
        (
            "nibrs_grpb_arrest",
            set_cell(4, "agency_id", "44001"),
            r"nibrs_grpb_arrest.csv, line 4: agency_id 44001 is not in cde_agencies.csv",
        ),
        ("nibrs_offender", repeat_line(4), r"nibrs_offender.csv, line \d+: the key offender_id \d+ occurs twice"),
        ("nibrs_month", set_cell(3, "orig_format", ""), r"nibrs_month.csv, line 3.*orig_format"),
        ("nibrs_month", set_cell(3, "data_year", "2014"), "data years 2014, 2015; a zip holds one"),
        ("cde_agencies", set_cell(2, "state_id", "5"), "states AZ, DE"),
        (
            "nibrs_arrestee",
            set_cell(1, "sex_code", "gender"),
            "arrestee.csv, line 1: no column sex_code, unknown column gender",
        ),
        ("nibrs_incident", lambda rows: rows[4].pop(), r"nibrs_incident.csv, line 5.*missing data"),
    ],
)
def test_a_bad_file_is_refused_with_table_line_and_reason_and_nothing_is_loaded(
    connection: Connection,
    location: DatabaseLocation,
    catalog: Catalog,
    trial: Path,
    table: str,
    edit: Edit,
    named: str,
) -> None:
    with pytest.raises(BadFile, match=named):
        load_zip(connection, catalog, edited(trial, table, edit))
    assert set(rows_in(location, catalog).values()) == {0}


def test_columns_are_matched_by_name_not_by_position(
    connection: Connection, location: DatabaseLocation, catalog: Catalog, trial: Path
) -> None:
    def reverse(rows: list[list[str]]) -> None:
        for row in rows:
            row.reverse()

    load_zip(connection, catalog, edited(trial, "nibrs_weapon", reverse))
    assert sql(location, "SELECT count(*) FROM nibrs_weapon JOIN nibrs_offense USING (offense_id)")[0][0] > 0


def test_a_zip_nested_in_a_folder_is_read(connection: Connection, catalog: Catalog, trial: Path) -> None:
    nested = trial.with_name("nested.zip")
    with zipfile.ZipFile(trial) as source, zipfile.ZipFile(nested, "w") as copy:
        for name in source.namelist():
            copy.writestr(f"DE/{name}", source.read(name))
    assert load_zip(connection, catalog, nested).item == ("DE", 2015)


def test_a_code_whose_meaning_changed_is_told_and_a_new_one_is_added(
    connection: Connection, location: DatabaseLocation, catalog: Catalog, home: Home, trial: Path
) -> None:
    load_zip(connection, catalog, trial)

    def change(rows: list[list[str]]) -> None:
        rows[1][2] = "Changed"
        rows.append(["99", "Z", "Added"])

    second = edited(trial.with_name("DE-2016.zip"), "nibrs_injury", change)
    loaded = load_zip(connection, catalog, second)
    assert loaded.remarks == [
        "nibrs_injury: names differ: B is 'Changed' here, 'Apparent Broken Bones' in the database"
    ]
    assert sql(location, "SELECT injury_name FROM nibrs_injury WHERE injury_id IN (1, 99) ORDER BY injury_id")[1] == [
        "Added"
    ]


@pytest.mark.parametrize(("content", "named"), [(b"not a zip", "not a zip"), (None, "no such file")])
def test_what_is_not_a_zip_is_refused(
    connection: Connection, catalog: Catalog, tmp_path: Path, content: bytes | None, named: str
) -> None:
    path = tmp_path / "x.zip"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadFile, match=named):
        load_zip(connection, catalog, path)


def test_with_quarantine_rows_that_break_keys_are_put_aside_with_what_hangs_on_them(
    connection: Connection, location: DatabaseLocation, catalog: Catalog, home: Home, trial: Path
) -> None:
    def two_strays(rows: list[list[str]]) -> None:
        set_cell(5, "incident_id", "12")(rows)
        rows.append(rows[7])

    broken = edited(trial, "nibrs_offender", two_strays)
    with pytest.raises(BadFile, match="occurs twice; use --quarantine"):
        load_zip(connection, catalog, broken)
    folder = home.quarantine("broken")
    with zipfile.ZipFile(broken) as archive:
        offenders = list(csv.DictReader(io.StringIO(archive.read("nibrs_offender.csv").decode())))
        relationships = list(csv.DictReader(io.StringIO(archive.read("nibrs_victim_offender_rel.csv").decode())))
    stray = offenders[3]["offender_id"]
    hanging = [row for row in relationships if row["offender_id"] == stray]
    loaded = load_zip(connection, catalog, broken, quarantine=folder)
    expected = {"nibrs_offender": 2} | ({"nibrs_victim_offender_rel": len(hanging)} if hanging else {})
    assert loaded.set_aside == expected
    aside = list(csv.DictReader((folder / "nibrs_offender.csv").open(encoding="utf-8")))
    assert [(row["line"], row["offender_id"]) for row in aside] == [
        (str(len(offenders) + 1), offenders[6]["offender_id"]),
        ("5", stray),
    ]
    assert [row["reason"].split(" ", 2)[:2] for row in aside] == [["the", "key"], ["incident_id", "12"]]
    assert sql(location, "SELECT count(*) FROM nibrs_offender")[0][0] == len(offenders) - 2


def test_what_a_file_is_known_to_be_is_written_and_replaced_with_it(
    connection: Connection, location: DatabaseLocation, catalog: Catalog, trial: Path
) -> None:
    kinds = "SELECT state, data_year, kind FROM source_note"
    load_zip(connection, catalog, trial)
    assert sql(location, kinds) == []

    def without_return_a(rows: list[list[str]]) -> None:
        for row in rows[1:]:
            row[rows[0].index("months_reported")] = ""

    load_zip(connection, catalog, edited(trial, "agency_participation", without_return_a), replace=True)
    assert sql(location, kinds) == [["DE", 2015, "reporters_only"]]
    load_zip(connection, catalog, trial, replace=True)
    assert sql(location, kinds) == []


def with_member(path: Path, name: str, content: str) -> Path:
    """A copy of a zip with a member more."""
    target = path.with_name(f"more-{path.name}")
    target.write_bytes(path.read_bytes())
    with zipfile.ZipFile(target, "a") as archive:
        archive.writestr(name, content)
    return target


def test_what_a_published_zip_says_of_its_source_is_known_of_what_is_loaded_from_it(
    connection: Connection, location: DatabaseLocation, catalog: Catalog, trial: Path
) -> None:
    known = Provenance(
        notes=(
            SourceNote(kind="set_aside", table="nibrs_victim", rows=3, note='3 rows, "lost"\nand *more*'),
            SourceNote(kind="incomplete", note="x"),
            SourceNote(kind="renamed", table="nibrs_injury", note="found anew"),
        )
    )
    load_zip(connection, catalog, with_member(trial, SOURCE_NOTES, source_notes_csv(known).decode()))
    assert sql(location, "SELECT kind, table_name, rows, note FROM source_note ORDER BY kind") == [
        ["incomplete", None, None, "x"],
        ["set_aside", "nibrs_victim", 3, '3 rows, "lost"\nand *more*'],
    ]
    load_zip(connection, catalog, with_member(trial, SOURCE_NOTES, "a file,of something else\n1,2\n"), replace=True)
    assert sql(location, "SELECT count(*) FROM source_note") == [[0]]


@pytest.mark.parametrize("line", ["rumour,,,x", "decoded,,many,x", "decoded,,1", "decoded,,,", "decoded,,-1,x", '"'])
def test_a_line_that_is_no_note_is_named(connection: Connection, catalog: Catalog, trial: Path, line: str) -> None:
    notes = f"kind,table_name,rows,note\n{line}\n"
    with pytest.raises(BadFile, match=r"source_notes.csv, line \d: '.*' is not a n\w+ o[fn] .*; remove the line"):
        load_zip(connection, catalog, with_member(trial, SOURCE_NOTES, notes))


def test_a_database_of_before_gets_the_tables_that_came_later(location: DatabaseLocation) -> None:
    connection = connect(location)
    tables = ("source_note", "source_code", "ref_agency_demographics", "ref_agency_residents", "ref_field_office")
    connection.run(f"DROP TABLE {', '.join(tables)}")
    connection.run("ALTER TABLE ref_agency DROP COLUMN judicial_dist_code, DROP COLUMN field_office_id")
    create_schema(connection)
    assert sql(location, "SELECT judicial_dist_code, field_office_id FROM ref_agency") == []
    assert sql(location, f"SELECT {' + '.join(f'(SELECT count(*) FROM {each})' for each in tables)}") == [[0]]


def test_a_database_from_before_zips_had_group_b_arrests_learns_which_files_had_none(
    connection: Connection, location: DatabaseLocation, catalog: Catalog, trial: Path
) -> None:
    load_zip(connection, catalog, trial)
    sql(location, "INSERT INTO loaded_file VALUES (repeat('x', 64), 'RI', 2014, 'RI-2014.zip', 1, '')")
    sql(location, "ALTER TABLE nibrs_grpb_arrest DROP COLUMN city, DROP COLUMN did")
    sql(location, "DROP INDEX loaded_grpb_arrest_state_year_idx")
    for _ in range(2):
        create_schema(connection)
        assert sql(location, "SELECT state, data_year, kind FROM source_note") == [["RI", 2014, "not_in_source"]]
        assert sql(location, "SELECT count(*), count(city), count(did) FROM nibrs_grpb_arrest") == [[52, 0, 0]]


def test_two_commands_that_change_a_database_take_turns(location: DatabaseLocation) -> None:
    first, second, told = connect(location), connect(location), threading.Event()
    wait_for_turn(first)
    waiting = threading.Thread(target=wait_for_turn, args=(second, told.set))
    waiting.start()
    assert told.wait(10)
    assert waiting.is_alive()
    first.close()
    waiting.join(10)
    assert not waiting.is_alive()
    second.close()


@pytest.mark.parametrize(
    ("state", "ends"), [("53100", "device; free some space on the database's disk"), ("22P02", "device")]
)
def test_a_full_disk_is_told_with_its_remedy(state: str, ends: str) -> None:
    said = plain(DatabaseError({"C": state, "M": 'could not extend "staged_x": No space left on device'}))
    assert said == f'could not extend "x": No space left on {ends}'
