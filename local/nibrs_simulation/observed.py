"""What the database holds of the truth: agencies and months that report, few incidents of low months, unknown items."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nibrs_simulation.arrays import Flags, Integers, Texts, generator
from nibrs_simulation.codes import identifiers
from nibrs_simulation.records import Records
from nibrs_simulation.reporting import INCIDENTS, ITEMS, NOT_REPORTED, ZERO, Reporting, kept_in_low_month
from nibrs_simulation.state_year import StateYearCrime

#: Value that says unknown, by table, column and item of ITEMS. None: the column is empty.
_UNKNOWN: tuple[tuple[str, str, str, tuple[str, str] | str | int | None], ...] = (
    ("nibrs_victim", "sex_code", "sex", "U"),
    ("nibrs_victim", "age_id", "age", ("nibrs_age", "00")),
    ("nibrs_victim", "age_num", "age", None),
    ("nibrs_victim", "race_id", "race", ("ref_race", "U")),
    ("nibrs_victim", "ethnicity_id", "ethnicity", ("nibrs_ethnicity", "U")),
    ("nibrs_victim", "resident_status_code", "resident", "U"),
    ("nibrs_offender", "sex_code", "offender_sex", "U"),
    ("nibrs_offender", "age_id", "offender_age", ("nibrs_age", "00")),
    ("nibrs_offender", "age_num", "offender_age", None),
    ("nibrs_offender", "race_id", "offender_race", ("ref_race", "U")),
    ("nibrs_offender", "ethnicity_id", "ethnicity", ("nibrs_ethnicity", "U")),
    ("nibrs_incident", "incident_hour", "hour", None),
    ("nibrs_bias_motivation", "bias_id", "bias", ("nibrs_bias_list", "99")),
    ("nibrs_victim_offender_rel", "relationship_id", "relationship", ("nibrs_relationship", "RU")),
    ("nibrs_property_desc", "property_value", "value", 1),
)
#: Tables whose rows hang on months, not on incidents.
_OF_MONTHS = ("nibrs_grpb_arrest", "nibrs_grpb_arrest_weapon")


@dataclass(frozen=True)
class Observed:
    """What is reported of a state and year: rows by table, and I, Z or U for each agency (in the frame) and month."""

    records: dict[str, Records]
    months: Texts


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
    rows = {
        name: each.where((month_kept if name in _OF_MONTHS else kept)[each.incident]) for name, each in truth.items()
    }
    agency_of = {name: _agencies(name, each, incidents.agency) for name, each in rows.items()}
    hidden: dict[tuple[str, str], Flags] = {}
    for name, column, item, value in _UNKNOWN:
        if (name, item) not in hidden:
            shares = reporting.unknown[agency_of[name], ITEMS.index(item)]
            hidden[name, item] = random.random(len(shares)) < shares
        rows[name] = _with_unknown(rows[name], column, hidden[name, item], value)
    return Observed(rows, _statuses(reporting, incidents.agency[kept], incidents.month[kept]))


def _agencies(name: str, rows: Records, agency: Integers) -> Integers:
    return rows.incident // 12 if name in _OF_MONTHS else agency[rows.incident]


def _with_unknown(rows: Records, column: str, hidden: Flags, value: tuple[str, str] | str | int | None) -> Records:
    """Replace values by the one for unknown; empty ones stay empty."""
    if isinstance(value, tuple):
        value = identifiers(value[0])[value[1]]
    present = rows.table[column].combine_chunks()
    scalar = pa.scalar(value, present.type)
    replaced = pc.if_else(pc.and_(pa.array(hidden), present.is_valid()), scalar, present)
    place = rows.table.column_names.index(column)
    return Records(rows.table.set_column(place, column, replaced), rows.incident)


def _statuses(reporting: Reporting, agency: Integers, month: Integers) -> Texts:
    """The months' statuses; a low month without any incident left is a zero report."""
    number = np.zeros(reporting.months.shape, np.int64)
    np.add.at(number, (agency, month - 1), 1)
    months = reporting.months.copy()
    months[(months == INCIDENTS) & (number == 0)] = ZERO
    return months
