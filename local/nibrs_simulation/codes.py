"""Identifiers of codes, as the lists in ``code_tables/lists`` have them, and the offenses as numbers."""

import csv
from functools import cache
from importlib.resources import files

import numpy as np
from nibrs_pipeline.catalog import nibrs_catalog
from nibrs_pipeline.code_columns import code_columns

from nibrs_simulation.arrays import Flags
from nibrs_simulation.offense_rules import OffenseRule, offense_rules

_LISTS = files("code_tables") / "lists"


@cache
def identifiers(table: str) -> dict[str, int]:
    """The identifier of each code of a code table."""
    key = nibrs_catalog()[table].primary_key[0]
    code = code_columns()[table].code
    text = (_LISTS / f"{table}.csv").read_text(encoding="utf-8")
    return {row[code]: int(row[key]) for row in csv.DictReader(text.splitlines())}


@cache
def population_groups() -> dict[str, tuple[int, str]]:
    """Identifier and description of each population group, by code."""
    text = (_LISTS / "ref_population_group.csv").read_text(encoding="utf-8")
    return {
        row["population_group_code"]: (int(row["population_group_id"]), row["population_group_desc"])
        for row in csv.DictReader(text.splitlines())
    }


#: Codes of Group A offenses; arrays of offenses hold places in this list.
OFFENSES = tuple(code for code in offense_rules() if code in identifiers("nibrs_offense_type"))
NUMBER_OF_OFFENSE = {code: number for number, code in enumerate(OFFENSES)}
RULES: tuple[OffenseRule, ...] = tuple(offense_rules()[code] for code in OFFENSES)


def offenses_with(attribute: str) -> Flags:
    """Which of OFFENSES have an attribute of their rule."""
    return np.array([bool(getattr(rule, attribute)) for rule in RULES])


def offenses_against(what: str) -> Flags:
    """Which of OFFENSES are crimes against Person, Property or Society."""
    return np.array([rule.crime_against == what for rule in RULES])


def conditioned(*parts: tuple[str, ...]) -> tuple[str, ...]:
    """Names of conditions with several parts: every combination, the last part fastest."""
    names = parts[0]
    for part in parts[1:]:
        names = tuple(f"{first}|{second}" for first in names for second in part)
    return names
