r"""CopyData messages of the PostgreSQL protocol, taken apart in bulk.

The server sends COPY output as one message per row: ``d``, a four-byte length, the row. Handling
each in Python costs more than all the rest of an extraction, so whole buffers are taken apart by
``bytes.split``. That is exact because a row of text cannot contain a NUL byte, while the length of
every message shorter than 64 KiB begins with two: ``d\\0\\0`` occurs at message starts only.

Source: PostgreSQL documentation, "Message Formats" (CopyData).
"""

from typing import NamedTuple

_START = b"d\x00\x00"
_HEADER = 5


class Unframed(NamedTuple):
    """``payload``: the rows of the complete messages; ``consumed``: how many bytes those took."""

    payload: bytes
    consumed: int


def unframe(buffer: bytes) -> Unframed:
    """The rows of the complete CopyData messages at the start of a buffer.

    Stops before anything else: another message, a message of 64 KiB or more, an incomplete one.
    The caller reads that one by itself, message by message, and goes on.
    """
    if not buffer.startswith(_START):
        return Unframed(b"", 0)
    parts = buffer.split(_START)[1:]
    last = parts.pop()
    rows = [part[2:] for part in parts]
    consumed = len(buffer) - len(last) - len(_START)
    if len(last) >= 2:
        length = int.from_bytes(last[:2], "big") - 4
        if len(last) - 2 >= length:
            rows.append(last[2 : 2 + length])
            consumed += _HEADER + length
    payload = b"".join(rows)
    # A longer message has no two NULs after its `d`: it hides in the row before it and gives
    # itself away by the NULs of its length.
    if b"\x00" in payload or len(payload) + _HEADER * len(rows) != consumed:
        return _one_message(buffer)
    return Unframed(payload, consumed)


def _one_message(buffer: bytes) -> Unframed:
    length = int.from_bytes(buffer[1:_HEADER], "big") - 4
    if len(buffer) < _HEADER + length:
        return Unframed(b"", 0)
    return Unframed(buffer[_HEADER : _HEADER + length], _HEADER + length)
