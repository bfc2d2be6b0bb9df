"""How many incidents of which kind happen in which agency and month: the truth that reports are about."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from nibrs_simulation.arrays import Floats, Integers, generator
from nibrs_simulation.distributions import Distribution, rows, shares
from nibrs_simulation.frame import Frame, region_of
from nibrs_simulation.offense_rules import offense_rules

#: Incidents per 100,000 residents in the nation: about 13 million a year (NIBRS national estimates, FBI).
NATIONAL_INCIDENTS = 3_927.0
#: Kinds of incidents by the offense they are known by, and the family that decides where they are frequent.
KINDS = {
    "homicide": "violent", "rape": "violent", "robbery": "violent", "aggravated_assault": "violent",
    "burglary": "property", "larceny": "property", "motor_vehicle_theft": "property",
    "other_person": "other", "other_property": "property", "society": "other",
}  # fmt: skip
_OF_CODE = {
    "09A": "homicide", "11A": "rape", "11B": "rape", "11C": "rape", "120": "robbery", "13A": "aggravated_assault",
    "220": "burglary", "240": "motor_vehicle_theft",
}  # fmt: skip
_ESTIMATED = tuple(dict.fromkeys([*_OF_CODE.values(), "larceny"]))
#: Standard deviations of logarithms: an agency's level of all crime and of each kind, and of its years.
_AGENCY, _AGENCY_KIND, _YEAR, _WITHOUT_RESIDENTS = 0.35, 0.25, 0.06, 1.1
#: Months vary more than chance: shape of the gamma distribution that mixes the Poisson.
_MONTH_SHAPE = 40.0
_MONTHS = 12


def kind_of(code: str, crime_against: str) -> str:
    """The kind of an incident that is known by an offense."""
    if code in _OF_CODE:
        return _OF_CODE[code]
    if code.startswith("23"):
        return "larceny"
    return {"Person": "other_person", "Property": "other_property"}.get(crime_against, "society")


@cache
def offense_sets() -> dict[str, Distribution]:
    """By kind: the offenses of an incident, joined by ``+``, the one that it is known by first."""
    found: dict[str, dict[str, float]] = {kind: {} for kind in KINDS}
    for offenses, share in shares("offenses").items():
        found[_kind_of_set(offenses)][offenses] = share
    return {kind: Distribution({"": sets}) for kind, sets in found.items()}


def _kind_of_set(offenses: str) -> str:
    first = offenses.split("+", maxsplit=1)[0]
    return kind_of(first, offense_rules()[first].crime_against)


def national_rates(year: int) -> dict[str, float]:
    """Incidents per 100,000 residents by kind.

    The FBI's estimates for the seven kinds that have one (the nearest years, interpolated); the other
    kinds share what is left of all incidents as in the published downloads.
    """
    table = list(rows("national_rates"))
    years = [float(row["year"]) for row in table]
    found = {
        kind: float(np.interp(year, years, [float(row[kind]) for row in table])) for kind in dict.fromkeys(_ESTIMATED)
    }
    left = NATIONAL_INCIDENTS - sum(found.values())
    others: dict[str, float] = dict.fromkeys(set(KINDS) - set(found), 0.0)
    for offenses, share in shares("offenses").items():
        if (kind := _kind_of_set(offenses)) in others:
            others[kind] += share
    total = sum(others.values())
    return found | {kind: left * share / total for kind, share in others.items()}


@dataclass(frozen=True)
class Crime:
    """True incidents: ``counts`` by agency, year, month and kind; ``level`` is an agency's excess over similar ones."""

    years: tuple[int, ...]
    counts: Integers
    level: Floats


