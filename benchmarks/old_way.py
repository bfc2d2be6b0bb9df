r"""The old way: per table one psql ``\\copy`` of a hand-written join, then ``zip -9``; two state-years at once.

Written anew after the description of the system that this project replaces.
"""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from nibrs_pipeline.catalog import Catalog, Table
from nibrs_pipeline.state_year import StateYear

_WORKERS = 2
_AGENCY = "JOIN cde_agencies agency ON agency.agency_id = nibrs_month.agency_id"
_WHERE = "WHERE agency.state_abbr = '{state}' AND nibrs_month.data_year = {year}"
_INCIDENT = f"JOIN nibrs_month USING (nibrs_month_id) {_AGENCY} {_WHERE}"
_JOINS = {
    "nibrs_month": f"FROM nibrs_month {_AGENCY} {_WHERE}",
    "nibrs_incident": f"FROM nibrs_incident {_INCIDENT}",
    **{
        table: f"FROM {table} JOIN nibrs_incident USING (incident_id) {_INCIDENT}"
        for table in ("nibrs_offense", "nibrs_offender", "nibrs_victim", "nibrs_property", "nibrs_arrestee")
    },
    **{
        table: f"FROM {table} JOIN {parent} USING ({key}) JOIN nibrs_incident USING (incident_id) {_INCIDENT}"
        for parent, key, tables in (
            (
                "nibrs_offense",
                "offense_id",
                ("nibrs_weapon", "nibrs_criminal_act", "nibrs_suspect_using", "nibrs_bias_motivation"),
            ),
            (
                "nibrs_victim",
                "victim_id",
                (
                    "nibrs_victim_offense",
                    "nibrs_victim_offender_rel",
                    "nibrs_victim_injury",
                    "nibrs_victim_circumstances",
                ),
            ),
            ("nibrs_property", "property_id", ("nibrs_property_desc", "nibrs_suspected_drug")),
            ("nibrs_arrestee", "arrestee_id", ("nibrs_arrestee_weapon",)),
        )
        for table in tables
    },
    "cde_agencies": (
        "FROM cde_agencies WHERE state_abbr = '{state}' AND agency_id IN "
        "(SELECT agency_id FROM nibrs_month WHERE data_year = {year})"
    ),
    "agency_participation": "FROM agency_participation WHERE state_abbr = '{state}' AND year = {year}",
}


def make_zips(psql: Path, uri: str, catalog: Catalog, items: list[StateYear], folder: Path) -> int:
    """Make a zip per state-year; returns their size in bytes together."""

    def one(item: StateYear) -> int:
        return make_zip(psql, uri, catalog, item, folder)

    with ThreadPoolExecutor(_WORKERS) as pool:
        return sum(pool.map(one, items))


def make_zip(psql: Path, uri: str, catalog: Catalog, item: StateYear, folder: Path) -> int:
    """Make one zip."""
    work = folder / str(item)
    work.mkdir(parents=True)
    for table in catalog.data_tables:
        copy(psql, uri, select(table, item), work / table.csv_name)
    for table in catalog.code_tables:
        copy(psql, uri, f"SELECT * FROM {table.name}", work / table.csv_name)
    target = folder / f"{item}.zip"
    subprocess.run(["zip", "-9", "-q", "-j", "-r", str(target), str(work)], check=True)
    subprocess.run(["rm", "-r", str(work)], check=True)
    return target.stat().st_size


def select(table: Table, item: StateYear) -> str:
    """The hand-written query of a table, for one state-year."""
    return f"SELECT {table.name}.* " + _JOINS[table.name].format(state=item.state, year=item.year)


def copy(psql: Path, uri: str, query: str, target: Path) -> None:
    """One psql process, one table."""
    command = f"\\copy ({query}) TO '{target}' CSV HEADER"
    subprocess.run([str(psql), uri, "--quiet", "--no-psqlrc", "--command", command], check=True)
