"""The agencies of the nation: made up with the distribution of real ones, or taken from a given frame."""

import csv
import gzip
import io
from dataclasses import dataclass, fields, replace
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np
from nibrs_loading.population_groups import CITY_GROUPS, COUNTY_GROUPS, METROPOLITAN

from nibrs_simulation.arrays import Flags, Integers, Texts, generator, texts
from nibrs_simulation.distributions import rows
from nibrs_simulation.world import SIZES, SimulationError

_LISTS = files("code_tables") / "lists"
TYPES = {"City": 1, "County": 2, "University or College": 3, "State Police": 4, "Other": 5, "Other State Agency": 6,
         "Tribal": 7, "Federal": 8}  # fmt: skip
_LARGEST = 8_500_000
#: About so many counties make a metropolitan area.
_COUNTIES_PER_AREA = 3
_COVERED_SHARE, _DORMANT_SHARE, _FEDERAL_SHARE = 0.04, 0.01, 0.01
#: Types in the given frame (agency_type_id) and here.
_GIVEN_TYPES = {"2": "City", "3": "County", "4": "University or College", "5": "State Police", "7": "Other",
                "8": "Tribal"}  # fmt: skip


@dataclass(frozen=True)
class Frame:
    """Agencies in columns, ordered by state and identifier.

    Attributes:
        covered_by: agency_id of the agency that reports for this one, 0 if none.
        county, area: numbers from 1; area 0 is outside of metropolitan areas.
        nibrs: NIBRS status in a given frame; False otherwise.
        nibrs_start_year: year in which an agency would begin to report NIBRS.
    """

    agency_id: Integers
    ori: Texts
    name: Texts
    type: Texts
    state: Texts
    state_id: Integers
    county: Integers
    county_name: Texts
    area: Integers
    population: Integers
    group: Texts
    suburban: Flags
    male_officers: Integers
    female_officers: Integers
    male_civilians: Integers
    female_civilians: Integers
    covered_by: Integers
    dormant: Flags
    nibrs: Flags
    nibrs_start_year: Integers

    def __len__(self) -> int:
        return len(self.agency_id)

    def take(self, which: Integers | Flags) -> "Frame":
        """Some of the agencies."""
        return Frame(**{each.name: getattr(self, each.name)[which] for each in fields(self)})


@cache
def states() -> dict[str, dict[str, str]]:
    """Rows of ref_state by postal abbreviation."""
    text = (_LISTS / "ref_state.csv").read_text(encoding="utf-8")
    return {row["state_postal_abbr"]: row for row in csv.DictReader(text.splitlines())}


@cache
def regions() -> dict[int, int]:
    """The region of each division."""
    text = (_LISTS / "ref_division.csv").read_text(encoding="utf-8")
    return {int(row["division_id"]): int(row["region_id"]) for row in csv.DictReader(text.splitlines())}


def region_of(state: str) -> int:
    """Census region of a state: 1 Northeast, 2 Midwest, 3 South, 4 West."""
    return regions()[int(states()[state]["division_id"])]


@dataclass(frozen=True)
class _Plain:
    """What a frame says of agencies before the rest is derived."""

    state: Texts
    type: Texts
    population: Integers
    county_name: Texts
    nibrs: Flags
    start_year: Integers
    ori: Texts
    name: Texts


def made_up_frame(size: str, seed: int) -> Frame:
    """Invented agencies, distributed over states, types and population groups as real ones are."""
    wanted, only = SIZES[size]
    random = generator(seed, "frame")
    cells = [row for row in rows("agencies") if only is None or row["state"] in only]
    numbers = _apportioned(np.array([int(cell["agencies"]) for cell in cells]), wanted, cells)
    parts = [_agencies_of_cell(random, cell, number) for cell, number in zip(cells, numbers, strict=True) if number]
    columns = [np.concatenate([part[place] for part in parts]) for place in range(6)]
    state, kind, population, county, nibrs, start = columns
    order = np.lexsort((-population, kind.astype(str), state.astype(str)))
    plain = _Plain(
        state[order], kind[order], population[order], county[order], nibrs[order], start[order],
        texts([""] * len(order)), texts([""] * len(order)),
    )  # fmt: skip
    return _completed(random, _named(plain))


def _apportioned(numbers: Integers, wanted: int, cells: list[dict[str, str]]) -> Integers:
    """How many agencies to take of each cell: every n-th of the list, and at least a city of each state."""
    cumulated = np.cumsum(numbers) * wanted / numbers.sum()
    taken: Integers = np.diff(np.floor(cumulated + 0.5), prepend=0).astype(np.int64)
    for state in {cell["state"] for cell in cells}:
        cities = [place for place, cell in enumerate(cells) if cell["state"] == state and cell["type"] == "City"]
        if not taken[cities].sum():
            taken[cities[0]] = 1
    return taken


