"""What is known of persons: age, sex, race and ethnicity."""

from dataclasses import dataclass, fields

import numpy as np

from nibrs_simulation.arrays import Flags, Floats, Integers, Texts, texts
from nibrs_simulation.codes import identifiers
from nibrs_simulation.distributions import Drawn, distribution, shares

SEXES = ("F", "M")
RACES = ("A", "B", "I", "P", "W")
#: Their shares among victims: the FBI's NIBRS Table 7 of 2024, without those of unknown race.
_RACE_SHARES = (0.0356, 0.2798, 0.0100, 0.0028, 0.6718)
#: So much of an agency's mix is that of its residents, the rest is its own.
_OF_RESIDENTS = 0.5
#: How much agencies differ in the races of their residents: sum of the parameters of a Dirichlet distribution.
_RACE_SPREAD = 6.0
_NO_AGE = -1


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

    def among(self, number: int, places: Integers) -> "Persons":
        """These persons at the given places of a longer list; of the others nothing is known."""
        empty = texts([""] * number)
        everyone = Persons(np.zeros(number, np.int64), np.full(number, _NO_AGE), empty, empty.copy(), empty.copy())
        for field in fields(self):
            getattr(everyone, field.name)[places] = getattr(self, field.name)
        return everyone


def race_mix(random: np.random.Generator, agencies: int, residents: Floats | None = None) -> Floats:
    """Cumulated shares of RACES among the victims of each agency.

    Args:
        residents: for each agency, shares of RACES among its residents over those of the nation's.
    """
    base = np.array([shares("race").get(race, 0.001) for race in RACES])
    varied = base / base.sum() * _RACE_SPREAD + 0.02
    mixes = random.dirichlet(varied, agencies) * (np.array(_RACE_SHARES) / varied)
    mixes /= mixes.sum(axis=1, keepdims=True)
    if residents is not None:
        expected = np.array(_RACE_SHARES) * residents
        mixes = (1 - _OF_RESIDENTS) * mixes + _OF_RESIDENTS * expected / expected.sum(axis=1, keepdims=True)
    return np.asarray(np.cumsum(mixes, axis=1))


def draw_race(random: np.random.Generator, mix: Floats, agency: Integers) -> Texts:
    """A race for each person, by the residents of the agency (a place in ``mix``)."""
    drawn = (random.random(len(agency))[:, None] > mix[agency]).sum(axis=1)
    return np.asarray(texts(RACES)[np.minimum(drawn, len(RACES) - 1)])


def numbered(values: tuple[str, ...], column: Texts) -> Integers:
    """Places of a column's values in a list."""
    place = {value: number for number, value in enumerate(values)}
    return np.array([place[value] for value in column], np.int64)


def draw_persons(random: np.random.Generator, age: Drawn, sex: Texts, race: Texts) -> Persons:
    """Persons of these ages, sexes and races."""
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
