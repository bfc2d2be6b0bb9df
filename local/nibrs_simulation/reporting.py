"""Who reports what: from the truth to what the database holds."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import numpy as np

from nibrs_simulation.arrays import Flags, Floats, Integers, Texts, generator, texts
from nibrs_simulation.crime import Crime
from nibrs_simulation.frame import Frame
from nibrs_simulation.unknown import BY_CHANCE, unknown_shares
from nibrs_simulation.world import MECHANISMS

_MONTHS = 12
#: Share of agencies that report NIBRS, where chance alone decides, by population group (7 and smaller: less often).
_SHARE_OF_GROUP = {"1": 0.72, "2": 0.72, "3": 0.70, "4": 0.68, "5": 0.66, "6": 0.64, "7": 0.58, "8": 0.64, "9": 0.68}
#: NIBRS agencies that began during the year, that miss months, and that have months with implausibly few incidents.
_BEGAN, _GAPS, _LOW = 0.05, 0.08, 0.03
#: In a low month this share of the incidents is reported.
LOW_SHARE = 0.06
#: Of agencies without NIBRS: who sends Return A, and who of these misses months.
_RETURN_A, _RETURN_A_GAPS = 0.87, 0.12
#: Share of agencies that tell how many people they employ.
_STAFF = 0.92
NOT_REPORTED, ZERO, INCIDENTS = "U", "Z", "I"


@dataclass(frozen=True)
class Reporting:
    """Who reports in one year, by agency (and month).

    Attributes:
        is_nibrs: whether the agency is a NIBRS reporter.
        probability: the chance that it had to be one, by the mechanism.
        reason: why it is one or not, in words.
        nibrs_start: first month that it could report, as year * 12 + month - 1; 0 if it never began.
        months: for each month I, Z or U (U throughout where is_nibrs is false).
        low: months of which only a few incidents are reported.
        return_a: months with a Return A, from summaries or converted from NIBRS.
        staff: whether the agency tells how many officers and civilians it has.
        unknown: share of each of ``unknown.items()`` that the agency leaves unknown.
        unknown_by: what decides that, one of ``world.UNKNOWN``.
    """

    year: int
    is_nibrs: Flags
    probability: Floats
    reason: Texts
    nibrs_start: Integers
    months: Texts
    low: Flags
    return_a: Flags
    staff: Flags
    unknown: Floats
    unknown_by: str = BY_CHANCE

    def take(self, which: Integers | Flags) -> "Reporting":
        """Some of the agencies."""
        of_all = ("year", "unknown_by")
        columns = {each.name: getattr(self, each.name)[which] for each in fields(self) if each.name not in of_all}
        return replace(self, **columns)


Mechanism = Callable[[Frame, Crime], Floats]


def _complete(frame: Frame, crime: Crime) -> Floats:
    return np.ones(len(frame))


def _at_random(frame: Frame, crime: Crime) -> Floats:
    return np.array([_SHARE_OF_GROUP[group[0]] for group in frame.group])


def _by_size(frame: Frame, crime: Crime) -> Floats:
    return _logistic(0.35 * (np.log10(frame.population + 300.0) - 3.8) * 2.3 + 0.6)


def _by_crime(frame: Frame, crime: Crime) -> Floats:
    return _logistic(0.65 - 1.8 * crime.level)


def _as_given(frame: Frame, crime: Crime) -> Floats:
    return frame.nibrs.astype(np.float64)


def _logistic(value: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-value)))


_PROBABILITY: dict[str, Mechanism] = {
    "complete": _complete, "random": _at_random, "size": _by_size, "crime": _by_crime, "frame": _as_given,
}  # fmt: skip


def reporting_of(
    frame: Frame, crime: Crime, year: int, mechanism: str, seed: int, unknown_by: str = BY_CHANCE
) -> Reporting:
    """Draw who reports what in a year.

    Which agencies report NIBRS is drawn once for all years, so that an agency that does, does every year;
    months and unknown items are drawn by year.
    """
    size = len(frame)
    random = generator(seed, "reporting", year)
    is_nibrs, probability, reason = _reporters(frame, crime, mechanism, seed)
    can = ~frame.dormant & (frame.covered_by == 0)
    complete = mechanism == "complete"
    start = np.minimum(frame.nibrs_start_year, year - 1) * _MONTHS
    reported = np.ones((size, _MONTHS), np.bool_)
    low = np.zeros((size, _MONTHS), np.bool_)
    if not complete:
        began = is_nibrs & (random.random(size) < _BEGAN)
        start = np.where(began, year * _MONTHS + random.integers(1, 11, size), start)
        reported &= (year * _MONTHS + np.arange(_MONTHS))[None] >= start[:, None]
        reported &= ~_gaps(random, is_nibrs & ~began & (random.random(size) < _GAPS))
        low = _low_months(random, is_nibrs & (random.random(size) < _LOW)) & reported
    start = np.where(is_nibrs, start, 0)
    reported &= is_nibrs[:, None]
    with_incidents = crime.counts[:, crime.years.index(year)].sum(axis=2) > 0
    months = np.where(reported, np.where(with_incidents, INCIDENTS, ZERO), NOT_REPORTED).astype(object)
    return_a = (random.random(size) < _RETURN_A)[:, None] & ~_gaps(random, random.random(size) < _RETURN_A_GAPS)
    return_a = (
        np.where(complete, np.ones_like(reported), np.where(is_nibrs[:, None], reported, return_a)) & can[:, None]
    )
    staff = complete | (generator(seed, "staff", year).random(size) < _STAFF)
    unknown = unknown_shares(random, size, unknown_by) * (not complete)
    return Reporting(
        year,
        is_nibrs,
        probability,
        reason,
        start,
        months,
        low,
        return_a.astype(np.bool_),
        np.asarray(staff),
        unknown,
        unknown_by,
    )


def _reporters(frame: Frame, crime: Crime, mechanism: str, seed: int) -> tuple[Flags, Floats, Texts]:
    probability = _PROBABILITY[mechanism](frame, crime)
    is_nibrs = generator(seed, "reporters").random(len(frame)) < probability
    reason = texts([MECHANISMS[mechanism]] * len(frame))
    for which, cannot in ((frame.dormant, "dormant"), (frame.covered_by > 0, "covered by another agency")):
        is_nibrs &= ~which
        probability = np.where(which, 0, probability)
        reason[which] = cannot
    return is_nibrs, probability, reason


def _gaps(random: np.random.Generator, which: Flags) -> Flags:
    """One to eight months in a row that are missing, of the agencies that have such a gap."""
    length = random.integers(1, 9, len(which))
    first = random.integers(0, _MONTHS, len(which))
    months = np.arange(_MONTHS)[None]
    return np.asarray((months >= first[:, None]) & (months < (first + length)[:, None]) & which[:, None])


def _low_months(random: np.random.Generator, which: Flags) -> Flags:
    """One or two months of the agencies that have low ones."""
    low = np.zeros((len(which), _MONTHS), np.bool_)
    for _ in range(2):
        low[np.arange(len(which)), random.integers(0, _MONTHS, len(which))] = True
    return low & which[:, None]


def kept_in_low_month(random: np.random.Generator, low: Flags) -> Flags:
    """Which incidents are reported: all, but for a few only of low months."""
    return ~low | (random.random(len(low)) < LOW_SHARE)
