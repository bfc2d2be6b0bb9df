"""What changed since a zip was made: never missed, whatever was written, and found without reading too much."""

import random
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nibrs_home import embedded_postgres
from nibrs_home.home import Home
from nibrs_pipeline.catalog import Catalog
from nibrs_pipeline.database.connection import connect
from nibrs_pipeline.database.location import DatabaseLocation
from nibrs_pipeline.database.snapshot import Snapshot, snapshot
from nibrs_pipeline.plan import changes
from nibrs_pipeline.plan.change_queries import table_versions_query
from nibrs_pipeline.plan.changes import find_changes
from nibrs_pipeline.state_year import StateYear

from tests.changing_pipeline import ITEMS, STEPS, Pipeline, follow
from tests.changing_world import World, heartbeat, insert


@pytest.fixture(scope="module")
def shared_location(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DatabaseLocation]:
    home = Home(tmp_path_factory.mktemp("changes") / "home")
    with embedded_postgres.database(home) as found:
        yield found
    embedded_postgres.stop(home)


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
        follow([*steps, "check and make", "commit", "check and make", "check and make"], world, open_, pipeline)


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
        heartbeat(world)
        assert joins_below_months(pipeline) == []
    world.run(
        "UPDATE nibrs_offense SET ff_line_number = 2 WHERE offense_id = (SELECT min(offense_id) FROM nibrs_offense)"
    )
    assert joins_below_months(pipeline) == ["nibrs_offense"]
    world.run("DELETE FROM nibrs_weapon WHERE nibrs_weapon_id = (SELECT min(nibrs_weapon_id) FROM nibrs_weapon)")
    assert joins_below_months(pipeline)[-1:] == ["nibrs_weapon"]
    heartbeat(world)
    joins_below_months(pipeline)
    heartbeat(world)
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
    heartbeat(world)
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
    heartbeat(world)
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
    heartbeat(world)
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
        heartbeat(world)


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
        insert(world)
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
