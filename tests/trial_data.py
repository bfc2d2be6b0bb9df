"""A small made-up world for a first run: two states, two years, as zips of layout 1.

Nothing in it is real, and its shares are not meant to be: it exercises every table and the rules
that tie them together (a drug offense has a drug, a robbery has a relationship, ...).
"""

import csv
import io
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.resources import files
from itertools import count
from pathlib import Path
from typing import Any

from nibrs_pipeline.archive.zip_writer import ZipWriter
from nibrs_pipeline.catalog import nibrs_catalog

_STATES = {"DE": (11, "Delaware", "10001"), "RI": (44, "Rhode Island", "44001")}
_YEARS = (2015, 2016)
_AGENCIES = ("Sampleton", "Mockville", "Exemplar County", "Placeholder University", "Trial Springs")
#: Population group of each agency: code and name.
_GROUPS = (
    ("6", "Cities from 2,500 thru 9,999"), ("5", "Cities from 10,000 thru 24,999"),
    ("9B", "MSA counties from 25,000 thru 99,999"), ("7", "Cities under 2,500"),
    ("2", "Cities from 100,000 thru 249,999"),
)  # fmt: skip
_INCIDENTS = 800
#: Identifiers of nibrs_offense_type: driving under the influence, liquor law, trespass, all other offenses.
_GROUP_B = (10, 52, 34, 48)
_LISTS = files("code_tables") / "lists"

#: Identifiers of nibrs_offense_type with their share, and what an incident of the kind has.
_PERSON, _PROPERTY, _DRUG, _ROBBERY = "person", "property", "drug", "robbery"
_OFFENSES = {
    45: (30, _PROPERTY), 23: (12, _PROPERTY), 49: (10, _PROPERTY), 5: (16, _PROPERTY), 21: (5, _PROPERTY),
    51: (22, _PERSON), 27: (7, _PERSON), 44: (5, _PERSON), 36: (2, _PERSON), 32: (1, _PERSON),
    16: (12, _DRUG), 40: (4, _ROBBERY),
}  # fmt: skip

Row = dict[str, Any]


@dataclass
class _World:
    """Rows by table, and the counters that number them."""

    random: random.Random
    numbers: Iterator[int]
    rows: dict[str, list[Row]] = field(default_factory=dict)

    def add(self, table: str, **row: Any) -> Row:
        self.rows.setdefault(table, []).append(row)
        return row

    def pick(self, *choices: Any) -> Any:
        return self.random.choice(choices)

    def number(self) -> int:
        return next(self.numbers)


