"""What changed since a zip was made: never missed, whatever was written, and found without reading too much."""

import hashlib
import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nibrs_home import embedded_postgres
from nibrs_home.home import Home
from nibrs_pipeline.archive.manifest import FileEntry, SourceFingerprint, StateYearManifest, ZipSummary
from nibrs_pipeline.archive.zip_writer import PACKING
from nibrs_pipeline.catalog import Catalog, Table
from nibrs_pipeline.database.connection import Connection, connect
from nibrs_pipeline.database.location import DatabaseLocation
from nibrs_pipeline.database.snapshot import Snapshot, snapshot
from nibrs_pipeline.database.sql import identifier
from nibrs_pipeline.extract.queries import state_year_query
from nibrs_pipeline.plan import changes
from nibrs_pipeline.plan.change_queries import table_versions_query
from nibrs_pipeline.plan.changes import CheckedSource, find_changes
from nibrs_pipeline.state_year import StateYear
from pg8000.exceptions import DatabaseError

ITEMS = [StateYear(state, year) for state in ("AA", "BB") for year in (2015, 2016)]
_FILLER = {"timestamp": "'2015-01-01'", "date": "'2015-01-01'"}
_NUMBERS = {"smallint", "integer", "bigint", "numeric", "double precision"}


@pytest.fixture(scope="module")
def shared_location(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DatabaseLocation]:
    home = Home(tmp_path_factory.mktemp("changes") / "home")
    with embedded_postgres.database(home) as found:
        yield found
    embedded_postgres.stop(home)


@dataclass
class World:
    """A tiny database: two states with two agencies each, two years, a row or two of everything."""

    catalog: Catalog
    connection: Connection
    random: random.Random
    number: int = 1000
    #: Statements that are sent together.
    waiting: list[str] | None = None

    def fill(self) -> None:
        self.waiting = []
        self._fill()
        together, self.waiting = "; ".join(self.waiting), None
        self.run(together)

    def _fill(self) -> None:
        names = ", ".join(table.name for table in (*self.catalog.data_tables, *self._places()))
        self.run(f"TRUNCATE {names}, loaded_grpb_arrest")
        for state, abbreviation in ((1, "AA"), (2, "BB")):
            self.insert("ref_state", state_id=state, state_abbr=abbreviation, state_postal_abbr=abbreviation)
            for agency in (10 * state, 10 * state + 1):
                self.insert("ref_agency", agency_id=agency, state_id=state)
                self.insert("cde_agencies", agency_id=agency, state_id=state, state_abbr=abbreviation)
                for year in (2015, 2016):
                    self.insert("agency_participation", agency_id=agency, year=year, state_abbr=abbreviation)
                    month = self.insert("nibrs_month", agency_id=agency, data_year=year, month_num=1)
                    self.insert_incident(month)

    def _places(self) -> list[Table]:
        return [self.catalog["ref_state"], self.catalog["ref_agency"]]

    def run(self, statement: str) -> list[list[Any]]:
        if self.waiting is not None:
            self.waiting.append(statement)
            return []
        return list(self.connection.run(statement) or [])

    def insert(self, name: str, **values: Any) -> int:
        """A row with the values given, a number for its key, and filler for the rest; returns the number."""
        self.number += 1
        table = self.catalog[name]
        single = len(table.primary_key) == 1
        chosen = {
            column.name: (
                repr(values[column.name])
                if column.name in values
                else str(self.number if single else self.number % 30000)
                if column.primary_key
                else "1"
                if column.type in _NUMBERS
                else _FILLER.get(column.type, "'x'")
            )
            for column in table.columns
        }
        self.run(f"INSERT INTO {name} ({', '.join(map(identifier, chosen))}) VALUES ({', '.join(chosen.values())})")
        return int(values.get(table.primary_key[0], self.number))

    def insert_incident(self, month: int) -> None:
        """With a row of every table below."""
        made = {"nibrs_month": month}
        for table in self.below():
            parent = self.catalog.lineage(table)[1]
            keys = {parent.primary_key[0]: made[parent.name]}
            if table.name == "nibrs_victim_offense":
                keys["offense_id"] = made["nibrs_offense"]
            made[table.name] = self.insert(table.name, **keys)

    def below(self) -> list[Table]:
        return [table for table in self.catalog.data_tables if len(self.catalog.lineage(table)) > 1]

    def anything(self, *names: str) -> tuple[str, str] | None:
        """A row of one of some tables: the table, and a condition that finds it."""
        name = self.random.choice(names or [table.name for table in self.catalog.data_tables])
        rows = self.run(f"SELECT ctid FROM {name} ORDER BY ctid")
        return (name, f"ctid = '{self.random.choice(rows)[0]}'") if rows else None

    def value(self, column: str, table: str) -> Any:
        rows = self.run(f"SELECT {column} FROM {table} ORDER BY {column}")
        return self.random.choice(rows)[0] if rows else None


