"""Where a database's transactions stand: the position that later tells what has changed since."""

from dataclasses import dataclass

from nibrs_pipeline.database.relations import Relations, below, roots
from nibrs_pipeline.database.sql import literal

#: The setting of a server whose restarts mean nothing, since nobody but its owner can replace its data folder.
KNOWN_BY_FOLDER = "nibrs.known_by_data_folder"


@dataclass(frozen=True)
class SourcePosition:
    """The cluster and database, and where its transactions stood (see ``source_position_query``).

    Transactions of two positions can be compared only if ``system``, ``timeline`` and ``server`` are the same:
    a restored backup uses transaction numbers a second time. ``tables`` has to be the same, too: a table that was
    filled beside another and then put in its place has rows that are older than their place (see
    ``tables_query``).
    """

    system: str
    horizon: int
    next: int
    time: str
    timeline: int
    server: str
    tables: str = ""


def source_position_query() -> str:
    """Which cluster this is, and where its transactions stand. Any role may ask, also of a hot standby.

    Columns: system (identifier of the cluster and the database), horizon (every transaction
    below it has ended), next (no transaction from it on has begun to write), time (of the
    snapshot, UTC, ISO 8601), timeline (another one after a restore by recovery or a promotion),
    server (when it was started: nothing else tells the copy of a data folder from its original),
    by_folder (whether the server asks to be known by its data folder instead, see ``data_folder_query``).
    """
    return (
        "SELECT (SELECT system_identifier FROM pg_control_system())::text || '/' || d.oid,\n"
        "       pg_snapshot_xmin(pg_current_snapshot())::text::bigint,\n"
        "       pg_snapshot_xmax(pg_current_snapshot())::text::bigint,\n"
        f"       {_iso('statement_timestamp()')},\n"
        "       (SELECT timeline_id FROM pg_control_checkpoint()),\n"
        f"       'started ' || {_iso('pg_postmaster_start_time()')},\n"
        f"       coalesce(current_setting('{KNOWN_BY_FOLDER}', true) = 'on', false)\n"
        "       AND has_function_privilege('pg_stat_file(text)', 'EXECUTE')\n"
        "FROM pg_database d WHERE d.datname = current_database()"
    )


def tables_query(relations: Relations) -> str:
    """What stands for tables, their parts (partitions, tables that inherit) and columns, whatever rows they have.

    One text, which changes if another table is given a table's name, a part is added or taken away, or a column is
    another one under the same name. Of a view it stands for all that lies beneath it, and for what each view says.
    """
    columns = ", ".join(
        f"({literal(table)}, {literal(column)})"
        for table, several in relations.items()
        for each in several
        for column in each.columns
    )
    return (
        f"WITH RECURSIVE root (name, oid) AS (SELECT * FROM (VALUES {roots(relations)}) root),\n"
        "part (name, oid) AS (\n"
        "  SELECT * FROM root\n"
        "  UNION ALL SELECT part.name, i.inhrelid FROM part JOIN pg_inherits i ON i.inhparent = part.oid\n"
        f"),\n{below()},\n"
        "view (said) AS (\n"
        "  SELECT DISTINCT concat_ws(' ', below.name, c.oid, c.relkind, c.relrowsecurity,\n"
        "    (SELECT md5(string_agg(r.ev_action::text, ',' ORDER BY r.oid)) FROM pg_rewrite r\n"
        "     WHERE r.ev_class = c.oid),\n"
        "    (SELECT md5(string_agg(d.adbin::text, ',' ORDER BY d.adnum)) FROM pg_attrdef d JOIN pg_attribute a\n"
        "     ON a.attrelid = d.adrelid AND a.attnum = d.adnum\n"
        "     WHERE d.adrelid = c.oid AND a.attgenerated <> ''))\n"
        "  FROM below JOIN pg_class c ON c.oid = below.oid\n"
        "  WHERE below.name IN (SELECT root.name FROM root JOIN pg_class v ON v.oid = root.oid AND v.relkind = 'v')\n"
        ")\n"
        "SELECT coalesce(md5(string_agg(concat_ws(' ', name, part.oid, a.attname, a.attnum), ','\n"
        "                               ORDER BY name, part.oid, a.attnum)), '')\n"
        "       || coalesce((SELECT ' ' || md5(string_agg(said, ',' ORDER BY said)) FROM view), '')\n"
        "FROM part JOIN pg_attribute a ON a.attrelid = part.oid AND a.attnum > 0 AND NOT a.attisdropped\n"
        f"WHERE (name, a.attname) IN (VALUES {columns})"
    )


def data_folder_query() -> str:
    """When the server's data folder was put where it is: for a server that is started many times a day."""
    return f"SELECT 'data folder of ' || {_iso('change')} FROM pg_stat_file('PG_VERSION')"


def _iso(moment: str) -> str:
    """A moment as text, UTC, ISO 8601."""
    return f"to_char({moment} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
