"""``nibrs simulate``: a complete nation into a database, and the truth about it into a folder."""

import json
import multiprocessing
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from nibrs_home.schema import create_schema
from nibrs_home.turns import wait_for_turn
from nibrs_loading.merging import LISTED_REFERENCES, fill_from_lists
from nibrs_loading.source_notes import SIMULATED, write_source
from nibrs_pipeline.catalog import nibrs_catalog
from nibrs_pipeline.database.connection import Connection, connect
from nibrs_pipeline.database.location import DatabaseLocation
from nibrs_pipeline.database.sql import identifier
from nibrs_pipeline.state_year import StateYear

from nibrs_simulation.agency_tables import (
    active,
    cde_agencies,
    content_rows,
    month_rows,
    participation,
    reference_rows,
    return_a_months,
    true_months,
    truth_of_agencies,
    truth_of_counties,
)
from nibrs_simulation.areas import areas_of
from nibrs_simulation.arrays import Floats, Integers, Texts, generator
from nibrs_simulation.crime import KINDS, Crime, true_crime
from nibrs_simulation.frame import Frame, given_frame, made_up_frame
from nibrs_simulation.observed import observe
from nibrs_simulation.records import integers, records, table
from nibrs_simulation.reporting import INCIDENTS, LOW_SHARE, NOT_REPORTED, Reporting, reporting_of
from nibrs_simulation.residents import demographics, residents, shares_of_races
from nibrs_simulation.state_year import draw_state_year
from nibrs_simulation.truth import counted, csv_of, write_compressed, write_truth_zip
from nibrs_simulation.world import SimulationError, World

_MONTHS = 12
#: Says which nation a folder of truth belongs to.
_DESCRIPTION = "simulation.json"
#: All that exist, also those of the history that have Return A only.
_STATE_YEARS = (
    "SELECT DISTINCT s.state_postal_abbr, p.year FROM agency_participation p JOIN ref_state s USING (state_abbr) "
    "ORDER BY 1, 2"
)
#: The kind of incident that each line of Return A counts.
_KIND_OF_LINE = {
    "murder": "homicide", "manslaughter": "other_person", "rape": "rape", "robbery": "robbery",
    "assault": "aggravated_assault", "burglary": "burglary", "larceny": "larceny", "vehicle": "motor_vehicle_theft",
    "assault_simple": "other_person",
}  # fmt: skip


@dataclass(frozen=True)
class Simulated:
    """The result: rows by table of the database, and the true number of incidents."""

    agencies: int
    incidents: int
    rows: Counter[str]


@dataclass(frozen=True)
class _Job:
    """A state's year, with all that is needed to draw it."""

    location: DatabaseLocation
    truth: Path
    frame: Frame
    reporting: Reporting
    counts: Integers
    races: Floats
    first_incident: int
    month_offset: int
    seed: int

    @property
    def name(self) -> str:
        return f"{self.frame.state[0]}-{self.reporting.year}"


@dataclass(frozen=True)
class _Done:
    name: str
    rows: Counter[str]
    counts: pa.Table
    return_a: pa.Table
    months: Texts


def simulate(
    location: DatabaseLocation,
    world: World,
    truth: Path,
    processes: int,
    progress: Callable[[str, int, int], None] = lambda name, done, all_: None,
) -> Simulated | None:
    """Fill an empty database with a nation; None if the same one is there already.

    Args:
        truth: folder for the truth; that of an earlier nation is replaced.
        processes: how many states are drawn at once; what is drawn does not depend on it.
        progress: told the state-year, how many are done, and of how many.

    Raises:
        SimulationError: the database has other agencies, or the folder other files.
    """
    with closing(connect(location)) as connection:
        wait_for_turn(connection)
        create_schema(connection)
        return _fill(connection, location, world, truth, processes, progress)


