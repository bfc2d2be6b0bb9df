"""Databases whose tables lie in a schema beneath, with views over them in the one that is read."""

from nibrs_pipeline.catalog import Catalog
from nibrs_pipeline.database.connection import Connection
from nibrs_pipeline.database.sql import identifier

BENEATH = "beneath"


def names_of(catalog: Catalog) -> list[str]:
    return [*(table.name for table in catalog.tables), "loaded_grpb_arrest"]


def move_beneath(connection: Connection, catalog: Catalog, *names: str) -> None:
    """Move tables to the schema beneath, all of them if none is named, and put views in their places."""
    connection.run(f"CREATE SCHEMA IF NOT EXISTS {BENEATH}")
    for name in names or names_of(catalog):
        connection.run(f"ALTER TABLE public.{name} SET SCHEMA {BENEATH}")
        see(connection, catalog, name)


def see(connection: Connection, catalog: Catalog, name: str, **instead: str) -> None:
    """The view of a table beneath, ``t``; columns may be given other expressions, ``source`` another source of rows."""
    table = catalog.get(name)
    source = instead.pop("source", f"{BENEATH}.{name} t")
    columns = [
        f"{instead[column]} AS {identifier(column)}" if column in instead else f"t.{identifier(column)}"
        for column in (table.column_names if table else ("grpb_arrest_id", "state", "data_year"))
    ]
    connection.run(f"CREATE OR REPLACE VIEW public.{name} AS SELECT {', '.join(columns)} FROM {source}")
