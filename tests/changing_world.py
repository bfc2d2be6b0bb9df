"""A tiny database in which anything may change, and every kind of write that changes it."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nibrs_pipeline.catalog import Catalog, Table
from nibrs_pipeline.database.connection import Connection
from nibrs_pipeline.database.sql import identifier

_FILLER = {"timestamp": "'2015-01-01'", "date": "'2015-01-01'"}
_NUMBERS = {"smallint", "integer", "bigint", "numeric", "double precision"}


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


def update(world: World) -> None:
    if found := world.anything():
        name, where = found
        column = world.catalog[name].columns[-1]
        if not column.primary_key:
            world.run(f"UPDATE {name} SET {identifier(column.name)} = {identifier(column.name)} WHERE {where}")


def delete(world: World) -> None:
    if found := world.anything():
        world.run(f"DELETE FROM {found[0]} WHERE {found[1]}")


def insert(world: World) -> None:
    if (month := world.value("nibrs_month_id", "nibrs_month")) is not None:
        world.insert_incident(month)


def insert_below(world: World) -> None:
    """One row of a table, perhaps below a parent that is not there."""
    table = world.random.choice(world.below())
    parent = world.catalog.lineage(table)[1]
    key = world.value(parent.primary_key[0], parent.name)
    world.insert(table.name, **{parent.primary_key[0]: key if key is not None else 999_999})


def insert_and_delete_alike(world: World) -> None:
    """As many rows as before."""
    table = world.random.choice(world.below())
    if found := world.anything(table.name):
        world.run(f"DELETE FROM {found[0]} WHERE {found[1]}")
        parent = world.catalog.lineage(table)[1]
        if (key := world.value(parent.primary_key[0], parent.name)) is not None:
            world.insert(table.name, **{parent.primary_key[0]: key})


def move_incident(world: World) -> None:
    month = world.value("nibrs_month_id", "nibrs_month")
    if month is not None and (found := world.anything("nibrs_incident")):
        world.run(f"UPDATE nibrs_incident SET nibrs_month_id = {month} WHERE {found[1]}")


def move_child(world: World) -> None:
    offense = world.value("offense_id", "nibrs_offense")
    if offense is not None and (found := world.anything("nibrs_weapon")):
        world.run(f"UPDATE nibrs_weapon SET offense_id = {offense} WHERE {found[1]}")


def move_month(world: World) -> None:
    if found := world.anything("nibrs_month"):
        agency, year = world.value("agency_id", "ref_agency"), world.random.choice((2015, 2016))
        world.run(f"UPDATE nibrs_month SET agency_id = {agency}, data_year = {year} WHERE {found[1]}")


def swap_agencies(world: World) -> None:
    """Two agencies change states: every number stays what it was."""
    first, second = world.random.choice((10, 11)), world.random.choice((20, 21))
    world.run(
        f"UPDATE ref_agency SET state_id = CASE agency_id WHEN {first} THEN 2 ELSE 1 END "
        f"WHERE agency_id IN ({first}, {second})"
    )


def move_agency(world: World) -> None:
    agency, state = world.value("agency_id", "ref_agency"), world.random.choice((1, 2))
    world.run(f"UPDATE ref_agency SET state_id = {state} WHERE agency_id = {agency}")


def swap_agency_rows(world: World) -> None:
    world.run("UPDATE cde_agencies SET state_abbr = CASE state_abbr WHEN 'AA' THEN 'BB' ELSE 'AA' END "
              "WHERE agency_id IN (10, 20)")  # fmt: skip


def reload(world: World) -> None:
    """A table is emptied and filled again with the same rows."""
    name = world.random.choice(world.catalog.data_tables).name
    world.run(f"CREATE TEMPORARY TABLE kept AS SELECT * FROM {name}")
    world.run(f"TRUNCATE {name}")
    world.run(f"INSERT INTO {name} SELECT * FROM kept")
    world.run("DROP TABLE kept")


def empty(world: World) -> None:
    world.run(f"TRUNCATE {world.random.choice(world.below()).name}")


def remove_incident(world: World) -> None:
    """The rows below it stay, without a parent."""
    if found := world.anything("nibrs_incident"):
        world.run(f"DELETE FROM nibrs_incident WHERE {found[1]}")


def roll_back(world: World) -> None:
    world.run("BEGIN")
    insert(world)
    delete(world)
    world.run("ROLLBACK")


def vacuum(world: World) -> None:
    world.run(world.random.choice(("VACUUM FREEZE", "VACUUM FULL nibrs_offense", "VACUUM")))


def heartbeat(world: World) -> None:
    world.run("INSERT INTO loaded_grpb_arrest SELECT least(min(grpb_arrest_id), 0) - 1, 'AA', 2015 "
              "FROM loaded_grpb_arrest")  # fmt: skip


def unplace(world: World) -> None:
    """A Group B arrest names no month any more; most often it is known which file it came from."""
    if found := world.anything("nibrs_grpb_arrest"):
        state, year = world.random.choice(("AA", "BB")), world.random.choice((2015, 2016))
        if world.random.random() < 0.8:
            world.run(f"INSERT INTO loaded_grpb_arrest SELECT grpb_arrest_id, '{state}', {year} FROM nibrs_grpb_arrest "
                      f"WHERE {found[1]} ON CONFLICT DO NOTHING")  # fmt: skip
        world.run(f"UPDATE nibrs_grpb_arrest SET nibrs_month_id = NULL WHERE {found[1]}")


WRITES: list[Callable[[World], None]] = [
    update, delete, insert, insert_below, insert_and_delete_alike, move_incident, move_child, move_month,
    swap_agencies, move_agency, swap_agency_rows, reload, empty, remove_incident, roll_back, vacuum, heartbeat,
    unplace,
]  # fmt: skip
BY_NAME = {write.__name__: write for write in WRITES}
