"""Parquet of CSV files whose columns' types are known, written by DuckDB."""

from collections.abc import Collection, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import duckdb

#: Of CSV that is read at once; no line is longer. DuckDB would take 32 MB.
_BUFFER_BYTES = 2_200_000


class ParquetWriter:
    """Writes CSV files, packed by gzip or not, as Parquet: the same rows in the same order, the same bytes each time.

    Args:
        folder: where there is space for what does not fit into memory.
        memory: that DuckDB may take for rows; it would take four fifths of the machine's.
        group_rows: rows that are packed together, and are in memory until they are.
    """

    def __init__(self, folder: Path, memory: str = "800MB", group_rows: int = 122_880) -> None:
        self._folder, self._memory, self._group_rows = folder, memory, group_rows
        self._open: duckdb.DuckDBPyConnection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._open is not None:
            self._open.close()

    def write(self, source: Path, types: Mapping[str, str], target: Path, without: Collection[str] = ()) -> None:
        """Write a file.

        Args:
            source: CSV with a header line; an empty field is no value, a quoted one an empty text.
            types: DuckDB's type of each column, in the order of the file's.
            without: columns that are left out.
        """
        rows = self._connection.read_csv(
            str(source),
            header=True,
            columns=dict(types),
            delimiter=",",
            quotechar='"',
            escapechar='"',
            na_values="",
            allow_quoted_nulls=False,
            buffer_size=_BUFFER_BYTES,
        )
        kept = ", ".join(f'"{name}"' for name in types if name not in without)
        rows.project(kept).write_parquet(str(target), compression="zstd", row_group_size=self._group_rows)

    @property
    def _connection(self) -> "duckdb.DuckDBPyConnection":
        if self._open is None:
            # Not every function needs it, and it takes a while to load.
            import duckdb  # noqa: PLC0415

            settings: dict[str, str | bool | int | float | list[str]] = {
                "threads": 1,
                "memory_limit": self._memory,
                "temp_directory": str(self._folder / "duckdb"),
            }
            self._open = duckdb.connect(config=settings)
        return self._open
