"""A zip from somewhere, opened with care: what is wrong with it as a zip, and with its CSVs as text, is found here.

A line that is not UTF-8 is read as Windows-1252. What cannot be text is refused with file and byte: UTF-16, NUL,
bytes that neither encoding knows.
"""

import codecs
import io
import re
import shlex
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from nibrs_pipeline.archive.zip_writer import sha256_of

FALLBACK = "cp1252"
_PORTION = 1 << 20
#: No line of a published table is longer than a few hundred bytes.
_LONGEST_LINE = _PORTION
#: Published tables shrink to a fifth or a twentieth; a larger member that shrinks more than this is no table.
_MOST_EXPANSION = 200
_LARGE = 100 * _PORTION
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
#: How files begin that people take for a published zip.
_BEGINNINGS = {
    b"PK\x03\x04": "the zip is cut off or damaged",
    b"\x1f\x8b": "not a zip but a gzip file",
    b"7z\xbc\xaf": "not a zip but a 7z file",
    b"Rar!": "not a zip but a rar file",
    b"%PDF": "not a zip but a PDF",
    b"<": "not a zip but a page, as a server sends with an error",
}
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, struct.error)
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
_ENCRYPTED = 0x1


class BadFile(Exception):
    """A file that is not loaded: names the file, the table, the line and the reason, in one line."""

    def __init__(self, message: str) -> None:
        super().__init__(re.sub(r"[\r\n]+", " ", message))


@dataclass(frozen=True)
class Member:
    """A CSV of a zip.

    Attributes:
        decoded: number of lines that are not UTF-8 and are read as Windows-1252.
        is_plain: whether it is UTF-8 with line feeds alone at the ends of its lines.
    """

    info: zipfile.ZipInfo
    decoded: int = 0
    is_plain: bool = True

    @property
    def name(self) -> str:
        """Its name without folders."""
        return _inner_path(self.info).name


@dataclass(frozen=True)
class Archive:
    """A zip that opens; ``members`` are its CSVs by their stem in lower case, as yet unread."""

    path: Path
    sha256: str
    members: dict[str, Member]

    @contextmanager
    def bytes_of(self, member: Member) -> Iterator[IO[bytes]]:
        """A member in UTF-8."""
        with zipfile.ZipFile(self.path) as archive, archive.open(member.info) as file:
            yield io.BufferedReader(_InUtf8(file), _PORTION) if member.decoded else file

    @contextmanager
    def text_of(self, member: Member) -> Iterator[io.TextIOWrapper]:
        """A member as text with its line ends."""
        with self.bytes_of(member) as file:
            yield io.TextIOWrapper(file, encoding="utf-8-sig", newline="")

    def read_through(self, member: Member) -> Member:
        """Read a member once from end to end, and tell what its text is like.

        Raises:
            BadFile: it is damaged, encrypted or not text.
        """
        info, place = member.info, f"{self.path}: {member.name}"
        _check_size(info, place)
        if info.flag_bits & _ENCRYPTED:
            raise BadFile(f"{place} is encrypted; unpack it with its password and zip it again")
        if info.compress_type not in _COMPRESSIONS:
            raise BadFile(f"{place} is compressed by method {info.compress_type}, which is not read here; zip it again")
        try:
            with zipfile.ZipFile(self.path) as archive:
                with archive.open(info) as file:
                    is_utf8, is_plain = _scan(file, place)
                if is_utf8:
                    return Member(info, 0, is_plain)
                with archive.open(info) as file:
                    return Member(info, _count_decoded(file, place), is_plain=False)
        except _BROKEN as error:
            raise BadFile(f"{place} is damaged ({error}); download the zip again") from error


def open_archive(path: Path) -> Archive:
    """Open a zip and find its CSVs.

    Raises:
        BadFile: not a file, not a zip, cut off, or with two CSVs of one name.
    """
    if path.is_dir():
        raise BadFile(f"{path} is a folder; name the zips in it: {shlex.quote(str(path))}/*.zip")
    if not path.exists():
        raise BadFile(f"{path}: there is no such file")
    try:
        with path.open("rb") as file:
            beginning = file.read(1024)
            file.seek(0)
            sha256 = sha256_of(file)
        with zipfile.ZipFile(path) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
    except PermissionError as error:
        raise BadFile(f"{path}: may not be read by this user; change its permissions") from error
    except _BROKEN as error:
        raise BadFile(f"{path}: {_what_it_is(beginning)} ({error}); download the published zip again") from error
    return Archive(path, sha256, _tables(path, infos))


