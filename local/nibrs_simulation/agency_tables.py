"""Rows of the tables that describe agencies, their months and what they send, for the truth and for the database."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from nibrs_simulation.areas import Areas
from nibrs_simulation.arrays import Flags, Integers, Texts, texts
from nibrs_simulation.codes import population_groups
from nibrs_simulation.frame import TYPES, Frame, region_of, states
from nibrs_simulation.records import constant, integers, strings, table
from nibrs_simulation.reporting import INCIDENTS, NOT_REPORTED, ZERO, Reporting

_MONTHS = 12
_ALL_YEAR = 12


def active(frame: Frame) -> Flags:
    """Agencies that report for themselves: neither dormant nor covered by another."""
    return np.asarray(~frame.dormant & (frame.covered_by == 0))


def true_months(frame: Frame, incidents: Integers) -> Texts:
    """I or Z for each month of active agencies, U for the others; ``incidents`` by agency and month."""
    months = np.where(incidents > 0, INCIDENTS, ZERO).astype(object)
    months[~active(frame)] = NOT_REPORTED
    return months


def month_rows(frame: Frame, year: int, months: Texts, offset: int, which: Flags) -> pa.Table:
    """Rows of nibrs_month for some of the agencies, a row for each month."""
    agency = np.repeat(np.flatnonzero(which), _MONTHS)
    month = np.tile(np.arange(1, _MONTHS + 1), int(which.sum()))
    size = len(agency)
    status = months[agency, month - 1]
    return table({
        "nibrs_month_id": integers(offset + (frame.agency_id[agency] - 1) * _MONTHS + month),
        "agency_id": integers(frame.agency_id[agency]), "month_num": integers(month),
        "data_year": integers(np.full(size, year)), "reported_status": strings(status),
        "update_flag": constant("N", size), "orig_format": constant("F", size), "data_home": constant("C", size),
    })  # fmt: skip


def cde_agencies(frame: Frame, year: int, which: Flags, months: Texts, return_a: Flags) -> pa.Table:
    """Rows of cde_agencies, as the database knows the agencies in a year."""
    some = frame.take(which)
    size = len(some)
    coverer = dict(zip(frame.agency_id, range(len(frame)), strict=True))
    by = [coverer.get(int(agency), -1) for agency in some.covered_by]
    described = population_groups()
    return table({
        "agency_id": integers(some.agency_id), "ori": strings(some.ori), "legacy_ori": strings(some.ori),
        "agency_name": strings(some.name), "short_name": strings(some.name),
        "agency_type_id": integers(np.array([TYPES[kind] for kind in some.type], np.int64)),
        "agency_type_name": strings(some.type), "state_id": integers(some.state_id),
        "state_abbr": strings(_state_abbreviations(some)), "primary_county": strings(some.county_name),
        "agency_status": constant("A", size), "dormant_year": integers(np.full(size, year), ~some.dormant),
        "current_year": integers(np.full(size, year)),
        "current_nibrs_start_year": integers(some.nibrs_start_year, (months[which] == NOT_REPORTED).all(axis=1)),
        "population": integers(some.population), "population_group_code": strings(some.group),
        "population_group_desc": strings(texts([described[group][1] for group in some.group])),
        "suburban_area_flag": _flag(some.suburban),
        "months_reported": integers(return_a[which].sum(axis=1)),
        "nibrs_months_reported": integers((months[which] != NOT_REPORTED).sum(axis=1)),
        "covered_by_id": integers(some.covered_by, some.covered_by == 0),
        "covered_by_ori": strings(texts([frame.ori[place] if place >= 0 else "" for place in by])),
        "covered_by_name": strings(texts([frame.name[place] if place >= 0 else "" for place in by])),
        "staffing_year": integers(np.full(size, year)),
        "total_officers": integers(some.male_officers + some.female_officers),
        "total_civilians": integers(some.male_civilians + some.female_civilians),
    })  # fmt: skip


def _state_abbreviations(frame: Frame) -> Texts:
    """The FBI's abbreviations (NB for Nebraska)."""
    return texts([states()[state]["state_abbr"] for state in frame.state])


def _flag(values: Flags) -> pa.Array:
    return strings(np.where(values, "Y", "N").astype(object))


def _number(values: Flags) -> pa.Array:
    return integers(values.astype(np.int64))


