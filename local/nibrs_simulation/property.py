"""Property that was lost or found, drugs among it."""

from dataclasses import dataclass

import numpy as np

from nibrs_simulation.arrays import Flags, Floats, Integers, number_within
from nibrs_simulation.codes import OFFENSES, conditioned, identifiers, offenses_with
from nibrs_simulation.distributions import distribution, draw_amounts
from nibrs_simulation.incidents import Incidents

#: Identifiers of nibrs_prop_loss_type.
LOSSES = tuple(str(number) for number in range(1, 9))
_NONE, _BURNED, _RECOVERED, _SEIZED, _STOLEN, _UNKNOWN = 1, 2, 5, 6, 7, 8
_OTHER, _DRUGS, _VEHICLES = 77, "10", ("03", "05", "24", "28", "37")
_MOST_DESCRIPTIONS = 10


@dataclass(frozen=True)
class Property:
    """Records of property, ordered by incident; ``vehicles`` is the number of stolen or recovered ones, 0 if none.

    Attributes:
        description: pairs of record and identifier of nibrs_prop_desc_type.
        value: in US dollars, for each description; 0 where there is none (drugs).
        days: until recovery, for each description; -1 where there was none.
        drug: record, identifier of the type, of the measure, and quantity.
    """

    incident: Integers
    loss: Integers
    vehicles: Integers
    description: tuple[Integers, Integers]
    value: Integers
    days: Integers
    drug: tuple[Integers, Integers, Integers, Floats]

    def __len__(self) -> int:
        return len(self.incident)


def draw_property(random: np.random.Generator, incidents: Incidents) -> Property:
    """Draw the property of incidents whose offenses ask for it."""
    incident, loss, code = _draw_losses(random, incidents)
    described = np.flatnonzero((loss >= _BURNED) & (loss <= _STOLEN))
    condition = code[described] * len(LOSSES) + loss[described] - 1
    drawn = distribution("property").draw(random, conditioned(OFFENSES, LOSSES), condition)
    codes = {code: int(code) for value in drawn.distribution.values for code in value.split("+")}
    owner, description = drawn.exploded(codes)
    owner = described[owner]
    is_drug = (description == int(_DRUGS)) & (loss[owner] == _SEIZED)
    # Drugs are seized in drug offenses only.
    kept = (description != int(_DRUGS)) | (is_drug & _has(incidents, "35A")[incident[owner]])
    kept &= number_within(owner) < _MOST_DESCRIPTIONS
    owner, description, is_drug = owner[kept], description[kept], is_drug[kept]
    owner, description, is_drug = _with_other(owner, description, is_drug, described)
    value = _values(random, description)
    value[is_drug] = 0
    vehicle = np.isin(description, [int(code) for code in _VEHICLES])
    counted = np.isin(loss, (_STOLEN, _RECOVERED))
    vehicles = np.bincount(owner[vehicle], minlength=len(loss)) * counted * _has(incidents, "240")[incident]
    days = np.where(loss[owner] == _RECOVERED, random.geometric(0.25, len(owner)) - 1, -1)
    return Property(
        incident, loss, vehicles, (owner, _identified(description)), value, days, _draw_drugs(random, owner[is_drug])
    )


def _has(incidents: Incidents, code: str) -> Flags:
    """Which incidents have an offense."""
    found = np.zeros(len(incidents), np.bool_)
    found[incidents.offenses.incident[incidents.offenses.code == OFFENSES.index(code)]] = True
    return found


def _with_other(
    owner: Integers, description: Integers, is_drug: Flags, described: Integers
) -> tuple[Integers, Integers, Flags]:
    """Records that are left without a description are of other property."""
    bare = np.setdiff1d(described, owner)
    owner = np.concatenate([owner, bare])
    order = np.argsort(owner, kind="stable")
    description = np.concatenate([description, np.full(len(bare), _OTHER)])[order]
    return owner[order], description, np.concatenate([is_drug, np.zeros(len(bare), np.bool_)])[order]


def _draw_losses(random: np.random.Generator, incidents: Incidents) -> tuple[Integers, Integers, Integers]:
    """Kinds of loss of each incident, each once, with the first offense of the incident that asks for property."""
    offenses = incidents.offenses
    bearing = np.flatnonzero(offenses_with("property")[offenses.code])
    condition = offenses.code[bearing] * 2 + offenses.attempted[bearing]
    drawn = distribution("loss").draw(random, conditioned(OFFENSES, ("C", "A")), condition)
    owner, loss = drawn.exploded({value: int(value) for value in LOSSES})
    incident = offenses.incident[bearing]
    first = np.zeros(len(incidents), np.int64)
    first[incident[::-1]] = offenses.code[bearing][::-1]
    incident = incident[owner]
    order = np.lexsort((loss, incident))
    incident, loss = incident[order], loss[order]
    code = first[incident]
    once = np.concatenate([[True], (incident[1:] != incident[:-1]) | (loss[1:] != loss[:-1])])[: len(loss)]
    incident, loss, code = incident[once], loss[once], code[once]
    return _without_nothing(incident, loss, code, len(incidents))


def _without_nothing(
    incident: Integers, loss: Integers, code: Integers, incidents: int
) -> tuple[Integers, Integers, Integers]:
    """Where something was lost, nothing else was "none" or "unknown"; what is recovered was stolen."""
    nothing = np.isin(loss, (_NONE, _UNKNOWN))
    something = np.zeros(incidents, np.bool_)
    something[incident[~nothing]] = True
    kept: Flags = ~(nothing & something[incident])
    kept &= ~(nothing & (number_within(incident) > 0))
    return incident[kept], loss[kept], code[kept]


def _values(random: np.random.Generator, description: Integers) -> Integers:
    codes = [f"{number:02d}" for number in range(100)]
    return np.maximum(draw_amounts(random, "property_value", codes, description), 2).round().astype(np.int64)


def _identified(description: Integers) -> Integers:
    of = identifiers("nibrs_prop_desc_type")
    table = np.zeros(100, np.int64)
    for code, identifier in of.items():
        if code.isdecimal():
            table[int(code)] = identifier
    return table[description]


def _draw_drugs(random: np.random.Generator, record: Integers) -> tuple[Integers, Integers, Integers, Floats]:
    drawn = distribution("drug").draw_many(random, len(record))
    names = tuple(identifiers("nibrs_suspected_drug_type"))
    owner, kind = drawn.exploded({name: number for number, name in enumerate(names)})
    measure = distribution("drug_measure").draw(random, names, kind)
    measures = tuple(identifiers("nibrs_drug_measure_type"))
    place = measure.mapped({name: number for number, name in enumerate(measures)})
    quantity = draw_amounts(random, "drug_quantity", conditioned(names, measures), kind * len(measures) + place)
    types = np.array(list(identifiers("nibrs_suspected_drug_type").values()), np.int64)
    units = np.array(list(identifiers("nibrs_drug_measure_type").values()), np.int64)
    return record[owner], types[kind], units[place], np.maximum(quantity.round(3), 0.001)
