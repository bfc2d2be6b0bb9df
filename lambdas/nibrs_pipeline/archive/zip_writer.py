"""Deterministic zips: the same members give the same bytes.

Members are deflated to a spool first, so that sizes and checksum stand in the local header and
no data descriptor follows: Safari and older tools cannot read those.
A member already deflated can be taken over from another zip as it is.

Format: PKWARE APPNOTE 6.3; deflate: RFC 1951. Dates are 1980-01-01 00:00, the format's first.
"""

import hashlib
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import IO, Protocol

from zlib_ng import zlib_ng

#: Short windows suit these tables: a row repeats what stands in the rows just before it, and a
#: near match costs fewer bits than a far one. Measured in benchmarks/README.md.
_LEVEL = 6
_WINDOW_BITS = 10
#: Names the way of packing; manifests record it, and a zip that was packed differently is out of date.
PACKING = f"deflate-{_LEVEL}-{_WINDOW_BITS}"

#: Bytes that deflate is fed at once; part of what makes the same content the same bytes.
_PORTION = 1 << 18

_DATE, _TIME = 0x0021, 0x0000
_UTF8 = 0x0800
_STORED, _DEFLATED = 0, 8
_LIMIT_32 = 0xFFFFFFFF
_LIMIT_16 = 0xFFFF
_UNIX = 3 << 8
_MODE = 0o100644 << 16
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Member:
    """A finished member: sizes in bytes, ``crc`` of the inflated content, ``sha256`` in hexadecimal.

    ``sha256`` is empty for members taken over from another zip.
    """

    name: str
    size: int
    packed: int
    crc: int
    sha256: str
    method: int
    offset: int


class SupportsRead(Protocol):
    """What members are read from."""

    def read(self, size: int = ..., /) -> bytes:
        """At most ``size`` bytes; none at the end."""


class MemberWriter:
    """Takes a member's content: checksums and deflates it into a spool."""

    def __init__(self, spool: IO[bytes]) -> None:
        self._spool = spool
        self._deflate = zlib_ng.compressobj(_LEVEL, zlib.DEFLATED, -_WINDOW_BITS)
        self._sha256 = hashlib.sha256()
        self._waiting = b""
        self.size = self.packed = self.crc = 0

    def write(self, data: bytes, /) -> int:
        """Add content; returns its length."""
        self.size += len(data)
        self.crc = zlib_ng.crc32(data, self.crc)
        self._sha256.update(data)
        # What deflate makes of the same content depends on the portions it is fed in, and those that
        # arrive depend on the network's timing.
        whole = self._waiting + data
        end = len(whole) - len(whole) % _PORTION
        for start in range(0, end, _PORTION):
            self._put(self._deflate.compress(whole[start : start + _PORTION]))
        self._waiting = whole[end:]
        return len(data)

    def finish(self) -> str:
        """End the stream; returns the content's SHA-256."""
        self._put(self._deflate.compress(self._waiting))
        self._put(self._deflate.flush())
        return self._sha256.hexdigest()

    def _put(self, packed: bytes) -> None:
        self.packed += len(packed)
        self._spool.write(packed)


