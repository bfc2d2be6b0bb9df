"""Taking CopyData messages apart in bulk gives what reading them one by one gives."""

import struct

from hypothesis import given
from hypothesis import strategies as st
from nibrs_pipeline.database.copy_frames import unframe

# Rows hold no NUL; sizes around those whose lengths look like the start of a message, and above 64 KiB.
row = st.one_of(
    st.binary(max_size=40).map(lambda data: data.replace(b"\0", b"d")),
    st.sampled_from([96, 100, 252, 25_596, 25_696, 65_531, 65_532, 70_000]).map(lambda size: b"d" * size),
)
after = st.sampled_from([b"", b"c\0\0\0\4Z\0\0\0\5I", b"E\0\0\0\5\0", b"d", b"d\0\0", b"d\0\0\0", b"d\0\0\0\x09ab"])


def framed(data: bytes) -> bytes:
    return b"d" + struct.pack("!I", len(data) + 4) + data


def one_by_one(buffer: bytes) -> tuple[bytes, bytes]:
    """The rows and the rest, read the slow way."""
    rows = b""
    while len(buffer) >= 5 and buffer[:1] == b"d":
        length = struct.unpack("!I", buffer[1:5])[0] - 4
        if len(buffer) < 5 + length:
            break
        rows, buffer = rows + buffer[5 : 5 + length], buffer[5 + length :]
    return rows, buffer


def in_bulk(buffer: bytes) -> tuple[bytes, bytes]:
    """The same with ``unframe``, which leaves a message of 64 KiB or more to its caller."""
    rows = b""
    while True:
        payload, consumed = unframe(buffer)
        if not consumed and buffer[:1] == b"d" and len(buffer) >= 5:
            length = struct.unpack("!I", buffer[1:5])[0] - 4
            if length + 4 >= 65_536 and len(buffer) >= 5 + length:
                payload, consumed = buffer[5 : 5 + length], 5 + length
        if not consumed:
            return rows, buffer
        rows, buffer = rows + payload, buffer[consumed:]


@given(st.lists(row, max_size=8), after)
def test_rows_and_rest_are_those_of_reading_one_by_one(rows: list[bytes], rest: bytes) -> None:
    buffer = b"".join(map(framed, rows)) + rest
    assert in_bulk(buffer) == one_by_one(buffer)


@given(st.lists(row, min_size=1, max_size=4), st.data())
def test_a_buffer_cut_anywhere_gives_whole_rows_only(rows: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(map(framed, rows))
    buffer = whole[: data.draw(st.integers(0, len(whole)))]
    assert in_bulk(buffer) == one_by_one(buffer)
