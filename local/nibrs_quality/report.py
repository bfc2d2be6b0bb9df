"""The report of ``nibrs check``: one result as data, as JSON, as lines for a terminal."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nibrs_loading.archives import BadFile
from nibrs_loading.layouts import MONTHS
from nibrs_loading.zip_database import open_zip
from nibrs_pipeline.catalog import Catalog

from nibrs_quality.agencies import Month, Unknown, Volume, months, unknowns, volumes
from nibrs_quality.partial_year import PartialYear, partial_years
from nibrs_quality.rules import Finding, findings


@dataclass(frozen=True)
class Quality:
    """What was found in one state-year.

    Attributes:
        name: such as AZ-2016.
        rows: by table.
    """

    name: str
    rows: dict[str, int]
    findings: tuple[Finding, ...]
    unknowns: tuple[Unknown, ...]
    volumes: tuple[Volume, ...]
    months: tuple[Month, ...]

    @property
    def broken(self) -> tuple[Finding, ...]:
        """The checks that rows break, most rows first."""
        return tuple(sorted((each for each in self.findings if each.broken), key=lambda each: -each.broken))

    @property
    def far_out(self) -> tuple[Unknown, ...]:
        """Agencies that leave an item unknown much more often than others."""
        return tuple(sorted((each for each in self.unknowns if each.is_far_out), key=lambda each: -each.share))

    @property
    def unusual_volumes(self) -> tuple[Volume, ...]:
        """Agencies that report much more or less than similar ones."""
        return tuple(sorted((each for each in self.volumes if each.is_unusual), key=lambda each: -abs(each.score)))

    @property
    def unusual_months(self) -> tuple[Month, ...]:
        """Reported months with much more or fewer incidents than the agency's others."""
        return tuple(sorted((each for each in self.months if each.is_unusual), key=lambda each: -abs(each.score)))

    @property
    def partial_years(self) -> tuple[PartialYear, ...]:
        """Agencies that reported for a part of the year only, the largest first."""
        return tuple(sorted(partial_years(self.months), key=lambda each: -each.usual))

    def as_json(self) -> dict[str, Any]:
        """Everything but the checks that nothing breaks and the months that are as usual."""
        return {
            "name": self.name,
            "rows": self.rows,
            "checks": len(self.findings),
            "broken": [
                {"check": each.check.name, "group": each.check.group, "table": each.check.of, "broken": each.broken,
                 "checked": each.checked, "examples": list(each.examples)}
                for each in self.broken
            ],
            "unknown": [asdict(each) for each in self.unknowns],
            "unusual_volumes": [asdict(each) for each in self.unusual_volumes],
            "unusual_months": [asdict(each) for each in self.unusual_months],
            "partial_years": [asdict(each) for each in self.partial_years],
        }  # fmt: skip


def quality_of(path: Path, catalog: Catalog) -> Quality:
    """Check a published zip.

    Raises:
        BadFile: the file cannot be read as a published zip.
    """
    connection = open_zip(path, catalog)
    rows = {
        table.name: next(iter(connection.execute(f"SELECT count(*) FROM {table.name}").fetchall()))[0]
        for table in catalog.data_tables
    }
    if not rows["nibrs_incident"] and any(
        rows[name] for name in rows if catalog.lineage(catalog[name])[-1].name == MONTHS and name != MONTHS
    ):
        raise BadFile(f"{path}: nibrs_incident has no row, though other tables have some; download the zip again")
    if not rows[MONTHS]:
        raise BadFile(f"{path}: {MONTHS} has no row: there is nothing to check; download the zip again")
    found = findings(connection, catalog)
    quality = Quality(
        path.stem,
        rows,
        tuple(found),
        tuple(unknowns(connection)),
        tuple(volumes(connection)),
        tuple(months(connection)),
    )
    connection.close()
    return quality


def write_json(path: Path, found: list[Quality]) -> None:
    """All results as one JSON file."""
    path.write_text(json.dumps([each.as_json() for each in found], indent=1) + "\n", encoding="utf-8")