def participation(frame: Frame, year: int, months: Texts, return_a: Flags) -> pa.Table:
    """Rows of agency_participation: all agencies, with the months of Return A and of NIBRS.

    An agency participates when it, or the agency that covers it, reported twelve months.
    """
    summaries, incidents = return_a.sum(axis=1), (months != NOT_REPORTED).sum(axis=1)
    place = {int(agency): number for number, agency in enumerate(frame.agency_id)}
    by = np.array([place.get(int(agency), -1) for agency in frame.covered_by], np.int64)
    responsible = np.where(by >= 0, by, np.arange(len(frame)))
    described = population_groups()
    return table({
        "year": integers(np.full(len(frame), year)),
        "state_name": strings(texts([states()[state]["state_name"] for state in frame.state])),
        "state_abbr": strings(_state_abbreviations(frame)), "agency_id": integers(frame.agency_id),
        "agency_ori": strings(frame.ori), "agency_name": strings(frame.name),
        "agency_population": integers(frame.population), "population_group_code": strings(frame.group),
        "population_group": strings(texts([described[group][1] for group in frame.group])),
        "reported": _number(summaries > 0), "months_reported": integers(summaries),
        "nibrs_reported": _number(incidents > 0), "nibrs_months_reported": integers(incidents),
        "covered": _number(frame.covered_by > 0), "participated": _number(summaries[responsible] == _ALL_YEAR),
        "nibrs_participated": _number(incidents[responsible] == _ALL_YEAR),
    })  # fmt: skip


def reference_rows(frame: Frame, reporting: Mapping[int, Reporting], areas_below: Areas) -> dict[str, pa.Table]:
    """Rows of the reference tables: who the agencies are, where they are, whom they cover and employ.

    Args:
        reporting: of every year of the world.
        areas_below: pieces by county, judicial districts and field offices of the agencies.
    """
    years = tuple(reporting)
    groups = population_groups()
    size = len(frame)
    counties, first = np.unique(frame.county, return_index=True)
    areas = np.unique(np.append(frame.area, 0))
    names = texts([f"Simulated Area {area}" if area else "Outside metropolitan areas" for area in areas])
    place = np.tile(np.arange(size), len(years))
    year = np.repeat(np.array(years, np.int64), size)
    pieces = len(areas_below.agency)
    piece = np.tile(np.arange(pieces), len(years))
    covered = frame.covered_by[place] > 0
    group = np.array([groups[code][0] for code in frame.group], np.int64)
    return {
        "ref_agency": table({
            "agency_id": integers(frame.agency_id), "ori": strings(frame.ori), "legacy_ori": strings(frame.ori),
            "ucr_agency_name": strings(frame.name), "pub_agency_name": strings(frame.name),
            "agency_type_id": integers(np.array([TYPES[kind] for kind in frame.type], np.int64)),
            "state_id": integers(frame.state_id), "agency_status": constant("A", size),
            "dormant_year": integers(np.full(size, years[0]), ~frame.dormant),
            "judicial_dist_code": strings(areas_below.judicial_district),
            "field_office_id": integers(areas_below.field_office),
        }),
        "ref_field_office": table({
            "field_office_id": integers(np.unique(areas_below.field_office)),
            "field_office_code": strings(texts([f"{each:02d}" for each in np.unique(areas_below.field_office)])),
            "field_office_name": strings(texts([
                f"Simulated Office {each}" for each in np.unique(areas_below.field_office)
            ])),
        }),
        "ref_agency_population": table({
            "agency_id": integers(frame.agency_id[place]), "data_year": integers(year),
            "population_group_id": integers(group[place]), "population": integers(frame.population[place]),
            "suburban_area_flag": _flag(frame.suburban[place]),
        }),
        "ref_agency_covered_by_flat": table({
            "data_year": integers(year[covered]), "agency_id": integers(frame.agency_id[place][covered]),
            "covered_by_agency_id": integers(frame.covered_by[place][covered]),
        }),
        "pe_employee_data": _employees(frame, reporting),
        "ref_county": table({
            "county_id": integers(counties), "state_id": integers(frame.state_id[first]),
            "county_name": strings(frame.county_name[first]),
        }),
        "ref_msa": table({"msa_id": integers(areas), "msa_name": strings(names)}),
        "ref_metro_division": table({
            "metro_div_id": integers(areas), "msa_id": integers(areas), "metro_div_name": strings(names),
            "msa_flag": _flag(areas > 0),
        }),
        "ref_agency_county": table({
            "agency_id": integers(frame.agency_id[areas_below.agency[piece]]),
            "county_id": integers(areas_below.county[piece]), "metro_div_id": integers(areas_below.area[piece]),
            "core_city_flag": _flag(areas_below.core_city[piece]),
            "data_year": integers(np.repeat(np.array(years, np.int64), pieces)),
            "population": integers(areas_below.population[piece]),
        }),
    }  # fmt: skip


