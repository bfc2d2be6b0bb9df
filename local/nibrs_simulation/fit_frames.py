"""Makes ``shares/agencies.csv`` and ``shares/national_rates.csv`` from public tables of agencies and of estimates.

    python -m nibrs_simulation.fit_frames agencies.csv.gz estimated_crimes_1979_2023.csv

The first counts agencies by state, type and number of residents; the second holds the FBI's national estimates per
100,000 residents.
"""

import sys
from pathlib import Path

import duckdb

from nibrs_simulation.fit import FOLDER

#: Lower bounds of the population groups of cities and of counties.
_CITY_BOUNDS = {"1A": 1_000_000, "1B": 500_000, "1C": 250_000, "2": 100_000, "3": 50_000, "4": 25_000, "5": 10_000,
                "6": 2_500, "7": 0}  # fmt: skip
_COUNTY_BOUNDS = {"A": 100_000, "B": 25_000, "C": 10_000, "D": 0}
_TYPES = {2: "City", 3: "County", 4: "University or College", 5: "State Police", 7: "Other", 8: "Tribal"}
_FIRST_YEAR = 2010


def _band(bounds: dict[str, int]) -> str:
    return "CASE " + " ".join(f"WHEN population >= {bound} THEN '{name}'" for name, bound in bounds.items()) + " END"


def agencies(source: Path) -> str:
    """SQL for the number of agencies, residents and NIBRS reporters in each cell."""
    types = " ".join(f"WHEN {number} THEN '{name}'" for number, name in _TYPES.items())
    return (
        "SELECT state_abbr AS state, type, band, count(*) AS agencies, sum(population) AS population, "
        "count(*) FILTER (nibrs = 'Y') AS nibrs, count(DISTINCT county_name) AS counties FROM "
        f"(SELECT state_abbr, coalesce(population, 0) AS population, nibrs, county_name, "
        f"CASE agency_type_id {types} END AS type, "
        f"CASE WHEN agency_type_id = 2 THEN {_band(_CITY_BOUNDS)} WHEN agency_type_id = 3 THEN {_band(_COUNTY_BOUNDS)} "
        f"ELSE '' END AS band FROM read_csv('{source}')) WHERE state_abbr NOT IN ('GM', 'PR', 'VI', 'AS', 'MP') "
        "GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
    )


def national_rates(source: Path) -> str:
    """SQL for the rates of the nation by year."""
    columns = {
        "homicide": "homicide", "rape": "coalesce(rape_revised, rape_legacy)", "robbery": "robbery",
        "aggravated_assault": "aggravated_assault", "burglary": "burglary", "larceny": "larceny",
        "motor_vehicle_theft": "motor_vehicle_theft",
    }  # fmt: skip
    number = "CAST(replace({}, ',', '') AS double)"
    rates = ", ".join(
        f"round({number.format(column)} / {number.format('population')} * 1e5, 2) AS {name}"
        for name, column in columns.items()
    )
    return (
        f"SELECT CAST(year AS integer) AS year, {rates} FROM read_csv('{source}', all_varchar = true) "
        f"WHERE state_abbr IS NULL AND CAST(year AS integer) >= {_FIRST_YEAR} ORDER BY 1"
    )


def main(arguments: list[str]) -> None:
    """Write both files."""
    for name, question in (("agencies", agencies), ("national_rates", national_rates)):
        target = Path(str(FOLDER)) / f"{name}.csv"
        duckdb.sql(f"COPY ({question(Path(arguments.pop(0)))}) TO '{target}' (HEADER)")


if __name__ == "__main__":
    main(sys.argv[1:])
