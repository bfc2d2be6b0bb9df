"""Agencies that differ from similar ones: in what they leave unknown, in how much they report, from month to month."""

import math
from dataclasses import dataclass
from importlib.resources import files
from statistics import median, quantiles
from typing import Any

import duckdb
from nibrs_loading.sql_blocks import read_blocks

#: Agencies with fewer records say nothing about a share.
LEAST_RECORDS = 30
#: A share is far out above the third quartile plus so many interquartile ranges (Tukey's outer fence) ...
_FENCE = 3.0
#: ... and so many percentage points above the median.
_LEAST_EXCESS = 0.10
#: A volume is unusual if it is so many robust standard deviations from the median of similar agencies (Iglewicz and
#: Hoaglin's modified z-score).
_UNUSUAL = 3.5
#: Median absolute deviations of normal data in a standard deviation.
_MAD = 1.4826
#: Spread of logarithms below which agencies are not told apart.
_LEAST_SPREAD = 0.15
_LEAST_LIKE, _LEAST_MONTHS, _LEAST_MONTHLY = 5, 4, 10


@dataclass(frozen=True)
class Unknown:
    """How often an agency leaves an item unknown; ``fence`` is the share above which that is far out."""

    item: str
    agency_id: int
    agency: str
    records: int
    share: float
    fence: float

    @property
    def is_far_out(self) -> bool:
        """Whether the share is beyond the fence."""
        return self.share > self.fence


@dataclass(frozen=True)
class Volume:
    """How much an agency reports in a year against agencies of its kind and size; ``score`` is a modified z-score."""

    agency_id: int
    agency: str
    like: str
    residents: int
    months: int
    incidents: int
    score: float

    @property
    def is_unusual(self) -> bool:
        """Whether the score is beyond what chance explains."""
        return abs(self.score) > _UNUSUAL


@dataclass(frozen=True)
class Month:
    """An agency's month: its status (empty if the database has no row) and incidents against its other months."""

    agency_id: int
    agency: str
    month: int
    status: str
    incidents: int
    usual: float
    score: float

    @property
    def is_reported(self) -> bool:
        """Whether the agency reported it, or there are incidents of it though the database says that it did not."""
        return _is_reported(self.status, self.incidents)

    @property
    def is_unusual(self) -> bool:
        """Whether a reported month is far from the agency's others."""
        return abs(self.score) > _UNUSUAL


def unknowns(connection: duckdb.DuckDBPyConnection) -> list[Unknown]:
    """The share of unknown values of every item and agency with enough records."""
    found = []
    text = (files("nibrs_quality") / "items.sql").read_text(encoding="utf-8")
    for block in read_blocks(text, "item")[1]:
        item = block.fields["item"]
        rows = connection.execute(
            f"SELECT agency_id, coalesce(agency_name, 'agency ' || agency_id), count(*), avg(CAST(unknown AS integer)) "
            f"FROM ({block.query}) t (agency_id, unknown) LEFT JOIN cde_agencies USING (agency_id) "
            f"GROUP BY 1, 2 HAVING count(*) >= {LEAST_RECORDS} ORDER BY 1"
        ).fetchall()
        fence = _fence([row[3] or 0.0 for row in rows])
        found += [Unknown(item, row[0], row[1], row[2], row[3] or 0.0, fence) for row in rows]
    return found


def _fence(shares: list[float]) -> float:
    """Tukey's outer fence, at least a little above the median, at most 1."""
    if len(shares) < _LEAST_LIKE:
        return 1.0
    first, middle, third = quantiles(shares, n=4, method="inclusive")
    return min(max(third + _FENCE * (third - first), middle + _LEAST_EXCESS), 1.0)


def volumes(connection: duckdb.DuckDBPyConnection) -> list[Volume]:
    """Incidents per resident and month reported, against agencies of the same population group (city, county, ...)."""
    rows = connection.execute(
        "SELECT a.agency_id, coalesce(agency_name, 'agency ' || a.agency_id), coalesce(population_group_code, '?'), "
        "coalesce(population, 0), coalesce(m.months, 0), coalesce(i.incidents, 0) FROM cde_agencies a "
        "LEFT JOIN (SELECT agency_id, count(DISTINCT month_num) AS months FROM nibrs_month WHERE reported_status IN "
        "('I', 'Z') OR nibrs_month_id IN (SELECT nibrs_month_id FROM nibrs_incident) GROUP BY 1) m USING (agency_id) "
        "LEFT JOIN (SELECT agency_id, count(*) AS incidents FROM nibrs_incident GROUP BY 1) i USING (agency_id) "
        "WHERE m.months > 0 AND population > 0 ORDER BY 1"
    ).fetchall()
    like: dict[str, list[float]] = {}
    for row in rows:
        like.setdefault(row[2], []).append(_log_rate(row))
    return [
        Volume(agency, name, group, residents, months, incidents, _score(_log_rate(row), like[group]))
        for row in rows
        for agency, name, group, residents, months, incidents in [row]
    ]


def _log_rate(row: tuple[Any, ...]) -> float:
    # Half an incident more keeps agencies without any apart from those without residents.
    return math.log((row[5] + 0.5) / row[4] / row[3])


def _score(value: float, like: list[float], least_spread: float = _LEAST_SPREAD) -> float:
    """Modified z-score: distance from the median in robust standard deviations; 0 among too few."""
    if len(like) < _LEAST_LIKE:
        return 0.0
    middle = median(like)
    spread = median(abs(each - middle) for each in like) * _MAD
    return (value - middle) / max(spread, least_spread)


def months(connection: duckdb.DuckDBPyConnection) -> list[Month]:
    """Every month of every agency that has a row of some month."""
    rows = connection.execute(
        "SELECT a.agency_id, coalesce(agency_name, 'agency ' || a.agency_id), n.month, "
        "coalesce(max(m.reported_status), ''), count(i.incident_id) "
        "FROM (SELECT DISTINCT agency_id FROM nibrs_month) a CROSS JOIN (SELECT unnest(range(1, 13)) AS month) n "
        "LEFT JOIN nibrs_month m ON m.agency_id = a.agency_id AND m.month_num = n.month "
        "LEFT JOIN nibrs_incident i USING (nibrs_month_id) LEFT JOIN cde_agencies c ON c.agency_id = a.agency_id "
        "GROUP BY ALL ORDER BY 1, 3"
    ).fetchall()
    of_agency: dict[int, list[int]] = {}
    for agency, _, _, status, incidents in rows:
        if _is_reported(status, incidents):
            of_agency.setdefault(agency, []).append(incidents)
    return [_month(row, of_agency.get(row[0], [])) for row in rows]


def _is_reported(status: str, incidents: int) -> bool:
    return status in ("I", "Z") or incidents > 0


def _month(row: tuple[Any, ...], reported: list[int]) -> Month:
    agency, name, month, status, incidents = row
    usual = float(median(reported)) if reported else 0.0
    score = 0.0
    if _is_reported(status, incidents) and len(reported) >= _LEAST_MONTHS and usual >= _LEAST_MONTHLY:
        # The square root makes the spread of counts the same at every level.
        roots = [math.sqrt(each) for each in reported]
        score = _score(math.sqrt(incidents), roots, least_spread=0.5 + 0.1 * math.sqrt(usual))
    return Month(agency, name, month, status, incidents, usual, score)
