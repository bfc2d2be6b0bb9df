"""Staged tables into the database's: codes by their meaning, agencies by their identifiers, data as they are."""

import csv
from dataclasses import dataclass
from importlib.resources import files

from nibrs_pipeline.archive.provenance import SourceCode, SourceNote
from nibrs_pipeline.catalog import Table
from nibrs_pipeline.code_columns import code_columns
from nibrs_pipeline.database.connection import Connection
from nibrs_pipeline.database.sql import identifier, literal
from pg8000.exceptions import DatabaseError

from nibrs_loading.archives import BadFile
from nibrs_loading.counted import counted
from nibrs_loading.layouts import AGENCIES
from nibrs_loading.staging import Staging, plain, staged
from nibrs_loading.taken_keys import first_free_number

_UNIQUE_VIOLATION = "23505"
_LISTS = files("code_tables") / "lists"
#: Reference tables that are the same in every database.
LISTED_REFERENCES = ("ref_agency_type", "ref_population_group", "ref_region", "ref_division")


def fill_from_lists(connection: Connection, tables: tuple[Table, ...]) -> None:
    """Fill tables that are empty with the lists in ``code_tables/lists``."""
    for table in tables:
        if connection.run(f"SELECT EXISTS (SELECT FROM {identifier(table.name)})")[0][0]:
            continue
        content = (_LISTS / table.csv_name).read_bytes()
        names = content.split(b"\n", 1)[0].decode().strip()
        connection.run(
            f"COPY {identifier(table.name)} ({names}) FROM STDIN WITH (FORMAT csv, HEADER)", stream=[content]
        )


@dataclass(frozen=True)
class Merged:
    """Code tables whose identifiers differ between file and database, and codes that the file names differently."""

    translated: frozenset[str]
    notes: list[SourceNote]
    codes: list[SourceCode]


def merge_codes(staging: Staging) -> Merged:
    """Add codes that are not there, and find each identifier's equivalent; a code's meaning in the database stays.

    Identifiers changed between the layouts (race 1 became 10), codes did not: the code decides what is the same.
    """
    merged = Merged(frozenset(table.name for table in staging.catalog.code_tables if _merge(staging, table)), [], [])
    for table in staging.catalog.code_tables:
        _compare(staging, table, merged)
    return merged


def _merge(staging: Staging, table: Table) -> bool:
    """Add the table's codes, make ``translated_<table>``; tells whether an identifier differs."""
    connection = staging.connection
    name, key = identifier(table.name), identifier(table.primary_key[0])
    code = identifier(code_columns()[table.name].code)
    meanings = staging.found.layout.codes.get(table.name, {})
    pairs = ", ".join(f"({literal(of)}, {literal(meaning)})" for of, meaning in meanings.items()) or "(NULL, NULL)"
    connection.run(
        f"CREATE TEMPORARY TABLE meant ON COMMIT DROP AS SELECT s.{key}::text AS file_key, s.line, "
        f"coalesce(v.meaning, s.{code}::text) AS code FROM {staged(table.name)} s "
        f"LEFT JOIN (VALUES {pairs}) v (code, meaning) ON v.code = s.{code}::text"
    )
    _check_zeros(staging, table)
    _add(staging, table)
    translation = identifier(f"translated_{table.name}")
    connection.run(
        f"CREATE TEMPORARY TABLE {translation} ON COMMIT DROP AS SELECT m.file_key, min(t.{key}) AS db_key "
        f"FROM meant m JOIN {name} t ON t.{code}::text = m.code GROUP BY 1"
    )
    connection.run("DROP TABLE meant")
    return bool(connection.run(f"SELECT EXISTS (SELECT FROM {translation} WHERE file_key <> db_key::text)")[0][0])


def _check_zeros(staging: Staging, table: Table) -> None:
    """Refuse codes that differ from listed ones in leading zeros only: they would become codes of their own."""
    code = code_columns()[table.name].code
    listed = {row[code] for row in csv.DictReader((_LISTS / table.csv_name).read_text(encoding="utf-8").splitlines())}
    without_zeros = {each.lstrip("0") or "0": each for each in listed if each.startswith("0")}
    for line, here in staging.connection.run("SELECT line, code FROM meant ORDER BY line"):
        if here in without_zeros and here not in listed:
            raise BadFile(
                f"{staging.found.path}: {staging.found.file_name(table.name)}, line {line}: {code} {here} is "
                f"{without_zeros[here]}: a spreadsheet has saved the file without leading zeros; download the zip again"
            )


