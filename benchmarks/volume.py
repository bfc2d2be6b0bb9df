"""A database of the nation's volume whose rows mean nothing: every key is right, every other column is filler."""

from nibrs_pipeline.catalog import Catalog, Table, nibrs_catalog
from nibrs_pipeline.database.connection import Connection
from nibrs_pipeline.database.sql import identifier
from nibrs_pipeline.extract.documents.load_scripts import create_indexes

#: Rows of a table for one of its parent's; a year of the nation has about as many.
_PER_PARENT = {
    "nibrs_offense": 1.15, "nibrs_weapon": 0.22, "nibrs_criminal_act": 0.15, "nibrs_suspect_using": 1.0,
    "nibrs_bias_motivation": 1.0, "nibrs_offender": 1.2, "nibrs_victim": 1.2, "nibrs_victim_offense": 1.15,
    "nibrs_victim_offender_rel": 0.35, "nibrs_victim_injury": 0.25, "nibrs_victim_circumstances": 0.05,
    "nibrs_property": 0.9, "nibrs_property_desc": 1.3, "nibrs_suspected_drug": 0.1, "nibrs_arrestee": 0.25,
    "nibrs_arrestee_weapon": 1.0,
}  # fmt: skip
_AGENCIES_PER_STATE = 360
_FILLER = {
    "smallint": "1", "integer": "1", "bigint": "1", "double precision": "1", "numeric": "1", "text": "'filler text'",
    "timestamp": "timestamp '2020-01-01'", "date": "date '2020-01-01'",
}  # fmt: skip


def fill(connection: Connection, incidents: int, years: range, states: int = 50) -> int:
    """Fill the empty schema with so many incidents, spread evenly; returns the rows of all data tables.

    Rows lie in the order of their state-years, as if one had been loaded after the other.
    """
    catalog = nibrs_catalog()
    indexes = "".join(create_indexes(catalog, table) for table in catalog.data_tables).split(";\n")
    names = [line.split()[2] for line in indexes if line.strip()]
    connection.run("BEGIN")
    for name in names:
        connection.run(f"DROP INDEX {name}")
    agencies = states * _AGENCIES_PER_STATE
    rows = {"nibrs_month": agencies * 12 * len(years), "nibrs_incident": incidents}
    connection.run(_insert(catalog["ref_state"], states, {
        "state_id": "k", "state_abbr": "chr(64 + (k / 26)::int + 1) || chr(65 + (k % 26)::int)",
        "state_postal_abbr": "chr(64 + (k / 26)::int + 1) || chr(65 + (k % 26)::int)",
    }))  # fmt: skip
    state = f"(k - 1) / {_AGENCIES_PER_STATE} + 1"
    abbreviation = f"(SELECT state_abbr FROM ref_state WHERE state_id = {state})"
    connection.run(_insert(catalog["ref_agency"], agencies, {"agency_id": "k", "state_id": state}))
    connection.run(_insert(catalog["cde_agencies"], agencies, {
        "agency_id": "k", "state_id": state, "state_abbr": abbreviation,
    }))  # fmt: skip
    for year in years:
        connection.run(_insert(catalog["agency_participation"], agencies, {
            "year": str(year), "agency_id": "k", "state_abbr": abbreviation,
        }))  # fmt: skip
    connection.run(_insert(catalog["nibrs_month"], rows["nibrs_month"], {
        "nibrs_month_id": "k", "month_num": "(k - 1) % 12 + 1", "reported_status": "'I'",
        "data_year": f"{years[0]} + (k - 1) / {agencies * 12}", "agency_id": f"(k - 1) / 12 % {agencies} + 1",
    }))  # fmt: skip
    for name in ("nibrs_incident", *_PER_PARENT):
        table = catalog[name]
        parent = catalog.lineage(table)[1]
        rows.setdefault(name, int(rows[parent.name] * _PER_PARENT.get(name, 1)))
        connection.run(_insert(table, rows[name], _keys(catalog, table, parent, rows)))
    for definition in indexes:
        if definition.strip():
            connection.run(definition)
    connection.run("COMMIT")
    connection.run("VACUUM ANALYZE")
    return sum(rows.values()) + agencies * (1 + len(years))


def _keys(catalog: Catalog, table: Table, parent: Table, rows: dict[str, int]) -> dict[str, str]:
    """The table's own key counts; that of its parent advances in step, whatever their numbers."""
    parents_key = parent.primary_key[0]
    single = len(table.primary_key) == 1
    # The second column of a key tells apart rows of one parent.
    keys = dict.fromkeys(table.primary_key, "k" if single else "k % 30000")
    if table.name == "nibrs_victim_offense":
        keys["offense_id"] = "k"
    return keys | {parents_key: f"((k - 1)::numeric * {rows[parent.name]} / {rows[table.name]})::bigint + 1"
                   if rows[table.name] < rows[parent.name] else
                   f"((k - 1) * {rows[parent.name]}::bigint / {rows[table.name]}) + 1"}  # fmt: skip


def _insert(table: Table, count: int, values: dict[str, str]) -> str:
    columns = ", ".join(identifier(column.name) for column in table.columns)
    chosen = ", ".join(values.get(column.name) or _filler(column.type) for column in table.columns)
    return f"INSERT INTO {table.name} ({columns}) SELECT {chosen} FROM generate_series(1, {count}::bigint) k"


def _filler(kind: str) -> str:
    return _FILLER.get(kind, "'x'")
