"""Whether a year's agencies lie in areas below states, which is known before hours go into the year's tables."""

import csv
import io
import zipfile
from pathlib import Path

from nibrs_pipeline.errors import SourceUnfit

#: Columns of the reference extract's counties that name an area: metropolitan, judicial district, FBI field office.
_NAMES_OF_AREAS = ("msa", "judicial_district", "field_office")


def require_areas(reference: Path, year: int) -> None:
    """Refuse a year of which areas are wanted and no agency is in one.

    Args:
        reference: the reference extract of the year.

    Raises:
        SourceUnfit: names the year, the tables and what can be done.
    """
    with zipfile.ZipFile(reference) as archive, archive.open("counties.csv") as file:
        rows = csv.DictReader(io.TextIOWrapper(file, "utf-8"))
        if any(row[name] for row in rows for name in _NAMES_OF_AREAS):
            return
    raise SourceUnfit(
        f"AREAS=all, but no agency of {year} lies in a metropolitan area, a judicial district or a field office: fill "
        "ref_agency_county, or judicial_dist_code and field_office_id of ref_agency; or run with other years, or with "
        "AREAS=none"
    )