def _add(staging: Staging, table: Table) -> None:
    """Insert codes that are not there, under the file's identifier if it is a number that is free."""
    connection = staging.connection
    name, key = identifier(table.name), identifier(table.primary_key[0])
    code = identifier(code_columns()[table.name].code)
    others = ", ".join(identifier(each) for each in table.column_names if each != table.primary_key[0])
    fresh = connection.run(
        f"SELECT m.line, m.file_key FROM meant m WHERE NOT EXISTS (SELECT FROM {name} t WHERE t.{code}::text = m.code) "
        "ORDER BY m.line"
    )
    taken = {row[0] for row in connection.run(f"SELECT {key} FROM {name}")}
    for line, file_key in fresh:
        free = file_key.isdecimal() and table.primary_key[0] in staging.found.header(table.name)
        chosen = int(file_key) if free and int(file_key) not in taken else max(taken, default=0) + 1
        taken.add(chosen)
        connection.run(
            f"INSERT INTO {name} ({key}, {others}) SELECT {chosen}, {others} FROM {staged(table.name)} "
            f"WHERE line = {line}"
        )


def _compare(staging: Staging, table: Table, merged: Merged) -> None:
    """Codes with another name in the file than in the database, and other columns that differ."""
    columns = code_columns()[table.name]
    name, code = identifier(table.name), identifier(columns.code)
    carried = staging.found.layout.sources[table.name]
    for column in table.column_names:
        if column not in carried or column in (table.primary_key[0], columns.code):
            continue
        differing = staging.connection.run(
            f"SELECT DISTINCT ON (1) t.{code}::text, s.{identifier(column)}::text, t.{identifier(column)}::text "
            f"FROM {name} t JOIN {staged(table.name)} s ON s.{code}::text = t.{code}::text "
            f"WHERE s.{identifier(column)} IS DISTINCT FROM t.{identifier(column)} ORDER BY 1, s.line"
        )
        if not differing:
            continue
        merged.codes.extend(
            SourceCode(table=table.name, code=of, column=column, value=here) for of, here, _ in differing
        )
        if column == columns.name:
            renamed = "; ".join(f"{of} is {here!r} here, {there!r} in the database" for of, here, there in differing)
            note = f"names differ: {renamed}"
        else:
            note = f"{column} differs for {counted(len(differing), 'code', 'codes')}"
        merged.notes.append(SourceNote(kind="renamed", table=table.name, rows=len(differing), note=note))


def merge_agencies(staging: Staging) -> None:
    """Add or update agencies, and fill the reference tables as far as the file allows."""
    for statement in _AGENCY_STATEMENTS:
        staging.connection.run(statement)
    upsert_cde_agencies(staging)
    if AGENCIES in staging.rows:
        _merge_described_agencies(staging)


def upsert_cde_agencies(staging: Staging) -> None:
    """Add or update rows of cde_agencies; a row that describes a later year than the file's stays."""
    table = staging.catalog["cde_agencies"]
    names = _names(table.column_names)
    others = [name for name in table.column_names if name not in table.primary_key]
    staging.connection.run(
        f"INSERT INTO cde_agencies AS old ({names}) SELECT {names} FROM staged_cde_agencies "
        f"ON CONFLICT (agency_id) DO UPDATE SET ({_names(others)}) = ROW ({_names(others, 'excluded.')}) "
        "WHERE coalesce(excluded.current_year, 0) >= coalesce(old.current_year, 0) "
        f"AND ({_names(others, 'old.')}) IS DISTINCT FROM ({_names(others, 'excluded.')})"
    )