def content_rows(frame: Frame, reporting: Reporting) -> pa.Table:
    """Rows of ref_agency_data_content: I for NIBRS reporters, S for those that send Return A."""
    sends = reporting.is_nibrs | reporting.return_a.any(axis=1)
    kind = np.where(reporting.is_nibrs, "I", "S").astype(object)[sends]
    return table({
        "agency_id": integers(frame.agency_id[sends]), "data_year": integers(np.full(int(sends.sum()), reporting.year)),
        "reporting_type": strings(kind),
    })  # fmt: skip


def return_a_months(frame: Frame, reporting: Reporting, offset: int) -> pa.Table:
    """Rows of reta_month: every month of active agencies, whether it was reported."""
    which = active(frame)
    agency = np.repeat(np.flatnonzero(which), _MONTHS)
    month = np.tile(np.arange(1, _MONTHS + 1), int(which.sum()))
    return table({
        "reta_month_id": integers(offset + (frame.agency_id[agency] - 1) * _MONTHS + month),
        "agency_id": integers(frame.agency_id[agency]), "data_year": integers(np.full(len(agency), reporting.year)),
        "month_num": integers(month), "reported_flag": _flag(reporting.return_a[agency, month - 1]),
    })  # fmt: skip


def _employees(frame: Frame, reporting: Mapping[int, Reporting]) -> pa.Table:
    """Officers and civilians by year; 0 and the flag N where the agency does not tell."""
    place = np.tile(np.arange(len(frame)), len(reporting))
    told = np.concatenate([each.staff for each in reporting.values()])

    def number(people: Integers) -> pa.Array:
        return integers(np.where(told, people[place], 0))

    return table({
        "agency_id": integers(frame.agency_id[place]),
        "data_year": integers(np.repeat(np.array(list(reporting), np.int64), len(frame))),
        "reported_flag": _flag(told),
        "male_officer": number(frame.male_officers), "male_civilian": number(frame.male_civilians),
        "male_total": number(frame.male_officers + frame.male_civilians),
        "female_officer": number(frame.female_officers), "female_civilian": number(frame.female_civilians),
        "female_total": number(frame.female_officers + frame.female_civilians),
    })  # fmt: skip


def truth_of_agencies(frame: Frame, reporting: Reporting, months: Texts) -> pa.Table:
    """Who reports what and why: a row per agency, for the truth's agencies-<year>.csv.gz."""
    joined = texts(["".join(row) for row in months])
    low = texts(["".join("Y" if each else "N" for each in row) for row in reporting.low & (months != NOT_REPORTED)])
    srs = texts(["".join("Y" if each else "N" for each in row) for row in reporting.return_a])
    start = texts([
        f"{value // _MONTHS}-{value % _MONTHS + 1:02d}" if value else "" for value in reporting.nibrs_start.tolist()
    ])  # fmt: skip
    return table({
        "agency_id": integers(frame.agency_id), "ori": strings(frame.ori), "agency_name": strings(frame.name),
        "state": strings(frame.state), "region": integers(np.array([region_of(state) for state in frame.state])),
        "agency_type": strings(frame.type), "population": integers(frame.population),
        "population_group": strings(frame.group), "covered_by": integers(frame.covered_by, frame.covered_by == 0),
        "dormant": _flag(frame.dormant), "reports_nibrs": _flag(reporting.is_nibrs),
        "probability": pa.array(reporting.probability.round(4)), "reason": strings(reporting.reason),
        "nibrs_start": strings(start), "nibrs_months": strings(joined), "low_months": strings(low),
        "return_a_months": strings(srs), "male_officers": integers(frame.male_officers),
        "female_officers": integers(frame.female_officers), "staff_reported": _flag(reporting.staff),
    })  # fmt: skip


def truth_of_counties(frame: Frame, areas_below: Areas) -> pa.Table:
    """A row per agency and county, with the area, district and office: for the truth's counties.csv.gz."""
    agency, inside = areas_below.agency, areas_below.area > 0
    return table({
        "agency_id": integers(frame.agency_id[agency]), "county": integers(areas_below.county),
        "metropolitan": _flag(inside), "msa": integers(areas_below.area, ~inside),
        "msa_name": strings(texts([f"Simulated Area {each}" if each else "" for each in areas_below.area.tolist()])),
        "core_city": _flag(areas_below.core_city), "population": integers(areas_below.population),
        "judicial_district": strings(areas_below.judicial_district[agency]),
        "field_office": integers(areas_below.field_office[agency]),
    })  # fmt: skip
