"""Victims and offenders, what they are to each other, and what happened to the victims."""

from dataclasses import dataclass, replace

import numpy as np
from nibrs_local.offense_rules import exclusive_offenses

from nibrs_simulation.arrays import Flags, Floats, Integers, Texts, number_within, spread, texts
from nibrs_simulation.codes import (
    NUMBER_OF_OFFENSE,
    OFFENSES,
    conditioned,
    identifiers,
    offenses_against,
    offenses_with,
)
from nibrs_simulation.distributions import Drawn, distribution, shares
from nibrs_simulation.incidents import Incidents, Offenses

#: Types of victims: persons first.
VICTIM_TYPES = ("I", "L", "B", "F", "G", "O", "R", "S")
_PERSON, _OFFICER, _SOCIETY = 0, 1, 7
_SEXES = ("F", "M")
RACES = ("A", "B", "I", "P", "W")
#: How much agencies differ in the races of their residents: sum of the parameters of a Dirichlet distribution.
_RACE_SPREAD = 6.0
#: A second offense against a person or thing of a person concerns the same victims as the first, so often.
_SAME_VICTIMS = 0.85
#: With so many victims an offense adds one at most.
_MANY_VICTIMS = 6
_OLDEST, _NO_AGE = 98, -1
#: Relationship to the offender, with the offender's age less the victim's: lowest and highest.
_AGE_GAPS = {
    "CH": (16, 45), "SC": (14, 45), "CF": (14, 45), "GC": (38, 70), "FC": (18, 50), "PA": (-45, -16), "SP": (-45, -14),
    "FP": (-50, -18), "GP": (-70, -38), "SB": (-15, 15), "SS": (-15, 15), "SE": (-12, 12), "CS": (-12, 12),
    "XS": (-12, 12), "BG": (-10, 10), "HR": (-10, 10), "XR": (-10, 10), "BE": (8, 45),
}  # fmt: skip
_COUPLES = ("SE", "CS", "XS", "BG", "HR", "XR")
_COUPLES_OF_TWO_SEXES, _SHARE_OF_TWO_SEXES = ("SE", "CS", "XS", "BG", "XR"), 0.95
_YOUNGEST_OF_COUPLE, _YOUNGEST_OFFENDER = 14, 8
#: A gap may be so much wider between others than the first pair of an offender.
_LENIENCE = 5


@dataclass(frozen=True)
class Persons:
    """What is known of persons; ``age`` is an identifier of nibrs_age, ``years`` -1 unless it means years."""

    age: Integers
    years: Integers
    sex: Texts
    race: Texts
    ethnicity: Texts

    def take(self, which: Integers | Flags) -> "Persons":
        """Some of them."""
        return Persons(self.age[which], self.years[which], self.sex[which], self.race[which], self.ethnicity[which])


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
        return self.type <= _OFFICER

    def __len__(self) -> int:
        return len(self.incident)


@dataclass(frozen=True)
class Offenders:
    """Offenders, ordered by incident; ``place`` counts from 0, ``known`` is false for the one who is not."""

    incident: Integers
    place: Integers
    known: Flags
    persons: Persons

    def __len__(self) -> int:
        return len(self.incident)


@dataclass(frozen=True)
class Relationships:
    """Pairs of victim and offender; ``code`` is an identifier of nibrs_relationship."""

    victim: Integers
    offender: Integers
    code: Integers


def draw_people(
    random: np.random.Generator, incidents: Incidents, agencies: int
) -> tuple[Victims, Offenders, Relationships]:
    """Draw everyone who takes part in incidents of a state with so many agencies."""
    mix = race_mix(random, agencies)
    victims = _draw_victims(random, incidents, mix)
    offenders = _draw_offenders(random, incidents, victims, mix)
    return (victims, *_relate(random, incidents.offenses, victims, offenders))


def race_mix(random: np.random.Generator, agencies: int) -> Floats:
    """Cumulated shares of RACES among the victims of each agency."""
    base = np.array([shares("race").get(race, 0.001) for race in RACES])
    mixes = random.dirichlet(base / base.sum() * _RACE_SPREAD + 0.02, agencies)
    return np.asarray(np.cumsum(mixes, axis=1))


def draw_race(random: np.random.Generator, mix: Floats, agency: Integers) -> Texts:
    """A race for each person, by the residents of the agency (a place in ``mix``)."""
    drawn = (random.random(len(agency))[:, None] > mix[agency]).sum(axis=1)
    return np.asarray(texts(RACES)[np.minimum(drawn, len(RACES) - 1)])


def numbered(values: tuple[str, ...], column: Texts) -> Integers:
    """Places of a column's values in a list."""
    place = {value: number for number, value in enumerate(values)}
    return np.array([place[value] for value in column], np.int64)