def _fill(
    connection: Connection,
    location: DatabaseLocation,
    world: World,
    truth: Path,
    processes: int,
    progress: Callable[[str, int, int], None],
) -> Simulated | None:
    connection.run("CREATE TABLE IF NOT EXISTS simulated_nation (world text NOT NULL)")
    there = connection.run("SELECT world FROM simulated_nation")
    if there and there[0][0] == world.described():
        return None
    if connection.run("SELECT EXISTS (SELECT FROM ref_agency) OR EXISTS (SELECT FROM nibrs_month)")[0][0]:
        raise SimulationError(
            "the database holds agencies already, and a nation needs an empty one: name another folder by NIBRS_HOME, "
            "or another database by DB_URI"
        )
    _make_room(truth, world)
    try:
        simulated = _simulate(connection, location, world, truth, processes, progress)
    except BaseException:
        connection.run("ROLLBACK")
        connection.run("TRUNCATE " + ", ".join(identifier(table.name) for table in nibrs_catalog().tables))
        raise
    connection.run("BEGIN")
    for state, year in connection.run(_STATE_YEARS):
        write_source(connection, StateYear(state, year), [SIMULATED])
    connection.run("INSERT INTO simulated_nation VALUES (:world)", world=world.described())
    connection.run("COMMIT")
    connection.run("ANALYZE")
    return simulated


def _make_room(truth: Path, world: World) -> None:
    """Remove an earlier nation's truth from the folder, and mark the folder with this nation."""
    if (truth / _DESCRIPTION).exists():
        shutil.rmtree(truth)
    if truth.exists() and any(truth.iterdir()):
        raise SimulationError(f"{truth} holds other files; name an empty folder by --truth")
    truth.mkdir(parents=True, exist_ok=True)
    (truth / _DESCRIPTION).write_text(world.described() + "\n", encoding="utf-8")


def _simulate(
    connection: Connection,
    location: DatabaseLocation,
    world: World,
    truth: Path,
    processes: int,
    progress: Callable[[str, int, int], None],
) -> Simulated:
    frame = given_frame(world.frame, world.seed) if world.frame else made_up_frame(world.size, world.seed)
    crime = true_crime(frame, world.all_years, world.scale, world.seed)
    reporting = {
        year: reporting_of(frame, crime, year, world.reporting, world.seed, world.unknown) for year in world.all_years
    }
    rows: Counter[str] = Counter()
    catalog = nibrs_catalog()
    listed = tuple(catalog[name] for name in (*LISTED_REFERENCES, "reta_offense_subcat"))
    fill_from_lists(connection, (*catalog.code_tables, *listed))
    areas = areas_of(frame, world.seed)
    of_residents = {
        "ref_agency_demographics": demographics(frame, crime.level, world.all_years, world.seed),
        "ref_agency_residents": residents(frame, crime.level, world.years, world.seed),
    }
    for name, found in (reference_rows(frame, reporting, areas) | of_residents).items():
        rows[name] += _copy(connection, name, found)
    write_compressed(truth / "counties.csv.gz", truth_of_counties(frame, areas))
    write_compressed(truth / "demographics.csv.gz", demographics(frame, crime.level, world.years[-1:], world.seed))
    jobs = list(_jobs(location, world, truth, frame, crime, reporting))
    drawn = _Drawn.of(frame, world.years)
    for number, (job, done) in enumerate(zip(jobs, _work(jobs, processes), strict=True), start=1):
        rows += done.rows
        drawn.add(job, done)
        progress(done.name, number, len(jobs))
    rows += _finish(connection, world, truth, frame, crime, reporting, drawn)
    simulated = Simulated(len(frame), int(sum(job.counts.sum() for job in jobs)), rows)
    described = {**json.loads(world.described()), "agencies": len(frame), "incidents": simulated.incidents}
    (truth / _DESCRIPTION).write_text(json.dumps(described, indent=2) + "\n", encoding="utf-8")
    return simulated


@dataclass(frozen=True)
class _Drawn:
    """The results of the states, by year."""

    months: dict[int, Texts]
    counts: dict[int, list[pa.Table]]
    return_a: dict[int, list[pa.Table]]

    @classmethod
    def of(cls, frame: Frame, years: tuple[int, ...]) -> "_Drawn":
        months = {year: np.full((len(frame), _MONTHS), NOT_REPORTED, dtype=object) for year in years}
        return cls(months, {year: [] for year in years}, {year: [] for year in years})

    def add(self, job: _Job, done: _Done) -> None:
        year = job.reporting.year
        self.months[year][job.frame.agency_id - 1] = done.months
        self.counts[year].append(done.counts)
        self.return_a[year].append(done.return_a)


