"""An object of the store as a file that is read in places: of a zip its directory and the members asked for."""

import io
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

#: A zip's directory, or a small member, in one request.
_BUFFER = 1 << 16


class _Ranges(io.RawIOBase):
    def __init__(self, size: int, read: Callable[[int, int], bytes]) -> None:
        self._size, self._read, self._position = size, read, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        view = memoryview(buffer).cast("B")
        length = min(len(view), self._size - self._position)
        if length <= 0:
            return 0
        view[:length] = self._read(self._position, length)
        self._position += length
        return length


def object_file(size: int, read: Callable[[int, int], bytes]) -> io.BufferedReader:
    """A file of this size in bytes, of which ``read`` gives so many bytes from a place."""
    return io.BufferedReader(_Ranges(size, read), _BUFFER)