def _update(world: World) -> None:
    if found := world.anything():
        name, where = found
        column = world.catalog[name].columns[-1]
        if not column.primary_key:
            world.run(f"UPDATE {name} SET {identifier(column.name)} = {identifier(column.name)} WHERE {where}")


def _delete(world: World) -> None:
    if found := world.anything():
        world.run(f"DELETE FROM {found[0]} WHERE {found[1]}")


def _insert(world: World) -> None:
    if (month := world.value("nibrs_month_id", "nibrs_month")) is not None:
        world.insert_incident(month)


def _insert_below(world: World) -> None:
    """One row of a table, perhaps below a parent that is not there."""
    table = world.random.choice(world.below())
    parent = world.catalog.lineage(table)[1]
    key = world.value(parent.primary_key[0], parent.name)
    world.insert(table.name, **{parent.primary_key[0]: key if key is not None else 999_999})


def _insert_and_delete_alike(world: World) -> None:
    """As many rows as before."""
    table = world.random.choice(world.below())
    if found := world.anything(table.name):
        world.run(f"DELETE FROM {found[0]} WHERE {found[1]}")
        parent = world.catalog.lineage(table)[1]
        if (key := world.value(parent.primary_key[0], parent.name)) is not None:
            world.insert(table.name, **{parent.primary_key[0]: key})


def _move_incident(world: World) -> None:
    month = world.value("nibrs_month_id", "nibrs_month")
    if month is not None and (found := world.anything("nibrs_incident")):
        world.run(f"UPDATE nibrs_incident SET nibrs_month_id = {month} WHERE {found[1]}")


def _move_child(world: World) -> None:
    offense = world.value("offense_id", "nibrs_offense")
    if offense is not None and (found := world.anything("nibrs_weapon")):
        world.run(f"UPDATE nibrs_weapon SET offense_id = {offense} WHERE {found[1]}")


def _move_month(world: World) -> None:
    if found := world.anything("nibrs_month"):
        agency, year = world.value("agency_id", "ref_agency"), world.random.choice((2015, 2016))
        world.run(f"UPDATE nibrs_month SET agency_id = {agency}, data_year = {year} WHERE {found[1]}")


def _swap_agencies(world: World) -> None:
    """Two agencies change states: every number stays what it was."""
    first, second = world.random.choice((10, 11)), world.random.choice((20, 21))
    world.run(
        f"UPDATE ref_agency SET state_id = CASE agency_id WHEN {first} THEN 2 ELSE 1 END "
        f"WHERE agency_id IN ({first}, {second})"
    )


def _move_agency(world: World) -> None:
    agency, state = world.value("agency_id", "ref_agency"), world.random.choice((1, 2))
    world.run(f"UPDATE ref_agency SET state_id = {state} WHERE agency_id = {agency}")


def _swap_agency_rows(world: World) -> None:
    world.run("UPDATE cde_agencies SET state_abbr = CASE state_abbr WHEN 'AA' THEN 'BB' ELSE 'AA' END "
              "WHERE agency_id IN (10, 20)")  # fmt: skip


def _reload(world: World) -> None:
    """A table is emptied and filled again with the same rows."""
    name = world.random.choice(world.catalog.data_tables).name
    world.run(f"CREATE TEMPORARY TABLE kept AS SELECT * FROM {name}")
    world.run(f"TRUNCATE {name}")
    world.run(f"INSERT INTO {name} SELECT * FROM kept")
    world.run("DROP TABLE kept")


def _empty(world: World) -> None:
    world.run(f"TRUNCATE {world.random.choice(world.below()).name}")


