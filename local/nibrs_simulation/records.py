"""Drawn crime as rows of the database's tables (Arrow), each with the incident that it belongs to."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nibrs_simulation.arrays import Flags, Integers, Texts, number_within
from nibrs_simulation.arrests import Arrests
from nibrs_simulation.codes import OFFENSES, identifiers
from nibrs_simulation.persons import Persons
from nibrs_simulation.state_year import StateYearCrime
from nibrs_simulation.victims import VICTIM_TYPES

#: Identifiers of what belongs to an incident are the incident's times this, plus a number.
_MEMBERS = 32
#: The same for what belongs to a member.
_PARTS = 8
_PAIRS = 256
#: No agency makes so many Group B arrests in a month.
_ARRESTS_OF_MONTH = 100_000


@dataclass(frozen=True)
class Records:
    """Rows of one table.

    Attributes:
        incident: the place of each row's incident; for Group B arrests that of the agency's month (agency * 12 +
            month - 1).
    """

    table: pa.Table
    incident: Integers

    def where(self, kept: Flags) -> "Records":
        """Some of the rows."""
        return Records(self.table.filter(pa.array(kept)), self.incident[kept])


def records(crime: StateYearCrime) -> dict[str, Records]:
    """The rows of the incident tables and of Group B arrests, by table."""
    identifier = crime.first_incident + 1 + np.arange(len(crime.incidents))
    found: dict[str, Records] = {}
    for part in (_incidents, _offenses, _victims, _offenders, _property, _arrestees):
        found |= part(crime, identifier)
    return found | _group_b(crime)


def month_identifiers(crime: StateYearCrime, agency: Integers, month: Integers) -> Integers:
    """Identifiers of months of agencies (places in the frame)."""
    return np.asarray(crime.month_offset + (crime.frame.agency_id[agency] - 1) * 12 + month)


def days_of(year: int, days: Integers) -> Integers:
    """Days since the beginning of a year as seconds since 1970."""
    begin = (np.datetime64(f"{year}-01-01") - np.datetime64("1970-01-01")).astype(np.int64)
    return np.asarray((begin + days) * 86_400)


def table(columns: Mapping[str, pa.Array]) -> pa.Table:
    """Columns as a table."""
    return pa.table(dict(columns))


def integers(values: Integers, missing: Flags | None = None) -> pa.Array:
    """A column of integers."""
    return pa.array(values, mask=missing)


def strings(values: Texts) -> pa.Array:
    """A column of texts; empty ones are NULL."""
    found, inverse = np.unique(values.astype(str), return_inverse=True)
    return pa.array([value or None for value in found], pa.string()).take(pa.array(inverse))


def dates(year: int, days: Integers, missing: Flags | None = None) -> pa.Array:
    """A column of dates."""
    return pa.array(days_of(year, days), mask=missing).cast(pa.timestamp("s"))


def _incidents(crime: StateYearCrime, identifier: Integers) -> dict[str, Records]:
    incidents, cleared = crime.incidents, crime.clearances
    rows = table({
        "agency_id": integers(crime.frame.agency_id[incidents.agency]),
        "incident_id": integers(identifier),
        "nibrs_month_id": integers(month_identifiers(crime, incidents.agency, incidents.month)),
        "incident_number": strings_of_numbers(identifier, "S"),
        "submission_date": dates(crime.year, incidents.day + 30),
        "incident_date": dates(crime.year, incidents.day),
        "report_date_flag": strings(incidents.report_date),
        "incident_hour": integers(incidents.hour),
        "cleared_except_id": integers(cleared.exception),
        "cleared_except_date": dates(crime.year, incidents.day + cleared.days, cleared.days < 0),
        "incident_status": integers(np.zeros(len(incidents), np.int64)),
        "data_home": constant("C", len(incidents)),
        "orig_format": constant("F", len(incidents)),
    })  # fmt: skip
    return {"nibrs_incident": Records(rows, np.arange(len(incidents)))}


def strings_of_numbers(values: Integers, prefix: str) -> pa.Array:
    """Numbers with a letter before them."""
    return pc.binary_join_element_wise(prefix, pa.array(values).cast(pa.string()), "")


def constant(value: str, size: int) -> pa.Array:
    """The same text in every row."""
    return pa.repeat(pa.scalar(value, pa.string()), size)


def _offenses(crime: StateYearCrime, identifier: Integers) -> dict[str, Records]:
    offenses = crime.incidents.offenses
    key = identifier[offenses.incident] * _MEMBERS + offenses.place + 1
    types = np.array([identifiers("nibrs_offense_type")[code] for code in OFFENSES], np.int64)
    flags = np.where(offenses.attempted, "A", "C").astype(object)
    found = {
        "nibrs_offense": (
            {
                "offense_id": integers(key), "incident_id": integers(identifier[offenses.incident]),
                "offense_type_id": integers(types[offenses.code]), "attempt_complete_flag": strings(flags),
                "location_id": integers(offenses.location),
                "num_premises_entered": integers(offenses.premises, offenses.premises == 0),
                "method_entry_code": strings(offenses.entry),
            },
            offenses.incident,
        ),
        "nibrs_bias_motivation": (
            {"bias_id": integers(offenses.bias), "offense_id": integers(key)}, offenses.incident
        ),
    }  # fmt: skip
    for name, column, (owner, value) in (
        ("nibrs_weapon", "weapon_id", offenses.weapon),
        ("nibrs_criminal_act", "criminal_act_id", offenses.activity),
        ("nibrs_suspect_using", "suspect_using_id", offenses.using),
    ):
        rows = {column: integers(value), "offense_id": integers(key[owner])}
        if name == "nibrs_weapon":
            rows["nibrs_weapon_id"] = integers(key[owner] * _PARTS + number_within(owner))
        found[name] = (rows, offenses.incident[owner])
    return {name: Records(table(rows), incident) for name, (rows, incident) in found.items()}


def _person_columns(persons: Persons, are_persons: Flags) -> dict[str, pa.Array]:
    races, ethnicities = identifiers("ref_race"), identifiers("nibrs_ethnicity")
    return {
        "age_id": integers(persons.age, ~are_persons),
        "age_num": integers(persons.years, persons.years < 0),
        "sex_code": strings(persons.sex),
        "race_id": _coded(persons.race, races, ~are_persons),
        "ethnicity_id": _coded(persons.ethnicity, ethnicities, ~are_persons),
    }


def _coded(values: Texts, codes: Mapping[str, int], missing: Flags) -> pa.Array:
    found, inverse = np.unique(values.astype(str), return_inverse=True)
    return pa.array(np.array([codes.get(value, 0) for value in found], np.int64)[inverse], mask=missing)


def _victims(crime: StateYearCrime, identifier: Integers) -> dict[str, Records]:
    victims, offenses, pairs = crime.victims, crime.incidents.offenses, crime.relationships
    key = identifier[victims.incident] * _MEMBERS + victims.place + 1
    offense_key = identifier[offenses.incident] * _MEMBERS + offenses.place + 1
    offenders = crime.offenders
    offender_key = identifier[offenders.incident] * _MEMBERS + offenders.place + 1
    kinds = np.array([identifiers("nibrs_victim_type")[code] for code in VICTIM_TYPES], np.int64)
    linked, offense = victims.link
    order = np.lexsort((offense, linked))
    linked, offense = linked[order], offense[order]
    of_pair = victims.incident[pairs.victim]
    found = {
        "nibrs_victim": (
            {
                "victim_id": integers(key), "incident_id": integers(identifier[victims.incident]),
                "victim_seq_num": integers(victims.place + 1), "victim_type_id": integers(kinds[victims.type]),
                "assignment_type_id": integers(victims.assignment, victims.assignment == 0),
                "activity_type_id": integers(victims.activity, victims.activity == 0),
                **_person_columns(victims.persons, victims.are_persons),
                "resident_status_code": strings(victims.resident),
            },
            victims.incident,
        ),
        "nibrs_victim_offense": (
            {"victim_id": integers(key[linked]), "offense_id": integers(offense_key[offense])},
            victims.incident[linked],
        ),
        "nibrs_victim_injury": (
            {"victim_id": integers(key[victims.injury[0]]), "injury_id": integers(victims.injury[1])},
            victims.incident[victims.injury[0]],
        ),
        "nibrs_victim_circumstances": (
            {
                "victim_id": integers(key[victims.circumstances[0]]),
                "circumstances_id": integers(victims.circumstances[1]),
            },
            victims.incident[victims.circumstances[0]],
        ),
        "nibrs_victim_offender_rel": (
            {
                "victim_id": integers(key[pairs.victim]), "offender_id": integers(offender_key[pairs.offender]),
                "relationship_id": integers(pairs.code),
                "nibrs_victim_offender_id": integers(identifier[of_pair] * _PAIRS + _number_in_order(of_pair)),
            },
            of_pair,
        ),
    }  # fmt: skip
    return {name: Records(table(rows), incident) for name, (rows, incident) in found.items()}


def _number_in_order(groups: Integers) -> Integers:
    """The number of each element in its group, wherever the group's elements lie."""
    order = np.argsort(groups, kind="stable")
    number = np.empty(len(groups), np.int64)
    number[order] = number_within(groups[order])
    return number


