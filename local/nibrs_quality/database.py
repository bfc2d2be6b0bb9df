"""State-years of a database as zips, made as they would be published."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

from nibrs_pipeline.catalog import nibrs_catalog
from nibrs_pipeline.database.location import DatabaseLocation
from nibrs_pipeline.database.snapshot import snapshot
from nibrs_pipeline.extract.documents import documents
from nibrs_pipeline.extract.extraction import extract_common, extract_state_year
from nibrs_pipeline.plan.planning import requested
from nibrs_pipeline.plan.request import Request
from nibrs_pipeline.plan.source import read_state_years


def extracted_zips(location: DatabaseLocation, folder: Path, request: Request) -> Iterator[Path]:
    """Make the zip of each state-year that is asked for, one at a time; it is removed before the next.

    Raises:
        BadRequest: the database does not have a state-year that is asked for.
    """
    catalog = nibrs_catalog()
    common = folder / "common.zip"
    with snapshot(location) as view:
        names = read_state_years(view)
        items = requested(request, names)
        with common.open("wb") as file:
            part = extract_common(view, catalog, documents(catalog), file)
    for item in items:
        target = folder / f"{item}.zip"
        with zipfile.ZipFile(common) as common_zip:
            extract_state_year(
                lambda: snapshot(location),
                catalog,
                item,
                names[item],
                (part, common_zip),
                target,
                {},
                lambda *seen: None,
            )
        yield target
        target.unlink()