def write_trial_zips(folder: Path) -> list[Path]:
    """Write one zip per state and year; the same ones every time."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for place, state in enumerate(_STATES):
        for year in _YEARS:
            world = _World(random.Random(f"{state}-{year}"), count((place * 100 + year - 2000) * 100_000 + 1))
            _fill(world, state, year)
            paths.append(folder / f"{state}-{year}.zip")
            _write(world, paths[-1])
    return paths


def _write(world: _World, path: Path) -> None:
    with path.open("wb") as file:
        writer = ZipWriter(file)
        for table in nibrs_catalog().published:
            if table.kind == "code":
                content = (_LISTS / table.csv_name).read_bytes()
            else:
                text = io.StringIO()
                rows = csv.DictWriter(text, table.column_names, restval="", lineterminator="\n")
                rows.writeheader()
                rows.writerows(world.rows.get(table.name, []))
                content = text.getvalue().encode()
            writer.add(table.csv_name, content)
        writer.close()


def _fill(world: _World, state: str, year: int) -> None:
    state_id, state_name, fips = _STATES[state]
    for place, name in enumerate(_AGENCIES):
        agency = state_id * 1000 + place + 1
        population = 0 if "University" in name else 4000 * (place + 1) ** 2
        kind = {"Exemplar County": (2, "County"), "Placeholder University": (3, "University or College")}.get(
            name, (1, "City")
        )
        group, group_name = _GROUPS[place]
        ori = f"{state}{place + 1:03d}0000"
        world.add(
            "cde_agencies", agency_id=agency, ori=ori, legacy_ori=ori, agency_name=f"{name} Police Department",
            short_name=name, agency_type_id=kind[0], agency_type_name=kind[1], state_id=state_id, state_abbr=state,
            primary_county="Sample", primary_county_fips=fips, agency_status="A", current_year=_YEARS[-1],
            population=population, population_group_code=group, population_group_desc=group_name,
            suburban_area_flag="N", core_city_flag="N", months_reported=12, nibrs_months_reported=12,
            past_10_years_reported=2, total_officers=10 * (place + 1), total_civilians=place,
        )  # fmt: skip
        silent = 6 if name == "Trial Springs" else 0
        world.add(
            "agency_participation", year=year, state_name=state_name, state_abbr=state, agency_id=agency,
            agency_ori=ori, agency_name=name, agency_population=population, population_group_code=group,
            population_group=group_name, reported=int(not silent), months_reported=12 - silent,
            nibrs_reported=int(not silent), nibrs_months_reported=12 - silent, covered=0,
            participated=int(not silent), nibrs_participated=int(not silent),
        )  # fmt: skip
        for month in range(1, 13):
            status = "U" if month <= silent else "Z" if kind[0] == 3 and month in (7, 8) else "I"
            month_id = world.number()
            world.add(
                "nibrs_month", nibrs_month_id=month_id, agency_id=agency, month_num=month, data_year=year,
                reported_status=status, update_flag="N", orig_format="F", data_home="C",
            )  # fmt: skip
            if status == "I":
                for _ in range(_INCIDENTS // 12 // len(_AGENCIES)):
                    _incident(world, agency, month_id, f"{year}-{month:02d}-{world.random.randint(1, 28):02d} 00:00:00")
    _group_b(world, year)


def _group_b(world: _World, year: int) -> None:
    """An arrest for a Group B offense in each month with incidents."""
    for month in world.rows["nibrs_month"]:
        if month["reported_status"] == "I":
            arrest = world.number()
            world.add(
                "nibrs_grpb_arrest", grpb_arrest_id=arrest, agency_id=month["agency_id"], arrest_num=f"B{arrest}",
                arrest_date=f"{year}-{month['month_num']:02d}-15 00:00:00", arrest_seq_num=1,
                arrest_type_id=world.pick(1, 2, 3), offense_type_id=world.pick(*_GROUP_B), resident_code="R",
                arrest_year=year, nibrs_month_id=month["nibrs_month_id"], **_person(world),
            )  # fmt: skip
            world.add(
                "nibrs_grpb_arrest_weapon", grpb_arrest_id=arrest, weapon_id=world.pick(1, 1, 1, 9),
                nibrs_grpb_arrest_weapon_id=world.number(),
            )  # fmt: skip


def _incident(world: _World, agency: int, month_id: int, date: str) -> None:
    incident = world.number()
    world.add(
        "nibrs_incident", agency_id=agency, incident_id=incident, nibrs_month_id=month_id,
        incident_number=f"T{incident}", incident_date=date, incident_hour=world.random.randint(0, 23),
        cleared_except_id=world.pick(6, 6, 6, 6, 2), incident_status=0, data_home="C",
    )  # fmt: skip
    offense_type = world.random.choices(list(_OFFENSES), [share for share, _ in _OFFENSES.values()])[0]
    kind = _OFFENSES[offense_type][1]
    offense = world.number()
    world.add(
        "nibrs_offense", offense_id=offense, incident_id=incident, offense_type_id=offense_type,
        attempt_complete_flag=world.pick("C", "C", "C", "A"), location_id=world.pick(13, 18, 20, 8, 12),
        method_entry_code=world.pick("F", "N") if offense_type == 49 else "",
    )  # fmt: skip
    world.add("nibrs_bias_motivation", bias_id=21, offense_id=offense)
    world.add("nibrs_suspect_using", suspect_using_id=world.pick(1, 3, 4, 4), offense_id=offense)
    if kind in (_PERSON, _ROBBERY):
        world.add(
            "nibrs_weapon", weapon_id=world.pick(12, 9, 3, 18), offense_id=offense, nibrs_weapon_id=world.number()
        )
    if kind == _DRUG:
        world.add("nibrs_criminal_act", criminal_act_id=world.pick(1, 2, 6), offense_id=offense)
    offender = _offender(world, incident)
    _victim(world, incident, offense, offender, kind)
    if kind != _PERSON:
        _property(world, incident, kind, date)
    if world.random.random() < 0.25:
        _arrestee(world, incident, offense_type, date)


def _person(world: _World) -> Row:
    known = world.random.random() < 0.9
    return {
        "age_id": 5 if known else 4,
        "age_num": world.random.randint(12, 80) if known else "",
        "sex_code": world.pick("M", "M", "F", "U"),
        "race_id": world.pick(1, 1, 2, 4, 0),
        "ethnicity_id": world.pick(1, 2, 2, 3),
    }


def _offender(world: _World, incident: int) -> Row:
    if world.random.random() < 0.3:
        return world.add("nibrs_offender", offender_id=world.number(), incident_id=incident, offender_seq_num=0)
    return world.add(
        "nibrs_offender", offender_id=world.number(), incident_id=incident, offender_seq_num=1, **_person(world)
    )


def _victim(world: _World, incident: int, offense: int, offender: Row, kind: str) -> None:
    victim = world.number()
    is_person = kind in (_PERSON, _ROBBERY) or (kind == _PROPERTY and world.random.random() < 0.7)
    victim_type = 4 if is_person else 8 if kind == _DRUG else 1
    person = {**_person(world), "resident_status_code": world.pick("R", "R", "N")} if is_person else {}
    world.add(
        "nibrs_victim", victim_id=victim, incident_id=incident, victim_seq_num=1, victim_type_id=victim_type, **person
    )
    world.add("nibrs_victim_offense", victim_id=victim, offense_id=offense)
    if kind in (_PERSON, _ROBBERY):
        world.add("nibrs_victim_injury", victim_id=victim, injury_id=world.pick(1, 5, 8))
        if kind == _PERSON and world.random.random() < 0.2:
            world.add("nibrs_victim_circumstances", victim_id=victim, circumstances_id=world.pick(1, 6, 9, 10))
        if offender["offender_seq_num"]:
            world.add(
                "nibrs_victim_offender_rel", victim_id=victim, offender_id=offender["offender_id"],
                relationship_id=world.pick(1, 3, 8, 20, 25), nibrs_victim_offender_id=world.number(),
            )  # fmt: skip


def _property(world: _World, incident: int, kind: str, date: str) -> None:
    stolen = kind in (_PROPERTY, _ROBBERY)
    item = world.number()
    world.add("nibrs_property", property_id=item, incident_id=incident, prop_loss_id=7 if stolen else 6)
    world.add(
        "nibrs_property_desc", property_id=item, prop_desc_id=world.pick(20, 6, 17, 24) if stolen else 10,
        property_value=world.random.randint(5, 2000) if stolen else "",
        date_recovered=date if stolen and world.random.random() < 0.1 else "", nibrs_prop_desc_id=world.number(),
    )  # fmt: skip
    if kind == _DRUG:
        world.add(
            "nibrs_suspected_drug", suspected_drug_type_id=world.pick(2, 5, 12), property_id=item,
            est_drug_qty=world.pick(0.5, 1, 2.25, 10), drug_measure_type_id=1, nibrs_suspected_drug_id=world.number(),
        )  # fmt: skip


def _arrestee(world: _World, incident: int, offense_type: int, date: str) -> None:
    arrestee = world.number()
    world.add(
        "nibrs_arrestee", arrestee_id=arrestee, incident_id=incident, arrestee_seq_num=1, arrest_num=f"A{arrestee}",
        arrest_date=date, arrest_type_id=world.pick(1, 2, 3), multiple_indicator="N", offense_type_id=offense_type,
        resident_code="R", **_person(world),
    )  # fmt: skip
    world.add(
        "nibrs_arrestee_weapon", arrestee_id=arrestee, weapon_id=world.pick(1, 1, 1, 9),
        nibrs_arrestee_weapon_id=world.number(),
    )  # fmt: skip