class ZipWriter:
    """Writes a zip front to back; the target need not be seekable."""

    def __init__(self, target: IO[bytes], spool_folder: Path | None = None) -> None:
        self._target = target
        self._spool_folder = spool_folder
        self._position = 0
        self._sha256 = hashlib.sha256()
        self.members: list[Member] = []

    @contextmanager
    def member(self, name: str) -> Iterator[MemberWriter]:
        """Write a member; it is added when the block ends without an error."""
        with TemporaryFile(dir=self._spool_folder) as spool:
            writer = MemberWriter(spool)
            yield writer
            sha256 = writer.finish()
            spool.seek(0)
            member = Member(name, writer.size, writer.packed, writer.crc, sha256, _DEFLATED, self._position)
            self._add(member, spool)

    def add(self, name: str, content: bytes) -> None:
        """Write a member whose content is at hand."""
        with self.member(name) as writer:
            writer.write(content)

    def take_over(self, source: zipfile.ZipFile, info: zipfile.ZipInfo, name: str | None = None) -> None:
        """Add a member of another zip without inflating it, under its own or another name."""
        if info.compress_type not in (_STORED, _DEFLATED):
            raise ValueError(f"{info.filename}: compression method {info.compress_type} cannot be taken over")
        raw = source.fp
        if raw is None:
            raise ValueError("the source zip is closed")
        raw.seek(info.header_offset)
        name_length, extra_length = struct.unpack("<26xHH", raw.read(30))
        raw.seek(name_length + extra_length, 1)
        member = Member(
            name or info.filename,
            info.file_size,
            info.compress_size,
            info.CRC,
            "",
            info.compress_type,
            self._position,
        )
        self._add(member, _Window(raw, info.compress_size))

    def close(self) -> str:
        """Write the central directory; returns the SHA-256 of the whole zip."""
        start = self._position
        for member in self.members:
            self._put(_central_header(member))
        self._put(_end(len(self.members), self._position - start, start))
        return self._sha256.hexdigest()

    @property
    def size(self) -> int:
        """Bytes written so far."""
        return self._position

    def _add(self, member: Member, packed: "SupportsRead") -> None:
        if any(other.name == member.name for other in self.members):
            raise ValueError(f"the zip has a member {member.name!r} already")
        self._put(_local_header(member))
        before = self._position
        copyfileobj(packed, _Target(self), _CHUNK)
        if self._position - before != member.packed:
            raise ValueError(f"{member.name}: {member.packed} packed bytes announced, {self._position - before} found")
        self.members.append(member)

    def _put(self, data: bytes) -> None:
        self._target.write(data)
        self._sha256.update(data)
        self._position += len(data)


class _Target:
    def __init__(self, writer: ZipWriter) -> None:
        self._writer = writer

    def write(self, data: bytes, /) -> int:
        self._writer._put(data)
        return len(data)


class _Window:
    """The next ``size`` bytes of a file."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file, self._left = file, size

    def read(self, size: int = _CHUNK, /) -> bytes:
        data = self._file.read(min(size, self._left))
        self._left -= len(data)
        return data


def _local_header(member: Member) -> bytes:
    name = member.name.encode()
    wide = max(member.size, member.packed) >= _LIMIT_32
    extra = struct.pack("<HHQQ", 1, 16, member.size, member.packed) if wide else b""
    return (
        struct.pack(
            "<4sHHHHHIIIHH",
            b"PK\x03\x04",
            45 if wide else 20,
            _flags(member.name),
            member.method,
            _TIME,
            _DATE,
            member.crc,
            _LIMIT_32 if wide else member.packed,
            _LIMIT_32 if wide else member.size,
            len(name),
            len(extra),
        )
        + name
        + extra
    )


def _central_header(member: Member) -> bytes:
    name = member.name.encode()
    wide_sizes = max(member.size, member.packed) >= _LIMIT_32
    wide_offset = member.offset >= _LIMIT_32
    fields = ([member.size, member.packed] if wide_sizes else []) + ([member.offset] if wide_offset else [])
    extra = struct.pack(f"<HH{len(fields)}Q", 1, 8 * len(fields), *fields) if fields else b""
    version = 45 if fields else 20
    return (
        struct.pack(
            "<4sHHHHHHIIIHHHHHII",
            b"PK\x01\x02",
            _UNIX | version,
            version,
            _flags(member.name),
            member.method,
            _TIME,
            _DATE,
            member.crc,
            _LIMIT_32 if wide_sizes else member.packed,
            _LIMIT_32 if wide_sizes else member.size,
            len(name),
            len(extra),
            0,
            0,
            0,
            _MODE,
            _LIMIT_32 if wide_offset else member.offset,
        )
        + name
        + extra
    )


def _end(count: int, size: int, start: int) -> bytes:
    wide = b""
    if count >= _LIMIT_16 or size >= _LIMIT_32 or start >= _LIMIT_32:
        wide = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, _UNIX | 45, 45, 0, 0, count, count, size, start)
        wide += struct.pack("<4sIQI", b"PK\x06\x07", 0, start + size, 1)
    short = min(count, _LIMIT_16)
    return wide + struct.pack(
        "<4sHHHHIIH", b"PK\x05\x06", 0, 0, short, short, min(size, _LIMIT_32), min(start, _LIMIT_32), 0
    )


def _flags(name: str) -> int:
    return 0 if name.isascii() else _UTF8


def sha256_of(file: BufferedReader) -> str:
    """SHA-256 of a whole file, in hexadecimal."""
    return hashlib.file_digest(file, "sha256").hexdigest()