def _finish(
    connection: Connection,
    world: World,
    truth: Path,
    frame: Frame,
    crime: Crime,
    reporting: dict[int, Reporting],
    drawn: _Drawn,
) -> Counter[str]:
    """What is known by agency, once all states are drawn; and the truth that concerns the nation."""
    rows: Counter[str] = Counter()
    summaries = {year: pa.concat_tables(found) for year, found in drawn.return_a.items()}
    ratios = _ratios(crime, world.years[0], summaries[world.years[0]])
    for year in world.all_years:
        lines = summaries[year] if year in summaries else _from_ratios(frame, crime, year, ratios, world.seed)
        months = drawn.months.get(year)
        rows += _copy_year(connection, frame, reporting[year], months, lines, year == world.all_years[-1], world.seed)
        if months is not None:
            write_compressed(truth / f"agencies-{year}.csv.gz", truth_of_agencies(frame, reporting[year], months))
            write_compressed(truth / f"counts-{year}.csv.gz", pa.concat_tables(drawn.counts[year]))
            write_compressed(truth / f"return_a-{year}.csv.gz", lines)
    return rows


def _jobs(
    location: DatabaseLocation, world: World, truth: Path, frame: Frame, crime: Crime, reporting: dict[int, Reporting]
) -> Iterator[_Job]:
    first = 0
    races = shares_of_races(crime.level, world.seed)
    for year in world.years:
        for state in np.unique(frame.state.astype(str)):
            which = np.flatnonzero(frame.state == state)
            counts = crime.counts[which, crime.years.index(year)]
            offset = _month_offset(frame, world.all_years, year)
            yield _Job(
                location,
                truth,
                frame.take(which),
                reporting[year].take(which),
                counts,
                races[which],
                first,
                offset,
                world.seed,
            )
            first += int(counts.sum())


def _month_offset(frame: Frame, years: tuple[int, ...], year: int) -> int:
    return years.index(year) * len(frame) * _MONTHS


def _work(jobs: list[_Job], processes: int) -> Iterator[_Done]:
    """Do the jobs, several at once, and give their results in their order."""
    if processes == 1 or len(jobs) == 1:
        yield from map(_do, jobs)
        return
    context = multiprocessing.get_context("forkserver")
    with ProcessPoolExecutor(min(processes, len(jobs)), mp_context=context) as pool:
        yield from pool.map(_do, jobs)


def _do(job: _Job) -> _Done:
    """Draw a state's year, write its truth, and put what is reported into the database."""
    frame, year = job.frame, job.reporting.year
    crime = draw_state_year(frame, year, job.counts, job.first_incident, job.month_offset, job.seed, job.races)
    truth = records(crime)
    months = true_months(frame, job.counts.sum(axis=2))
    everyone = active(frame)
    all_reported = np.repeat(everyone[:, None], _MONTHS, axis=1)
    tables = {name: each.table for name, each in truth.items()} | {
        "nibrs_month": month_rows(frame, year, months, job.month_offset, everyone),
        "cde_agencies": cde_agencies(frame, year, everyone, months, all_reported),
        "agency_participation": participation(frame, year, months, all_reported),
    }
    counts, return_a = counted(tables)
    write_truth_zip(job.truth / str(year) / f"{job.name}.zip", tables)
    observed = observe(truth, crime, job.reporting, job.seed)
    for name, each in observed.unknown.items():
        if len(each):
            write_compressed(job.truth / str(year) / f"{job.name}-unknown" / f"{name}.csv.gz", each)
    connection = connect(job.location)
    rows: Counter[str] = Counter()
    connection.run("BEGIN")
    found = month_rows(frame, year, observed.months, job.month_offset, job.reporting.is_nibrs)
    rows["nibrs_month"] = _copy(connection, "nibrs_month", found)
    for name, each in observed.records.items():
        rows[name] = _copy(connection, name, each.table)
    connection.run("COMMIT")
    connection.close()
    return _Done(job.name, rows, counts, return_a, observed.months)


