"""Small pieces of real zips, changed at random: each is loaded and equal, or refused and nothing is half loaded."""

import csv
import io
import random
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from nibrs_loading.archives import BadFile
from nibrs_loading.loading import load_zip
from nibrs_pipeline.catalog import nibrs_catalog
from nibrs_pipeline.database.connection import Connection, connect
from nibrs_pipeline.database.location import DatabaseLocation

from tests.conftest import real_zip
from tests.databases import copied
from tests.published import NUMBERED, text_of

pytestmark = pytest.mark.usefixtures("unmeasured")

Files = dict[str, bytes]
Content = dict[str, list[tuple[str, ...]]]
#: A change, drawn from its random numbers; and whether what it leaves has to be equal if it is loaded.
Change = Callable[[Files, random.Random], Files]
_INCIDENTS = 40
_SHIFT = 10_000_000
_PARENTS = (
    ("incident_id", ("offense", "offender", "victim", "property", "arrestee")),
    ("offense_id", ("weapon", "criminal_act", "suspect_using", "bias_motivation")),
    ("victim_id", ("victim_offense", "victim_offender_rel", "victim_injury", "victim_circumstances")),
    ("property_id", ("property_desc", "suspected_drug")),
    ("arrestee_id", ("arrestee_weapon",)),
)
_SHIFTED = ("nibrs_month_id", "incident_id", "offense_id", "offender_id", "victim_id", "property_id", "arrestee_id")


#: What people and programs put into zips.
EXTRA = {"readme.pdf": b"%PDF", "notes.csv": b"\xff\xfe\x00", "__MACOSX/._nibrs_month.csv": b"\0\5", "empty/": b""}


def stem(name: str) -> str:
    return PurePosixPath(name).stem.lower()


def parsed(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text_of(content))))


def written(rows: list[list[str]], quoting: int = csv.QUOTE_MINIMAL) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n", quoting=quoting).writerows(rows)  # type: ignore[arg-type]
    return text.getvalue().encode()