def _persons(random: np.random.Generator, age: Drawn, sex: Texts, race: Texts) -> Persons:
    ethnicity = distribution("ethnicity").draw(random, RACES, numbered(RACES, race)).texts()
    identifier, years = draw_ages(random, age)
    return Persons(identifier, years, sex, race, ethnicity)


def draw_ages(random: np.random.Generator, drawn: Drawn) -> tuple[Integers, Integers]:
    """Identifier of the age, and years within the band that was drawn."""
    of = identifiers("nibrs_age")
    values = drawn.distribution.values
    is_band = np.array(["-" in value for value in values])
    low = np.array([int(value.split("-")[0]) if "-" in value else 0 for value in values], np.int64)
    high = np.array([int(value.split("-")[1]) if "-" in value else 0 for value in values], np.int64)
    identifier = np.array([of["AG"] if "-" in value else of[value] for value in values], np.int64)
    place = drawn.places
    years = low[place] + (random.random(len(place)) * (high - low + 1)[place]).astype(np.int64)
    return identifier[place], np.where(is_band[place], years, _NO_AGE)


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


def _draw_victims(random: np.random.Generator, incidents: Incidents, mix: Floats) -> Victims:
    offenses = incidents.offenses
    kinds = _victim_types(random, offenses)
    numbers = np.ones(len(offenses), np.int64)
    individual = np.flatnonzero(kinds <= _OFFICER)
    numbers[individual] = distribution("victims").draw(random, OFFENSES, offenses.code[individual]).numbers()
    making, exclusive = _VictimsInMaking(len(incidents)), _exclusive()
    for place in range(int(offenses.place.max(initial=-1)) + 1):
        these = np.flatnonzero(offenses.place == place)
        person = these[kinds[these] <= _OFFICER]
        _add_persons(random, making, offenses, person, kinds, numbers, exclusive)
        _add_others(making, offenses, these[kinds[these] > _OFFICER], kinds)
    return _completed(random, incidents, mix, making)


def _victim_types(random: np.random.Generator, offenses: Offenses) -> Integers:
    """Place in VICTIM_TYPES of each offense's victims."""
    drawn = numbered(VICTIM_TYPES, distribution("victim_type").draw(random, OFFENSES, offenses.code).texts())
    against_person = offenses_against("Person")[offenses.code]
    drawn[against_person & (drawn > _OFFICER)] = _PERSON
    drawn[(drawn == _OFFICER) & ~offenses_with("officer")[offenses.code]] = _PERSON
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
    persons = np.flatnonzero(kind <= _OFFICER)
    agency = incidents.agency[incident]
    empty = texts([""] * len(order))
    known = Persons(np.zeros(len(order), np.int64), np.full(len(order), _NO_AGE), empty, empty.copy(), empty.copy())
    condition = code[persons] * 2 + kind[persons]
    names = conditioned(OFFENSES, ("I", "L"))
    drawn = _persons(
        random, distribution("victim_age").draw(random, names, condition),
        distribution("victim_sex").draw(random, names, condition).texts(), draw_race(random, mix, agency[persons]),
    )  # fmt: skip
    for name in ("age", "years", "sex", "race", "ethnicity"):
        getattr(known, name)[persons] = getattr(drawn, name)
    resident = empty.copy()
    resident[persons] = distribution("resident").draw(random, VICTIM_TYPES, kind[persons]).texts()
    officers = np.flatnonzero(kind == _OFFICER)
    assignment, activity = np.zeros(len(order), np.int64), np.zeros(len(order), np.int64)
    for column, attribute, table in (
        (assignment, "assignment", "nibrs_assignment_type"), (activity, "officer_activity", "nibrs_activity_type"),
    ):  # fmt: skip
        column[officers] = distribution(attribute).draw_many(random, len(officers)).mapped(identifiers(table))
    link = (position[linked], offense)
    victims = Victims(
        incident, number_within(incident), kind, code, known, resident, assignment, activity, link, _NO_PAIRS, _NO_PAIRS
    )
    return replace(
        victims,
        injury=_happened(random, incidents.offenses, victims, "injury", "injury", "nibrs_injury"),
        circumstances=_happened(
            random, incidents.offenses, victims, "circumstances", "circumstances", "nibrs_circumstances"
        ),
    )


_NO_PAIRS = (np.empty(0, np.int64), np.empty(0, np.int64))


def _first_linked(offenses: Offenses, victims: Victims, which: Flags) -> tuple[Integers, Integers]:
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
    victim, code = _first_linked(offenses, victims, offenses_with(rule))
    owner, identifier = distribution(attribute).draw(random, OFFENSES, code).exploded(identifiers(table))
    return victim[owner], identifier


