"""``nibrs load --agencies``, ``--return-a``: every agency of a year, and its Return A, beside published zips.

Published zips of the later layouts list only agencies that report NIBRS; with these files the database has the universe
that estimates need. Agencies are those of the zips where the ORI is the same. A file is loaded whole or not at all.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from nibrs_pipeline.catalog import Catalog
from nibrs_pipeline.database.connection import Connection
from nibrs_pipeline.database.sql import literal

from nibrs_loading.archives import BadFile
from nibrs_loading.frame_files import Agency, Count, File, as_csv, read_agencies, read_return_a
from nibrs_loading.key_spaces import GIVEN_KEYS
from nibrs_loading.merging import LISTED_REFERENCES, fill_from_lists

Kind = Literal["agencies", "return_a"]
#: A state, by its postal abbreviation, and a data year.
Place = tuple[str, int]
_TABLES = """
CREATE TABLE IF NOT EXISTS loaded_frame (
    kind text NOT NULL, state text NOT NULL, data_year int NOT NULL, sha256 char(64) NOT NULL, file_name text NOT NULL,
    loaded_at timestamp NOT NULL DEFAULT now(), PRIMARY KEY (kind, state, data_year)
);
CREATE TABLE IF NOT EXISTS loaded_frame_agency (
    agency_id bigint NOT NULL, data_year int NOT NULL, PRIMARY KEY (agency_id, data_year)
);
"""
_OF_AGENCY_YEAR = ("ref_agency_population", "ref_agency_data_content", "ref_agency_covered_by_flat")
_EXAMPLES = 3


@dataclass(frozen=True)
class LoadedFrame:
    """What was loaded from a file.

    Attributes:
        state_years: such as MN-2018.
        was_there: whether the same file had been loaded before, and nothing was done.
        remarks: for people: what was matched, and what was not.
    """

    state_years: list[str]
    rows: int
    was_there: bool
    remarks: list[str]

    @property
    def named(self) -> str:
        """The state-years, the first of many."""
        more = len(self.state_years) - _EXAMPLES
        return ", ".join(self.state_years[:_EXAMPLES]) + (f" and {more} more" if more > 0 else "")


FrameLoader = Callable[[Connection, Catalog, Path, int | None], LoadedFrame]


def load_agencies(connection: Connection, catalog: Catalog, path: Path, year: int | None) -> LoadedFrame:
    """Load every agency of one or more state-years.

    What a zip says of an agency's year is kept; agencies that no zip has are added. The frame replaces one that was
    loaded before for the same state-years.

    Raises:
        BadFile: see ``read_agencies``; or the database is of a simulated nation.
    """
    found, agencies = read_agencies(path, year)
    places = sorted({(each.state, each.data_year) for each in agencies})
    return _loaded(
        connection, catalog, "agencies", found, places, lambda: _put_agencies(connection, found, agencies, places)
    )


def load_return_a(connection: Connection, catalog: Catalog, path: Path, year: int | None) -> LoadedFrame:
    """Load counts of Return A; those of agencies that the database does not have are counted and left out.

    Raises:
        BadFile: see ``read_return_a``; or no agency of it is in the database.
    """
    found, counts = read_return_a(path, year)
    connection.run(_TABLES)
    states = _states_of(connection, {each.ori for each in counts})
    places = sorted({(states[each.ori], each.data_year) for each in counts if each.ori in states})
    if not places:
        raise BadFile(f"{path}: no ORI of it is in the database, such as {counts[0].ori}; load the agencies first")
    return _loaded(connection, catalog, "return_a", found, places, lambda: _put_return_a(connection, counts, places))


def adopt_agencies(connection: Connection) -> None:
    """Merge agencies of a frame with those that a zip has brought since, under an identifier of their own."""
    connection.run(_TABLES)
    connection.run(
        "CREATE TEMPORARY TABLE adopted ON COMMIT DROP AS SELECT f.agency_id AS given, min(r.agency_id) AS own "
        f"FROM ref_agency f JOIN ref_agency r ON r.ori = f.ori AND r.agency_id <= {GIVEN_KEYS} "
        f"WHERE f.agency_id > {GIVEN_KEYS} GROUP BY 1"
    )
    for table in (*_OF_AGENCY_YEAR, "loaded_frame_agency"):
        connection.run(
            f"UPDATE {table} t SET agency_id = own FROM adopted WHERE agency_id = given AND NOT EXISTS "
            f"(SELECT FROM {table} o WHERE o.agency_id = own AND o.data_year = t.data_year)"
        )
        connection.run(f"DELETE FROM {table} WHERE agency_id IN (SELECT given FROM adopted)")
    connection.run("UPDATE reta_month SET agency_id = own FROM adopted WHERE agency_id = given")
    connection.run(
        "UPDATE ref_agency_covered_by_flat SET covered_by_agency_id = own FROM adopted "
        "WHERE covered_by_agency_id = given"
    )
    connection.run("DELETE FROM ref_agency WHERE agency_id IN (SELECT given FROM adopted)")
    connection.run("DROP TABLE adopted")


def _loaded(
    connection: Connection, catalog: Catalog, kind: Kind, found: File, places: list[Place], put: Callable[[], list[str]]
) -> LoadedFrame:
    named = [f"{state}-{data_year}" for state, data_year in places]
    connection.run("BEGIN")
    try:
        connection.run(_TABLES)
        _refuse_simulated(connection, found)
        if _is_there(connection, kind, found.sha256, places):
            connection.run("ROLLBACK")
            return LoadedFrame(named, len(found.rows), True, [])
        fill_from_lists(connection, tuple(catalog[name] for name in (*LISTED_REFERENCES, "ref_state")))
        fill_from_lists(connection, (catalog["reta_offense_subcat"],))
        remarks = put()
        for state, data_year in places:
            connection.run(
                "INSERT INTO loaded_frame VALUES (:kind, :state, :year, :sha256, :name) "
                "ON CONFLICT (kind, state, data_year) DO UPDATE SET sha256 = excluded.sha256, "
                "file_name = excluded.file_name, loaded_at = now()",
                kind=kind, state=state, year=data_year, sha256=found.sha256, name=found.path.name,
            )  # fmt: skip
        connection.run("COMMIT")
    except BaseException:
        connection.run("ROLLBACK")
        raise
    connection.run("ANALYZE")
    return LoadedFrame(named, len(found.rows), False, remarks)


def _refuse_simulated(connection: Connection, found: File) -> None:
    if connection.run("SELECT EXISTS (SELECT FROM source_note WHERE kind = 'simulated')")[0][0]:
        raise BadFile(
            f"{found.path}: the database is of a simulated nation, which has its own agencies and Return A; "
            "load it into a database of its own (NIBRS_HOME)"
        )


def _is_there(connection: Connection, kind: Kind, sha256: str, places: list[Place]) -> bool:
    """Whether this file is the last one loaded for all its state-years, and no zip has been put in its place since."""
    for state, data_year in places:
        known = connection.run(
            "SELECT EXISTS (SELECT FROM loaded_frame WHERE kind = :kind AND state = :state AND data_year = :year "
            "AND sha256 = :sha256)", kind=kind, state=state, year=data_year, sha256=sha256,
        )  # fmt: skip
        if not known[0][0]:
            return False
        if kind == "agencies" and connection.run(
            "SELECT EXISTS (SELECT FROM source_note WHERE kind = 'reporters_only' AND state = :state "
            "AND data_year = :year) OR EXISTS (SELECT FROM loaded_frame_agency f JOIN ref_agency USING (agency_id) "
            "JOIN ref_state USING (state_id) LEFT JOIN ref_agency_population p USING (agency_id, data_year) "
            "WHERE state_postal_abbr = :state AND f.data_year = :year AND p.agency_id IS NULL)",
            state=state, year=data_year,
        )[0][0]:  # fmt: skip
            return False
    return True


def _put_agencies(connection: Connection, found: File, agencies: list[Agency], places: list[Place]) -> list[str]:
    adopt_agencies(connection)
    connection.run(_STAGED_AGENCIES)
    connection.run(
        "COPY frame_agency FROM STDIN WITH (FORMAT csv)",
        stream=as_csv(
            (each.line, each.ori, each.name, each.agency_type, each.state, each.data_year, each.population, each.group,
             each.status, each.covered_by, each.reporting_type)
            for each in agencies
        ),
    )  # fmt: skip
    _refuse_other_states(connection, found)
    connection.run(_places_table(places))
    before = connection.run(
        "SELECT count(DISTINCT f.ori) FROM frame_agency f JOIN ref_agency r ON r.ori = f.ori "
        f"WHERE r.agency_id <= {GIVEN_KEYS}"
    )[0][0]
    for statement in _AGENCY_STATEMENTS:
        connection.run(statement)
    missing = connection.run(
        "SELECT a.ori FROM ref_agency_population p JOIN ref_agency a USING (agency_id) "
        "JOIN ref_state s USING (state_id) "
        "JOIN frame_place x ON x.state = s.state_postal_abbr AND x.data_year = p.data_year WHERE NOT EXISTS "
        "(SELECT FROM frame_agency f WHERE f.ori = a.ori AND f.data_year = p.data_year) ORDER BY 1"
    )
    added = len({each.ori for each in agencies}) - before
    remarks = [f"{before:,} agencies are those of zips, by their ORI; {added:,} are in this file only"]
    if missing:
        remarks.append(f"{_named(row[0] for row in missing)} in the database only: they stay as they are")
    return remarks


def _refuse_other_states(connection: Connection, found: File) -> None:
    for line, ori, state, other in connection.run(
        "SELECT f.line, f.ori, f.state, s.state_postal_abbr FROM frame_agency f JOIN ref_agency r ON r.ori = f.ori "
        "JOIN ref_state s USING (state_id) WHERE s.state_postal_abbr <> f.state ORDER BY 1 LIMIT 1"
    ):
        raise BadFile(
            f"{found.path}, line {line}: {ori} is an agency of {other} in the database, not of {state}; correct the row"
        )


def _named(values: Iterable[str]) -> str:
    found = [value.strip() for value in values]
    number = "1 agency is" if len(found) == 1 else f"{len(found):,} agencies are"
    return f"{number} (such as {', '.join(found[:_EXAMPLES])})"


def _places_table(places: list[Place]) -> str:
    values = ", ".join(f"({literal(state)}, {literal(data_year)})" for state, data_year in places)
    return (
        "CREATE TEMPORARY TABLE frame_place ON COMMIT DROP AS "
        f"SELECT state::text, data_year::int FROM (VALUES {values}) v (state, data_year)"
    )


_STAGED_AGENCIES = (
    "CREATE TEMPORARY TABLE frame_agency (line bigint, ori char(9), name text, agency_type text, state text, "
    "data_year int, population bigint, group_code text, status text, covered_by text, reporting_type text) "
    "ON COMMIT DROP"
)
_FRAME_AGENCIES_OF_PLACES = (
    "SELECT l.agency_id, l.data_year FROM loaded_frame_agency l JOIN ref_agency USING (agency_id) "
    "JOIN ref_state USING (state_id) JOIN frame_place x ON x.state = state_postal_abbr AND x.data_year = l.data_year"
)
#: The agency of each row: of several with its ORI the one that has been in the database longest.
_MATCHED = (
    "(SELECT f.*, r.agency_id FROM frame_agency f JOIN (SELECT ori, min(agency_id) AS agency_id FROM ref_agency "
    "GROUP BY ori) r ON r.ori = f.ori) f"
)
_AGENCY_STATEMENTS = (
    *(
        f"DELETE FROM {table} t USING ({_FRAME_AGENCIES_OF_PLACES}) g "
        "WHERE t.agency_id = g.agency_id AND t.data_year = g.data_year"
        for table in _OF_AGENCY_YEAR
    ),
    f"DELETE FROM loaded_frame_agency t USING ({_FRAME_AGENCIES_OF_PLACES}) g "
    "WHERE t.agency_id = g.agency_id AND t.data_year = g.data_year",
    "INSERT INTO ref_agency (agency_id, ori, legacy_ori, pub_agency_name, agency_type_id, state_id, agency_status) "
    f"SELECT greatest({GIVEN_KEYS}, (SELECT max(agency_id) FROM ref_agency)) + row_number() OVER (ORDER BY f.ori), "
    "f.ori, f.ori, f.name, t.agency_type_id, s.state_id, f.status FROM (SELECT DISTINCT ON (ori) * FROM frame_agency "
    "ORDER BY ori, data_year DESC) f JOIN ref_agency_type t ON t.agency_type_name = f.agency_type "
    "JOIN ref_state s ON s.state_postal_abbr = f.state WHERE NOT EXISTS (SELECT FROM ref_agency r WHERE r.ori = f.ori)",
    "INSERT INTO loaded_frame_agency SELECT f.agency_id, f.data_year "
    f"FROM {_MATCHED} WHERE NOT EXISTS (SELECT FROM ref_agency_population p "
    "WHERE p.agency_id = f.agency_id AND p.data_year = f.data_year)",
    "INSERT INTO ref_agency_population (agency_id, data_year, population_group_id, population) "
    f"SELECT f.agency_id, f.data_year, g.population_group_id, f.population FROM {_MATCHED} "
    "JOIN loaded_frame_agency USING (agency_id, data_year) "
    "JOIN ref_population_group g ON g.population_group_code = f.group_code",
    "INSERT INTO ref_agency_data_content (agency_id, data_year, reporting_type) SELECT f.agency_id, f.data_year, "
    f"f.reporting_type FROM {_MATCHED} JOIN loaded_frame_agency USING (agency_id, data_year) "
    "WHERE f.reporting_type <> '' ON CONFLICT DO NOTHING",
    "INSERT INTO ref_agency_covered_by_flat (data_year, agency_id, covered_by_agency_id) SELECT f.data_year, "
    "f.agency_id, (SELECT min(r.agency_id) FROM ref_agency r WHERE r.ori = f.covered_by) "
    f"FROM {_MATCHED} JOIN loaded_frame_agency USING (agency_id, data_year) WHERE f.covered_by <> '' "
    "ON CONFLICT DO NOTHING",
    "DELETE FROM source_note n USING frame_place x "
    "WHERE n.kind = 'reporters_only' AND n.state = x.state AND n.data_year = x.data_year",
)


def _states_of(connection: Connection, oris: set[str]) -> dict[str, str]:
    known = connection.run("SELECT ori, state_postal_abbr FROM ref_agency JOIN ref_state USING (state_id)")
    return {ori: state for ori, state in known if ori in oris}


def _put_return_a(connection: Connection, counts: list[Count], places: list[Place]) -> list[str]:
    connection.run(
        "CREATE TEMPORARY TABLE frame_count (ori char(9), data_year int, month int, line_code text, count int) "
        "ON COMMIT DROP"
    )
    connection.run(
        "COPY frame_count FROM STDIN WITH (FORMAT csv)",
        stream=as_csv((each.ori, each.data_year, each.month, each.line_code, each.count) for each in counts),
    )
    connection.run(_places_table(places))
    for statement in _RETURN_A_STATEMENTS:
        connection.run(statement)
    strangers = connection.run(
        "SELECT DISTINCT f.ori FROM frame_count f WHERE NOT EXISTS (SELECT FROM ref_agency r WHERE r.ori = f.ori) "
        "ORDER BY 1"
    )
    if not strangers:
        return []
    return [f"{_named(row[0] for row in strangers)} in the file only: their counts are left out"]


_MONTHS_OF_PLACES = (
    "SELECT reta_month_id FROM reta_month m JOIN ref_agency USING (agency_id) JOIN ref_state USING (state_id) "
    "JOIN frame_place x ON x.state = state_postal_abbr AND x.data_year = m.data_year"
)
_RETURN_A_STATEMENTS = (
    f"DELETE FROM reta_month_offense_subcat WHERE reta_month_id IN ({_MONTHS_OF_PLACES})",
    f"DELETE FROM reta_month WHERE reta_month_id IN ({_MONTHS_OF_PLACES})",
    "CREATE TEMPORARY TABLE frame_month ON COMMIT DROP AS SELECT (SELECT coalesce(max(reta_month_id), 0) "
    "FROM reta_month) + row_number() OVER (ORDER BY ori, data_year, month) AS reta_month_id, f.*, r.agency_id "
    "FROM (SELECT DISTINCT ori, data_year, month FROM frame_count) f "
    "JOIN (SELECT ori, min(agency_id) AS agency_id FROM ref_agency GROUP BY ori) r USING (ori)",
    "INSERT INTO reta_month (reta_month_id, agency_id, data_year, month_num, reported_flag) "
    "SELECT reta_month_id, agency_id, data_year, month, 'Y' FROM frame_month",
    "INSERT INTO reta_month_offense_subcat (reta_month_id, offense_subcat_id, actual_count) "
    "SELECT m.reta_month_id, s.offense_subcat_id, f.count FROM frame_count f "
    "JOIN frame_month m USING (ori, data_year, month) "
    "JOIN reta_offense_subcat s ON s.offense_subcat_code = f.line_code",
)
