"""Zips are deterministic, and several independent readers read them."""

import io
import random
import re
import shutil
import struct
import subprocess
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import IO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nibrs_pipeline.archive import zip_writer
from nibrs_pipeline.archive.zip_writer import Member, ZipWriter
from zlib_ng import zlib_ng

from tests.conftest import missing

names = st.text(st.characters(codec="utf-8", exclude_characters="\0/\\"), min_size=1, max_size=20)
contents = st.dictionaries(names, st.binary(max_size=5000), max_size=6)


def zipped(members: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    writer = ZipWriter(target)
    for name, content in members.items():
        writer.add(name, content)
    writer.close()
    return target.getvalue()


@given(contents)
def test_what_goes_in_comes_out(members: dict[str, bytes]) -> None:
    with zipfile.ZipFile(io.BytesIO(zipped(members))) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == members


def test_how_the_content_arrives_makes_no_difference() -> None:
    # Large and repetitive enough that a compressor which is fed in other portions decides otherwise.
    draw = random.Random(1)
    content = b"".join(b"%d,%d,%s\n" % (n, draw.randrange(99), draw.choice([b"N", b"F", b""])) for n in range(150_000))
    made = set()
    for portion in (len(content), 1 << 20, 300_001, 65_537, 8_191, 997):
        target = io.BytesIO()
        writer = ZipWriter(target)
        with writer.member("a.csv") as member:
            for start in range(0, len(content), portion):
                member.write(content[start : start + portion])
        writer.close()
        made.add(target.getvalue())
    assert len(made) == 1


@given(contents)
def test_members_taken_over_from_another_zip_are_the_same(members: dict[str, bytes]) -> None:
    target = io.BytesIO()
    writer = ZipWriter(target)
    with zipfile.ZipFile(io.BytesIO(zipped(members))) as source:
        for info in source.infolist():
            writer.take_over(source, info)
    writer.close()
    assert target.getvalue() == zipped(members)


@pytest.mark.parametrize("command", [["unzip", "-tq"], ["python3", "-m", "zipfile", "-t"], ["bsdtar", "-tf"]])
def test_other_programs_read_it(tmp_path: Path, command: list[str]) -> None:
    if not shutil.which(command[0]):
        missing(f"{command[0]} is not installed; `make test` installs it")
    path = tmp_path / "a.zip"
    path.write_bytes(zipped({"a.csv": b"x,y\n1,2\n" * 1000, "empty.csv": b"", "näme.csv": b"z\n"}))
    subprocess.run([*command, str(path)], check=True, capture_output=True)


def test_no_member_has_a_data_descriptor_or_a_date() -> None:
    with zipfile.ZipFile(io.BytesIO(zipped({"a.csv": b"1\n" * 99, "b.csv": b""}))) as archive:
        for info in archive.infolist():
            assert not info.flag_bits & 0x08
            assert info.date_time == (1980, 1, 1, 0, 0, 0)
            assert info.extra == b""


def test_a_member_that_breaks_off_is_not_in_the_zip() -> None:
    target = io.BytesIO()
    writer = ZipWriter(target)
    with pytest.raises(RuntimeError), writer.member("half.csv") as member:
        member.write(b"some rows")
        raise RuntimeError
    writer.add("whole.csv", b"rows")
    writer.close()
    with zipfile.ZipFile(io.BytesIO(target.getvalue())) as archive:
        assert archive.namelist() == ["whole.csv"]


def test_two_members_of_one_name_are_refused() -> None:
    writer = ZipWriter(io.BytesIO())
    writer.add("a.csv", b"1")
    with pytest.raises(ValueError, match=r"has a member 'a.csv' already"):
        writer.add("a.csv", b"2")


def test_sizes_and_offsets_beyond_four_gib_are_written_as_zip64(monkeypatch: pytest.MonkeyPatch) -> None:
    # With the limit lowered, small members take the way of large ones; zipfile reads them all the same.
    monkeypatch.setattr(zip_writer, "_LIMIT_32", 600)
    headers = []
    for member in (
        Member("large", 5000, 700, 1, "", 8, 0),
        Member("far", 10, 10, 1, "", 8, 900),
    ):
        header = zip_writer._central_header(member)
        extra = header[46 + len(member.name) :]
        headers.append(struct.unpack(f"<HH{(len(extra) - 4) // 8}Q", extra))
    assert headers == [(1, 16, 5000, 700), (1, 8, 900)]


#: Bytes: beyond what a field of four bytes can say.
_FAR = (4 << 30) + (1 << 20)


_ZEROS = bytes(zip_writer._CHUNK)


class LongMember:
    """A zip to take a member over from: a header, then zeros without an end."""

    def __init__(self, header: bytes) -> None:
        self.header = io.BytesIO(header)

    def seek(self, place: int, whence: int = 0) -> int:
        return self.header.seek(place, whence)

    def read(self, size: int) -> bytes:
        return self.header.read(size) or (_ZEROS if size == len(_ZEROS) else bytes(size))


class Sparse:
    """A file in which these zeros take no place and no time."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file

    def write(self, data: bytes) -> int:
        return self.file.seek(len(data), 1) if data is _ZEROS else self.file.write(data)


@pytest.fixture(scope="module")
def far(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A zip with a member of more than 4 GiB, stored, and one behind it."""
    path = tmp_path_factory.mktemp("far") / "far.zip"
    info = zipfile.ZipInfo("large.csv")
    info.file_size = info.compress_size = _FAR
    info.header_offset = info.CRC = 0
    for _ in range(_FAR // len(_ZEROS)):
        info.CRC = zlib_ng.crc32(_ZEROS, info.CRC)
    source = SimpleNamespace(fp=LongMember(info.FileHeader(zip64=True)))
    with path.open("wb") as target:
        writer = ZipWriter(Sparse(target))  # type: ignore[arg-type]  # what is written to
        # The SHA-256 of gigabytes takes seconds, and nobody asks for it here.
        writer._sha256 = SimpleNamespace(update=len, hexdigest=str)  # type: ignore[assignment]
        writer.take_over(source, info)  # type: ignore[arg-type]  # what is read of a zip
        writer.add("small.csv", b"1\n")
        writer.close()
    return path


@pytest.mark.slow
@pytest.mark.parametrize(
    "command", [["unzip", "-p"], ["bsdtar", "-xOf"], ["python3", "-c", "import sys, zipfile\nsys.stdout.write("
                "zipfile.ZipFile(sys.argv[1]).read(sys.argv[2]).decode())"]], ids=lambda command: command[0]
)  # fmt: skip
def test_what_lies_beyond_four_gib_is_found_by_others(far: Path, command: list[str]) -> None:
    if not shutil.which(command[0]):
        missing(f"{command[0]} is not installed; `make test` installs it")
    done = subprocess.run([*command, str(far), "small.csv"], check=True, capture_output=True)
    assert done.stdout == b"1\n"


@pytest.mark.slow
def test_a_size_beyond_four_gib_is_told_to_others(far: Path) -> None:
    with zipfile.ZipFile(far) as archive:
        large, small = archive.infolist()
        assert (large.file_size, large.compress_size) == (_FAR, _FAR)
        assert small.header_offset > _FAR
    listed = subprocess.run(["unzip", "-lv", str(far)], check=True, capture_output=True, text=True).stdout
    assert re.search(rf"^ *{_FAR} +Stored +{_FAR} +0% .* large\.csv$", listed, re.MULTILINE), listed
