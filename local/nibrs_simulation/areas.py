"""Areas below states: which counties an agency serves, and its judicial district and FBI field office."""

from dataclasses import dataclass

import numpy as np

from nibrs_simulation.arrays import Flags, Integers, Texts, generator, texts
from nibrs_simulation.frame import Frame, region_of, states

#: Cities of so many residents may reach into the next county of their state.
_SEVERAL_COUNTIES = 5_000
_SHARE_IN_SEVERAL = 0.08
#: One more judicial district for each so many residents of a state, at most four.
_RESIDENTS_OF_DISTRICT = 4_000_000
_DISTRICTS = ("M", "N", "S", "E")
#: A field office serves a large state's district, or states of a region that have together so many residents.
_RESIDENTS_OF_OFFICE = 9_000_000


@dataclass(frozen=True)
class Areas:
    """Pieces of agencies by county, in the order of agencies; and what all of an agency belongs to.

    Attributes:
        agency: number of the piece's agency in the frame.
        county, area, population: of the piece; area 0 is outside of metropolitan areas.
        core_city: whether the agency serves the principal city of the area.
        judicial_district: code of each agency.
        field_office: number of each agency, from 1.
    """

    agency: Integers
    county: Integers
    area: Integers
    population: Integers
    core_city: Flags
    judicial_district: Texts
    field_office: Integers


def areas_of(frame: Frame, seed: int) -> Areas:
    """Some cities lie in two counties; the largest city of an area is its principal one."""
    random = generator(seed, "areas")
    size = len(frame)
    counties, first = np.unique(frame.county, return_index=True)
    area_of = dict(zip(counties.tolist(), frame.area[first].tolist(), strict=True))
    next_to = _next_counties(frame)
    large = (frame.type == "City") & (frame.population >= _SEVERAL_COUNTIES)
    draws, parts = random.random(size), random.uniform(0.05, 0.45, size)
    outside = np.where(large & (draws < _SHARE_IN_SEVERAL), np.floor(frame.population * parts), 0).astype(np.int64)
    second = np.array([next_to[county] for county in frame.county.tolist()], np.int64)
    outside[second == frame.county] = 0
    several = np.flatnonzero(outside > 0)
    agency = np.concatenate([np.arange(size), several])
    county = np.concatenate([frame.county, second[several]])
    population = np.concatenate([frame.population - outside, outside[several]])
    order = np.lexsort((county, agency))
    area = np.array([area_of[each] for each in county.tolist()], np.int64)
    core = _core_cities(frame)
    district = _districts(frame)
    return Areas(
        agency=agency[order], county=county[order], area=area[order], population=population[order],
        core_city=(core[agency] & (area == frame.area[agency]) & (area > 0))[order],
        judicial_district=district, field_office=_offices(frame, district),
    )  # fmt: skip


def _next_counties(frame: Frame) -> dict[int, int]:
    """The next county of the same state in the list, the first after the last; counties without a name stand alone."""
    following: dict[int, int] = {county: county for county in np.unique(frame.county).tolist()}
    for state in np.unique(frame.state.astype(str)):
        named = np.unique(frame.county[(frame.state == state) & (frame.county_name != "")])
        following |= dict(zip(named.tolist(), np.roll(named, -1).tolist(), strict=True))
    return following


def _core_cities(frame: Frame) -> Flags:
    """The largest city of each area."""
    core = np.zeros(len(frame), bool)
    cities = np.flatnonzero((frame.type == "City") & (frame.area > 0))
    order = cities[np.lexsort((cities, -frame.population[cities], frame.area[cities]))]
    _, first = np.unique(frame.area[order], return_index=True)
    core[order[first]] = True
    return core


def _residents(frame: Frame) -> dict[str, int]:
    return {
        state: int(frame.population[frame.state == state].sum())
        for state in np.unique(frame.state.astype(str)).tolist()
    }


def _districts(frame: Frame) -> Texts:
    """Codes: the state's number and a letter; counties that follow each other in the list share a district."""
    codes = texts([""] * len(frame))
    for state, residents in _residents(frame).items():
        inside = np.flatnonzero(frame.state == state)
        number = min(len(_DISTRICTS), 1 + residents // _RESIDENTS_OF_DISTRICT)
        counties, position = np.unique(frame.county[inside], return_inverse=True)
        letters = position * number // len(counties)
        identifier = int(states()[state]["state_id"])
        codes[inside] = texts([f"{identifier:03d}{_DISTRICTS[letter]}" for letter in letters.tolist()])
    return codes


def _offices(frame: Frame, district: Texts) -> Integers:
    """Each district of a large state has an office; small states of a region share one."""
    offices = np.zeros(len(frame), np.int64)
    number, shared, room, last = 0, 0, 0, 0
    for state, residents in sorted(_residents(frame).items(), key=lambda item: (region_of(item[0]), item[0])):
        inside = frame.state == state
        if residents >= _RESIDENTS_OF_OFFICE:
            for code in np.unique(district[inside].astype(str)):
                number += 1
                offices[inside & (district == code)] = number
            continue
        if shared == 0 or residents > room or region_of(state) != last:
            number += 1
            shared, room = number, _RESIDENTS_OF_OFFICE
        offices[inside] = shared
        room -= residents
        last = region_of(state)
    return offices
