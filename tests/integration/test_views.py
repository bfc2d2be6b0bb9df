"""Views as sources: no change beneath them is missed, and nothing is made anew that did not change."""

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nibrs_pipeline.catalog import Catalog
from nibrs_pipeline.database.connection import Connection, connect
from nibrs_pipeline.database.location import DatabaseLocation
from nibrs_pipeline.database.relations import Beneath, deciding_relations, read_beneath
from nibrs_pipeline.database.snapshot import Snapshot
from nibrs_pipeline.extract import state_year_tables
from nibrs_pipeline.plan.source import find_changes_of_source
from nibrs_pipeline.state_year import StateYear

from tests.changing_pipeline import ITEMS, STEPS, Pipeline, follow
from tests.changing_world import BY_NAME, World, heartbeat
from tests.databases import copied, make_empty
from tests.views import BENEATH, move_beneath, see

DE = StateYear("DE", 2015)


@pytest.fixture(scope="module")
def seen(server: DatabaseLocation, catalog: Catalog) -> str:
    """The name of an empty database whose tables are views."""
    name = make_empty(server, "seen")
    connection = connect(replace(server, database=name))
    move_beneath(connection, catalog)
    connection.close()
    return name


@pytest.fixture
def viewed(server: DatabaseLocation, seen: str) -> Iterator[DatabaseLocation]:
    with copied(server, seen) as made:
        yield made


def writing_beneath(location: DatabaseLocation) -> Connection:
    connection = connect(location)
    connection.run(f"SET search_path = {BENEATH}, public")
    return connection


@pytest.fixture
def world(viewed: DatabaseLocation, catalog: Catalog) -> Iterator[World]:
    connection = writing_beneath(viewed)
    made = World(catalog, connection, random.Random(1))
    made.fill()
    yield made
    connection.close()


@pytest.fixture
def pipeline(viewed: DatabaseLocation, catalog: Catalog, world: World) -> Iterator[Pipeline]:
    connection = connect(viewed)
    yield Pipeline(catalog, connection)
    connection.close()


def beneath(connection: Connection, catalog: Catalog) -> dict[str, Beneath]:
    return read_beneath(lambda query: list(connection.run(query) or []), deciding_relations(catalog))


def each_of_one_table(connection: Connection, catalog: Catalog) -> None:
    """As they are made."""


def with_a_lookup(connection: Connection, catalog: Catalog) -> None:
    lookup = "LEFT JOIN beneath.nibrs_weapon_type l ON l.weapon_id = t.weapon_id"
    weapon = "coalesce(l.weapon_id, t.weapon_id)"
    see(connection, catalog, "nibrs_weapon", weapon_id=weapon, source=f"beneath.nibrs_weapon t {lookup}")


def some_are_tables(connection: Connection, catalog: Catalog) -> None:
    for name in ("nibrs_offense", "ref_agency", "nibrs_victim"):
        connection.run(f"DROP VIEW public.{name}")
        connection.run(f"ALTER TABLE beneath.{name} SET SCHEMA public")


def over_another_view(connection: Connection, catalog: Catalog) -> None:
    connection.run("CREATE VIEW beneath.between AS SELECT * FROM beneath.nibrs_incident WHERE incident_id > 0")
    see(connection, catalog, "nibrs_incident", source="beneath.between t")


def of_contents_that_nobody_knows(connection: Connection, catalog: Catalog) -> None:
    see(connection, catalog, "nibrs_offense", source="beneath.nibrs_offense t WHERE now() > '2000-01-01'")


#: Ways in which views are made of what lies beneath.
WAYS: list[Callable[[Connection, Catalog], None]] = [
    each_of_one_table, with_a_lookup, some_are_tables, over_another_view, of_contents_that_nobody_knows,
]  # fmt: skip