def slice_of(path: Path) -> Files:
    """A zip with the first incidents and what hangs on them; all months, agencies and lists."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist() if name.lower().endswith(".csv")}
    names = {stem(name): name for name in files}

    def keep(table: str, column: str, values: set[str] | None) -> dict[str, set[str]]:
        header, *rows = parsed(files[names[table]])
        place = [each.lower() for each in header].index(column)
        kept = rows[:_INCIDENTS] if values is None else [row for row in rows if row[place] in values]
        files[names[table]] = written([header, *kept])
        return {name.lower(): {row[at] for row in kept} for at, name in enumerate(header)}

    found = keep("nibrs_incident", "incident_id", None)
    keys = {"incident_id": found["incident_id"]}
    if "nibrs_arrestee_groupb" in names:
        for table in ("nibrs_arrestee_groupb", "nibrs_arrestee_groupb_weapon"):
            keep(table, "groupb_arrestee_id", set())
    for key, tables in _PARENTS:
        for table in tables:
            columns = keep(f"nibrs_{table}", key, keys[key])
            own = f"{table}_id"
            if own in columns:
                keys[own] = columns[own]
    keep("nibrs_month", "nibrs_month_id", found["nibrs_month_id"])
    return files


def tables_of(files: Files) -> list[str]:
    """The members that are tables."""
    return sorted(name for name in files if stem(name) not in {stem(extra) for extra in EXTRA})


def a_table(files: Files, numbers: random.Random) -> str:
    return numbers.choice(tables_of(files))


def shuffled(files: Files, numbers: random.Random) -> Files:
    name = a_table(files, numbers)
    header, *rows = parsed(files[name])
    numbers.shuffle(rows)
    return {**files, name: written([header, *rows])}


def with_line_ends(files: Files, numbers: random.Random) -> Files:
    end = numbers.choice([b"\r\n", b"\r"])
    names = numbers.choice([tables_of(files), [a_table(files, numbers)]])
    return {**files, **{name: files[name].replace(b"\r\n", b"\n").replace(b"\n", end) for name in names}}


def with_a_mark(files: Files, numbers: random.Random) -> Files:
    name = a_table(files, numbers)
    return {**files, name: b"\xef\xbb\xbf" + files[name].removeprefix(b"\xef\xbb\xbf")}


def quoted(files: Files, numbers: random.Random) -> Files:
    name = a_table(files, numbers)
    rows = parsed(files[name])
    # In layout 1 an empty text that is quoted is not the same as none.
    is_safe = all(all(row) for row in rows)
    return {**files, name: written(rows, csv.QUOTE_ALL)} if is_safe else files


def in_capitals(files: Files, numbers: random.Random) -> Files:
    change = numbers.choice([str.upper, str.lower])
    return {change(name): content for name, content in files.items()}


def in_a_folder(files: Files, numbers: random.Random) -> Files:
    folder = numbers.choice(["XX/", "a/b/c/", "XX\\"])
    return {folder + PurePosixPath(name).name: content for name, content in files.items()}


def with_extra_members(files: Files, numbers: random.Random) -> Files:
    return {**files, **{name: EXTRA[name] for name in numbers.sample(sorted(EXTRA), 2)}}


def with_an_extra_column(files: Files, numbers: random.Random) -> Files:
    name = a_table(files, numbers)
    header, *rows = parsed(files[name])
    return {**files, name: written([[*header, "brand_new"], *([*row, "1"] for row in rows)])}


def with_columns_moved(files: Files, numbers: random.Random) -> Files:
    name = a_table(files, numbers)
    rows = parsed(files[name])
    places = list(range(len(rows[0])))
    if len({column.lower() for column in rows[0]}) == len(rows[0]):
        numbers.shuffle(places)
    return {**files, name: written([[row[place] for place in places] for row in rows])}


def with_a_column_less(files: Files, numbers: random.Random) -> Files:
    name = a_table(files, numbers)
    rows = parsed(files[name])
    place = numbers.randrange(len(rows[0]))
    return {**files, name: written([row[:place] + row[place + 1 :] for row in rows])}


def with_a_row_twice(files: Files, numbers: random.Random) -> Files:
    name = a_table(files, numbers)
    header, *rows = parsed(files[name])
    return {**files, name: written([header, *rows, *rows[:1]])}


def with_a_strange_byte(files: Files, numbers: random.Random) -> Files:
    name = a_table(files, numbers)
    at = numbers.randrange(len(files[name]) + 1)
    strange = numbers.choice([b"\0", b"\x81", b'"', b"\xff", b"\n", b",", b"\r"])
    return {**files, name: files[name][:at] + strange + files[name][at:]}


def in_utf_16(files: Files, numbers: random.Random) -> Files:
    name = a_table(files, numbers)
    return {**files, name: text_of(files[name]).encode("utf-16")}


def with_another_cell(files: Files, numbers: random.Random) -> Files:
    name = a_table(files, numbers)
    rows = parsed(files[name])
    row = numbers.choice(rows)
    row[numbers.randrange(len(row))] = numbers.choice(["", "x", "-1", "99999999999999999999", "13", "é", "1066-01-01"])
    return {**files, name: written(rows)}


def with_a_header_alone(files: Files, numbers: random.Random) -> Files:
    name = a_table(files, numbers)
    return {**files, name: written(parsed(files[name])[:1])}


def without_a_member(files: Files, numbers: random.Random) -> Files:
    name = a_table(files, numbers)
    return {each: content for each, content in files.items() if each != name}


def shifted(files: Files, numbers: random.Random) -> Files:
    found = dict(files)
    for name in tables_of(files):
        header, *rows = parsed(files[name])
        places = [at for at, column in enumerate(header) if column.lower() in _SHIFTED]
        for row in rows:
            for place in places:
                row[place] = str(int(row[place]) + _SHIFT) if row[place] else ""
        found[name] = written([header, *rows])
    return found


#: What is equal if it is loaded.
HARMLESS = (
    shuffled, with_line_ends, with_a_mark, quoted, in_capitals, in_a_folder, with_extra_members, with_an_extra_column,
    with_columns_moved, shifted,
)  # fmt: skip
#: What may be refused, and may mean something else.
HARMFUL = (
    with_a_column_less, with_a_row_twice, with_a_strange_byte, in_utf_16, with_another_cell, with_a_header_alone,
    without_a_member,
)  # fmt: skip


class Piece:
    """A piece of a zip in a database; ``first`` is its least incident_id."""

    def __init__(self, files: Files, connection: Connection, folder: Path) -> None:
        self.files, self.connection, self.folder = files, connection, folder
        [[self.first]] = connection.run("SELECT min(incident_id) FROM nibrs_incident")
        self.content = self.now()

    def now(self) -> Content:
        """What the database holds now."""
        return content_of(self.connection, self.first)

    def __repr__(self) -> str:
        return "Piece"


def content_of(connection: Connection, first: int) -> Content:
    """All rows of the data; keys as they were before they were shifted, numbers that loading gives left out.

    Args:
        first: the least incident_id of the piece.
    """
    [[least]] = connection.run("SELECT min(incident_id) FROM nibrs_incident")
    found = {}
    for table in nibrs_catalog().data_tables:
        columns = ", ".join(
            f"({name} - {least - first})::text" if name in _SHIFTED else f"{name}::text"
            for name in table.column_names
            if name not in NUMBERED
        )
        found[table.name] = sorted(
            tuple(value or "" for value in row) for row in connection.run(f"SELECT {columns} FROM {table.name}")
        )
    return found


def differing(one: Content, other: Content) -> list[str]:
    """The tables that differ; their rows are too many to look at."""
    return [name for name in one if one[name] != other[name]]


@pytest.fixture(scope="module", params=["AZ-2016", "MN-2018", "VT-2024"])
def piece(
    request: pytest.FixtureRequest, server: DatabaseLocation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Piece]:
    folder = tmp_path_factory.mktemp("pieces")
    files = slice_of(real_zip(request.param))
    with copied(server, "empty") as location:
        connection = connect(location)
        load_zip(connection, nibrs_catalog(), packed(files, folder / "piece.zip"))
        yield Piece(files, connection, folder)
        connection.close()


def packed(files: Files, path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def changed(files: Files, changes: list[Change], seed: int) -> Files:
    numbers = random.Random(seed)
    for change in changes:
        files = change(files, numbers)
    return files


#: A failure names its changes and seed, which are few: to look for fewer would take minutes.
many = settings(
    max_examples=10, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip


@pytest.mark.slow
@many
@given(changes=st.lists(st.sampled_from(HARMLESS), min_size=1, max_size=4), seed=st.integers(0, 10_000))
def test_what_says_the_same_in_another_way_is_loaded_and_equal(piece: Piece, changes: list[Change], seed: int) -> None:
    path = packed(changed(piece.files, changes, seed), piece.folder / "same.zip")
    load_zip(piece.connection, nibrs_catalog(), path, replace=True)
    assert differing(piece.now(), piece.content) == []


@pytest.mark.slow
@many
@given(changes=st.lists(st.sampled_from(HARMFUL), min_size=1, max_size=2), seed=st.integers(0, 10_000))
def test_what_is_broken_is_loaded_whole_or_not_at_all(piece: Piece, changes: list[Change], seed: int) -> None:
    before = piece.now()
    path = packed(changed(piece.files, changes, seed), piece.folder / "broken.zip")
    try:
        loaded = load_zip(piece.connection, nibrs_catalog(), path, replace=True)
    except BadFile as refused:
        assert str(refused).startswith(str(path))
        assert "\n" not in str(refused)
        assert differing(piece.now(), before) == []
    else:
        rows = {name: len(found) for name, found in piece.now().items()}
        assert rows["nibrs_incident"] == _INCIDENTS
        for name in ("nibrs_offense", "nibrs_offender", "nibrs_victim", "nibrs_property", "nibrs_arrestee"):
            assert not loaded.rows or rows[name] == loaded.rows[name]
        assert not piece.connection.run("SELECT 1 FROM pg_class WHERE relname LIKE 'staged_%'")