def _what_it_is(beginning: bytes) -> str:
    if not beginning:
        return "the file is empty, not a zip"
    known = [what for begins, what in _BEGINNINGS.items() if beginning.startswith(begins)]
    if known:
        return known[0]
    is_text = b"," in beginning and b"\n" in beginning
    return "not a zip but text, such as one table of it" if is_text else "not a zip"


def _inner_path(info: zipfile.ZipInfo) -> PurePosixPath:
    return PurePosixPath(info.filename.replace("\\", "/"))


def _tables(path: Path, infos: list[zipfile.ZipInfo]) -> dict[str, Member]:
    found: dict[str, Member] = {}
    for info in infos:
        inner = _inner_path(info)
        if inner.suffix.lower() != ".csv" or inner.parts[0] == "__MACOSX":
            continue
        stem = inner.stem.lower()
        if stem in found:
            raise BadFile(
                f"{path}: {found[stem].info.filename} and {info.filename} are both in the zip, and only one "
                "of them can be loaded; remove the other"
            )
        found[stem] = Member(info)
    zips = [info.filename for info in infos if info.filename.lower().endswith(".zip")]
    if not found and zips:
        raise BadFile(f"{path}: holds zips ({', '.join(zips[:3])}); unpack it and load those")
    return found


def _check_size(info: zipfile.ZipInfo, place: str) -> None:
    if info.file_size > _LARGE and info.file_size > _MOST_EXPANSION * info.compress_size:
        raise BadFile(
            f"{place} grows from {info.compress_size:,} to {info.file_size:,} bytes, which no published table does; "
            "download the zip again"
        )


def _scan(file: IO[bytes], place: str) -> tuple[bool, bool]:
    """Whether a member is UTF-8, and whether it has no carriage returns."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    position, is_utf8, is_plain = 0, True, True
    while portion := file.read(_PORTION):
        if position == 0 and portion.startswith(_UTF_16):
            raise BadFile(f"{place}, byte 0: UTF-16, not UTF-8; save the table as UTF-8 and zip it again")
        at = portion.find(b"\0")
        if at >= 0:
            raise BadFile(f"{place}, byte {position + at}: NUL, which no text holds; download the zip again")
        if len(portion) >= _LONGEST_LINE and b"\n" not in portion and b"\r" not in portion:
            raise BadFile(f"{place}, byte {position}: a line of more than {_LONGEST_LINE:,} bytes; this is no table")
        is_plain = is_plain and b"\r" not in portion
        if is_utf8:
            try:
                decoder.decode(portion)
            except UnicodeDecodeError:
                is_utf8 = False
        position += len(portion)
    try:
        decoder.decode(b"", final=is_utf8)
    except UnicodeDecodeError:
        is_utf8 = False
    return is_utf8, is_plain


def _count_decoded(file: IO[bytes], place: str) -> int:
    """How many lines have to be read as Windows-1252."""
    position, decoded = 0, 0
    for line in file:
        try:
            line.decode("utf-8")
        except UnicodeDecodeError:
            decoded += 1
            try:
                line.decode(FALLBACK)
            except UnicodeDecodeError as error:
                raise BadFile(
                    f"{place}, byte {position + error.start}: {line[error.start]:#04x} is neither UTF-8 nor "
                    "Windows-1252; save the table as UTF-8 and zip it again"
                ) from error
        position += len(line)
    return decoded


class _InUtf8(io.RawIOBase):
    """A file whose lines are UTF-8 or Windows-1252, in UTF-8."""

    def __init__(self, file: IO[bytes]) -> None:
        self._lines = iter(file)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill a buffer; 0 at the end."""
        if not self._rest:
            self._rest = _in_utf8(next(self._lines, b""))
        portion, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(portion)] = portion
        return len(portion)


def _in_utf8(line: bytes) -> bytes:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode(FALLBACK).encode()
    return line