def _remove_incident(world: World) -> None:
    """The rows below it stay, without a parent."""
    if found := world.anything("nibrs_incident"):
        world.run(f"DELETE FROM nibrs_incident WHERE {found[1]}")


def _roll_back(world: World) -> None:
    world.run("BEGIN")
    _insert(world)
    _delete(world)
    world.run("ROLLBACK")


def _vacuum(world: World) -> None:
    world.run(world.random.choice(("VACUUM FREEZE", "VACUUM FULL nibrs_offense", "VACUUM")))


def _heartbeat(world: World) -> None:
    world.run("INSERT INTO loaded_grpb_arrest SELECT least(min(grpb_arrest_id), 0) - 1, 'AA', 2015 "
              "FROM loaded_grpb_arrest")  # fmt: skip


def _unplace(world: World) -> None:
    """A Group B arrest names no month any more; most often it is known which file it came from."""
    if found := world.anything("nibrs_grpb_arrest"):
        state, year = world.random.choice(("AA", "BB")), world.random.choice((2015, 2016))
        if world.random.random() < 0.8:
            world.run(f"INSERT INTO loaded_grpb_arrest SELECT grpb_arrest_id, '{state}', {year} FROM nibrs_grpb_arrest "
                      f"WHERE {found[1]} ON CONFLICT DO NOTHING")  # fmt: skip
        world.run(f"UPDATE nibrs_grpb_arrest SET nibrs_month_id = NULL WHERE {found[1]}")


WRITES: list[Callable[[World], None]] = [
    _update, _delete, _insert, _insert_below, _insert_and_delete_alike, _move_incident, _move_child, _move_month,
    _swap_agencies, _move_agency, _swap_agency_rows, _reload, _empty, _remove_incident, _roll_back, _vacuum, _heartbeat,
    _unplace,
]  # fmt: skip
BY_NAME = {write.__name__: write for write in WRITES}


@dataclass
class Pipeline:
    """What runs over a database leave: manifests that know their contents by hash, and what the last check found."""

    catalog: Catalog
    connection: Connection
    manifests: dict[StateYear, StateYearManifest] = field(default_factory=dict)
    remembered: CheckedSource | None = None

    def make(self, items: Iterable[StateYear]) -> None:
        for item in items:
            view = Snapshot(self.connection)
            digest, rows = contents(view, self.catalog, item)
            self.manifests[item] = StateYearManifest(
                state=item.state, state_name=item.state, year=item.year, run_id="r",
                zip=ZipSummary(name=f"{item}.zip", bytes=1, sha256=digest),
                files=[FileEntry(name=f"{name}.csv", bytes=1, sha256="x", rows=count) for name, count in rows.items()],
                source=SourceFingerprint.at(view.position), catalog_version="c", packing=PACKING, common_sha256="x",
            )  # fmt: skip
            view.end()

    def check(self, asked: list[StateYear] | None = None) -> dict[StateYear, list[str]]:
        """One check, remembered; fails if something changed and went unnoticed."""
        view = Snapshot(self.connection)
        truth = {item: contents(view, self.catalog, item)[0] for item in self.manifests}
        found, self.remembered = find_changes(view, self.catalog, self.manifests, self.remembered, asked)
        view.end()
        if self.remembered:
            self.remembered = CheckedSource.from_json(self.remembered.to_json())
        for item, manifest in self.manifests.items():
            if truth[item] != manifest.zip.sha256 and (asked is None or item in asked):
                assert item in found or manifest.source.break_before(view.position), (
                    f"a change of {item} went unnoticed"
                )
        return found


def contents(view: Snapshot, catalog: Catalog, item: StateYear) -> tuple[str, dict[str, int]]:
    """A hash of all rows of a state-year as a zip would have them, and their number by table."""
    digest, rows = hashlib.sha256(), {}
    for table in catalog.data_tables:
        found = view.read(state_year_query(catalog, table, item))
        rows[table.name] = len(found)
        digest.update(f"{table.name} {found!r}".encode())
    return digest.hexdigest(), rows


@pytest.fixture
def world(shared_location: DatabaseLocation, catalog: Catalog) -> Iterator[World]:
    connection = connect(shared_location)
    made = World(catalog, connection, random.Random(1))
    made.fill()
    yield made
    connection.close()


