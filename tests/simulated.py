"""Simulated states for tests, without a database."""

from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
from nibrs_simulation.agency_tables import active, cde_agencies, month_rows, participation, true_months
from nibrs_simulation.crime import Crime, true_crime
from nibrs_simulation.frame import Frame, made_up_frame
from nibrs_simulation.observed import Observed, observe
from nibrs_simulation.records import Records, records
from nibrs_simulation.reporting import Reporting, reporting_of
from nibrs_simulation.state_year import StateYearCrime, draw_state_year
from nibrs_simulation.truth import write_truth_zip

YEAR = 2023


@cache
def nation(size: str = "tiny", scale: float = 1.0, seed: int = 1) -> tuple[Frame, Crime]:
    frame = made_up_frame(size, seed)
    return frame, true_crime(frame, (YEAR,), scale, seed)


@cache
def state(name: str, size: str = "tiny", scale: float = 1.0, seed: int = 1) -> StateYearCrime:
    frame, crime = nation(size, scale, seed)
    which = np.flatnonzero(frame.state == name)
    return draw_state_year(frame.take(which), YEAR, crime.counts[which, 0], 1000, 0, seed)


def reporting(name: str, mechanism: str = "random", size: str = "tiny", scale: float = 1.0, seed: int = 1) -> Reporting:
    frame, crime = nation(size, scale, seed)
    return reporting_of(frame, crime, YEAR, mechanism, seed).take(np.flatnonzero(frame.state == name))


def observed(
    name: str, mechanism: str = "random", size: str = "tiny"
) -> tuple[dict[str, Records], Observed, Reporting]:
    crime = state(name, size)
    truth, how = records(crime), reporting(name, mechanism, size)
    return truth, observe(truth, crime, how, 1), how


def zip_of(crime: StateYearCrime, rows: dict[str, Records], path: Path) -> Path:
    """Records as a published zip."""
    frame = crime.frame
    counts = np.zeros((len(frame), 12), np.int64)
    np.add.at(counts, (crime.incidents.agency, crime.incidents.month - 1), 1)
    months, everyone = true_months(frame, counts), active(frame)
    return_a = np.ones((len(frame), 12), np.bool_)
    tables: dict[str, pa.Table] = {name: each.table for name, each in rows.items()} | {
        "nibrs_month": month_rows(frame, YEAR, months, crime.month_offset, everyone),
        "cde_agencies": cde_agencies(frame, YEAR, everyone, months, return_a),
        "agency_participation": participation(frame, YEAR, months, return_a),
    }
    write_truth_zip(path, tables)
    return path
