"""What a run in a home has published of a year's estimates."""

import zipfile
from collections.abc import Sequence
from pathlib import Path

from nibrs_home.home import BUCKET, Home
from nibrs_pipeline.keys import public_estimates_key

from tests.csv_members import read_member


def estimates_zip(home: Home, year: int = 2016) -> Path:
    """The published zip."""
    return home.objects / BUCKET / public_estimates_key(year)


def rows(home: Home, name: str, year: int = 2016, columns: Sequence[str] = (), **equal: str) -> list[dict[str, str]]:
    """A CSV file of it, see ``read_member``."""
    with zipfile.ZipFile(estimates_zip(home, year)) as archive:
        return read_member(archive, name, columns, **equal)
