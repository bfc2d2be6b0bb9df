"""Incidents and their offenses."""

from dataclasses import dataclass

import numpy as np

from nibrs_simulation.arrays import Flags, Integers, Texts, number_within, spread, texts
from nibrs_simulation.codes import NUMBER_OF_OFFENSE, OFFENSES, RULES, identifiers, offenses_with
from nibrs_simulation.crime import draw_sets
from nibrs_simulation.distributions import Drawn, distribution

#: Hotels and rental storages: a burglary there may be of several premises.
_SEVERAL_PREMISES = ("14", "19")
_MONTH_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

#: An attempted homicide is an aggravated assault, and an assault that is attempted is one.
_CANNOT_BE_ATTEMPTED = np.isin(OFFENSES, ("09A", "09B", "09C", "13A", "13B", "13C"))


@dataclass(frozen=True)
class Incidents:
    """Incidents of one state and year, ordered by agency and month.

    Attributes:
        agency: place of the agency in the frame of the state.
        month: 1 to 12.
        day: days since the beginning of the year, from 0.
        primary: the offense that the incident is known by.
        offenses: what the incident consists of.
    """

    agency: Integers
    month: Integers
    day: Integers
    hour: Integers
    report_date: Texts
    primary: Integers
    offenses: "Offenses"

    def __len__(self) -> int:
        return len(self.agency)


@dataclass(frozen=True)
class Offenses:
    """Offenses, ordered by incident; ``code`` is a place in OFFENSES, ``place`` that in the incident.

    ``entry`` is empty but for burglaries, ``premises`` 0 but for some.
    """

    incident: Integers
    place: Integers
    code: Integers
    attempted: Flags
    location: Integers
    entry: Texts
    premises: Integers
    weapon: tuple[Integers, Integers]
    activity: tuple[Integers, Integers]
    using: tuple[Integers, Integers]
    bias: Integers

    def __len__(self) -> int:
        return len(self.incident)


def draw_incidents(random: np.random.Generator, counts: Integers) -> Incidents:
    """As many incidents as ``counts`` (agency x month x kind) says."""
    agency, month, kind = (np.repeat(each.ravel(), counts.ravel()) for each in np.indices(counts.shape))
    chosen, sets = draw_sets(random, kind)
    members = [[NUMBER_OF_OFFENSE[code] for code in each.split("+")] for each in sets]
    lengths = np.array([len(each) for each in members], np.int64)
    flat = np.array([code for each in members for code in each], np.int64)
    starts = np.cumsum(lengths) - lengths
    owner, place = spread(lengths[chosen])
    code = flat[starts[chosen][owner] + place]
    primary = flat[starts[chosen]]
    begins = np.cumsum(_MONTH_LENGTHS) - _MONTH_LENGTHS
    day = begins[month] + (random.random(len(agency)) * np.array(_MONTH_LENGTHS)[month]).astype(np.int64)
    return Incidents(
        agency=agency, month=month + 1, day=day, primary=primary,
        hour=distribution("hour").draw(random, OFFENSES, primary).numbers(),
        report_date=distribution("report_date").draw_many(random, len(agency)).texts(),
        offenses=_draw_offenses(random, owner, place, code),
    )  # fmt: skip


def _draw_offenses(random: np.random.Generator, incident: Integers, place: Integers, code: Integers) -> Offenses:
    # The offenses of an incident happen at the place of its first one.
    location = distribution("location").draw(random, OFFENSES, code).texts()
    location = location[np.arange(len(code)) - place]
    burglary = np.flatnonzero(offenses_with("entry")[code])
    entry, premises = texts([""] * len(code)), np.zeros(len(code), np.int64)
    entry[burglary] = distribution("entry").draw(random, OFFENSES, code[burglary]).texts()
    several = burglary[np.isin(location[burglary].astype(str), _SEVERAL_PREMISES)]
    premises[several] = distribution("premises").draw_many(random, len(several)).numbers()
    return Offenses(
        incident=incident, place=place, code=code,
        attempted=(distribution("attempt").draw(random, OFFENSES, code).texts() == "A") & ~_CANNOT_BE_ATTEMPTED[code],
        location=_mapped(location, identifiers("nibrs_location_type")), entry=entry, premises=premises,
        weapon=_of_some(random, "weapon", offenses_with("weapon"), code, "nibrs_weapon_type"),
        activity=_draw_activity(random, code),
        using=distribution("using").draw(random, OFFENSES, code).exploded(identifiers("nibrs_using_list")),
        bias=distribution("bias").draw_many(random, len(code)).mapped(identifiers("nibrs_bias_list")),
    )  # fmt: skip


def _mapped(values: Texts, to: dict[str, int]) -> Integers:
    found, inverse = np.unique(values.astype(str), return_inverse=True)
    return np.array([to[value] for value in found], np.int64)[inverse]


def _of_some(
    random: np.random.Generator, attribute: str, which: Flags, code: Integers, table: str
) -> tuple[Integers, Integers]:
    """Owners and identifiers of an attribute that only some offenses have."""
    owners = np.flatnonzero(which[code])
    return _exploded(distribution(attribute).draw(random, OFFENSES, code[owners]), owners, table)


def _exploded(drawn: Drawn, owners: Integers, table: str) -> tuple[Integers, Integers]:
    owner, identifier = drawn.exploded(identifiers(table))
    return owners[owner], identifier


def _draw_activity(random: np.random.Generator, code: Integers) -> tuple[Integers, Integers]:
    """Criminal activity where it is mandatory, gang information for some offenses of the others."""
    must = np.array([rule.activity == "must" for rule in RULES])
    owners = np.flatnonzero(must[code])
    may = np.flatnonzero((offenses_with("activity") & ~must)[code])
    told = distribution("gang").draw(random, OFFENSES, code[may]).texts() == "some"
    owners = np.sort(np.concatenate([owners, may[told]]))
    return _exploded(distribution("activity").draw(random, OFFENSES, code[owners]), owners, "nibrs_criminal_act_type")


def first_of_each(owner: Integers) -> Integers:
    """Places of the first element of each owner, where owners lie together."""
    return np.flatnonzero(number_within(owner) == 0)
