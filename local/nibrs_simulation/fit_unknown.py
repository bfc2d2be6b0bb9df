"""Makes ``shares/unknown.csv`` from published zips: how often an item of a person is unknown.

    python -m nibrs_simulation.fit_unknown AZ-2016.zip LA-2013.zip ...

A file in which nearly nobody has the item does not ask for it, and does not count for it.
"""

import csv
import sys
from collections.abc import Iterable, Iterator
from importlib.resources import files
from pathlib import Path

from nibrs_loading.zip_database import open_zip
from nibrs_pipeline.catalog import nibrs_catalog

from nibrs_simulation.distributions import FOLDER

HEADER = ("table", "item", "share", "records")
#: Of more records than this the item is unknown where nobody asks for it.
_NOT_ASKED_FOR = 0.9


def unknown_of(paths: Iterable[Path]) -> Iterator[tuple[str, str, str, int]]:
    """Rows of unknown.csv: the share of all records of the files together."""
    query = (files("nibrs_simulation") / "unknown.sql").read_text(encoding="utf-8")
    unknown: dict[tuple[str, str], int] = {}
    records: dict[tuple[str, str], int] = {}
    for path in paths:
        source = open_zip(path, nibrs_catalog())
        for table, item, number, all_ in source.execute(query).fetchall():
            if number <= _NOT_ASKED_FOR * all_:
                unknown[table, item] = unknown.get((table, item), 0) + number
                records[table, item] = records.get((table, item), 0) + all_
        source.close()
    for (table, item), number in sorted(unknown.items()):
        yield table, item, f"{number / records[table, item]:.4f}", records[table, item]


def main(arguments: list[str]) -> None:
    """Write the file from the zips that are named."""
    with (Path(str(FOLDER)) / "unknown.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(unknown_of(Path(argument) for argument in arguments))


if __name__ == "__main__":
    main(sys.argv[1:])