def _agencies_of_cell(random: np.random.Generator, cell: dict[str, str], number: int) -> list[Texts | Integers]:
    real, kind = int(cell["agencies"]), cell["type"]
    mean = float(cell["population"]) / real
    bounds = CITY_GROUPS if kind == "City" else COUNTY_GROUPS
    if cell["band"]:
        names = list(bounds)
        low = bounds[cell["band"]]
        place = names.index(cell["band"])
        high = bounds[names[place - 1]] if place else _LARGEST
        drawn = np.clip(mean * random.lognormal(-0.06, 0.35, number), max(low, 50), high - 1).astype(np.int64)
    else:
        drawn = np.zeros(number, np.int64)
    counties = max(1, round(int(cell["counties"]) * number / real))
    county = texts([f"{kind} {place % counties}" for place in range(number)])
    if kind in ("Other", "Other State Agency"):
        kinds = np.where(random.random(number) < 0.66, "Other State Agency", "Other").astype(object)
    else:
        kinds = texts([kind] * number)
    nibrs = random.random(number) < int(cell["nibrs"]) / real
    # Start dates of the real NIBRS agencies: a half between 1995 and 2004, the rest until today.
    start = np.where(
        random.random(number) < 0.5, random.integers(1992, 2005, number), random.integers(2005, 2024, number)
    )
    return [texts([cell["state"]] * number), kinds, drawn, county, nibrs, start]


def _named(plain: _Plain) -> _Plain:
    """Names that show that the agencies do not exist, counties, and ORIs."""
    labels = {
        "City": "City {} Police Department", "County": "County {} Sheriff's Office",
        "State Police": "State Police Troop {}", "University or College": "University {} Police",
        "Tribal": "Tribal Police {}",
    }  # fmt: skip
    names, oris, counties = [], [], []
    of_state: dict[tuple[str, str], int] = {}
    in_state: dict[str, int] = {}
    counties_of = _counties_per_state(plain)
    for state, kind, county in zip(plain.state, plain.type, plain.county_name, strict=True):
        number = of_state[state, kind] = of_state.get((state, kind), 0) + 1
        place = in_state[state] = in_state.get(state, 0) + 1
        names.append(f"Simulated {states()[state]['state_name']} " + labels.get(kind, f"{kind} {{}}").format(number))
        oris.append(f"{states()[state]['state_abbr']}{place // 100:03d}{place % 100:02d}00")
        within = number if kind == "County" else int(county.rsplit(" ", 1)[1]) + number
        counties.append("" if kind == "State Police" else f"Simulated County {within % counties_of[state] + 1}")
    return replace(plain, name=texts(names), ori=texts(oris), county_name=texts(counties))


def _counties_per_state(plain: _Plain) -> dict[str, int]:
    """As many counties as sheriffs, and one at least."""
    return {
        state: max(1, int(((plain.state == state) & (plain.type == "County")).sum()))
        for state in np.unique(plain.state.astype(str))
    }


def given_frame(path: Path, seed: int) -> Frame:
    """Agencies of a CSV, plain or gzip: ori, agency_name, agency_type_id, state_abbr, county_name, population, nibrs.

    Raises:
        SimulationError: a column is missing, or a state, type or number is not valid.
    """
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode("utf-8-sig")
    reader = csv.DictReader(io.StringIO(text))
    needed = ("ori", "agency_name", "agency_type_id", "state_abbr", "county_name", "population", "nibrs")
    missing = [name for name in needed if name not in (reader.fieldnames or [])]
    if missing:
        raise SimulationError(f"{path}: no column {', '.join(missing)}")
    found = []
    for line, row in enumerate(reader, start=2):
        # Territories are outside of the fifty states and D.C.
        if row["state_abbr"] not in states() or int(states()[row["state_abbr"]]["division_id"]) in (1, 99):
            continue
        if row["agency_type_id"] not in _GIVEN_TYPES or not (row["population"] or "0").isdecimal():
            raise SimulationError(
                f"{path}, line {line}: agency_type_id {row['agency_type_id']!r}, population {row['population']!r}; "
                f"allowed are the types {', '.join(_GIVEN_TYPES)} and a number of residents"
            )
        found.append(row)
    found.sort(key=lambda row: (row["state_abbr"], row["ori"]))
    years = [row.get("nibrs_start_date", "")[-4:] for row in found]
    plain = _Plain(
        state=texts([row["state_abbr"] for row in found]),
        type=texts([_given_type(row) for row in found]),
        population=np.array([int(row["population"] or 0) for row in found], np.int64),
        county_name=texts([row["county_name"].split(",")[0].split(";")[0].strip() for row in found]),
        nibrs=np.array([row["nibrs"] == "Y" for row in found]),
        start_year=np.array([int(year) if year.isdecimal() else 2010 for year in years], np.int64),
        ori=texts([row["ori"] for row in found]),
        name=texts([row["agency_name"] for row in found]),
    )
    return _completed(generator(seed, "frame"), plain)


