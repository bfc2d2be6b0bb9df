"""Victims of incidents, and what happened to them."""

from dataclasses import dataclass, replace

import numpy as np

from nibrs_simulation.arrays import Flags, Floats, Integers, Texts, number_within, spread, texts
from nibrs_simulation.codes import (
    NUMBER_OF_OFFENSE,
    OFFENSES,
    conditioned,
    identifiers,
    offenses_against,
    offenses_with,
)
from nibrs_simulation.distributions import distribution
from nibrs_simulation.incidents import Incidents, Offenses
from nibrs_simulation.offense_rules import exclusive_offenses
from nibrs_simulation.persons import Persons, draw_persons, draw_race, numbered

#: Types of victims: persons first.
VICTIM_TYPES = ("I", "L", "B", "F", "G", "O", "R", "S")
_PERSON, OFFICER, _SOCIETY = 0, 1, 7
#: How often a second offense against persons or their property has the same victims as the first.
_SAME_VICTIMS = 0.85
#: With so many victims an offense adds one at most.
_MANY_VICTIMS = 6
_NO_PAIRS = (np.empty(0, np.int64), np.empty(0, np.int64))


@dataclass(frozen=True)
class Victims:
    """Victims, ordered by incident.

    Attributes:
        place: in the incident, from 0.
        type: place in VICTIM_TYPES.
        code: the first offense against the victim, a place in OFFENSES.
        persons: empty values for victims that are none.
        link: pairs of victim and offense.
        injury, circumstances: pairs of victim and identifier.
    """

    incident: Integers
    place: Integers
    type: Integers
    code: Integers
    persons: Persons
    resident: Texts
    assignment: Integers
    activity: Integers
    link: tuple[Integers, Integers]
    injury: tuple[Integers, Integers]
    circumstances: tuple[Integers, Integers]

    @property
    def are_persons(self) -> Flags:
        """Which victims are persons: individuals and officers."""
        return self.type <= OFFICER

    def __len__(self) -> int:
        return len(self.incident)


class _VictimsInMaking:
    """Victims as they are added, an offense of each incident after the other."""

    def __init__(self, incidents: int) -> None:
        self.first = np.full(incidents, -1, np.int64)
        self.size = np.zeros(incidents, np.int64)
        self.code = np.zeros(incidents, np.int64)
        self.persons = np.zeros(incidents, np.int64)
        self.others = np.full((incidents, len(VICTIM_TYPES)), -1, np.int64)
        self.columns: list[tuple[Integers, Integers, Integers]] = []
        self.links: list[tuple[Integers, Integers]] = []
        self.number = 0

    def add(self, incident: Integers, kind: Integers, code: Integers) -> Integers:
        self.columns.append((incident, kind, code))
        added = np.arange(self.number, self.number + len(incident))
        self.number += len(incident)
        return added

    def link(self, victim: Integers, offense: Integers) -> None:
        self.links.append((victim, offense))


def _exclusive() -> Flags:
    """For each pair of OFFENSES, whether the same victim cannot have both."""
    matrix = np.zeros((len(OFFENSES), len(OFFENSES)), np.bool_)
    for first, second in exclusive_offenses():
        if first in NUMBER_OF_OFFENSE and second in NUMBER_OF_OFFENSE:
            matrix[NUMBER_OF_OFFENSE[first], NUMBER_OF_OFFENSE[second]] = True
    return matrix


def draw_victims(random: np.random.Generator, incidents: Incidents, mix: Floats) -> Victims:
    """Draw the victims of incidents; ``mix`` is that of :func:`race_mix`."""
    offenses = incidents.offenses
    kinds = _victim_types(random, offenses)
    numbers = np.ones(len(offenses), np.int64)
    individual = np.flatnonzero(kinds <= OFFICER)
    numbers[individual] = distribution("victims").draw(random, OFFENSES, offenses.code[individual]).numbers()
    making, exclusive = _VictimsInMaking(len(incidents)), _exclusive()
    for place in range(int(offenses.place.max(initial=-1)) + 1):
        these = np.flatnonzero(offenses.place == place)
        person = these[kinds[these] <= OFFICER]
        _add_persons(random, making, offenses, person, kinds, numbers, exclusive)
        _add_others(making, offenses, these[kinds[these] > OFFICER], kinds)
    return _completed(random, incidents, mix, making)


def _victim_types(random: np.random.Generator, offenses: Offenses) -> Integers:
    """Place in VICTIM_TYPES of each offense's victims."""
    drawn = numbered(VICTIM_TYPES, distribution("victim_type").draw(random, OFFENSES, offenses.code).texts())
    against_person = offenses_against("Person")[offenses.code]
    drawn[against_person & (drawn > OFFICER)] = _PERSON
    drawn[(drawn == OFFICER) & ~offenses_with("officer")[offenses.code]] = _PERSON
    drawn[~against_person & (drawn == _SOCIETY)] = _PERSON
    drawn[offenses_against("Society")[offenses.code]] = _SOCIETY
    return drawn


