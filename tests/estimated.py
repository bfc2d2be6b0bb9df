"""What a run in a home has published of a year's estimates."""

import csv
import io
import zipfile
from pathlib import Path

from nibrs_home.home import BUCKET, Home
from nibrs_pipeline.keys import public_estimates_key


def estimates_zip(home: Home, year: int = 2016) -> Path:
    """The published zip."""
    return home.objects / BUCKET / public_estimates_key(year)


def rows(home: Home, name: str, year: int = 2016) -> list[dict[str, str]]:
    """A CSV file of it."""
    with zipfile.ZipFile(estimates_zip(home, year)) as archive:
        return list(csv.DictReader(io.StringIO(archive.read(name).decode())))