def _given_type(row: dict[str, str]) -> str:
    kind = _GIVEN_TYPES[row["agency_type_id"]]
    return "Other State Agency" if kind == "Other" and row.get("agency_type_name") == "Other State Agency" else kind


def _completed(random: np.random.Generator, plain: _Plain) -> Frame:
    """Everything else: federal agencies, areas, groups, staff, who is covered."""
    number = len(plain.state)
    kind = plain.type.copy()
    others = np.flatnonzero((plain.type == "Other") & (plain.population == 0))
    kind[others[random.random(len(others)) < _FEDERAL_SHARE * number / max(len(others), 1)]] = "Federal"
    county, names, area = _places(plain)
    metropolitan = area > 0
    state_id = np.array([int(states()[state]["state_id"]) for state in plain.state], np.int64)
    male, female, male_civilians, female_civilians = _staff(random, kind, plain.population)
    identifiers = np.arange(1, number + 1, dtype=np.int64)
    return Frame(
        agency_id=identifiers, ori=plain.ori, name=plain.name, type=kind, state=plain.state, state_id=state_id,
        county=county, county_name=names, area=area, population=plain.population,
        group=_groups(kind, plain.population, metropolitan), suburban=metropolitan & (plain.population < 50_000),
        male_officers=male, female_officers=female, male_civilians=male_civilians, female_civilians=female_civilians,
        covered_by=_covered(random, kind, plain.population, county, identifiers), nibrs=plain.nibrs,
        dormant=(plain.population < 2_500) & (random.random(number) < _DORMANT_SHARE),
        nibrs_start_year=plain.start_year,
    )  # fmt: skip


def _places(plain: _Plain) -> tuple[Integers, Texts, Integers]:
    """Number and name of the county, and number of the metropolitan area, of each agency."""
    keys = texts([f"{state}|{name}" for state, name in zip(plain.state, plain.county_name, strict=True)])
    found, inverse = np.unique(keys.astype(str), return_inverse=True)
    residents = np.bincount(inverse, weights=plain.population)
    is_place = np.array([not key.endswith("|") for key in found])
    metropolitan = (residents >= METROPOLITAN) & is_place
    # Counties of a state next to each other in the list share an area.
    in_state = np.array([key.split("|")[0] for key in found])
    area = np.zeros(len(found), np.int64)
    number = 0
    for state in np.unique(in_state):
        for place, county in enumerate(np.flatnonzero(metropolitan & (in_state == state))):
            number += place % _COUNTIES_PER_AREA == 0
            area[county] = number
    names = texts([key.split("|")[1] for key in found])
    return inverse.astype(np.int64) + 1, names[inverse], area[inverse]


def _groups(kind: Texts, population: Integers, metropolitan: Flags) -> Texts:
    """Codes of the population groups."""
    group = texts(["7"] * len(kind))
    for code, bound in reversed(CITY_GROUPS.items()):
        group[(kind == "City") & (population >= bound)] = code
    for code, bound in reversed(COUNTY_GROUPS.items()):
        of_size = (kind == "County") & (population >= bound)
        group[of_size & metropolitan], group[of_size & ~metropolitan] = f"9{code}", f"8{code}"
    group[(kind == "State Police") & metropolitan], group[(kind == "State Police") & ~metropolitan] = "9E", "8E"
    return group


def _staff(
    random: np.random.Generator, kind: Texts, population: Integers
) -> tuple[Integers, Integers, Integers, Integers]:
    """Officers and civilians, men and women: about two officers per thousand residents, more where nobody lives."""
    size = len(kind)
    per_thousand = np.where(population >= 250_000, 2.4, np.where(population >= 10_000, 1.8, 2.6))
    fixed = np.select([kind == "University or College", kind == "State Police", kind == "Tribal"], [22, 35, 15], 12)
    expected = np.where(population > 0, population / 1000 * per_thousand, fixed)
    officers = np.maximum(random.poisson(expected * random.lognormal(-0.05, 0.3, size)), 1)
    civilians = random.poisson(expected * 0.35 * random.lognormal(-0.05, 0.4, size))
    women = random.binomial(officers, 0.13)
    women_civilians = random.binomial(civilians, 0.6)
    return officers - women, women, civilians - women_civilians, women_civilians


def _covered(
    random: np.random.Generator, kind: Texts, population: Integers, county: Integers, identifiers: Integers
) -> Integers:
    """Some small cities are covered by their county's sheriff."""
    covered = np.zeros(len(kind), np.int64)
    sheriff = dict(zip(county[kind == "County"], identifiers[kind == "County"], strict=True))
    small = np.flatnonzero((kind == "City") & (population < 10_000))
    for place in small[random.random(len(small)) < _COVERED_SHARE]:
        covered[place] = sheriff.get(county[place], 0)
    return covered