def _offenders(crime: StateYearCrime, identifier: Integers) -> dict[str, Records]:
    offenders = crime.offenders
    rows = table({
        "offender_id": integers(identifier[offenders.incident] * _MEMBERS + offenders.place + 1),
        "incident_id": integers(identifier[offenders.incident]),
        "offender_seq_num": integers(np.where(offenders.known, offenders.place + 1, 0)),
        **_person_columns(offenders.persons, offenders.known),
    })  # fmt: skip
    return {"nibrs_offender": Records(rows, offenders.incident)}


def _property(crime: StateYearCrime, identifier: Integers) -> dict[str, Records]:
    found, day = crime.property, crime.incidents.day
    place = number_within(found.incident)
    key = identifier[found.incident] * _MEMBERS + place + 1
    owner, description = found.description
    record, drug, measure, quantity = found.drug
    stolen, recovered = np.isin(found.loss, (7,)), np.isin(found.loss, (5,))
    parts = _MEMBERS
    rows = {
        "nibrs_property": (
            {
                "property_id": integers(key), "incident_id": integers(identifier[found.incident]),
                "prop_loss_id": integers(found.loss),
                "stolen_count": integers(found.vehicles, ~(stolen & (found.vehicles > 0))),
                "recovered_count": integers(found.vehicles, ~(recovered & (found.vehicles > 0))),
            },
            found.incident,
        ),
        "nibrs_property_desc": (
            {
                "property_id": integers(key[owner]), "prop_desc_id": integers(description),
                "property_value": integers(found.value, found.value == 0),
                "date_recovered": dates(crime.year, day[found.incident[owner]] + found.days, found.days < 0),
                "nibrs_prop_desc_id": integers(key[owner] * parts + number_within(owner)),
            },
            found.incident[owner],
        ),
        "nibrs_suspected_drug": (
            {
                "suspected_drug_type_id": integers(drug), "property_id": integers(key[record]),
                "est_drug_qty": pa.array(quantity), "drug_measure_type_id": integers(measure),
                "nibrs_suspected_drug_id": integers(key[record] * parts + number_within(record)),
            },
            found.incident[record],
        ),
    }  # fmt: skip
    return {name: Records(table(columns), incident) for name, (columns, incident) in rows.items()}


