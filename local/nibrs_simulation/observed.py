"""What the database holds of the truth: agencies and months that report, few incidents of low months, unknown items."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from nibrs_pipeline.catalog import nibrs_catalog

from nibrs_simulation.arrays import Flags, Floats, Integers, Texts, generator
from nibrs_simulation.codes import identifiers
from nibrs_simulation.records import Records, constant
from nibrs_simulation.reporting import INCIDENTS, NOT_REPORTED, ZERO, Reporting, kept_in_low_month
from nibrs_simulation.state_year import StateYearCrime
from nibrs_simulation.unknown import BY_STRANGERS, Item, hidden, items, rows_of_strangers

#: Tables whose rows hang on months, not on incidents.
_OF_MONTHS = ("nibrs_grpb_arrest", "nibrs_grpb_arrest_weapon")


@dataclass(frozen=True)
class Observed:
    """What is reported of a state and year.

    Attributes:
        records: rows by table.
        months: I, Z or U for each agency (in the frame) and month.
        unknown: by table, the truth of every item that was left unknown: the row's key, ``item`` and ``value`` (a
            code or a number).
    """

    records: dict[str, Records]
    months: Texts
    unknown: dict[str, pa.Table]


def observe(truth: dict[str, Records], crime: StateYearCrime, reporting: Reporting, seed: int) -> Observed:
    """Apply the reporting of a state's agencies to its truth.

    Args:
        reporting: of the agencies of ``crime.frame``, in its order.
    """
    random = generator(seed, "observed", crime.state, crime.year)
    incidents = crime.incidents
    reported = reporting.months[incidents.agency, incidents.month - 1] != NOT_REPORTED
    low = reporting.low[incidents.agency, incidents.month - 1]
    kept = reported & kept_in_low_month(random, low)
    month_kept = (reporting.months != NOT_REPORTED).ravel()
    which = {name: (month_kept if name in _OF_MONTHS else kept)[each.incident] for name, each in truth.items()}
    rows = {name: each.where(which[name]) for name, each in truth.items()}
    unknown = {}
    for name in dict.fromkeys(item.table for item in items()):
        shares = reporting.unknown[_agencies(name, rows[name], incidents.agency)]
        strange = rows_of_strangers(truth, name) if reporting.unknown_by == BY_STRANGERS else None
        rows[name], unknown[name] = _with_unknown(
            random, rows[name], name, shares, strange[which[name]] if strange is not None else None
        )
    return Observed(rows, _statuses(reporting, incidents.agency[kept], incidents.month[kept]), unknown)


def _agencies(name: str, rows: Records, agency: Integers) -> Integers:
    return rows.incident // 12 if name in _OF_MONTHS else agency[rows.incident]


def _with_unknown(
    random: np.random.Generator, rows: Records, name: str, shares: Floats, of_strangers: Flags | None
) -> tuple[Records, pa.Table]:
    """Replace values of a table by what says unknown, and tell what they were; empty ones stay empty."""
    found, told = rows.table, []
    for item, which in hidden(random, name, shares, of_strangers):
        gone = pc.and_(pa.array(which), found[item.columns[0][0]].combine_chunks().is_valid())
        told.append(_truth_of(found.filter(gone), item))
        for column, says_unknown in item.columns:
            value = identifiers(says_unknown[0])[says_unknown[1]] if isinstance(says_unknown, tuple) else says_unknown
            present = found[column].combine_chunks()
            replaced = pc.if_else(pc.and_(gone, present.is_valid()), pa.scalar(value, present.type), present)
            found = found.set_column(found.column_names.index(column), column, replaced)
    return Records(found, rows.incident), pa.concat_tables(told)


def _truth_of(rows: pa.Table, item: Item) -> pa.Table:
    """The key, the item's name and its value in rows of the truth."""
    *_, key = (name for name in nibrs_catalog()[item.table].primary_key if name not in dict(item.columns))
    first = rows[item.columns[0][0]]
    if item.code:
        codes = {number: code for code, number in identifiers(item.code).items()}
        found, places = np.unique(first.to_numpy(), return_inverse=True)
        value = pa.array([codes[number] for number in found.tolist()], pa.string()).take(pa.array(places))
    else:
        value = first.cast(pa.string())
    for column, _ in item.columns[1:]:
        value = pc.coalesce(rows[column].cast(pa.string()), value)
    return pa.table({key: rows[key], "item": constant(item.name, len(rows)), "value": value})


def _statuses(reporting: Reporting, agency: Integers, month: Integers) -> Texts:
    """The months' statuses; a low month without any incident left is a zero report."""
    number = np.zeros(reporting.months.shape, np.int64)
    np.add.at(number, (agency, month - 1), 1)
    months = reporting.months.copy()
    months[(months == INCIDENTS) & (number == 0)] = ZERO
    return months
