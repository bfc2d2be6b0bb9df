"""``nibrs load``: published zips of any layout into a database, all of a file or nothing."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from nibrs_pipeline.archive.provenance import SourceCode, SourceNote
from nibrs_pipeline.catalog import Catalog, Table
from nibrs_pipeline.database.connection import Connection
from nibrs_pipeline.database.sql import identifier, literal
from nibrs_pipeline.state_year import StateYear
from pg8000.exceptions import DatabaseError

from nibrs_loading.archives import BadFile
from nibrs_loading.counted import counted
from nibrs_loading.faults import Fault, check_rows, set_faults_aside, write_quarantine
from nibrs_loading.frames import adopt_agencies
from nibrs_loading.key_spaces import GIVEN_KEYS, SIMULATED_KEYS
from nibrs_loading.layouts import AGENCIES, MONTHS
from nibrs_loading.merging import LISTED_REFERENCES, fill_from_lists, merge_agencies, merge_codes, move
from nibrs_loading.published_zip import PublishedZip, read_published_zip
from nibrs_loading.source_notes import (
    REPORTERS_ONLY,
    SIMULATED,
    carried_notes,
    tables_not_in_file,
    write_source,
)
from nibrs_loading.staging import Staging, plain, stage, staged, staged_state_year
from nibrs_loading.taken_keys import resolve_taken_keys

_OF_SIMULATION = f"nibrs_month_id > {SIMULATED_KEYS} AND nibrs_month_id <= {GIVEN_KEYS}"


@dataclass(frozen=True)
class Loaded:
    """What was loaded from a file.

    Attributes:
        rows: of the file, by table; empty if it was there already.
        notes: what the file's layout does not have, meanings that differ.
        set_aside: rows that broke keys and were not loaded, by table.
        replaced: the file whose place it took; empty if there was none.
    """

    item: StateYear
    rows: dict[str, int]
    notes: list[SourceNote] = field(default_factory=list)
    set_aside: dict[str, int] = field(default_factory=dict)
    replaced: str = ""

    @property
    def remarks(self) -> list[str]:
        """The notes as sentences."""
        return [note.sentence for note in self.notes]

    @property
    def was_there(self) -> bool:
        """Whether the same file had been loaded before."""
        return not self.rows


def load_zip(
    connection: Connection,
    catalog: Catalog,
    path: Path,
    replace: bool = False,
    quarantine: Path | None = None,
    renumber: bool = False,
    progress: Callable[[Table], None] = lambda table: None,
) -> Loaded:
    """Load one published zip; on any error the database is as it was.

    Args:
        replace: whether a state-year that is there already is replaced instead of refused.
        quarantine: a folder for rows that break keys; without it the file is refused because of them.
        renumber: whether rows get other numbers whose keys another state-year has, instead of being refused.
        progress: told before each table.

    Raises:
        BadFile: the file breaks a rule; says table, line and reason.
    """
    found = read_published_zip(path, catalog)
    connection.run("BEGIN")
    try:
        loaded = _load(connection, catalog, found, replace, quarantine, renumber, progress)
        connection.run("COMMIT")
    except DatabaseError as error:
        connection.run("ROLLBACK")
        raise BadFile(f"{path}: the database refused: {plain(error)}") from error
    except BaseException:
        connection.run("ROLLBACK")
        raise
    if loaded.rows:
        # Statistics of the present rows, for the planner; and no later surprise by autovacuum.
        connection.run("ANALYZE")
    return loaded


def _load(
    connection: Connection,
    catalog: Catalog,
    found: PublishedZip,
    replace: bool,
    quarantine: Path | None,
    renumber: bool,
    progress: Callable[[Table], None],
) -> Loaded:
    fill_from_lists(connection, tuple(catalog[name] for name in LISTED_REFERENCES))
    if not found.layout.is_the_databases:
        # Later files number codes otherwise: what they bring is added to the lists that the downloads have.
        fill_from_lists(connection, catalog.code_tables)
    staging = stage(connection, catalog, found, progress)
    item = staged_state_year(staging)
    before = connection.run(
        "SELECT sha256, file_name FROM loaded_file WHERE state = :state AND data_year = :year",
        state=item.state,
        year=item.year,
    )
    present = _is_present(connection, item)
    if present and before and before[0][0] == found.sha256:
        return Loaded(item, {})
    if present and not replace:
        raise BadFile(f"{found.path}: {item} is in the database already; use --replace to put this file in its place")
    incidents = _incidents_of(connection, item)
    if present:
        _delete_state_year(connection, catalog, item)
    aside = set_faults_aside(staging) if quarantine else {}
    check_rows(staging)
    _check_whole(staging, item, incidents)
    _check_company(staging, item)
    resolve_taken_keys(staging, renumber)
    codes = _move_all(staging, item)
    staging.notes += carried_notes(found.archive) + tables_not_in_file(found, catalog)
    staging.notes += _set_aside_notes(aside) + _coverage(staging)
    _record(staging, item)
    write_source(connection, item, staging.notes, codes)
    if quarantine:
        write_quarantine(staging, aside, quarantine)
    notes = [note for note in staging.notes if note.kind != "set_aside"]
    set_aside = {name: len(faults) for name, faults in aside.items()}
    return Loaded(item, staging.rows, notes, set_aside, before[0][1] if before else "")


def _incidents_of(connection: Connection, item: StateYear) -> int:
    return int(
        connection.run(
            "SELECT count(*) FROM nibrs_incident WHERE nibrs_month_id IN "
            f"(SELECT nibrs_month_id FROM nibrs_month WHERE {_month_condition(item)})"
        )[0][0]
    )


def _check_whole(staging: Staging, item: StateYear, before: int) -> None:
    """Refuse a file that has nothing to load, or that would empty a state-year.

    Args:
        before: incidents of the state-year in the database.
    """
    name = staging.found.file_name
    if not staging.count("SELECT count(*) FROM staged_nibrs_month"):
        raise BadFile(f"{staging.found.path}: {name(MONTHS)} has no row: there is nothing to load; download it again")
    if staging.count("SELECT count(*) FROM staged_nibrs_incident"):
        return
    place = f"{staging.found.path}: {name('nibrs_incident')} has no row"
    if before:
        raise BadFile(f"{place}, and {item} has {before:,} incidents in the database; download the file again")
    reported = staging.count("SELECT count(*) FROM staged_nibrs_month WHERE reported_status = 'I'")
    if reported:
        raise BadFile(f"{place}, though incidents were reported in {reported:,} months; download the file again")


def _check_company(staging: Staging, item: StateYear) -> None:
    """Refuse agencies that the database has in another state, and real rows beside simulated ones."""
    own_home = "load it into a database of its own (NIBRS_HOME)"
    for agency, other in staging.connection.run(
        "SELECT a.agency_id, s.state_postal_abbr FROM staged_cde_agencies a JOIN ref_agency r USING (agency_id) "
        "JOIN ref_state s ON s.state_id = r.state_id WHERE r.state_id <> a.state_id ORDER BY 1 LIMIT 1"
    ):
        table = "cde_agencies" if staging.found.has("cde_agencies") else AGENCIES
        place = f"{staging.found.path}: {staging.found.file_name(table)}: agency_id {agency}"
        raise BadFile(f"{place} is an agency of {other} in the database, not of {item.state}; {own_home}")
    here, there, unlike = ("simulated", "real", "NOT ") if _is_simulated(staging) else ("real", "simulated", "")
    others = f"SELECT EXISTS (SELECT FROM nibrs_month WHERE {unlike}({_OF_SIMULATION}))"
    if staging.connection.run(others)[0][0]:
        raise BadFile(f"{staging.found.path}: {item} is {here} and the database holds {there} state-years; {own_home}")


def _is_simulated(staging: Staging) -> bool:
    months = f"SELECT EXISTS (SELECT FROM staged_nibrs_month WHERE {_OF_SIMULATION})"
    return bool(staging.connection.run(months)[0][0])


def _set_aside_notes(aside: dict[str, list[Fault]]) -> list[SourceNote]:
    return [
        SourceNote(
            kind="set_aside",
            table=name,
            rows=len(faults),
            note=f"{counted(len(faults), 'row of the file is', 'rows of the file are')} not here, such as line "
            f"{faults[0].line}: {faults[0].reason}",
        )
        for name, faults in aside.items()
    ]


def _coverage(staging: Staging) -> list[SourceNote]:
    """What the file covers. A zip that was made from one that lists only reporters has no Return A."""
    if _is_simulated(staging):
        return [SIMULATED]
    if staging.found.layout.lists_all_agencies:
        return_a = "SELECT EXISTS (SELECT FROM staged_agency_participation WHERE months_reported IS NOT NULL)"
        if staging.connection.run(return_a)[0][0]:
            return []
    return [REPORTERS_ONLY]


def _move_all(staging: Staging, item: StateYear) -> list[SourceCode]:
    merged = merge_codes(staging)
    staging.notes += merged.notes
    merge_agencies(staging)
    adopt_agencies(staging.connection)
    for table in staging.tables:
        if table.kind != "code" and table.name != "cde_agencies":
            move(staging, table, merged)
            _keep_place(staging, table, item)
    return merged.codes


def _keep_place(staging: Staging, table: Table, item: StateYear) -> None:
    """Keep of rows that name no month which file brought them: nothing else says where they belong."""
    if table.placed_by:
        [key], [parent_key] = table.primary_key, staging.catalog.lineage(table)[1].primary_key
        staging.connection.run(
            f"INSERT INTO {identifier(table.placed_by)} SELECT {identifier(key)}, {literal(item.state)}, "
            f"{literal(item.year)} FROM {staged(table.name)} WHERE {identifier(parent_key)} IS NULL"
        )


def _record(staging: Staging, item: StateYear) -> None:
    staging.connection.run(
        "INSERT INTO loaded_file (sha256, state, data_year, file_name, layout, remarks) "
        "VALUES (:sha256, :state, :year, :name, :layout, :remarks) "
        "ON CONFLICT (state, data_year) DO UPDATE SET sha256 = excluded.sha256, file_name = excluded.file_name, "
        "layout = excluded.layout, remarks = excluded.remarks, loaded_at = now()",
        sha256=staging.found.sha256,
        state=item.state,
        year=item.year,
        name=staging.found.path.name,
        layout=staging.found.layout.number,
        remarks="\n".join(note.sentence for note in staging.notes),
    )


def _agencies_of(item: StateYear) -> str:
    return (
        "agency_id IN (SELECT a.agency_id FROM ref_agency a JOIN ref_state s USING (state_id) "
        f"WHERE s.state_postal_abbr = {literal(item.state)})"
    )


def _month_condition(item: StateYear) -> str:
    return f"data_year = {literal(item.year)} AND {_agencies_of(item)}"


def _is_present(connection: Connection, item: StateYear) -> bool:
    return bool(connection.run(f"SELECT EXISTS (SELECT FROM nibrs_month WHERE {_month_condition(item)})")[0][0])


def _delete_state_year(connection: Connection, catalog: Catalog, item: StateYear) -> None:
    """Remove a state-year's rows, children first. Agencies stay: other years have them too."""
    lineages = [catalog.lineage(table) for table in catalog.tables]
    for lineage in sorted(lineages, key=len, reverse=True):
        if lineage[-1].name == "nibrs_month":
            connection.run(f"DELETE FROM {identifier(lineage[0].name)} WHERE {_within(lineage, item)}")
    for table in catalog.tables:
        if table.placed_by:
            connection.run(f"DELETE FROM {identifier(table.placed_by)} WHERE {_file_condition(item)}")
    connection.run(
        f"DELETE FROM agency_participation WHERE year = {literal(item.year)} AND state_abbr IN "
        f"(SELECT state_abbr FROM ref_state WHERE state_postal_abbr = {literal(item.state)})"
    )
    for table in catalog.of_kind("reference"):
        if {"agency_id", "data_year"} <= set(table.primary_key):
            connection.run(f"DELETE FROM {identifier(table.name)} WHERE {_month_condition(item)}")


def _file_condition(item: StateYear) -> str:
    return f"state = {literal(item.state)} AND data_year = {literal(item.year)}"


def _within(lineage: tuple[Table, ...], item: StateYear) -> str:
    if len(lineage) == 1:
        return _month_condition(item)
    table, parent = lineage[:2]
    key = identifier(parent.primary_key[0])
    condition = f"{key} IN (SELECT {key} FROM {identifier(parent.name)} WHERE {_within(lineage[1:], item)})"
    if table.placed_by:
        own = identifier(table.primary_key[0])
        placed = f"SELECT {own} FROM {identifier(table.placed_by)} WHERE {_file_condition(item)}"
        condition = f"({condition} OR {own} IN ({placed}))"
    return condition
