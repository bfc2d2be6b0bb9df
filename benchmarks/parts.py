"""The parts of an extraction by themselves: deflate settings, and COPY read by the row and by the buffer.

python benchmarks/parts.py AZ-2016.zip LA-2013.zip
"""

import struct
import sys
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

from machine import machine
from nibrs_pipeline.catalog import nibrs_catalog
from nibrs_pipeline.database.copy_frames import unframe
from zlib_ng import zlib_ng

_CHUNK = 1 << 18
_SOCKET = 1 << 16


def main() -> None:
    tables = [content for path in map(Path, sys.argv[1:]) for content in data_tables(path)]
    print(f"Machine: {machine()}\n")
    measure_deflate(tables)
    measure_copy(b"".join(tables))


def data_tables(path: Path) -> list[bytes]:
    """The data tables of a zip, ordered by primary key as ours are."""
    contents = []
    with zipfile.ZipFile(path) as archive:
        for table in nibrs_catalog().data_tables:
            header, *rows = archive.read(table.csv_name).splitlines(keepends=True)
            places = [table.column_names.index(name) for name in table.primary_key]
            rows.sort(key=lambda row: [int(row.split(b",")[place]) for place in places])
            contents.append(b"".join([header, *rows]))
    return contents


def measure_deflate(tables: list[bytes]) -> None:
    size = sum(map(len, tables))
    settings: list[tuple[str, Callable[[], object]]] = [
        ("zlib 9, window 32 KiB (`zip -9`)", lambda: zlib.compressobj(9, zlib.DEFLATED, -15)),
        ("zlib 6, window 32 KiB", lambda: zlib.compressobj(6, zlib.DEFLATED, -15)),
    ]
    for level in (6, 7):
        for bits in (15, 12, 10, 9):
            settings.append(
                (
                    f"zlib-ng {level}, window {2**bits / 1024:g} KiB",
                    lambda level=level, bits=bits: zlib_ng.compressobj(level, zlib.DEFLATED, -bits),
                )
            )
    print(f"| deflate of {size / 1e6:.1f} MB of CSV | MB/s | size against `zip -9` |")
    print("|---|---|---|")
    reference = 0
    for name, make in settings:
        seconds, packed = best(lambda make=make: sum(deflated(table, make) for table in tables))
        reference = reference or packed
        print(f"| {name} | {size / 1e6 / seconds:.1f} | {packed / reference:.3f} |")
    print()


def deflated(data: bytes, make: Callable[[], object]) -> int:
    compressor = make()
    size = 0
    for start in range(0, len(data), _CHUNK):
        size += len(compressor.compress(data[start : start + _CHUNK]))  # type: ignore[attr-defined]
    return size + len(compressor.flush())  # type: ignore[attr-defined]


def measure_copy(data: bytes) -> None:
    rows = data.splitlines(keepends=True)
    framed = b"".join(b"d" + struct.pack("!I", len(row) + 4) + row for row in rows)
    print(f"| {len(rows):,} CopyData messages taken apart | MB/s |")
    print("|---|---|")
    for name, read in (("one by one, as pg8000 does", by_the_row), ("by the buffer", by_the_buffer)):
        seconds, size = best(lambda read=read: read(framed))
        if size != len(data):
            raise SystemExit(f"{name}: {size} bytes came out of {len(data)}")
        print(f"| {name} | {len(data) / 1e6 / seconds:.0f} |")


def by_the_row(framed: bytes) -> int:
    size = position = 0
    while position < len(framed):
        header = bytes(bytearray(framed[position : position + 5]))
        _, length = struct.unpack("!ci", header)
        size += len(bytes(bytearray(framed[position + 5 : position + 1 + length])))
        position += 1 + length
    return size


def by_the_buffer(framed: bytes) -> int:
    size = position = 0
    while position < len(framed):
        rows, consumed = unframe(framed[position : position + _SOCKET])
        size += len(rows)
        position += consumed
    return size


def best(work: Callable[[], int], times: int = 3) -> tuple[float, int]:
    """The fastest of some tries, in seconds of processor time, and what came out."""
    results = []
    for _ in range(times):
        started = time.process_time()
        outcome = work()
        results.append((time.process_time() - started, outcome))
    return min(results)


if __name__ == "__main__":
    main()
