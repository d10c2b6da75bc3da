"""The raw streams below the reader: a chunk's stored bytes, and streams with a peek."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any, BinaryIO, cast

from tui.archive.members import Readable
from tui.errors import ArchiveError, ReplacedError

FIRST_RANGE = 768 << 10  # bytes of a stepwise reader's first request; 1 MiB together with the calendar's before it

RECORD_MARK = b"\x1e"  # before each record of a JSON text sequence (RFC 7464 §2.2); no JSON text holds it
_MARKED = re.compile(rb"(?:\A|[\r\n}\]])%s\s*[{\[]" % RECORD_MARK)
_MARK_SEARCH_BYTES = 1 << 12  # enough to find a mark even if the chunk begins in the middle of a record

FORM_BYTES = 1 << 16  # bytes from which the form of a chunk's records is detected


class ReadCancelled(Exception):
    """The reader was cancelled in the middle of a block."""


class Peekable(io.RawIOBase):
    """A stream whose next bytes can be seen before they are read."""

    def __init__(self, stream: Readable) -> None:
        super().__init__()
        self._stream = stream
        self._seen = b""  # bytes that were peeked at but not read yet

    def readable(self) -> bool:
        return True

    def peek(self, size: int) -> bytes:
        """Return the next bytes without reading them; fewer than `size` only at the end."""
        if len(self._seen) < size:
            buffer = bytearray(size)
            filled = len(self._seen)
            buffer[:filled] = self._seen
            with memoryview(buffer) as view:
                while filled < size and (count := self._next(view[filled:])):
                    filled += count
                self._seen = bytes(view[:filled])
        return self._seen[:size]

    @property
    def holds(self) -> bool:
        """True if bytes were peeked at but not read yet."""
        return bool(self._seen)

    def skip(self, count: int) -> None:
        """Drop bytes that were peeked at."""
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


def without_marks(stream: Peekable) -> Peekable:
    """Return the stream; a JSON text sequence loses its marks and becomes lines or concatenated values."""
    first = stream.peek(FORM_BYTES)[:_MARK_SEARCH_BYTES]  # as many as the detection of the form peeks at: one read
    return _Unmarked(stream) if RECORD_MARK in first and _MARKED.search(first) else stream


class _Unmarked(Peekable):
    def _next(self, buffer: Any) -> int:
        while count := self._stream.readinto(buffer) or 0:
            kept = bytes(buffer[:count]).translate(None, RECORD_MARK)
            buffer[: len(kept)] = kept
            if kept:
                return len(kept)
        return 0


class StoredBytes(Peekable):
    """A chunk's stored bytes. It counts what was read and can be cancelled.

    ReplacedError if there are more bytes than the listed `size`.
    """

    def __init__(
        self, raw: BinaryIO, name: str, cancelled: Callable[[], bool], position: int = 0, size: int | None = None
    ) -> None:
        super().__init__(cast(Readable, raw))
        self._size = size
        self._raw = raw
        self._name = name
        self._cancelled = cancelled
        self.position = position

    def tell(self) -> int:
        return self.position

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
        if self._size is not None and self.position > self._size:
            raise ReplacedError(
                f"{self._name} was listed with {self._size:,} bytes but is longer now; list the archive again"
            )
        return count