@pytest.fixture
def pipeline(shared_location: DatabaseLocation, catalog: Catalog, world: World) -> Iterator[Pipeline]:
    connection = connect(shared_location)
    yield Pipeline(catalog, connection)
    connection.close()


STEPS = st.lists(
    st.one_of(
        st.sampled_from(sorted(BY_NAME)),
        st.sampled_from(sorted(BY_NAME)),
        st.sampled_from(["check and make", "check and make some", "check a part", "begin", "commit", "make anew"]),
    ),
    min_size=1,
    max_size=14,
)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS, seed=st.integers(0, 2**32), first=st.booleans(), alone=st.booleans())
def test_no_change_goes_unnoticed(
    shared_location: DatabaseLocation, catalog: Catalog, steps: list[str], seed: int, first: bool, alone: bool
) -> None:
    chance = random.Random(seed)
    with ExitStack() as opened:
        ours, theirs, reading = (connect(shared_location) for _ in range(3))
        for connection in (reading, theirs, ours):
            opened.callback(connection.close)
        world, open_ = World(catalog, ours, chance), World(catalog, theirs, chance, 500_000)
        world.fill()
        if alone:
            world.run("ANALYZE")
        patched = opened.enter_context(pytest.MonkeyPatch.context())
        patched.setattr(changes, "_SMALL", 1e9 if alone else 0.1)
        pipeline = Pipeline(catalog, reading)
        if first:
            pipeline.check()
        pipeline.make(ITEMS)
        _follow([*steps, "check and make", "commit", "check and make", "check and make"], world, open_, pipeline)


def _follow(steps: list[str], world: World, open_: World, pipeline: Pipeline) -> None:
    """Do what the steps say; ``open_`` writes in a transaction that stays open for a while."""
    began = False
    world.run("SET lock_timeout = '50ms'")
    for step in steps:
        if step in BY_NAME:
            # Some would wait for the open transaction.
            if not (began and step in ("_reload", "_empty", "_vacuum")):
                _attempt(BY_NAME[step], world)
        elif step == "begin" and not began:
            open_.run("BEGIN")
            _insert(open_)
            began = True
        elif step == "commit" and began:
            open_.run("COMMIT")
            began = False
        elif step == "make anew":
            pipeline.make([world.random.choice(ITEMS)])
        elif step == "check a part":
            pipeline.check(world.random.sample(ITEMS, 2))
        elif step.startswith("check"):
            found = sorted(pipeline.check())
            pipeline.make(found if step == "check and make" else found[:1])


def _attempt(write: Callable[[World], None], world: World) -> None:
    """A write that meets the open transaction, or a key that is taken, is given up, as it would be."""
    try:
        write(world)
    except DatabaseError as error:
        assert error.args[0]["C"] in ("23505", "55P03"), error
        if world.connection._transaction_status != b"I":
            world.run("ROLLBACK")
        world.run("DROP TABLE IF EXISTS kept")


@dataclass
class Counting:
    """A snapshot that notes what is asked."""

    view: Snapshot
    asked: list[str] = field(default_factory=list)

    @property
    def position(self) -> Any:
        return self.view.position

    def read(self, query: str) -> list[list[Any]]:
        self.asked.append(query)
        return self.view.read(query)

    def read_side_by_side(self, queries: Iterable[str]) -> list[list[list[Any]]]:
        return [self.read(query) for query in queries]


def joins_below_months(pipeline: Pipeline) -> list[str]:
    """The tables below months that a check joins."""
    view = Counting(Snapshot(pipeline.connection))
    found, pipeline.remembered = find_changes(view, pipeline.catalog, pipeline.manifests, pipeline.remembered)
    view.view.end()
    pipeline.make(found)
    names = {table.name for table in pipeline.catalog.data_tables if len(pipeline.catalog.lineage(table)) > 1}
    return sorted({
        name for query in view.asked for name in names
        if (f"FROM {name} t\n" in query and "JOIN" in query) or f"FROM {name} t\nWHERE NOT EXISTS" in query
    })  # fmt: skip


