"""The schema of an embedded database, made from the catalog."""

from nibrs_pipeline.archive.provenance import NO_SUCH_TABLE, NOT_IN_SOURCE
from nibrs_pipeline.catalog import Catalog, Column, Table, nibrs_catalog
from nibrs_pipeline.database.connection import Connection
from nibrs_pipeline.database.sql import identifier
from nibrs_pipeline.extract.documents.load_scripts import create_indexes, create_table

#: Which files were loaded: loading the same file again then has no effect. Group B arrests of
#: published zips name no agency, so that which file brought them is all that is known.
_LOADED_FILES = """
CREATE TABLE loaded_file (
    sha256 char(64) NOT NULL,
    state varchar(2) NOT NULL,
    data_year smallint NOT NULL,
    file_name text NOT NULL,
    layout smallint NOT NULL,
    remarks text NOT NULL,
    loaded_at timestamp NOT NULL DEFAULT now(),
    PRIMARY KEY (state, data_year)
);
CREATE TABLE loaded_grpb_arrest (
    grpb_arrest_id bigint PRIMARY KEY,
    state varchar(2) NOT NULL,
    data_year smallint NOT NULL
);
CREATE INDEX loaded_grpb_arrest_state_year_idx ON loaded_grpb_arrest (state, data_year);
"""
#: What is known of a state-year's source beyond its rows. The FBI's database has neither table: nothing is known then.
_SOURCE_TABLES = """
CREATE TABLE IF NOT EXISTS source_note (
    state text NOT NULL,
    data_year int NOT NULL,
    kind text NOT NULL,
    table_name text,
    rows bigint,
    note text NOT NULL
);
CREATE TABLE IF NOT EXISTS source_code (
    state text NOT NULL,
    data_year int NOT NULL,
    table_name text NOT NULL,
    code text NOT NULL,
    column_name text NOT NULL,
    value text,
    PRIMARY KEY (state, data_year, table_name, code, column_name)
);
"""
#: Tables that came later, which the FBI's database does not have either.
_OF_RESIDENTS = ("ref_agency_demographics", "ref_agency_residents")
#: For a database from before zips had Group B arrests: columns, and which of its files did not have such arrests.
_GROUP_B = f"""
ALTER TABLE nibrs_grpb_arrest {{columns}};
CREATE INDEX IF NOT EXISTS nibrs_grpb_arrest_weapon_grpb_arrest_id_idx ON nibrs_grpb_arrest_weapon (grpb_arrest_id);
CREATE INDEX loaded_grpb_arrest_state_year_idx ON loaded_grpb_arrest (state, data_year);
INSERT INTO source_note
SELECT f.state, f.data_year, '{NOT_IN_SOURCE}', 'nibrs_grpb_arrest', NULL, '{NO_SUCH_TABLE}'
FROM loaded_file f
WHERE NOT EXISTS (SELECT FROM loaded_grpb_arrest l WHERE l.state = f.state AND l.data_year = f.data_year)
  AND NOT EXISTS (
    SELECT FROM nibrs_grpb_arrest JOIN nibrs_month m USING (nibrs_month_id)
    JOIN ref_agency a ON a.agency_id = m.agency_id JOIN ref_state s USING (state_id)
    WHERE s.state_postal_abbr = f.state AND m.data_year = f.data_year
  );
"""
#: Columns that came later, with the table of FBI field offices: what areas below states are made of.
_OF_AREAS = {"ref_agency": ("judicial_dist_code", "field_office_id"), "ref_msa": ("msa_omb_code",)}
_MONTH_INDEX = "CREATE INDEX nibrs_month_agency_year_idx ON nibrs_month (agency_id, data_year);\n"


def schema_sql(catalog: Catalog) -> str:
    """Tables, keys and indexes, as one script."""
    tables = "".join(create_table(table) + cover_parent(catalog, table) for table in catalog.tables)
    indexes = "".join(create_indexes(catalog, table) for table in catalog.tables)
    return tables + indexes + _MONTH_INDEX + _LOADED_FILES + _SOURCE_TABLES


def cover_parent(catalog: Catalog, table: Table) -> str:
    """Let the index of a primary key also hold the key of the table's parent.

    Extraction walks from each table up to its month; with this it reads the indexes of the parents
    only. Other databases can have the same (docs/operations.md).
    """
    parents = catalog.lineage(table)[1:2]
    if not parents or not any(child.parent == table.name for child in catalog.data_tables):
        return ""
    [key], [parent_key] = table.primary_key, parents[0].primary_key
    return (
        f"ALTER TABLE {table.name} DROP CONSTRAINT {table.name}_pkey, "
        f"ADD PRIMARY KEY ({identifier(key)}) INCLUDE ({identifier(parent_key)});\n"
    )


def create_schema(connection: Connection) -> None:
    """Create all tables unless they are there, also those that came later than an older database."""
    catalog = nibrs_catalog()
    scripts = {
        "loaded_file": schema_sql(catalog),
        "source_note": _SOURCE_TABLES,
        **{name: create_table(catalog[name]) for name in _OF_RESIDENTS},
        "ref_field_office": create_table(catalog["ref_field_office"]) + _columns_of_areas(catalog),
    }
    for table, script in scripts.items():
        if connection.run("SELECT to_regclass(:table) IS NULL", table=table)[0][0]:
            _run_whole(connection, script)
    if missing := _missing_columns(connection, catalog["nibrs_grpb_arrest"]):
        columns = ", ".join(f"ADD COLUMN {identifier(each.name)} {each.type}" for each in missing)
        _run_whole(connection, _GROUP_B.format(columns=columns))


def _columns_of_areas(catalog: Catalog) -> str:
    types = {name: {column.name: column.type for column in catalog[name].columns} for name in _OF_AREAS}
    return "".join(
        f"ALTER TABLE {name} ADD COLUMN IF NOT EXISTS {column} {types[name][column]};\n"
        for name, columns in _OF_AREAS.items()
        for column in columns
    )


def _missing_columns(connection: Connection, table: Table) -> list[Column]:
    there = connection.run(
        "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(:table) AND attnum > 0", table=table.name
    )
    return [column for column in table.columns if [column.name] not in there]


def _run_whole(connection: Connection, script: str) -> None:
    connection.run("BEGIN")
    for statement in script.split(";\n"):
        if statement.strip():
            connection.run(statement)
    connection.run("COMMIT")
