"""Types and small operations on columns."""

from typing import Any

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
#: Column of texts; None where there is none.
Texts = npt.NDArray[np.object_]


def generator(seed: int, *purpose: str | int) -> np.random.Generator:
    """A random number generator for one purpose: its numbers do not depend on what else is drawn, or when."""
    words = [seed]
    for part in purpose:
        words += [part] if isinstance(part, int) else list(part.encode())
    return np.random.default_rng(words)


def texts(values: Any) -> Texts:
    """A column of Python objects."""
    return np.asarray(values, dtype=object)


def number_within(groups: Integers) -> Integers:
    """For groups that lie together, the place of each element in its group: 0, 1, 2, ..."""
    if not len(groups):
        return np.empty(0, np.int64)
    first = np.flatnonzero(np.concatenate([[True], groups[1:] != groups[:-1]]))
    lengths = np.diff(np.append(first, len(groups)))
    return np.arange(len(groups)) - np.repeat(first, lengths)


def spread(lengths: Integers) -> tuple[Integers, Integers]:
    """Owner and place of each of ``lengths`` elements: (0, 0), (0, 1), (2, 0), ... for lengths 2, 0, 1."""
    owner = np.repeat(np.arange(len(lengths)), lengths)
    starts = np.cumsum(lengths) - lengths
    return owner, np.arange(len(owner)) - starts[owner]
