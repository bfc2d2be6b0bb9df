"""The schema of an embedded database, made from the catalog."""

from nibrs_pipeline.catalog import Catalog, nibrs_catalog
from nibrs_pipeline.database import Connection
from nibrs_pipeline.documents.load_scripts import create_indexes, create_table

#: Which files were loaded: makes loading the same file again a matter of no effect.
_LOADED_FILES = """
CREATE TABLE loaded_file (
    sha256 char(64) NOT NULL,
    state varchar(2) NOT NULL,
    data_year smallint NOT NULL,
    file_name text NOT NULL,
    loaded_at timestamp NOT NULL DEFAULT now(),
    PRIMARY KEY (state, data_year)
);
"""
_MONTH_INDEX = "CREATE INDEX nibrs_month_agency_year_idx ON nibrs_month (agency_id, data_year);\n"


def schema_sql(catalog: Catalog) -> str:
    """Tables, keys and indexes, as one script."""
    tables = "".join(create_table(table) for table in catalog.tables)
    indexes = "".join(create_indexes(catalog, table) for table in catalog.data_tables)
    return tables + indexes + _MONTH_INDEX + _LOADED_FILES


def create_schema(connection: Connection) -> None:
    """Create all tables unless they are there."""
    if connection.run("SELECT to_regclass('loaded_file') IS NULL")[0][0]:
        connection.run("BEGIN")
        for statement in schema_sql(nibrs_catalog()).split(";\n"):
            if statement.strip():
                connection.run(statement)
        connection.run("COMMIT")