@pytest.fixture(params=WAYS)
def made_in_some_way(request: pytest.FixtureRequest, viewed: DatabaseLocation, catalog: Catalog) -> DatabaseLocation:
    connection = connect(viewed)
    request.param(connection, catalog)
    connection.close()
    return viewed


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS, seed=st.integers(0, 2**32), first=st.booleans())
def test_no_change_beneath_views_goes_unnoticed(
    made_in_some_way: DatabaseLocation, catalog: Catalog, steps: list[str], seed: int, first: bool
) -> None:
    chance = random.Random(seed)
    with ExitStack() as opened:
        ours, theirs = writing_beneath(made_in_some_way), writing_beneath(made_in_some_way)
        reading = connect(made_in_some_way)
        for connection in (reading, theirs, ours):
            opened.callback(connection.close)
        world, open_ = World(catalog, ours, chance), World(catalog, theirs, chance, 500_000)
        world.fill()
        pipeline = Pipeline(catalog, reading)
        if first:
            pipeline.check()
        pipeline.make(ITEMS)
        follow([*steps, "check and make", "commit", "check and make", "check and make"], world, open_, pipeline)


@pytest.mark.parametrize("write", sorted(BY_NAME))
def test_every_kind_of_write_beneath_views_is_noticed(world: World, pipeline: Pipeline, write: str) -> None:
    pipeline.make(ITEMS)
    follow(["check and make", "heartbeat", *[write, "check and make"] * 3], world, world, pipeline)


