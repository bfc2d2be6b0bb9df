"""How incidents were cleared, who was arrested for them, and arrests for Group B offenses."""

from dataclasses import dataclass

import numpy as np

from nibrs_simulation.arrays import Floats, Integers, Texts, texts
from nibrs_simulation.codes import OFFENSES, conditioned, identifiers
from nibrs_simulation.distributions import Distribution, distribution
from nibrs_simulation.incidents import Incidents
from nibrs_simulation.offenders import Offenders
from nibrs_simulation.persons import RACES, Persons, draw_ages, draw_race, numbered, race_mix

#: Offenders besides the first who are arrested with him or her.
_ARRESTED_TOO = 0.8
#: Group B arrests for each Group A incident, and their offenses: the FBI's NIBRS Tables 3 and 13 of 2024.
_GROUP_B_PER_INCIDENT = 0.239
_GROUP_B = Distribution({"": {
    "90B": 0.0086, "90C": 0.0733, "90D": 0.2280, "90F": 0.0122, "90G": 0.0273, "90J": 0.0830, "90Z": 0.5676,
}})  # fmt: skip
_ADULT = 18


@dataclass(frozen=True)
class Arrests:
    """Arrestees in columns.

    Attributes:
        days: until the arrest since the incident (Group A), or since the beginning of the year (Group B).
        offense: identifier of nibrs_offense_type.
        weapon: pairs of arrestee and identifier of nibrs_weapon_type.
        disposition: of persons under 18, else empty.
    """

    days: Integers
    type: Integers
    offense: Integers
    persons: Persons
    resident: Texts
    disposition: Texts
    weapon: tuple[Integers, Integers]

    def __len__(self) -> int:
        return len(self.days)


@dataclass(frozen=True)
class Clearances:
    """How incidents were cleared: identifier of nibrs_cleared_except, days until then (-1: not), and arrests.

    Attributes:
        offender: who was arrested, for each arrestee.
        multiple: whether the arrestee counts for several incidents: N, C or M.
    """

    exception: Integers
    days: Integers
    incident: Integers
    offender: Integers
    multiple: Texts
    arrests: Arrests


@dataclass(frozen=True)
class GroupB:
    """Arrests for offenses that are reported by arrests only."""

    agency: Integers
    month: Integers
    arrests: Arrests


def draw_clearances(random: np.random.Generator, incidents: Incidents, offenders: Offenders) -> Clearances:
    """Draw which incidents are cleared by arrest, which exceptionally, and who is arrested."""
    known = np.zeros(len(incidents), np.int64)
    known[offenders.incident[offenders.known]] = 1
    how = (
        distribution("clearance").draw(random, conditioned(OFFENSES, ("0", "1")), incidents.primary * 2 + known).texts()
    )
    how[(how != "N") & (known == 0)] = "N"
    by_arrest = how == "arrest"
    exceptions = identifiers("nibrs_cleared_except")
    exception = np.array([exceptions["N" if each == "arrest" else each] for each in how], np.int64)
    exceptional = exception != exceptions["N"]
    days = np.where(exceptional, random.geometric(0.06, len(how)) - 1, -1)
    offender = np.flatnonzero(
        by_arrest[offenders.incident]
        & offenders.known
        & ((offenders.place == 0) | (random.random(len(offenders)) < _ARRESTED_TOO))
    )
    incident = offenders.incident[offender]
    code = incidents.primary[incident]
    ids = identifiers("nibrs_offense_type")
    arrests = _arrests(
        random, distribution("arrest_lag").draw(random, OFFENSES, code).numbers(), OFFENSES, code,
        np.array([ids[each] for each in OFFENSES], np.int64)[code], offenders.persons.take(offender),
    )  # fmt: skip
    multiple = distribution("multiple").draw_many(random, len(offender)).texts()
    return Clearances(exception, days, incident, offender, multiple, arrests)


def _arrests(
    random: np.random.Generator,
    days: Integers,
    names: tuple[str, ...],
    code: Integers,
    offense: Integers,
    persons: Persons,
) -> Arrests:
    size = len(days)
    owner, weapon = distribution("arrest_weapon").draw(random, names, code).exploded(identifiers("nibrs_weapon_type"))
    minor = (persons.years >= 0) & (persons.years < _ADULT)
    disposition = texts([""] * size)
    disposition[minor] = distribution("disposition").draw_many(random, int(minor.sum())).texts()
    return Arrests(
        days, distribution("arrest_type").draw_many(random, size).mapped(identifiers("nibrs_arrest_type")), offense,
        persons, distribution("arrestee_resident").draw_many(random, size).texts(), disposition, (owner, weapon),
    )  # fmt: skip


def draw_group_b(random: np.random.Generator, counts: Integers, races: Floats | None = None) -> GroupB:
    """Draw Group B arrests in proportion to incidents (``counts``: agency x month x kind; ``races``: see race_mix)."""
    number = random.poisson(counts.sum(axis=2) * _GROUP_B_PER_INCIDENT)
    agency, month = (np.repeat(each.ravel(), number.ravel()) for each in np.indices(number.shape))
    names = tuple(_GROUP_B.values)
    code = numbered(names, _GROUP_B.draw_many(random, len(agency)).texts())
    identifier, years = draw_ages(random, distribution("group_b_age").draw(random, names, code))
    race = draw_race(random, race_mix(random, len(counts), races), agency)
    ethnicity = distribution("ethnicity").draw(random, RACES, numbered(RACES, race)).texts()
    persons = Persons(identifier, years, distribution("group_b_sex").draw(random, names, code).texts(), race, ethnicity)
    ids = identifiers("nibrs_offense_type")
    days = ((month + random.random(len(month))) * 365 / 12).astype(np.int64)
    arrests = _arrests(random, days, names, code, np.array([ids[each] for each in names], np.int64)[code], persons)
    return GroupB(agency, month + 1, arrests)
