"""The estimates of offenses in a published zip, and those that are asked for in words."""

import csv
import io
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from nibrs_pipeline.errors import BadRequest
from nibrs_pipeline.keys import public_estimates_key

#: The file of an estimates zip that has a row per geography, group of agencies and offense.
OFFENSES = "offenses.csv"
_GEOGRAPHIES = "geographies.csv"
#: How the README of a simulated year's zip warns.
_WARNING = "**SIMULATED:"
ALL_AGENCIES = "all agencies"
NATION = "US"


@dataclass(frozen=True)
class OffenseEstimate:
    """How many records of an offense there were, with its error.

    Attributes:
        cell: an offense code such as 120, or a total such as violent.
        lower: of the 95 % interval, with ``upper``; None where the number is no estimate.
        rate: per 100,000 residents; None where the geography has no residents of its own.
        released: whether it is precise enough and enough agencies respond.
        is_estimate: False: a sum of what was reported, which stands for nobody else.
    """

    year: int
    geography: str
    agency_group: str
    cell: str
    label: str
    estimate: float
    lower: float | None
    upper: float | None
    rate: float | None
    released: bool
    is_estimate: bool


def published_years(objects: Path) -> list[int]:
    """Data years whose estimates lie in a folder that stands for the bucket, the newest last."""
    folders = (path.name for path in (objects / "estimates").glob("*") if path.name.isdecimal())
    return sorted(year for year in map(int, folders) if (objects / public_estimates_key(year)).is_file())


@dataclass(frozen=True)
class OffenseEstimates:
    """What a published zip says of offenses.

    Attributes:
        rows: of offenses.csv.
        names: by geography, what people call it, such as Ohio for OH.
        simulated: whether the zip's README says that its numbers are not real.
    """

    rows: tuple[OffenseEstimate, ...]
    names: dict[str, str]
    simulated: bool


def says_simulated(path: Path) -> bool:
    """Whether an estimates zip says that its numbers are not real."""
    with zipfile.ZipFile(path) as archive:
        return _warns(archive)


def _warns(archive: zipfile.ZipFile) -> bool:
    return _WARNING in archive.read("README.md").decode()


def read_offense_estimates(path: Path) -> OffenseEstimates:
    """Read a published estimates zip.

    Raises:
        BadRequest: it is no such zip.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            rows = [_row(row) for row in _records(archive, OFFENSES)]
            places = _records(archive, _GEOGRAPHIES)
            simulated = _warns(archive)
    except FileNotFoundError:
        raise BadRequest(f"{path}: there is no such file; `nibrs run` makes estimates") from None
    except (zipfile.BadZipFile, KeyError, IsADirectoryError):
        raise BadRequest(f"{path} has no {OFFENSES}; name a zip such as nibrs-estimates-2023.zip") from None
    names = {row["geography"]: row["description"] for row in places if row["agency_group"] == ALL_AGENCIES}
    return OffenseEstimates(tuple(rows), names, simulated)


def _records(archive: zipfile.ZipFile, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(archive.read(name).decode())))


def _row(row: dict[str, str]) -> OffenseEstimate:
    return OffenseEstimate(
        year=int(row["data_year"]),
        geography=row["geography"],
        agency_group=row["agency_group"],
        cell=row["cell"],
        label=row["label"],
        estimate=float(row["estimate"]),
        lower=_number(row["lower_95"]),
        upper=_number(row["upper_95"]),
        rate=_number(row["rate_per_100000"]),
        released=row["suppression_flag"] == "0",
        is_estimate=row["basis"] == "estimate",
    )


def _number(text: str) -> float | None:
    return float(text) if text else None


def asked_for(
    found: OffenseEstimates, words: Iterable[str], geographies: Iterable[str], group: str = ALL_AGENCIES
) -> list[OffenseEstimate]:
    """The rows of an offense, in the order of the geographies.

    Args:
        words: an offense code, or words that its label has to contain, in any order and case; none for all offenses.
        geographies: as the file has them (US, Midwest, OH) or as people call them (Ohio), in any case.

    Raises:
        BadRequest: names what is not there, and what is.
    """
    of_group = [row for row in found.rows if row.agency_group == group]
    if not of_group:
        groups = sorted({row.agency_group for row in found.rows})
        raise BadRequest(f"--group: {group!r} was given; there are {', '.join(groups)}")
    there = {row.geography for row in of_group}
    named = {place.lower(): place for place in there} | {
        name.lower(): place for place, name in found.names.items() if place in there
    }
    wanted = [place.strip() for place in geographies]
    if unknown := [place for place in wanted if place.lower() not in named]:
        raise BadRequest(f"--geography: {unknown[0]!r} was given; there are {', '.join(sorted(there))}")
    places = [named[place.lower()] for place in wanted]
    cells = _cells(of_group, [word.lower() for word in words])
    chosen = [row for row in of_group if row.cell in cells and row.geography in places]
    return sorted(chosen, key=lambda row: places.index(row.geography))


def _cells(rows: list[OffenseEstimate], terms: list[str]) -> set[str]:
    """Cells whose code is the only term, else those whose label has all terms."""
    cells = {row.cell for row in rows if [row.cell.lower()] == terms} or {
        row.cell for row in rows if all(term in row.label.lower() for term in terms)
    }
    if not cells:
        raise BadRequest(
            f"no offense is called {' '.join(terms)!r}; `nibrs estimates` without a word lists all with their codes"
        )
    return cells