@pytest.fixture
def copies(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tables of which contents are read."""
    read: list[str] = []
    copy = state_year_tables.StateYearTables.copy

    def noted(self: state_year_tables.StateYearTables, table, sink):  # type: ignore[no-untyped-def]
        read.append(table.name)
        return copy(self, table, sink)

    monkeypatch.setattr(state_year_tables.StateYearTables, "copy", noted)
    return read


def checked(pipeline: Pipeline, copies: list[str]) -> tuple[dict[StateYear, list[str]], set[str]]:
    """What a check finds, and of which tables it reads contents; what has changed is made anew."""
    view = Snapshot(pipeline.connection)
    copies.clear()
    found, pipeline.remembered = find_changes_of_source(view, pipeline.catalog, pipeline.manifests, pipeline.remembered)
    view.end()
    read = set(copies)
    pipeline.make(found)
    return found, read


def test_where_nothing_changed_beneath_no_contents_are_read(
    world: World, pipeline: Pipeline, copies: list[str], catalog: Catalog
) -> None:
    pipeline.check()
    pipeline.make(ITEMS)
    everything = {table.name for table in catalog.data_tables}
    # No check has seen the zips yet.
    world.run("CREATE TABLE beneath.heartbeat AS SELECT 1 AS beat")
    assert checked(pipeline, copies) == ({}, everything)
    for _ in range(2):
        world.run("INSERT INTO beneath.heartbeat VALUES (2)")
        assert checked(pipeline, copies) == ({}, set())
    world.run(
        "UPDATE nibrs_offense SET ff_line_number = 2 WHERE offense_id = (SELECT max(offense_id) FROM nibrs_offense)"
    )
    found, read = checked(pipeline, copies)
    assert found == {ITEMS[-1]: ["nibrs_offense has other contents in as many rows"]}
    below = {each.name for each in catalog.data_tables if catalog["nibrs_offense"] in catalog.lineage(each)}
    assert read == below
    world.run("INSERT INTO beneath.heartbeat VALUES (3)")
    # What was made anew is compared once.
    assert checked(pipeline, copies) == ({}, everything)
    world.run("INSERT INTO beneath.heartbeat VALUES (4)")
    assert checked(pipeline, copies) == ({}, set())


def test_a_row_written_again_as_it_was_makes_nothing_anew(world: World, pipeline: Pipeline) -> None:
    pipeline.check()
    pipeline.make(ITEMS)
    world.run("UPDATE nibrs_incident SET data_home = data_home")
    assert pipeline.check() == {}


def test_a_check_of_some_forgets_nothing_of_others(world: World, pipeline: Pipeline, copies: list[str]) -> None:
    pipeline.check()
    pipeline.make(ITEMS)
    heartbeat(world)
    pipeline.check()
    world.run("DELETE FROM nibrs_weapon WHERE nibrs_weapon_id = (SELECT min(nibrs_weapon_id) FROM nibrs_weapon)")
    assert pipeline.check([ITEMS[1]]) == {}
    assert pipeline.check() == {ITEMS[0]: ["nibrs_weapon has 1 rows, had 2"]}
    assert pipeline.check([ITEMS[0]]) == {ITEMS[0]: ["nibrs_weapon has 1 rows, had 2"]}


#: Changes that write no row of a table of the catalog, or none at all.
WITHOUT_A_ROW = {
    "the view says something else": lambda connection, catalog: see(
        connection, catalog, "nibrs_weapon", weapon_id="(t.weapon_id + 1)::smallint"
    ),
    "a view beneath says something else": lambda connection, catalog: connection.run(
        "CREATE OR REPLACE VIEW beneath.between AS SELECT * FROM beneath.nibrs_incident WHERE incident_hour < 0"
    ),
    "a part is attached": lambda connection, catalog: (
        connection.run("CREATE TABLE beneath.part (LIKE beneath.nibrs_offender INCLUDING ALL)"),
        connection.run("ALTER TABLE beneath.part INHERIT beneath.nibrs_offender"),
    ),
    "rows are hidden": lambda connection, catalog: connection.run(
        "ALTER TABLE beneath.nibrs_property ENABLE ROW LEVEL SECURITY"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WITHOUT_A_ROW)
def test_a_change_of_what_views_are_made_of_makes_everything_anew(
    world: World, pipeline: Pipeline, catalog: Catalog, name: str
) -> None:
    over_another_view(world.connection, catalog)
    pipeline.check()
    pipeline.make(ITEMS)
    assert pipeline.check() == {}
    WITHOUT_A_ROW[name](world.connection, catalog)
    view = Snapshot(pipeline.connection)
    broken = {manifest.source.break_before(view.position) for manifest in pipeline.manifests.values()}
    view.end()
    assert broken == {
        "tables were replaced since, or their parts or columns, so that the age of their rows says nothing"
    }


def test_a_lookup_that_a_view_joins_counts(world: World, pipeline: Pipeline, catalog: Catalog) -> None:
    world.run("CREATE TABLE beneath.renamed (old smallint, new smallint)")
    see(
        world.connection, catalog, "nibrs_weapon", weapon_id="coalesce(l.new, t.weapon_id)",
        source="beneath.nibrs_weapon t LEFT JOIN beneath.renamed l ON l.old = t.weapon_id",
    )  # fmt: skip
    pipeline.check()
    pipeline.make(ITEMS)
    assert pipeline.check() == {}
    world.run("INSERT INTO beneath.renamed VALUES (1, 7)")
    assert list(pipeline.check()) == ITEMS
    pipeline.make(ITEMS)
    world.run("DELETE FROM beneath.renamed")
    assert list(pipeline.check()) == ITEMS


def test_materialized_views_and_partitions_are_read_as_the_tables_that_they_are(
    world: World, pipeline: Pipeline, catalog: Catalog
) -> None:
    run = world.run
    run("DROP VIEW public.nibrs_weapon; CREATE MATERIALIZED VIEW public.nibrs_weapon AS SELECT * FROM nibrs_weapon")
    columns = "offense_id, incident_id, offense_type_id, attempt_complete_flag, location_id, num_premises_entered, "
    columns += "method_entry_code, ff_line_number"
    run("CREATE TABLE beneath.in_parts (LIKE nibrs_offense) PARTITION BY RANGE (offense_id)")
    run("CREATE TABLE beneath.all_parts PARTITION OF beneath.in_parts DEFAULT")
    run(f"INSERT INTO beneath.in_parts SELECT {columns} FROM nibrs_offense")
    see(world.connection, catalog, "nibrs_offense", source="beneath.in_parts t")
    described = beneath(pipeline.connection, catalog)
    assert described["nibrs_weapon"] == Beneath(True, frozenset({"public.nibrs_weapon"}))
    assert described["nibrs_offense"] == Beneath(False, frozenset({"beneath.in_parts"}))
    pipeline.check()
    pipeline.make(ITEMS)
    run("UPDATE beneath.all_parts SET ff_line_number = 5 WHERE offense_id = (SELECT min(offense_id) FROM in_parts)")
    assert pipeline.check() == {ITEMS[0]: ["nibrs_offense has other contents in as many rows"]}
    pipeline.make([ITEMS[0]])
    # Nothing is seen of the table before the materialized view is refreshed.
    run("UPDATE nibrs_weapon SET weapon_id = 9")
    assert pipeline.check() == {}
    run("REFRESH MATERIALIZED VIEW public.nibrs_weapon")
    assert list(pipeline.check()) == ITEMS
    pipeline.make(ITEMS)
    run("CREATE UNIQUE INDEX ON public.nibrs_weapon (nibrs_weapon_id)")
    run("DELETE FROM nibrs_weapon WHERE nibrs_weapon_id = (SELECT max(nibrs_weapon_id) FROM nibrs_weapon)")
    run("REFRESH MATERIALIZED VIEW CONCURRENTLY public.nibrs_weapon")
    assert list(pipeline.check()) == [ITEMS[-1]]


#: Views of which the tables beneath do not tell whether they changed, and why.
UNKNOWN = {
    "the clock": ({"source": "beneath.nibrs_weapon t WHERE now() > '2000-01-01'"}, "uses the function now"),
    "the day": ({"source": "beneath.nibrs_weapon t WHERE current_date > '2000-01-01'"}, "uses SQLVALUEFUNCTION"),
    "a function of others": (
        {"weapon_id": "beneath.other(t.weapon_id)"}, "uses the function other",
    ),
    "rows of a function": (
        {"source": "beneath.nibrs_weapon t, generate_series(1, 1) s"}, "uses RANGETBLFUNCTION",
    ),
    "some rows": ({"source": "(SELECT * FROM beneath.nibrs_weapon LIMIT 1000) t"}, "takes some rows of several"),
    "one of each": (
        {"source": "(SELECT DISTINCT ON (weapon_id) * FROM beneath.nibrs_weapon) t"}, "takes some rows of several",
    ),
    "where rows lie": ({"source": "beneath.nibrs_weapon t WHERE t.ctid <> '(7,7)'"}, "says where rows lie"),
    "a place among rows": (
        {"nibrs_weapon_id": "row_number() OVER ()"}, "uses WINDOWCLAUSE, WINDOWFUNC",
    ),
    "an order that is not told": (
        {"source": "beneath.nibrs_weapon t WHERE (SELECT string_agg(l.weapon_code, '') "
             "FROM beneath.nibrs_weapon_type l) IS NULL"}, "uses the function string_agg",
    ),
    "text of a moment": (
        {"source": "beneath.nibrs_weapon t WHERE 'infinity'::timestamptz::text <> t.weapon_id::text"},
        "makes text of values, or values of text, in a way that depends on settings",
    ),
    "PostgreSQL's own": (
        {"source": "beneath.nibrs_weapon t, pg_class c WHERE c.relname = 'pg_class'"},
        "pg_catalog.pg_class is one of PostgreSQL's own",
    ),
    "a list of values": ({"source": "(SELECT w.* FROM beneath.nibrs_weapon w, beneath.moods) t"},
                         "has a type that is not one of PostgreSQL's own"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_is_not_known_to_follow_from_tables_is_decided_by_contents(
    world: World, pipeline: Pipeline, catalog: Catalog, copies: list[str], name: str
) -> None:
    world.run("CREATE FUNCTION beneath.other(of smallint) RETURNS smallint IMMUTABLE LANGUAGE sql AS 'SELECT of'")
    world.run("CREATE TYPE beneath.mood AS ENUM ('good')")
    world.run("CREATE TABLE beneath.mood_of (mood beneath.mood); INSERT INTO beneath.mood_of VALUES ('good')")
    world.run("CREATE VIEW beneath.moods AS SELECT 1 AS one FROM beneath.mood_of WHERE mood = 'good'")
    instead, why = UNKNOWN[name]
    see(world.connection, catalog, "nibrs_weapon", **instead)
    found = beneath(pipeline.connection, catalog)["nibrs_weapon"]
    assert why in found.unknown
    assert found.beyond
    pipeline.check()
    pipeline.make(ITEMS)
    for _ in range(2):
        assert checked(pipeline, copies)[0] == {}
    # No transaction has begun, and still the contents are looked at.
    assert checked(pipeline, copies) == ({}, {"nibrs_weapon"})


#: Views of which the tables beneath do tell.
KNOWN = {
    "two tables put together": {"source": "(SELECT * FROM beneath.nibrs_weapon WHERE offense_id > 5 UNION ALL "
                                "SELECT * FROM beneath.nibrs_weapon WHERE offense_id <= 5) t"},
    "some values of a list": {"source": "beneath.nibrs_weapon t JOIN beneath.nibrs_weapon_type l USING (weapon_id) "
                              "WHERE l.weapon_code IN ('11', '12', 'x')"},
    "text of numbers": {"source": "beneath.nibrs_weapon t WHERE t.weapon_id::text <> '77'"},
    "counts": {"weapon_id": "(SELECT count(*)::smallint FROM beneath.nibrs_month m WHERE m.month_num > t.weapon_id)"},
    "what is there once": {"source": "(SELECT DISTINCT * FROM beneath.nibrs_weapon) t"},
}  # fmt: skip


@pytest.mark.parametrize("name", KNOWN)
def test_what_follows_from_tables_is_not_read_again(
    world: World, pipeline: Pipeline, catalog: Catalog, copies: list[str], name: str
) -> None:
    see(world.connection, catalog, "nibrs_weapon", **KNOWN[name])
    assert beneath(pipeline.connection, catalog)["nibrs_weapon"].unknown == ""
    pipeline.check()
    pipeline.make(ITEMS)
    heartbeat(world)
    pipeline.check()
    heartbeat(world)
    assert checked(pipeline, copies)[1] <= {"nibrs_grpb_arrest", "nibrs_grpb_arrest_weapon"}


def test_a_foreign_table_is_not_taken_for_a_table(world: World, pipeline: Pipeline, catalog: Catalog) -> None:
    world.run("CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing")
    world.run("CREATE FOREIGN TABLE beneath.far (LIKE nibrs_weapon) SERVER nowhere")
    see(world.connection, catalog, "nibrs_weapon", source="beneath.far t")
    found = beneath(pipeline.connection, catalog)["nibrs_weapon"]
    assert (found.has_versions, found.unknown) == (False, "beneath.far is no table of this database")
    world.run("DROP VIEW public.nibrs_weapon; ALTER FOREIGN TABLE beneath.far RENAME TO nibrs_weapon_far")
    world.run("CREATE TABLE public.nibrs_weapon (LIKE nibrs_weapon) PARTITION BY RANGE (nibrs_weapon_id)")
    world.run("CREATE FOREIGN TABLE beneath.far PARTITION OF public.nibrs_weapon DEFAULT SERVER nowhere")
    assert not beneath(pipeline.connection, catalog)["nibrs_weapon"].has_versions


def test_a_reader_that_may_not_read_beneath_compares_contents(
    world: World, pipeline: Pipeline, catalog: Catalog, copies: list[str], viewed: DatabaseLocation
) -> None:
    role = f"reader_of_{viewed.database}"
    world.run(f"CREATE ROLE {role} LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
    reading = connect(replace(viewed, user=role))
    try:
        found = beneath(reading, catalog)["nibrs_weapon"]
        assert found == Beneath(False, found.tables, "beneath.nibrs_weapon may not be read", False)
        theirs = Pipeline(catalog, reading)
        theirs.check()
        theirs.make(ITEMS)
        # As long as no transaction has begun there is nothing to compare.
        assert checked(theirs, copies) == ({}, set())
        world.run("UPDATE nibrs_weapon SET weapon_id = 9 WHERE offense_id = (SELECT max(offense_id) FROM nibrs_weapon)")
        found, read = checked(theirs, copies)
        assert list(found) == [ITEMS[-1]]
        assert read >= {"nibrs_weapon"}
    finally:
        reading.close()
        world.run(f"DROP OWNED BY {role}; DROP ROLE {role}")


def test_what_there_is_no_time_to_compare_is_made_anew(world: World, pipeline: Pipeline, copies: list[str]) -> None:
    pipeline.check()
    pipeline.make(ITEMS)
    heartbeat(world)
    copies.clear()
    view = Snapshot(pipeline.connection, lambda: 1000 if len(copies) < 30 else 100)
    found, remembered = find_changes_of_source(view, pipeline.catalog, pipeline.manifests, pipeline.remembered)
    view.end()
    assert ITEMS[0] not in found
    assert found[ITEMS[-1]] == ["there was no time to compare its contents with those of the views"]
    assert remembered
    assert set(remembered.zips) == {str(item) for item in ITEMS if item not in found}
