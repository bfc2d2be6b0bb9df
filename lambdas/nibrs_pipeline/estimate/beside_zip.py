"""What lies beside the estimates' zip of a year: the explorer's data, and all numbers in one file."""

import hashlib
import zipfile
from pathlib import Path

from nibrs_pipeline.archive.manifest import COLUMNS_OF_ALL_NUMBERS, FOLDER_BESIDE_ZIP, FileEntry
from nibrs_pipeline.estimate.parquet import write_parquet
from nibrs_pipeline.keys import public_beside_key, staged_beside
from nibrs_pipeline.store import Store


def is_beside(name: str) -> bool:
    """Whether a file of the stage report is for the place beside the zip, or says what is made there."""
    return name == COLUMNS_OF_ALL_NUMBERS or name.startswith(FOLDER_BESIDE_ZIP)


def stage_beside(store: Store, run_id: str, year: int, report: zipfile.ZipFile, folder: Path) -> tuple[FileEntry, ...]:
    """Stage what the stage report has left for the place beside the zip, and the Parquet file of all numbers.

    Args:
        folder: where there is space for the file of all numbers, as CSV and as Parquet.

    Returns:
        Everything that was staged, by its name beside the zip.
    """

    def stage(name: str, content: bytes) -> FileEntry:
        sha256 = hashlib.sha256(content).hexdigest()
        store.put(staged_beside(run_id, public_beside_key(year, name), sha256), content, sha256)
        return FileEntry(name=name, bytes=len(content), sha256=sha256)

    names = sorted(name for name in report.namelist() if name.startswith(FOLDER_BESIDE_ZIP))
    found = [stage(name.removeprefix(FOLDER_BESIDE_ZIP), report.read(name)) for name in names]
    if COLUMNS_OF_ALL_NUMBERS in report.namelist():
        numbers, parquet = (folder / f"nibrs-estimates-{year}.{ending}" for ending in ("csv.gz", "parquet"))
        numbers.write_bytes(report.read(f"{FOLDER_BESIDE_ZIP}{numbers.name}"))
        write_parquet(numbers, report.read(COLUMNS_OF_ALL_NUMBERS), parquet)
        found.append(stage(parquet.name, parquet.read_bytes()))
    return tuple(found)