def _draw_offenders(random: np.random.Generator, incidents: Incidents, victims: Victims, mix: Floats) -> Offenders:
    number = distribution("offenders").draw(random, OFFENSES, incidents.primary).numbers()
    incident, place = spread(np.maximum(number, 1))
    known = number[incident] > 0
    these = np.flatnonzero(known)
    code = incidents.primary[incident[these]]
    race = draw_race(random, mix, incidents.agency[incident[these]])
    of_victim = texts([""] * len(incidents))
    persons = np.flatnonzero(victims.are_persons)[::-1]
    of_victim[victims.incident[persons]] = victims.persons.race[persons]
    near = np.flatnonzero(of_victim[incident[these]] != "")
    seen = of_victim[incident[these][near]]
    race[near] = distribution("offender_race").draw(random, RACES, numbered(RACES, seen)).texts()
    drawn = _persons(
        random, distribution("offender_age").draw(random, OFFENSES, code),
        distribution("offender_sex").draw(random, OFFENSES, code).texts(), race,
    )  # fmt: skip
    empty = texts([""] * len(incident))
    everyone = Persons(
        np.zeros(len(incident), np.int64), np.full(len(incident), _NO_AGE), empty, empty.copy(), empty.copy()
    )
    for column in ("age", "years", "sex", "race", "ethnicity"):
        getattr(everyone, column)[these] = getattr(drawn, column)
    return Offenders(incident, place, known, everyone)


def _relate(
    random: np.random.Generator, offenses: Offenses, victims: Victims, offenders: Offenders
) -> tuple[Offenders, Relationships]:
    """A relationship for each pair of a person and a known offender; the offenders' ages and sexes fit them."""
    person, code = _first_linked(offenses, victims, offenses_with("relationship"))
    begins = np.searchsorted(offenders.incident, victims.incident[person])
    ends = np.searchsorted(offenders.incident, victims.incident[person], side="right")
    owner, place = spread(ends - begins)
    victim, offender = person[owner], begins[owner] + place
    fits = offenders.known[offender]
    victim, offender, code = victim[fits], offender[fits], code[owner][fits]
    condition = code * 2 + numbered(_SEXES, victims.persons.sex[victim])
    relation = distribution("relationship").draw(random, conditioned(OFFENSES, _SEXES), condition).texts()
    officer = victims.type[victim] == _OFFICER
    relation[officer] = np.where(random.random(officer.sum()) < 0.7, "ST", "AQ")
    first = np.zeros(len(victim), np.bool_)
    first[np.unique(offender, return_index=True)[1]] = True
    persons = _fitted(random, victims, offenders, (victim, offender, first), relation)
    codes = identifiers("nibrs_relationship")
    return (
        replace(offenders, persons=persons),
        Relationships(victim, offender, np.array([codes[each] for each in relation], np.int64)),
    )


def _fitted(
    random: np.random.Generator,
    victims: Victims,
    offenders: Offenders,
    pairs: tuple[Integers, Integers, Flags],
    relation: Texts,
) -> Persons:
    """Give offenders the age and sex that their first relationship asks for; change relationships that cannot be."""
    victim, offender, first = pairs
    years, sex = offenders.persons.years.copy(), offenders.persons.sex.copy()
    of_victim = victims.persons.years[victim]
    low = np.array([_AGE_GAPS.get(each, (0, 0))[0] for each in relation], np.int64)
    high = np.array([_AGE_GAPS.get(each, (0, 0))[1] for each in relation], np.int64)
    bound = np.isin(relation.astype(str), list(_AGE_GAPS))
    couple = np.isin(relation.astype(str), _COUPLES)
    wanted = np.maximum(of_victim, 0) + low + (random.random(len(relation)) * (high - low + 1)).astype(np.int64)
    youngest = np.where(couple, _YOUNGEST_OF_COUPLE, _YOUNGEST_OFFENDER)
    possible = (wanted >= youngest) & (wanted <= _OLDEST) & (~couple | (of_victim >= _YOUNGEST_OF_COUPLE))
    set_now = bound & first & possible
    years[offender[set_now]] = wanted[set_now]
    gap = years[offender] - of_victim
    fits = (gap >= low - _LENIENCE) & (gap <= high + _LENIENCE) & possible
    broken = bound & ~set_now & ~fits
    relation[broken] = np.where(couple[broken], "AQ", "OF")
    opposite = set_now & np.isin(relation.astype(str), _COUPLES_OF_TWO_SEXES)
    opposite &= random.random(len(relation)) < _SHARE_OF_TWO_SEXES
    sex[offender[opposite]] = np.where(victims.persons.sex[victim[opposite]] == "F", "M", "F")
    age = offenders.persons.age.copy()
    age[offender[set_now]] = identifiers("nibrs_age")["AG"]
    return replace(offenders.persons, years=years, sex=sex, age=age)
