"""Offenders of incidents, and their relationships to the victims."""

from dataclasses import dataclass, replace

import numpy as np

from nibrs_simulation.arrays import Flags, Floats, Integers, Texts, spread, texts
from nibrs_simulation.codes import OFFENSES, conditioned, identifiers, offenses_with
from nibrs_simulation.distributions import distribution
from nibrs_simulation.incidents import Incidents, Offenses
from nibrs_simulation.persons import RACES, SEXES, Persons, draw_persons, draw_race, numbered
from nibrs_simulation.victims import OFFICER, Victims, first_linked

_OLDEST = 98
#: Relationship to the offender, with the offender's age less the victim's: lowest and highest.
_AGE_GAPS = {
    "CH": (16, 45), "SC": (14, 45), "CF": (14, 45), "GC": (38, 70), "FC": (18, 50), "PA": (-45, -16), "SP": (-45, -14),
    "FP": (-50, -18), "GP": (-70, -38), "SB": (-15, 15), "SS": (-15, 15), "SE": (-12, 12), "CS": (-12, 12),
    "XS": (-12, 12), "BG": (-10, 10), "HR": (-10, 10), "XR": (-10, 10), "BE": (8, 45),
}  # fmt: skip
_COUPLES = ("SE", "CS", "XS", "BG", "HR", "XR")
_COUPLES_OF_TWOSEXES, _SHARE_OF_TWOSEXES = ("SE", "CS", "XS", "BG", "XR"), 0.95
_YOUNGEST_OF_COUPLE, _YOUNGEST_OFFENDER = 14, 8
_FAMILY = ("PA", "CH", "SB", "GP", "GC", "IL", "SP", "SC", "SS", "OF")
#: By kind of relationship, how often an offender has the race, and the ethnicity, of the first victim, beyond what the
#: races of victims and offenders have in common anyway. Three state-years that know the ethnicity of offenders.
_ALIKE = {"couple": (0.40, 0.50), "family": (0.75, 0.85), "known": (0.20, 0.42)}
#: Of so many strangers the race has nothing to do with the victim's.
_UNLIKE = 0.83
#: Beyond an offender's first pair, a gap may be so much wider.
_LENIENCE = 5


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


def draw_offenders(random: np.random.Generator, incidents: Incidents, victims: Victims, mix: Floats) -> Offenders:
    """Draw the offenders of incidents; ``mix`` is that of :func:`race_mix`."""
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
    drawn = draw_persons(
        random, distribution("offender_age").draw(random, OFFENSES, code),
        distribution("offender_sex").draw(random, OFFENSES, code).texts(), race,
    )  # fmt: skip
    return Offenders(incident, place, known, drawn.among(len(incident), these))


def relate(
    random: np.random.Generator, offenses: Offenses, victims: Victims, offenders: Offenders
) -> tuple[Offenders, Relationships]:
    """A relationship for each pair of a person and a known offender; the offenders' ages and sexes fit them."""
    person, code = first_linked(offenses, victims, offenses_with("relationship"))
    begins = np.searchsorted(offenders.incident, victims.incident[person])
    ends = np.searchsorted(offenders.incident, victims.incident[person], side="right")
    owner, place = spread(ends - begins)
    victim, offender = person[owner], begins[owner] + place
    fits = offenders.known[offender]
    victim, offender, code = victim[fits], offender[fits], code[owner][fits]
    condition = code * 2 + numbered(SEXES, victims.persons.sex[victim])
    relation = distribution("relationship").draw(random, conditioned(OFFENSES, SEXES), condition).texts()
    officer = victims.type[victim] == OFFICER
    relation[officer] = np.where(random.random(officer.sum()) < 0.7, "ST", "AQ")
    first = np.zeros(len(victim), np.bool_)
    first[np.unique(offender, return_index=True)[1]] = True
    persons = _fitted(random, victims, offenders, (victim, offender, first), relation)
    # A generator of its own: what is drawn afterwards does not depend on how many numbers this takes.
    persons = _alike(random.spawn(1)[0], victims, persons, (victim[first], offender[first]), relation[first])
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
    opposite = set_now & np.isin(relation.astype(str), _COUPLES_OF_TWOSEXES)
    opposite &= random.random(len(relation)) < _SHARE_OF_TWOSEXES
    sex[offender[opposite]] = np.where(victims.persons.sex[victim[opposite]] == "F", "M", "F")
    age = offenders.persons.age.copy()
    age[offender[set_now]] = identifiers("nibrs_age")["AG"]
    return replace(offenders.persons, years=years, sex=sex, age=age)


def _alike(
    random: np.random.Generator, victims: Victims, offenders: Persons, pairs: tuple[Integers, Integers], relation: Texts
) -> Persons:
    """Let race and ethnicity of offenders go with those of their first victims, as the relationship asks for."""
    victim, offender = pairs
    race, ethnicity = offenders.race.copy(), offenders.ethnicity.copy()
    known = ~np.isin(relation.astype(str), (*_COUPLES, *_FAMILY, "ST"))
    kinds = {"couple": np.isin(relation.astype(str), _COUPLES), "family": np.isin(relation.astype(str), _FAMILY),
             "known": known}  # fmt: skip
    for kind, which in kinds.items():
        for column, of_victim, share in zip(
            (race, ethnicity), (victims.persons.race, victims.persons.ethnicity), _ALIKE[kind], strict=True
        ):
            same = which & (random.random(len(relation)) < share)
            column[offender[same]] = of_victim[victim[same]]
    strangers = offender[(relation.astype(str) == "ST") & (random.random(len(relation)) < _UNLIKE)]
    others = random.permutation(strangers)
    race[strangers], ethnicity[strangers] = race[others], ethnicity[others]
    return replace(offenders, race=race, ethnicity=ethnicity)