def test_where_nothing_changed_nothing_is_joined(world: World, pipeline: Pipeline) -> None:
    pipeline.check()
    pipeline.make(ITEMS)
    for _ in range(3):
        _heartbeat(world)
        assert joins_below_months(pipeline) == []
    world.run(
        "UPDATE nibrs_offense SET ff_line_number = 2 WHERE offense_id = (SELECT min(offense_id) FROM nibrs_offense)"
    )
    assert joins_below_months(pipeline) == ["nibrs_offense"]
    world.run("DELETE FROM nibrs_weapon WHERE nibrs_weapon_id = (SELECT min(nibrs_weapon_id) FROM nibrs_weapon)")
    assert joins_below_months(pipeline)[-1:] == ["nibrs_weapon"]
    _heartbeat(world)
    joins_below_months(pipeline)
    _heartbeat(world)
    assert joins_below_months(pipeline) == []


def test_only_what_changed_is_made_anew(world: World, pipeline: Pipeline) -> None:
    pipeline.make(ITEMS)
    [[month]] = world.run(
        "SELECT nibrs_month_id FROM nibrs_month JOIN ref_agency USING (agency_id) "
        "WHERE data_year = 2016 AND state_id = 2 ORDER BY 1 LIMIT 1"
    )
    world.insert_incident(month)
    assert list(pipeline.check()) == [StateYear("BB", 2016)]
    pipeline.make([StateYear("BB", 2016)])
    _heartbeat(world)
    assert pipeline.check() == {}


def test_a_row_that_came_and_went_between_two_checks_but_lies_in_a_zip_is_noticed(
    world: World, pipeline: Pipeline
) -> None:
    pipeline.check()
    world.insert("nibrs_weapon", offense_id=world.value("offense_id", "nibrs_offense"))
    pipeline.make(ITEMS)
    world.run(f"DELETE FROM nibrs_weapon WHERE nibrs_weapon_id = {world.number}")
    [changed] = pipeline.check().values()
    assert changed == ["nibrs_weapon has 2 rows, had 3"]