#: What cde_agencies and agency_participation say of agencies. Agencies that reported no month stand in
#: agency_participation only, without their type: groups 8 and 9 are counties, all others are taken for cities.
_UNKNOWN = "ref_agency.ucr_agency_name IS NULL AND ref_agency.pub_agency_name IS NULL"
#: An agency of which nothing was known but its number (it has no name) becomes what the file says.
_AGENCY_STATEMENTS = (
    "INSERT INTO ref_agency (agency_id, ori, legacy_ori, ucr_agency_name, pub_agency_name, agency_type_id, "
    "state_id, agency_status, dormant_year) "
    "SELECT agency_id, ori, legacy_ori, left(agency_name, 100), left(short_name, 100), agency_type_id, state_id, "
    "coalesce(agency_status, 'A'), dormant_year FROM staged_cde_agencies "
    "ON CONFLICT (agency_id) DO UPDATE SET ori = excluded.ori, legacy_ori = excluded.legacy_ori, "
    "ucr_agency_name = excluded.ucr_agency_name, pub_agency_name = excluded.pub_agency_name, "
    "agency_type_id = excluded.agency_type_id, agency_status = excluded.agency_status, "
    f"dormant_year = excluded.dormant_year WHERE {_UNKNOWN}",
    "INSERT INTO ref_agency (agency_id, ori, legacy_ori, pub_agency_name, agency_type_id, state_id, agency_status) "
    "SELECT p.agency_id, p.agency_ori, p.agency_ori, left(p.agency_name, 100), "
    "CASE WHEN p.population_group_code ~ '^[89]' THEN 2 ELSE 1 END, s.state_id, 'A' "
    "FROM staged_agency_participation p JOIN staged_ref_state s USING (state_abbr) "
    "ON CONFLICT (agency_id) DO UPDATE SET ori = excluded.ori, legacy_ori = excluded.legacy_ori, "
    f"pub_agency_name = excluded.pub_agency_name, agency_type_id = excluded.agency_type_id WHERE {_UNKNOWN}",
    "INSERT INTO ref_agency_population (agency_id, data_year, population_group_id, population, suburban_area_flag) "
    "SELECT p.agency_id, p.year, g.population_group_id, p.agency_population, c.suburban_area_flag "
    "FROM staged_agency_participation p LEFT JOIN staged_cde_agencies c USING (agency_id) "
    "LEFT JOIN ref_population_group g ON g.population_group_code = p.population_group_code "
    "ON CONFLICT DO NOTHING",
    # Who covers an agency is known only if the agency is in cde_agencies.
    "INSERT INTO ref_agency_covered_by_flat (data_year, agency_id, covered_by_agency_id) "
    "SELECT p.year, p.agency_id, c.covered_by_id FROM staged_agency_participation p "
    "LEFT JOIN staged_cde_agencies c USING (agency_id) WHERE p.covered = 1 "
    "ON CONFLICT DO NOTHING",
)


def _merge_described_agencies(staging: Staging) -> None:
    """What agencies.csv of the later layouts says beyond cde_agencies: names, reports, staff, counties, areas.

    Residents of an agency in several counties are empty in each: the estimation then takes the counties as equal parts.
    """
    connection = staging.connection
    for statement in _DESCRIBED_STATEMENTS:
        connection.run(statement)
    [(several, lost)] = connection.run(
        "SELECT count(DISTINCT agency_id), count(DISTINCT agency_id) FILTER (WHERE NOT known) "
        "FROM staged_pieces WHERE several"
    )
    if several:
        agencies = counted(several, "agency lies", "agencies lie")
        note = f"{agencies} in several counties; the residents in each are not in the file"
        if lost:
            note += f", nor, of {lost:,}, which of them is in which metropolitan area: {lost:,} in no county"
        staging.notes.append(SourceNote(kind="incomplete", table="ref_agency_county", rows=several, note=note))


#: Agencies by county. One that lies in several names them, and the areas that any of them is in, in an order of their
#: own: which county is in which area is known where it is one area, or agencies lie in that county alone.
_PIECES = """
    CREATE TEMPORARY TABLE staged_pieces ON COMMIT DROP AS
    WITH piece AS (
        SELECT agency_id, data_year, CAST(state_id AS smallint) AS state_id, trim(county) AS county_name,
               msa_name, population, county_name LIKE '%;%' AS several
        FROM staged_agencies, unnest(string_to_array(county_name, ';')) AS county
    ), alone AS (
        SELECT state_id, county_name, min(msa_name) AS msa_name
        FROM piece WHERE NOT several AND msa_name NOT LIKE '%;%'
        GROUP BY state_id, county_name HAVING count(DISTINCT msa_name) = 1
    )
    SELECT p.agency_id, p.data_year, p.state_id, p.county_name, p.several,
           CASE WHEN p.several THEN NULL ELSE p.population END AS population,
           CASE WHEN p.msa_name LIKE '%;%' THEN a.msa_name ELSE p.msa_name END AS msa_name,
           bool_and(p.msa_name NOT LIKE '%;%' OR a.msa_name IS NOT NULL) OVER (PARTITION BY p.agency_id) AS known
    FROM piece p LEFT JOIN alone a USING (state_id, county_name)
"""

