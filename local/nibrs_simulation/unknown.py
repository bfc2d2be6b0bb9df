"""Which items of persons and incidents are left unknown, and how often: from the truth to what is reported."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

from nibrs_simulation.arrays import Flags, Floats
from nibrs_simulation.codes import identifiers
from nibrs_simulation.distributions import distribution, rows
from nibrs_simulation.records import Records

#: What decides whose items are unknown.
BY_CHANCE, BY_AGENCY, BY_STRANGERS = "random", "agency", "strangers"
#: Agencies differ in how often they leave an item unknown: sum of the parameters of a beta distribution. Items of
#: persons do so where the agency decides.
_SPREAD, _SPREAD_OF_PERSONS = 12.0, 3.0
#: So often an item of a person goes unknown with the person's other items rather than by itself.
_TOGETHER = 0.85
#: How much likelier an item is unknown where a stranger is concerned, where that decides.
_STRANGERS = 3.0
#: No item is unknown more often.
_MOST = 0.95


@dataclass(frozen=True)
class Item:
    """An item that may be unknown.

    Attributes:
        columns: the table's columns that hold it, each with what says unknown there (None: empty, a pair: a code).
        code: for columns of identifiers, the code table whose codes tell the truth; else ''.
        share: of the records in which it is unknown.
        of_person: whether it goes unknown with other items of the person.
    """

    table: str
    name: str
    columns: tuple[tuple[str, tuple[str, str] | str | int | None], ...]
    code: str
    share: float
    of_person: bool


_PERSONS = ("nibrs_victim", "nibrs_offender", "nibrs_arrestee", "nibrs_grpb_arrest")
_OF_PERSON: dict[str, tuple[str, tuple[tuple[str, tuple[str, str] | str | int | None], ...]]] = {
    "sex": ("", (("sex_code", "U"),)),
    "age": ("nibrs_age", (("age_id", ("nibrs_age", "00")), ("age_num", None))),
    "race": ("ref_race", (("race_id", ("ref_race", "U")),)),
    "ethnicity": ("nibrs_ethnicity", (("ethnicity_id", ("nibrs_ethnicity", "U")),)),
}
#: Items that are no person's: what fit.sql asks of them, and where they stand.
_OTHERS: tuple[tuple[str, str, str, tuple[tuple[str, tuple[str, str] | str | int | None], ...]], ...] = (
    ("nibrs_victim", "resident", "", (("resident_status_code", "U"),)),
    ("nibrs_incident", "hour", "", (("incident_hour", None),)),
    ("nibrs_bias_motivation", "bias", "nibrs_bias_list", (("bias_id", ("nibrs_bias_list", "99")),)),
    ("nibrs_property_desc", "value", "", (("property_value", 1),)),
)


@cache
def items() -> tuple[Item, ...]:
    """All items that may be unknown, with the shares of the published downloads."""
    shares = {(row["table"], row["item"]): float(row["share"]) for row in rows("unknown")}
    found = [
        Item(table, name, columns, code, shares[table, name], True)
        for table in _PERSONS
        for name, (code, columns) in _OF_PERSON.items()
    ]
    relationship = ("nibrs_victim_offender_rel", "relationship")
    unknown = (("relationship_id", ("nibrs_relationship", "RU")),)
    found.append(Item(*relationship, unknown, "nibrs_relationship", shares[relationship], True))
    found += [
        Item(table, name, columns, code, distribution("unknown").share(name, "yes"), False)
        for table, name, code, columns in _OTHERS
    ]
    return tuple(found)


def unknown_shares(random: np.random.Generator, agencies: int, mechanism: str) -> Floats:
    """How often each agency leaves each of ``items()`` unknown (agencies x items).

    Items of persons are unknown by chance alike everywhere, unless the agency decides; others differ by agency.
    """
    found = np.empty((agencies, len(items())))
    for number, item in enumerate(items()):
        by_agency = not item.of_person or mechanism == BY_AGENCY
        spread = _SPREAD_OF_PERSONS if item.of_person else _SPREAD
        drawn = random.beta(max(item.share, 1e-6) * spread, (1 - item.share) * spread, agencies)
        found[:, number] = drawn if by_agency else item.share
    return found


def hidden(
    random: np.random.Generator, table: str, shares: Floats, of_strangers: Flags | None
) -> Iterator[tuple[Item, Flags]]:
    """Each item of a table, and of which rows it is unknown.

    Args:
        shares: for each row, the shares of its agency (rows x items).
        of_strangers: rows that concern a stranger, if it depends on that.
    """
    size = len(shares)
    of_person = random.random(size)
    for number, item in enumerate(items()):
        if item.table != table:
            continue
        share = shares[:, number]
        if of_strangers is not None and item.of_person:
            among = of_strangers.mean() if size else 0.0
            share = np.where(of_strangers, _STRANGERS, 1.0) * share / (1 + (_STRANGERS - 1) * among)
        chance, together = random.random(size), random.random(size) < _TOGETHER
        if item.of_person:
            chance = np.where(together, of_person, chance)
        yield item, chance < np.minimum(share, _MOST)


def rows_of_strangers(truth: dict[str, Records], table: str) -> Flags | None:
    """Which rows are strangers, their victims, or say so; None for a table whose rows have no relationship."""
    key = {"nibrs_victim": "victim_id", "nibrs_offender": "offender_id"}.get(table)
    pairs = truth["nibrs_victim_offender_rel"].table
    strange = pairs["relationship_id"].to_numpy() == identifiers("nibrs_relationship")["ST"]
    if table == "nibrs_victim_offender_rel":
        return np.asarray(strange)
    if key is None:
        return None
    return np.asarray(np.isin(truth[table].table[key].to_numpy(), pairs[key].to_numpy()[strange]))