#: What takes a table's place without a row being written: done before the check, and after it.
REPLACEMENTS = {
    "loaded beside and renamed": (
        "CREATE TABLE beside (LIKE nibrs_weapon INCLUDING ALL); INSERT INTO beside SELECT * FROM nibrs_weapon; "
        "UPDATE beside SET weapon_id = 2",
        "ALTER TABLE nibrs_weapon RENAME TO former; ALTER TABLE beside RENAME TO nibrs_weapon",
        "DROP TABLE nibrs_weapon; ALTER TABLE former RENAME TO nibrs_weapon",
    ),
    "a part put in the place of rows": (
        "CREATE TABLE beside (LIKE nibrs_weapon INCLUDING ALL); INSERT INTO beside SELECT * FROM nibrs_weapon; "
        "UPDATE beside SET weapon_id = 2",
        "DELETE FROM nibrs_weapon; ALTER TABLE beside INHERIT nibrs_weapon",
        "DROP TABLE beside",
    ),
    "columns that change names": (
        "UPDATE nibrs_offender SET age_id = 2",
        "ALTER TABLE nibrs_offender RENAME age_id TO other; ALTER TABLE nibrs_offender RENAME sex_code TO age_id; "
        "ALTER TABLE nibrs_offender RENAME other TO sex_code",
        "ALTER TABLE nibrs_offender RENAME age_id TO other; ALTER TABLE nibrs_offender RENAME sex_code TO age_id; "
        "ALTER TABLE nibrs_offender RENAME other TO sex_code",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REPLACEMENTS)
def test_what_takes_a_tables_place_is_noticed_though_its_rows_are_older_than_the_check(
    world: World, pipeline: Pipeline, name: str
) -> None:
    before, after, back = REPLACEMENTS[name]
    world.run(before)
    pipeline.check()
    pipeline.make(ITEMS)
    _heartbeat(world)
    assert pipeline.check() == {}
    world.run(after)
    try:
        pipeline.check()  # raises for a change that it does not notice
    finally:
        world.run(back)


def test_a_column_that_no_zip_has_changes_nothing(world: World, pipeline: Pipeline) -> None:
    pipeline.check()
    pipeline.make(ITEMS)
    world.run("ALTER TABLE nibrs_weapon ADD COLUMN of_no_zip integer")
    try:
        view = Snapshot(pipeline.connection)
        broken = {manifest.source.break_before(view.position) for manifest in pipeline.manifests.values()}
        view.end()
        assert broken == {None}
    finally:
        world.run("ALTER TABLE nibrs_weapon DROP COLUMN of_no_zip")


def test_agencies_that_change_places_are_noticed_though_every_number_stays(world: World, pipeline: Pipeline) -> None:
    pipeline.check()
    pipeline.make(ITEMS)
    world.run("UPDATE ref_agency SET state_id = 3 - state_id WHERE agency_id IN (10, 20)")
    assert sorted(pipeline.check()) == ITEMS


def test_a_row_that_lost_its_parent_does_not_stand_in_for_one_that_is_gone(world: World, pipeline: Pipeline) -> None:
    pipeline.check()
    pipeline.make(ITEMS)
    world.run("DELETE FROM nibrs_incident WHERE incident_id = (SELECT min(incident_id) FROM nibrs_incident)")
    world.run("DELETE FROM nibrs_weapon WHERE nibrs_weapon_id = (SELECT max(nibrs_weapon_id) FROM nibrs_weapon)")
    assert sorted(pipeline.check()) == [ITEMS[0], ITEMS[-1]]


def test_what_was_written_before_and_committed_after_is_noticed(
    shared_location: DatabaseLocation, world: World, pipeline: Pipeline
) -> None:
    pipeline.check()
    other = connect(shared_location)
    other.run("BEGIN")
    other.run("UPDATE nibrs_offense SET num_premises_entered = 2 WHERE offense_id = "
              "(SELECT min(offense_id) FROM nibrs_offense)")  # fmt: skip
    _heartbeat(world)
    pipeline.make(ITEMS)
    assert pipeline.check() == {}
    other.run("COMMIT")
    other.close()
    assert list(pipeline.check()) == [ITEMS[0]]


def test_what_changed_and_was_not_made_anew_is_still_out_of_date(world: World, pipeline: Pipeline) -> None:
    pipeline.make(ITEMS)
    world.run("UPDATE nibrs_offense SET num_premises_entered = 2 WHERE offense_id = "
              "(SELECT min(offense_id) FROM nibrs_offense)")  # fmt: skip
    for _ in range(3):
        assert list(pipeline.check()) == [ITEMS[0]]
        _heartbeat(world)


def test_one_scan_counts_what_was_written_since(
    shared_location: DatabaseLocation, world: World, catalog: Catalog
) -> None:
    table = catalog["nibrs_offense"]
    world.run("VACUUM FREEZE nibrs_offense")
    with snapshot(shared_location) as view:
        horizons = [view.position.next]
        assert view.read(table_versions_query(table, horizons[0])) == [[8, 0]]
        assert view.read(table_versions_query(table, 3)) == [[8, 8]]
    for fresh in (1, 2):
        world.run("UPDATE nibrs_offense SET num_premises_entered = 2 WHERE offense_id = (SELECT max(offense_id) "
                  "FROM nibrs_offense WHERE num_premises_entered = 1)")  # fmt: skip
        with snapshot(shared_location) as view:
            horizons.append(view.position.next)
            counted = [view.read(table_versions_query(table, horizon)) for horizon in horizons]
        assert counted == [[[8, since]] for since in range(fresh, -1, -1)]


def test_connections_side_by_side_see_the_same(shared_location: DatabaseLocation, world: World) -> None:
    with snapshot(shared_location) as view:
        _insert(world)
        alone = view.read("SELECT count(*) FROM nibrs_incident")
        several = view.read_side_by_side(["SELECT count(*) FROM nibrs_incident, pg_sleep(0.05)"] * 8)
        backends = view.read_side_by_side(["SELECT pg_backend_pid() FROM pg_sleep(0.05)"] * 8)
    assert several == [alone] * 8
    assert len({backend for [[backend]] in backends}) > 1


def test_where_there_is_no_other_connection_one_answers_all(shared_location: DatabaseLocation, world: World) -> None:
    world.run("DROP ROLE IF EXISTS single")
    world.run("CREATE ROLE single LOGIN CONNECTION LIMIT 1")
    location = DatabaseLocation(shared_location.host, shared_location.port, "single", "", "postgres", "")
    with snapshot(location) as view:
        backends = view.read_side_by_side(["SELECT pg_backend_pid() FROM pg_sleep(0.01)"] * 4)
    assert len({backend for [[backend]] in backends}) == 1