#: Counties and areas get numbers in the order of their names.
_DESCRIBED_STATEMENTS = (
    _PIECES,
    "INSERT INTO ref_county (county_id, state_id, county_name) "
    "SELECT (SELECT coalesce(max(county_id), 0) FROM ref_county) + row_number() OVER (ORDER BY state_id, county_name), "
    "state_id, county_name FROM (SELECT state_id, county_name FROM staged_pieces WHERE known "
    "EXCEPT SELECT state_id, county_name FROM ref_county) n",
    "INSERT INTO ref_msa (msa_id, msa_name) "
    "SELECT (SELECT coalesce(max(msa_id), 0) FROM ref_msa) + row_number() OVER (ORDER BY msa_name), msa_name FROM ("
    "SELECT msa_name FROM staged_pieces WHERE known AND msa_name <> 'Not Specified' "
    "EXCEPT SELECT msa_name FROM ref_msa) n",
    "UPDATE ref_agency r SET ucr_agency_name = left(a.ucr_agency_name, 100) FROM staged_agencies a "
    "WHERE r.agency_id = CAST(a.agency_id AS bigint)",
    "INSERT INTO ref_agency_data_content (agency_id, data_year, reporting_type) "
    "SELECT CAST(agency_id AS bigint), CAST(data_year AS smallint), reporting_type FROM staged_agencies "
    "ON CONFLICT DO NOTHING",
    "INSERT INTO pe_employee_data (agency_id, data_year, reported_flag, male_officer, male_civilian, male_total, "
    "female_officer, female_civilian, female_total) "
    "SELECT CAST(agency_id AS bigint), CAST(data_year AS smallint), pe_reported_flag, mo, mc, mo + mc, fo, fc, fo + fc "
    "FROM (SELECT *, CAST(male_officer AS bigint) AS mo, CAST(male_civilian AS bigint) AS mc, "
    "CAST(female_officer AS bigint) AS fo, CAST(female_civilian AS bigint) AS fc FROM staged_agencies) a "
    "ON CONFLICT DO NOTHING",
    "INSERT INTO ref_metro_division (metro_div_id, msa_id, metro_div_name, msa_flag) "
    "SELECT msa_id, msa_id, msa_name, 'Y' FROM ref_msa ON CONFLICT DO NOTHING",
    "INSERT INTO ref_msa (msa_id, msa_name) VALUES (0, 'Outside metropolitan areas') ON CONFLICT DO NOTHING",
    "INSERT INTO ref_metro_division (metro_div_id, msa_id, metro_div_name, msa_flag) "
    "VALUES (0, 0, 'Outside metropolitan areas', 'N') ON CONFLICT DO NOTHING",
    "INSERT INTO ref_agency_county (agency_id, county_id, metro_div_id, data_year, population) "
    "SELECT CAST(p.agency_id AS bigint), c.county_id, coalesce(m.msa_id, 0), CAST(p.data_year AS smallint), "
    "CAST(p.population AS bigint) FROM staged_pieces p "
    "JOIN ref_county c ON c.state_id = p.state_id AND c.county_name = p.county_name "
    "LEFT JOIN ref_msa m ON m.msa_name = p.msa_name WHERE p.known ON CONFLICT DO NOTHING",
)


def move(staging: Staging, table: Table, merged: Merged) -> None:
    """Insert a table's staged rows, with the database's identifiers of codes.

    Raises:
        BadFile: a mandatory column is empty.
    """
    name, names = identifier(table.name), _names(table.column_names)
    selected, joins = _translated(staging, table, merged)
    try:
        staging.connection.run(
            f"INSERT INTO {name} ({names}) SELECT {selected} FROM {staged(table.name)} t{joins} ORDER BY t.line"
        )
    except DatabaseError as error:
        place = f"{staging.found.path}: {staging.found.file_name(table.name)}"
        raise BadFile(f"{place}: {plain(error)}; {error.args[0].get('D', '')}") from error


def _translated(staging: Staging, table: Table, merged: Merged) -> tuple[str, str]:
    """The columns to select, and the joins that find the database's identifiers."""
    selected, joins = [], ""
    carried = staging.found.layout.sources.get(table.name, {})
    for column in table.columns:
        name = identifier(column.name)
        if column.references in merged.translated and table.kind != "code":
            alias = identifier(f"to_{column.name}")
            selected.append(f"{alias}.db_key")
            joins += (
                f" LEFT JOIN {identifier(f'translated_{column.references}')} {alias} "
                f"ON {alias}.file_key = t.{name}::text"
            )
        elif column.primary_key and carried and column.name not in carried:
            selected.append(f"{first_free_number(staging, table)} + t.line")
        else:
            selected.append(f"t.{name}")
    return ", ".join(selected), joins


def _names(columns: tuple[str, ...] | list[str], prefix: str = "") -> str:
    return ", ".join(prefix + identifier(name) for name in columns)
