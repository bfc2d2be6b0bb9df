"""Keys of a file that another state-year of the database has: the FBI gave some numbers twice.

Keys that no other row refers to are replaced; the others only on request, with all that refers to them.
"""

from nibrs_pipeline.archive.provenance import SourceNote
from nibrs_pipeline.catalog import Catalog, Table
from nibrs_pipeline.database.sql import identifier

from nibrs_loading.archives import BadFile
from nibrs_loading.key_spaces import GIVEN_KEYS
from nibrs_loading.staging import Staging, staged

#: A file most of whose keys another state-year has is that state-year under another name.
_MOST_TAKEN = 0.5


def resolve_taken_keys(staging: Staging, renumber: bool) -> None:
    """Give new numbers to rows whose keys another state-year has.

    Args:
        renumber: also those that other rows refer to.

    Raises:
        BadFile: other rows refer to such keys, and renumbering was not asked for; or nearly all keys are taken.
    """
    for table in staging.tables:
        if not _has_number(staging, table):
            continue
        is_surrogate = not _references(staging.catalog, table)
        if not is_surrogate:
            _check(staging, table, renumber)
        _renumber(staging, table)


def first_free_number(staging: Staging, table: Table) -> str:
    """SQL for the number after which numbers are free."""
    key = identifier(table.primary_key[0])
    of = [f"(SELECT max({key}) FROM {identifier(table.name)})", f"(SELECT max({key}) FROM {staged(table.name)})"]
    return f"greatest({GIVEN_KEYS}, {', '.join(of)})"


def _has_number(staging: Staging, table: Table) -> bool:
    """Whether the file numbers the rows of a table that belongs to months."""
    is_of_months = staging.catalog.lineage(table)[-1].name == "nibrs_month"
    sources = staging.found.layout.sources.get(table.name, {})
    return is_of_months and len(table.primary_key) == 1 and table.primary_key[0] in sources


def _references(catalog: Catalog, table: Table) -> list[tuple[str, str]]:
    """Tables and columns that name the table's key."""
    return [
        (other.name, column.name)
        for other in catalog.tables
        for column in other.columns
        if column.references == table.name and other.name != table.name
    ]


def _check(staging: Staging, table: Table, renumber: bool) -> None:
    [key] = table.primary_key
    taken = (
        f"SELECT t.line, t.{identifier(key)}, o.state, o.year FROM {staged(table.name)} t "
        f"JOIN ({_owners(staging.catalog.lineage(table))}) o ON o.key = t.{identifier(key)}"
    )
    number = staging.count(f"SELECT count(*) FROM ({taken}) taken")
    if not number:
        return
    [[line, value, state, year]] = staging.connection.run(f"{taken} ORDER BY t.line LIMIT 1")
    where = f"{staging.where(table, line)}: {staging.found.source_name(table.name, key)} {value}"
    whose = f"is a key of {state}-{year} in the database, as in {number:,} of {staging.rows[table.name]:,} rows"
    own_home = "load the file into a database of its own (NIBRS_HOME)"
    if number > staging.rows[table.name] * _MOST_TAKEN:
        raise BadFile(f"{where} {whose}: the two hold the same rows; {own_home}")
    if not renumber:
        raise BadFile(f"{where} {whose}; use --renumber to give these rows other numbers here, or {own_home}")


def _renumber(staging: Staging, table: Table) -> None:
    """Other numbers for keys that are taken, in the order of the keys, there and where they are referred to."""
    [name], key = table.primary_key, identifier(table.primary_key[0])
    connection = staging.connection
    connection.run(
        f"CREATE TEMPORARY TABLE other_number ON COMMIT DROP AS SELECT key, {first_free_number(staging, table)} + "
        f"row_number() OVER (ORDER BY key) AS number FROM (SELECT DISTINCT t.{key} AS key "
        f"FROM {staged(table.name)} t JOIN {identifier(table.name)} USING ({key})) taken"
    )
    number = staging.count("SELECT count(*) FROM other_number")
    if number:
        for of, column in [(table.name, name), *_references(staging.catalog, table)]:
            if of in staging.columns:
                connection.run(
                    f"UPDATE {staged(of)} t SET {identifier(column)} = n.number FROM other_number n "
                    f"WHERE t.{identifier(column)} = n.key"
                )
        note = f"{name} of {number:,} rows is a key of another state-year in the database: they have other numbers here"
        staging.notes.append(SourceNote(kind="renumbered", table=table.name, rows=number, note=note))
    connection.run("DROP TABLE other_number")


def _owners(lineage: tuple[Table, ...]) -> str:
    """SQL for the state and year that each key of a table belongs to."""
    table = lineage[0]
    key = f"k.{identifier(table.primary_key[0])}"
    month = "m" if len(lineage) > 1 else "k"
    state, year, joins = "s.state_postal_abbr", f"{month}.data_year", ""
    for parent in lineage[1:]:
        alias = " m" if parent is lineage[-1] else ""
        how = "LEFT JOIN" if table.placed_by else "JOIN"
        joins += f" {how} {identifier(parent.name)}{alias} USING ({identifier(parent.primary_key[0])})"
    if table.placed_by:
        joins += f" LEFT JOIN {identifier(table.placed_by)} l USING ({identifier(table.primary_key[0])})"
        state, year = f"coalesce({state}, l.state)", f"coalesce({year}, l.data_year)"
    return (
        f"SELECT {key} AS key, {state} AS state, {year} AS year FROM {identifier(table.name)} k{joins} "
        f"LEFT JOIN ref_agency a ON a.agency_id = {month}.agency_id LEFT JOIN ref_state s ON s.state_id = a.state_id"
    )
