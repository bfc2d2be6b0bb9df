"""What lies beside the estimates' zip of a year: the explorer's data, and all numbers in one file."""

import hashlib
from pathlib import Path

from nibrs_pipeline.archive.manifest import COLUMNS_OF_ALL_NUMBERS, FOLDER_BESIDE_ZIP, FileEntry
from nibrs_pipeline.estimate.parquet import write_parquet
from nibrs_pipeline.keys import public_beside_key, staged
from nibrs_pipeline.store import Store


class BesideZip:
    """Takes what the stage report has left for the place beside the zip, and stages it.

    Args:
        folder: where there is space for the file of all numbers, as CSV and as Parquet.
    """

    def __init__(self, store: Store, run_id: str, year: int, folder: Path) -> None:
        self._store, self._run_id, self._year, self._folder = store, run_id, year, folder
        self._staged: list[FileEntry] = []
        self._columns: bytes | None = None

    def takes(self, name: str, content: bytes) -> bool:
        """Stage a file of the report if it belongs here; tells whether it does."""
        if name == COLUMNS_OF_ALL_NUMBERS:
            self._columns = content
            return True
        if not name.startswith(FOLDER_BESIDE_ZIP):
            return False
        beside = name.removeprefix(FOLDER_BESIDE_ZIP)
        if beside == self._all_numbers("csv.gz").name:
            self._all_numbers("csv.gz").write_bytes(content)
        self._stage(beside, content)
        return True

    def complete(self) -> tuple[FileEntry, ...]:
        """Make the Parquet file of all numbers, and tell everything that was staged, by its name beside the zip."""
        if self._columns is not None:
            parquet = self._all_numbers("parquet")
            write_parquet(self._all_numbers("csv.gz"), self._columns, parquet)
            self._stage(parquet.name, parquet.read_bytes())
        return tuple(self._staged)

    def _all_numbers(self, ending: str) -> Path:
        return self._folder / f"nibrs-estimates-{self._year}.{ending}"

    def _stage(self, name: str, content: bytes) -> None:
        sha256 = hashlib.sha256(content).hexdigest()
        self._store.put(staged(self._run_id, public_beside_key(self._year, name)), content, sha256)
        self._staged.append(FileEntry(name=name, bytes=len(content), sha256=sha256))