def _arrest_columns(year: int, begins: Integers, arrests: Arrests) -> dict[str, pa.Array]:
    everyone = np.ones(len(arrests), np.bool_)
    return {
        "arrest_date": dates(year, begins + arrests.days),
        "arrest_type_id": integers(arrests.type),
        "offense_type_id": integers(arrests.offense),
        **_person_columns(arrests.persons, everyone),
        "resident_code": strings(arrests.resident),
        "under_18_disposition_code": strings(arrests.disposition),
    }


def _arrestees(crime: StateYearCrime, identifier: Integers) -> dict[str, Records]:
    cleared = crime.clearances
    place = number_within(cleared.incident)
    key = identifier[cleared.incident] * _MEMBERS + place + 1
    owner, weapon = cleared.arrests.weapon
    rows = table({
        "arrestee_id": integers(key), "incident_id": integers(identifier[cleared.incident]),
        "arrestee_seq_num": integers(place + 1), "arrest_num": strings_of_numbers(key, "A"),
        "multiple_indicator": strings(cleared.multiple),
        **_arrest_columns(crime.year, crime.incidents.day[cleared.incident], cleared.arrests),
    })  # fmt: skip
    weapons = table({
        "arrestee_id": integers(key[owner]), "weapon_id": integers(weapon),
        "nibrs_arrestee_weapon_id": integers(key[owner] * _PARTS + number_within(owner)),
    })  # fmt: skip
    return {
        "nibrs_arrestee": Records(rows, cleared.incident),
        "nibrs_arrestee_weapon": Records(weapons, cleared.incident[owner]),
    }


def _group_b(crime: StateYearCrime) -> dict[str, Records]:
    """Group B arrests and their weapons."""
    group_b = crime.group_b
    arrests = group_b.arrests
    month = month_identifiers(crime, group_b.agency, group_b.month)
    key = month * _ARRESTS_OF_MONTH + _number_in_order(month) + 1
    owner, weapon = arrests.weapon
    rows = table({
        "grpb_arrest_id": integers(key), "agency_id": integers(crime.frame.agency_id[group_b.agency]),
        "arrest_num": strings_of_numbers(key, "B"), "arrest_seq_num": integers(np.ones(len(arrests), np.int64)),
        "arrest_year": integers(np.full(len(arrests), crime.year)), "nibrs_month_id": integers(month),
        **_arrest_columns(crime.year, np.zeros(len(arrests), np.int64), arrests),
    })  # fmt: skip
    weapons = table({
        "grpb_arrest_id": integers(key[owner]), "weapon_id": integers(weapon),
        "nibrs_grpb_arrest_weapon_id": integers(key[owner] * _PARTS + number_within(owner)),
    })  # fmt: skip
    return {
        "nibrs_grpb_arrest": Records(rows, group_b.agency * 12 + group_b.month - 1),
        "nibrs_grpb_arrest_weapon": Records(weapons, (group_b.agency * 12 + group_b.month - 1)[owner]),
    }
