"""How long it takes to find out what changed, against joining every row as it was done before.

    python benchmarks/plan_run.py --incidents 7860000 --states 50 --years 1
    python benchmarks/plan_run.py --incidents 1650000 --states 2 --years 30

Makes a database of that size in a folder of its own, which is removed afterwards unless ``--keep`` names one.
"""

import argparse
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from machine import machine
from nibrs_home import embedded_postgres
from nibrs_home.home import Home
from nibrs_pipeline.archive.manifest import FileEntry, SourceFingerprint, StateYearManifest, ZipSummary
from nibrs_pipeline.archive.zip_writer import PACKING
from nibrs_pipeline.catalog import Catalog, nibrs_catalog
from nibrs_pipeline.database.connection import connect
from nibrs_pipeline.database.location import DatabaseLocation
from nibrs_pipeline.database.snapshot import snapshot
from nibrs_pipeline.extract.queries import available_state_years_query
from nibrs_pipeline.plan.change_queries import row_versions_query
from nibrs_pipeline.plan.changes import CheckedSource, find_changes
from nibrs_pipeline.state_year import StateYear
from volume import fill

FIRST_YEAR = 2001


@dataclass
class Clock:
    """Measures by the clock and by the processors that the server used, which other work disturbs less."""

    server: psutil.Process

    @contextmanager
    def timed(self, label: str) -> Iterator[None]:
        """Prints the seconds of a block."""
        started, used = time.monotonic(), self._used()
        yield
        seconds = time.monotonic() - started
        time.sleep(0.5)  # Processes that ended are counted once the server has noticed.
        print(f"{label}: {seconds:.1f} s, {self._used() - used:.1f} s of processors", flush=True)

    def _used(self) -> float:
        """Processor seconds of the server so far, with those of its processes that have ended."""
        times = self.server.cpu_times()
        total = times.children_user + times.children_system
        for child in self.server.children():
            with suppress(psutil.NoSuchProcess):
                total += sum(child.cpu_times()[:2])
        return total


@dataclass
class Bench:
    """A database, manifests that are true of it, and what the last check left."""

    location: DatabaseLocation
    catalog: Catalog
    clock: Clock
    manifests: dict[StateYear, StateYearManifest] = field(default_factory=dict)
    remembered: CheckedSource | None = None

    def former(self, label: str, items: list[StateYear]) -> dict[StateYear, dict[str, int]]:
        """Every table joined up to its state-years, one after the other."""
        rows: dict[StateYear, dict[str, int]] = {item: {} for item in items}
        with self.clock.timed(label), snapshot(self.location) as view:
            for table in self.catalog.data_tables:
                for state, year, count, _ in view.read(_former_query(self.catalog, table.name, items)):
                    rows[StateYear(state, year)][table.name] = count
        return rows

    def check(self, label: str) -> list[StateYear]:
        """As Plan run does; returns what is out of date."""
        with self.clock.timed(label), snapshot(self.location) as view:
            found, self.remembered = find_changes(view, self.catalog, self.manifests, self.remembered)
        print(f"  out of date: {len(found)} of {len(self.manifests)}", *[str(text) for text in list(found.items())[:2]])
        return list(found)

    def make(self, rows: dict[StateYear, dict[str, int]]) -> None:
        """Zips that hold so many rows, made at this moment."""
        with snapshot(self.location) as view:
            position = view.position
        for item, counts in rows.items():
            self.manifests[item] = StateYearManifest(
                state=item.state, state_name=item.state, year=item.year, run_id="r",
                zip=ZipSummary(name=f"{item}.zip", bytes=1, sha256=f"{item} at {position.time}"),
                files=[FileEntry(name=f"{name}.csv", bytes=1, sha256="x", rows=rows) for name, rows in counts.items()],
                source=SourceFingerprint.at(position), catalog_version="x", packing=PACKING, common_sha256="x",
            )  # fmt: skip

    def write(self, statement: str) -> None:
        """In a transaction of its own."""
        connection = connect(self.location)
        connection.run(statement)
        connection.close()

    def heartbeat(self) -> None:
        """A transaction that has nothing to do with any zip."""
        self.write("INSERT INTO loaded_grpb_arrest SELECT coalesce(max(grpb_arrest_id), 0) + 1, 'AA', 2015 "
                   "FROM loaded_grpb_arrest")  # fmt: skip


def _former_query(catalog: Catalog, name: str, items: list[StateYear]) -> str:
    """Ages compared as numbers of 64 bits, which lets the database join with several processes."""
    query = row_versions_query(catalog, catalog[name], dict.fromkeys(items, 3))
    head, _, tail = query.partition("count(*) FILTER (WHERE ")
    _, _, rest = tail.partition(")\nFROM")
    return f"{head}count(*) FILTER (WHERE t.xmin::text::bigint > 4000000000)\nFROM{rest}"


def measure(bench: Bench, items: list[StateYear]) -> None:
    rows = bench.former("former joins", items)
    bench.check("first run, nothing is made yet")
    bench.make(rows)
    bench.heartbeat()
    bench.check("second run, nothing changed")
    bench.heartbeat()
    bench.check("third run, nothing changed")
    item = items[len(items) // 2]
    bench.write("UPDATE nibrs_incident SET incident_hour = 2 WHERE incident_id = "
                "(SELECT min(incident_id) FROM nibrs_incident)")  # fmt: skip
    changed = bench.check("one incident updated")
    bench.make({each: rows[each] for each in changed})
    bench.heartbeat()
    bench.check("that state-year made anew")
    bench.write("DELETE FROM nibrs_weapon WHERE nibrs_weapon_id = (SELECT max(nibrs_weapon_id) FROM nibrs_weapon)")
    bench.check("one weapon deleted")
    bench.former(f"former joins again (asked for {item} among {len(items)})", items)


def main() -> None:
    """Make the database, measure, remove it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--incidents", type=int, default=100_000)
    parser.add_argument("--states", type=int, default=50)
    parser.add_argument("--years", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="a folder to keep the database in, or to find it in")
    given = parser.parse_args()
    print(machine())
    folder = given.keep or Path(tempfile.mkdtemp(prefix="plan-run-"))
    home = Home(folder)
    server = embedded_postgres.start(home)
    try:
        location = embedded_postgres.location(server)
        clock = Clock(psutil.Process(server.get_pid()))
        years = range(FIRST_YEAR, FIRST_YEAR + given.years)
        connection = connect(location)
        if connection.run("SELECT count(*) FROM nibrs_incident")[0][0] != given.incidents:
            with clock.timed("the database"):
                print(f"{fill(connection, given.incidents, years, given.states):,} rows")
        items = [StateYear(state, year) for state, _, year in connection.run(available_state_years_query())]
        connection.close()
        measure(Bench(location, nibrs_catalog(), clock), items)
    finally:
        embedded_postgres.stop(home)
        if not given.keep:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
