"""Agencies that reported for a part of the year only, with a few stray incidents in the other months.

The estimation has the same rule, and leaves such agencies out (``stray_months()`` of the R package).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from nibrs_quality.agencies import Month

_MONTHS = 12
#: Of the usual volume, at most what a stray month has; and so many incidents fewer.
STRAY_SHARE, LEAST_DIFFERENCE = 0.1, 10
#: Fewest months without the usual volume, and stray ones among them.
FEWEST_WITHOUT, FEWEST_STRAY = 7, 3
#: A single month with so many incidents is a normal volume, not a stray report.
SURE_VOLUME = 100


@dataclass(frozen=True)
class PartialYear:
    """An agency that reported for a part of the year: its stray months, and their incidents against a usual month's."""

    agency_id: int
    agency: str
    stray_months: tuple[int, ...]
    stray_incidents: int
    usual: int


def partial_years(months: Iterable[Month]) -> list[PartialYear]:
    """The agencies of which most months are stray or not reported, all stray ones before the others or after them.

    Args:
        months: of all agencies, an agency's together.
    """
    found = []
    for (agency_id, name), some in groupby(months, key=lambda month: (month.agency_id, month.agency)):
        reported = {month.month: month.incidents for month in some if month.is_reported}
        stray, usual = stray_of(reported)
        if stray:
            found.append(PartialYear(agency_id, name, stray, sum(reported[month] for month in stray), usual))
    return found


def stray_of(reported: dict[int, int]) -> tuple[tuple[int, ...], int]:
    """The stray months of an agency's year, none if it reported all of it, and its usual volume.

    Args:
        reported: incidents by month, of months that were reported.
    """
    highest = [*sorted(reported.values(), reverse=True), 0, 0]
    usual = highest[0] if highest[0] >= SURE_VOLUME else highest[1]
    stray = tuple(
        month
        for month, incidents in sorted(reported.items())
        if incidents <= STRAY_SHARE * usual and usual - incidents >= LEAST_DIFFERENCE
    )
    full = [month for month in reported if month not in stray]
    if len(stray) < FEWEST_STRAY or _MONTHS - len(full) < FEWEST_WITHOUT:
        return (), usual
    apart = stray[-1] < min(full) or stray[0] > max(full)
    return (stray if apart else ()), usual