def true_crime(frame: Frame, years: tuple[int, ...], scale: float, seed: int) -> Crime:
    """Draw the number of incidents of every agency, month and kind."""
    random = generator(seed, "crime")
    size = len(frame)
    level = random.normal(0, _AGENCY, size)
    of_kind = random.normal(0, _AGENCY_KIND, (size, len(KINDS)))
    yearly = _expected(frame, years, generator(seed, "without residents")) * scale
    yearly *= np.exp(level[:, None] + of_kind)[:, None, :] / np.exp((_AGENCY**2 + _AGENCY_KIND**2) / 2)
    yearly *= random.lognormal(-(_YEAR**2) / 2, _YEAR, (size, len(years), 1))
    none = (frame.covered_by > 0) | frame.dormant
    yearly[none] = 0
    monthly = yearly[:, :, None, :] * _seasons()[None, None]
    monthly *= random.gamma(_MONTH_SHAPE, 1 / _MONTH_SHAPE, monthly.shape)
    return Crime(years, random.poisson(monthly), level)


def _expected(frame: Frame, years: tuple[int, ...], random: np.random.Generator) -> Floats:
    """Expected incidents by agency, year and kind, before an agency's own level."""
    families = list(KINDS.values())
    multipliers = {(row["kind"], row["value"]): row for row in rows("multipliers")}
    by_group = {
        group: [float(_of_group(multipliers, group)[family]) for family in families] for group in np.unique(frame.group)
    }
    by_state = {
        state: [float(multipliers["region", str(region_of(state))][family]) for family in families]
        for state in np.unique(frame.state)
    }
    relative = np.array([by_group[group] for group in frame.group]) * np.array(
        [by_state[state] for state in frame.state]
    )
    served = _served(frame)
    weights = served[:, None] * relative
    # Where people live, the nation's rates hold on average over the frame.
    weights /= np.maximum(weights.sum(axis=0) / served.sum(), 1e-12)
    without = {row["agency_type"]: row for row in rows("without_residents")}
    rates = np.array([[national_rates(year)[kind] for kind in KINDS] for year in years])
    share_of_kind = rates / rates.sum(axis=1, keepdims=True)
    expected = weights[:, None, :] * rates[None] / 1e5
    for place in np.flatnonzero((frame.population == 0) & (served == 0)):
        row = without[frame.type[place]]
        factor = np.array([float(row[family]) for family in families]) * random.lognormal(-0.6, _WITHOUT_RESIDENTS)
        expected[place] = float(row["incidents_a_year"]) * share_of_kind * factor
    return np.asarray(expected * _to_total(expected, served, rates))


def _to_total(expected: Floats, served: Floats, rates: Floats) -> Floats:
    """Scale so that all incidents, those of agencies without residents included, make up the nation's rate."""
    wanted = served.sum() * rates / 1e5
    return np.asarray((wanted / expected.sum(axis=0))[None])


def _served(frame: Frame) -> Floats:
    """Residents whose crimes an agency reports: its own and those of the agencies that it covers."""
    served = frame.population.astype(np.float64)
    covered = np.flatnonzero(frame.covered_by)
    place = {int(agency): number for number, agency in enumerate(frame.agency_id)}
    for number in covered:
        served[place[int(frame.covered_by[number])]] += served[number]
        served[number] = 0
    return served


def _of_group(multipliers: dict[tuple[str, str], dict[str, str]], group: str) -> dict[str, str]:
    return multipliers.get(("group", group)) or multipliers["group", group[0]]


@cache
def _seasons() -> Floats:
    """Share of each month in the year, by kind."""
    against = {"violent": "Person", "property": "Property", "other": "Society"}
    columns = []
    for kind, family in KINDS.items():
        found = shares("month", "Person" if kind == "other_person" else against[family])
        months = np.array([found.get(str(month), 0.0) for month in range(1, _MONTHS + 1)])
        # A third of the way from even months: four state-years exaggerate the seasons.
        columns.append(months / months.sum() * 0.67 + 0.33 / _MONTHS)
    return np.column_stack(columns)


def draw_sets(random: np.random.Generator, kinds: Integers) -> tuple[Integers, tuple[str, ...]]:
    """For incidents of these kinds: the number of each one's set of offenses, and all sets."""
    names: list[str] = []
    chosen = np.empty(len(kinds), np.int64)
    for number, distribution in enumerate(offense_sets().values()):
        which = np.flatnonzero(kinds == number)
        chosen[which] = len(names) + distribution.draw_many(random, len(which)).places
        names += list(distribution.values)
    return chosen, tuple(names)
