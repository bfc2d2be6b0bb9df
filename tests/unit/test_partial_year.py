"""Agencies that reported for a part of the year only: found in whatever part, and no others."""

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nibrs_engine.container_tasks import estimation_folder
from nibrs_quality import partial_year
from nibrs_quality.agencies import Month
from nibrs_quality.partial_year import partial_years, stray_of

#: As the District of Columbia's police in 2021: two months without a report, then a few incidents, then all of them.
BEGAN = (1, 1, None, 2, 1, None, 4, 7357, 7424, 7242, 5918, 5747)


def year(*incidents: int | None) -> dict[int, int]:
    return {month: number for month, number in enumerate(incidents, 1) if number is not None}


@pytest.mark.parametrize(
    ("incidents", "stray"),
    [
        (BEGAN, (1, 2, 4, 5, 7)),
        (BEGAN[::-1], (6, 8, 9, 11, 12)),
        ((3, 2, 4, 1, 0, 2, 5, 3, 1, 2, 2, 7000), tuple(range(1, 12))),
        ((0, 0, 0, 0, 0, 0, 0, 20, 25, 21, 19, 22), tuple(range(1, 8))),
        # Six months of the usual volume; too few stray ones; a single spree of a small agency; seasons.
        ((1, 1, 1, 2, 1, 1, 700, 720, 690, 650, 700, 710), ()),
        ((1, 1, None, None, None, None, None, 700, 720, 690, 650, 700), ()),
        ((3, 2, 4, 1, 0, 2, 5, 3, 1, 2, 2, 60), ()),
        ((0, 0, 1, 0, 0, 40, 55, 48, 1, 0, 0, 0), ()),
        ((60, 70, 80, 1, 0, 0, 1, 0, 2, 1, 0, 65), ()),
        # As often in small agencies: differences of less than ten say nothing.
        ((0, 1, 0, 0, 1, 0, 0, 9, 8, 9, 10, 9), ()),
        ((100, 90, 95, 101, 99, 98, 103, 97, 96, 95, 102, 100), ()),
        ((0,) * 12, ()),
        ((None,) * 12, ()),
    ],
)
def test_stray_months_are_those_of_partial_years_only(
    incidents: tuple[int | None, ...], stray: tuple[int, ...]
) -> None:
    assert stray_of(year(*incidents))[0] == stray


@given(st.lists(st.integers(30, 60), min_size=12, max_size=12))
def test_an_agency_that_reports_about_the_same_all_year_is_never_one(incidents: list[int]) -> None:
    assert stray_of(year(*incidents))[0] == ()


@given(
    st.integers(7, 11), st.integers(100, 5000), st.lists(st.integers(0, 10), min_size=12, max_size=12), st.booleans()
)
def test_one_that_begins_or_stops_always_is(stray: int, volume: int, few: list[int], stops: bool) -> None:
    months = [*few[:stray], *[volume + each for each in few[stray:]]]
    found = stray_of(year(*(months[::-1] if stops else months)))[0]
    assert len(found) == stray


def test_months_without_a_report_are_no_stray_ones() -> None:
    months = [Month(1, "Metro", month, "U", 0, 0, 0) for month in range(1, 8)]
    assert partial_years([*months, *(Month(1, "Metro", month, "I", 900, 900, 0) for month in range(8, 13))]) == []


def test_months_with_incidents_count_whatever_their_status() -> None:
    few = [Month(1, "Metro", month, "U", 1, 0, 0) for month in range(1, 8)]
    [found] = partial_years([*few, *(Month(1, "Metro", month, "U", 900, 900, 0) for month in range(8, 13))])
    assert found.stray_months == tuple(range(1, 8))


def test_the_estimation_has_the_same_rule() -> None:
    with (estimation_folder() / "nibrsest" / "inst" / "extdata" / "method_constants.csv").open(newline="") as file:
        constants = {row["name"]: float(row["value"]) for row in csv.DictReader(file)}
    named = {
        "stray_share": partial_year.STRAY_SHARE, "least_difference": partial_year.LEAST_DIFFERENCE,
        "fewest_months_without": partial_year.FEWEST_WITHOUT, "fewest_stray_months": partial_year.FEWEST_STRAY,
        "sure_volume": partial_year.SURE_VOLUME,
    }  # fmt: skip
    assert {name: constants[name] for name in named} == named
