"""The raw streams under the reader: a chunk's stored bytes, and streams whose first bytes can be looked at."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, BinaryIO, cast

from tui.archive.members import Readable
from tui.errors import ArchiveError

FIRST_RANGE = 768 << 10  # bytes of the first request of a stepwise reader: with those of a calendar before it, 1 MiB


class ReadCancelled(Exception):
    """The reader was asked to stop in the middle of a block."""


class Peekable(io.RawIOBase):
    """A stream whose next bytes can be looked at before they are read."""

    def __init__(self, stream: Readable) -> None:
        super().__init__()
        self._stream = stream
        self._seen = b""  # bytes that were looked at and not read yet

    def readable(self) -> bool:
        return True

    def peek(self, size: int) -> bytes:
        """The next bytes, fewer than `size` only at the end."""
        if len(self._seen) < size:
            buffer = bytearray(size)
            filled = len(self._seen)
            buffer[:filled] = self._seen
            with memoryview(buffer) as view:
                while filled < size and (count := self._next(view[filled:])):
                    filled += count
            self._seen = bytes(buffer[:filled])
        return self._seen[:size]

    def skip(self, count: int) -> None:
        """Drop bytes that were looked at."""
        self._seen = self._seen[count:]

    def readinto(self, buffer: Any, /) -> int:
        if not self._seen:
            return self._next(buffer)
        count = min(len(buffer), len(self._seen))
        buffer[:count] = self._seen[:count]
        self._seen = self._seen[count:]
        return count

    def _next(self, buffer: Any) -> int:
        return self._stream.readinto(buffer) or 0


class StoredBytes(Peekable):
    """A chunk as it is stored. It knows how far it was read, and stops when it is asked to."""

    def __init__(self, raw: BinaryIO, name: str, cancelled: Callable[[], bool], position: int = 0) -> None:
        super().__init__(cast(Readable, raw))
        self._raw = raw
        self._name = name
        self._cancelled = cancelled
        self.position = position

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()

    def _next(self, buffer: Any) -> int:
        if self._cancelled():
            raise ReadCancelled
        try:
            count = self._stream.readinto(buffer) or 0
        except OSError as error:
            words = error.strerror or str(error)
            raise ArchiveError(f"{self._name} cannot be read past byte {self.position:,}: {words}") from error
        self.position += count
        return count
