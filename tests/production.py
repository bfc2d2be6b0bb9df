"""A database with the FBI's production schema, made from one with the Crime Data Explorer's."""

from pathlib import Path

from nibrs_pipeline.catalog import nibrs_catalog
from nibrs_pipeline.database.connection import connect
from nibrs_pipeline.database.location import DatabaseLocation
from nibrs_pipeline.source_profile import SourceProfile, source_profile

_FOLDER = Path(__file__).parent / "production"


def reduce_to_what_both_say(location: DatabaseLocation) -> None:
    """Take from the Explorer's tables what the production schema does not have, and give them its keys."""
    _run(location, "what_both_say.sql")


def make_production(location: DatabaseLocation) -> None:
    """Make the schema ucr_prd from the Explorer's tables, which are removed."""
    profile = source_profile("ucr_prd")
    _create(location, profile)
    _run(location, "from_explorer.sql")
    connection = connect(location)
    for table in nibrs_catalog().tables:
        if table.name in profile.shapes:
            connection.run(f"DROP TABLE {table.name} CASCADE")
    connection.run("ANALYZE")
    connection.close()


def _create(location: DatabaseLocation, profile: SourceProfile) -> None:
    connection = connect(location)
    connection.run("CREATE SCHEMA ucr_prd")
    for name, columns in profile.relations.items():
        connection.run(f"CREATE TABLE ucr_prd.{name} ({', '.join(f'{each.name} {each.type}' for each in columns)})")
    connection.close()


def _run(location: DatabaseLocation, name: str) -> None:
    connection = connect(location)
    connection.run("BEGIN")
    for statement in (_FOLDER / name).read_text(encoding="utf-8").split(";\n"):
        if statement.strip():
            connection.run(statement)
    connection.run("COMMIT")
    connection.close()