def _copy(connection: Connection, name: str, rows: pa.Table) -> int:
    names = ", ".join(identifier(column) for column in rows.column_names)
    content = memoryview(csv_of(rows, header=False))
    portions = (bytes(content[begin : begin + (1 << 18)]) for begin in range(0, len(content), 1 << 18))
    connection.run(f"COPY {identifier(name)} ({names}) FROM STDIN WITH (FORMAT csv)", stream=portions)
    return len(rows)


def _copy_year(
    connection: Connection,
    frame: Frame,
    reporting: Reporting,
    months: Texts | None,
    lines: pa.Table,
    is_last: bool,
    seed: int,
) -> Counter[str]:
    """What is known of a year by agency: participation, kind of reports, Return A."""
    if months is None:
        months = np.where(reporting.months == NOT_REPORTED, NOT_REPORTED, INCIDENTS).astype(object)
    year = reporting.year
    offset = year * len(frame) * _MONTHS
    rows = Counter({
        "agency_participation": _copy(
            connection, "agency_participation", participation(frame, year, months, reporting.return_a)
        ),
        "ref_agency_data_content": _copy(connection, "ref_agency_data_content", content_rows(frame, reporting)),
        "reta_month": _copy(connection, "reta_month", return_a_months(frame, reporting, offset)),
        "reta_month_offense_subcat": _copy(
            connection, "reta_month_offense_subcat", _reported_lines(connection, frame, reporting, lines, offset, seed)
        ),
    })  # fmt: skip
    if is_last:
        described = cde_agencies(frame, year, np.ones(len(frame), np.bool_), months, reporting.return_a)
        rows["cde_agencies"] = _copy(connection, "cde_agencies", described)
    return rows


def _reported_lines(
    connection: Connection, frame: Frame, reporting: Reporting, lines: pa.Table, offset: int, seed: int
) -> pa.Table:
    """The lines of the months that were reported; for low months only the share that NIBRS has of them."""
    agency, month = lines["agency_id"].to_numpy() - 1, lines["month"].to_numpy() - 1
    listed = connection.run("SELECT offense_subcat_id, offense_subcat_code FROM reta_offense_subcat")
    numbers = {code: number for number, code in listed}
    line = np.array([numbers[code] for code in lines["line"].to_pylist()], np.int64)
    number = lines["number"].to_numpy()
    few = generator(seed, "low return a", reporting.year).binomial(number, LOW_SHARE)
    number = np.where(reporting.low[agency, month], few, number)
    kept = reporting.return_a[agency, month] & (number > 0)
    return table({
        "reta_month_id": integers(offset + agency[kept] * _MONTHS + month[kept] + 1),
        "offense_subcat_id": integers(line[kept]), "actual_count": integers(number[kept]),
    })  # fmt: skip


def _ratios(crime: Crime, year: int, lines: pa.Table) -> dict[str, float]:
    """How many a line of Return A counts for each incident of its kind."""
    kinds = dict(zip(KINDS, crime.counts[:, crime.years.index(year)].sum(axis=(0, 1)), strict=True))
    totals: Counter[str] = Counter()
    for line, number in zip(lines["line"].to_pylist(), lines["number"].to_pylist(), strict=True):
        totals[line] += number
    return {line: total / max(int(kinds[_kind_of_line(line)]), 1) for line, total in sorted(totals.items())}


def _kind_of_line(line: str) -> str:
    return _KIND_OF_LINE.get(line) or _KIND_OF_LINE[line.split("_", maxsplit=1)[0]]


def _from_ratios(frame: Frame, crime: Crime, year: int, ratios: dict[str, float], seed: int) -> pa.Table:
    """Return A of a year without incidents: drawn from the number of incidents of each kind."""
    random = generator(seed, "return a", year)
    counts = crime.counts[:, crime.years.index(year)]
    parts = []
    for line, ratio in ratios.items():
        drawn = random.poisson(counts[:, :, list(KINDS).index(_kind_of_line(line))] * ratio)
        agency, month = np.nonzero(drawn)
        parts.append(table({
            "agency_id": integers(frame.agency_id[agency]), "month": integers(month + 1),
            "line": pa.repeat(pa.scalar(line), len(agency)), "number": integers(drawn[agency, month]),
        }))  # fmt: skip
    return pa.concat_tables(parts)
