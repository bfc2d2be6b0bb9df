"""Draws from the distributions in ``shares/``: many at a time, each under its own condition."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from nibrs_simulation.arrays import Flags, Floats, Integers, Texts, spread, texts

FOLDER = files("nibrs_simulation") / "shares"
ANY = "*"


def rows(name: str) -> Iterator[dict[str, str]]:
    """Rows of a file in ``shares/``."""
    yield from csv.DictReader((FOLDER / f"{name}.csv").read_text(encoding="utf-8").splitlines())


class Distribution:
    """Values of an attribute, with their shares under each condition.

    A condition that was seen too seldom is replaced by ``*`` in its first part (``100|M`` by ``*|M``), then by
    ``*`` alone.
    """

    def __init__(self, shares: dict[str, dict[str, float]]) -> None:
        self._numbers = {condition: number for number, condition in enumerate(shares)}
        self._values: list[str] = []
        self._starts, self._ends, cumulated = [], [], []
        for number, values in enumerate(shares.values()):
            self._starts.append(len(self._values))
            self._values += values
            self._ends.append(len(self._values) - 1)
            total = np.cumsum(list(values.values()))
            cumulated.append(number + total / total[-1])
        self._cumulated = np.concatenate(cumulated) if cumulated else np.empty(0)
        self.values: Texts = texts(self._values)

    def condition(self, name: str) -> int:
        """The number of a condition, or of the one that stands for it.

        Raises:
            KeyError: there is none.
        """
        _, bar, rest = name.partition("|")
        for candidate in (name, f"{ANY}{bar}{rest}", ANY, ""):
            if candidate in self._numbers:
                return self._numbers[candidate]
        raise KeyError(name)

    def draw(self, random: np.random.Generator, names: Sequence[str], which: Integers) -> "Drawn":
        """A value for each of ``which``, under the conditions ``names[which]``."""
        # A condition under which nothing is drawn may be unknown.
        used = np.unique(which)
        numbers = np.zeros(len(names), np.int64)
        numbers[used] = [self.condition(names[place]) for place in used]
        return Drawn(self, self._draw_places(random, numbers[which]))

    def draw_many(self, random: np.random.Generator, size: int, name: str = "") -> "Drawn":
        """Values under one condition."""
        return Drawn(self, self._draw_places(random, np.full(size, self.condition(name), np.int64)))

    def _draw_places(self, random: np.random.Generator, numbers: Integers) -> Integers:
        if not len(numbers):
            return np.empty(0, np.int64)
        places = np.searchsorted(self._cumulated, numbers + random.random(len(numbers)), side="right")
        return np.clip(places, np.array(self._starts)[numbers], np.array(self._ends)[numbers])

    def share(self, name: str, value: str) -> float:
        """How likely a value is under a condition."""
        number = self.condition(name)
        places = range(self._starts[number], self._ends[number] + 1)
        bounds = np.diff(self._cumulated[self._starts[number] : self._ends[number] + 1], prepend=number)
        return float(sum(bounds[place - self._starts[number]] for place in places if self._values[place] == value))


@dataclass(frozen=True)
class Drawn:
    """Values that were drawn: ``places`` in the values of a distribution."""

    distribution: Distribution
    places: Integers

    def texts(self) -> Texts:
        """The values."""
        return self.distribution.values[self.places]

    def numbers(self) -> Integers:
        """The values as numbers."""
        return self.mapped({value: int(value) for value in self.distribution.values})

    def mapped(self, identifiers: Mapping[str, int]) -> Integers:
        """What the values are mapped to."""
        return np.array([identifiers[value] for value in self.distribution.values], np.int64)[self.places]

    def exploded(self, identifiers: Mapping[str, int]) -> tuple[Integers, Integers]:
        """Values like ``11+40`` taken apart: the place of each one's owner, and what its part is mapped to."""
        parts = [[identifiers[part] for part in value.split("+")] for value in self.distribution.values]
        lengths = np.array([len(part) for part in parts], np.int64)
        flat = np.array([part for each in parts for part in each], np.int64)
        starts = np.cumsum(lengths) - lengths
        owner, place = spread(lengths[self.places])
        return owner, flat[starts[self.places][owner] + place]

    def take(self, which: Integers | Flags) -> "Drawn":
        """Some of the values."""
        return Drawn(self.distribution, self.places[which])


@cache
def distribution(attribute: str) -> Distribution:
    """The distribution of an attribute (see ``fit.QUESTIONS``)."""
    return Distribution(_shares()[attribute])


@cache
def _shares() -> dict[str, dict[str, dict[str, float]]]:
    found: dict[str, dict[str, dict[str, float]]] = {}
    for row in rows("shares"):
        found.setdefault(row["attribute"], {}).setdefault(row["condition"], {})[row["value"]] = float(row["share"])
    return found


def shares(attribute: str, condition: str = "") -> dict[str, float]:
    """The shares of an attribute's values under a condition that was seen."""
    return _shares()[attribute][condition]


@cache
def _amounts(attribute: str) -> dict[str, tuple[float, float]]:
    return {
        row["condition"]: (float(row["log_mean"]), float(row["log_sd"]))
        for row in rows("amounts")
        if row["attribute"] == attribute
    }


def draw_amounts(random: np.random.Generator, attribute: str, names: Sequence[str], which: Integers) -> Floats:
    """Amounts whose logarithms are normal, under the conditions ``names[which]``."""
    known = _amounts(attribute)
    pairs = [
        known.get(name) or known.get(f"{ANY}|{name.partition('|')[2]}") or known.get(ANY, (0.0, 1.0)) for name in names
    ]
    mean, deviation = np.array(pairs).T
    # The tails of a few hundred reports do not represent a nation.
    return np.asarray(np.exp(random.normal(mean[which], np.minimum(deviation, 1.6)[which])))