def _add_persons(
    random: np.random.Generator,
    making: _VictimsInMaking,
    offenses: Offenses,
    these: Integers,
    kinds: Integers,
    numbers: Integers,
    exclusive: Flags,
) -> None:
    """Victims of offenses against persons or their property: those of the first such offense, or others."""
    incident, code = offenses.incident[these], offenses.code[these]
    there = making.first[incident] >= 0
    apart = exclusive[making.code[incident], code] | (random.random(len(these)) > _SAME_VICTIMS)
    same = there & ~apart
    # A thing is one person's, a crime against persons or a robbery concerns them all.
    all_of_them = (offenses_against("Person") | (np.array(OFFENSES) == "120"))[code]
    size = np.where(all_of_them, making.size[incident], 1)[same]
    owner, place = spread(size)
    making.link(making.first[incident[same]][owner] + place, these[same][owner])
    wanted = np.where(making.persons[incident] > _MANY_VICTIMS, 1, numbers[these])[~same]
    owner, place = spread(wanted)
    others, of = these[~same], incident[~same]
    added = making.add(of[owner], kinds[others][owner], offenses.code[others][owner])
    making.link(added, others[owner])
    first = added[np.flatnonzero(place == 0)]
    begins = ~there[~same]
    making.first[of[begins]] = first[begins]
    making.size[of[begins]] = wanted[begins]
    making.code[of[begins]] = offenses.code[others][begins]
    making.persons[of] += wanted


def _add_others(making: _VictimsInMaking, offenses: Offenses, these: Integers, kinds: Integers) -> None:
    """Businesses, society and so on: one of each in an incident."""
    incident, kind = offenses.incident[these], kinds[these]
    absent = making.others[incident, kind] < 0
    added = making.add(incident[absent], kind[absent], offenses.code[these][absent])
    making.others[incident[absent], kind[absent]] = added
    making.link(making.others[incident, kind], these)


def _completed(random: np.random.Generator, incidents: Incidents, mix: Floats, making: _VictimsInMaking) -> Victims:
    """Victims in the order of their incidents, with what is known of persons and what happened to them."""
    incident, kind, code = (np.concatenate(parts) for parts in zip(*making.columns, strict=True))
    order = np.argsort(incident, kind="stable")
    position = np.empty(len(order), np.int64)
    position[order] = np.arange(len(order))
    linked, offense = (np.concatenate(parts) for parts in zip(*making.links, strict=True))
    incident, kind, code = incident[order], kind[order], code[order]
    persons = np.flatnonzero(kind <= OFFICER)
    agency = incidents.agency[incident]
    condition = code[persons] * 2 + kind[persons]
    names = conditioned(OFFENSES, ("I", "L"))
    drawn = draw_persons(
        random, distribution("victim_age").draw(random, names, condition),
        distribution("victim_sex").draw(random, names, condition).texts(), draw_race(random, mix, agency[persons]),
    )  # fmt: skip
    resident = texts([""] * len(order))
    resident[persons] = distribution("resident").draw(random, VICTIM_TYPES, kind[persons]).texts()
    officers = np.flatnonzero(kind == OFFICER)
    assignment, activity = np.zeros(len(order), np.int64), np.zeros(len(order), np.int64)
    for column, attribute, table in (
        (assignment, "assignment", "nibrs_assignment_type"), (activity, "officer_activity", "nibrs_activity_type"),
    ):  # fmt: skip
        column[officers] = distribution(attribute).draw_many(random, len(officers)).mapped(identifiers(table))
    link = (position[linked], offense)
    victims = Victims(
        incident,
        number_within(incident),
        kind,
        code,
        drawn.among(len(order), persons),
        resident,
        assignment,
        activity,
        link,
        _NO_PAIRS,
        _NO_PAIRS,
    )
    return replace(
        victims,
        injury=_happened(random, incidents.offenses, victims, "injury", "injury", "nibrs_injury"),
        circumstances=_happened(
            random, incidents.offenses, victims, "circumstances", "circumstances", "nibrs_circumstances"
        ),
    )


def first_linked(offenses: Offenses, victims: Victims, which: Flags) -> tuple[Integers, Integers]:
    """Persons with an offense of a kind against them, and the first such offense."""
    victim, offense = victims.link
    code = offenses.code[offense]
    fits = which[code] & victims.are_persons[victim]
    victim, code = victim[fits], code[fits]
    order = np.lexsort((offenses.place[offense[fits]], victim))
    found, first = np.unique(victim[order], return_index=True)
    return found, code[order][first]


def _happened(
    random: np.random.Generator, offenses: Offenses, victims: Victims, rule: str, attribute: str, table: str
) -> tuple[Integers, Integers]:
    """Injuries and circumstances of the victims whose offenses have them."""
    victim, code = first_linked(offenses, victims, offenses_with(rule))
    owner, identifier = distribution(attribute).draw(random, OFFENSES, code).exploded(identifiers(table))
    return victim[owner], identifier
