"""A line that is too long to parse at once: check for several values, and read it as a stream."""

from __future__ import annotations

import stringzilla as sz

from tui.archive.chunk import Damage
from tui.archive.json_values import close_of, value_end
from tui.archive.members import Readable
from tui.units import size

_NEWLINE = b"\n"
_BETWEEN = 64  # bytes of space between two values of a line, at most


class LongLine:
    """A line as a stream: its buffered beginning, then the rest. `after`: the bytes read beyond its newline."""

    def __init__(self, begin: bytearray, stream: Readable | None = None) -> None:
        self._begin, self._stream = memoryview(begin), stream
        self.after = b""

    def readinto(self, buffer: memoryview, /) -> int:
        if self._begin:
            count = min(len(buffer), len(self._begin))
            buffer[:count] = self._begin[:count]
            self._begin = self._begin[count:]
            return count
        if self._stream is None:
            return 0
        count = self._stream.readinto(buffer) or 0
        end = int(sz.find(buffer[:count], _NEWLINE))
        if end < 0:
            return count
        self.after, self._stream = bytes(buffer[end + 1 : count]), None
        return end


def several(line: memoryview) -> bool:
    """True if a long line is more than one JSON value."""
    if bytes(line[:1]) not in (b"{", b"["):
        return False
    end = value_end(line)
    end = close_of(line, 0) if end < 0 else end
    return end > 0 and bytes(line[end : end + _BETWEEN]).lstrip()[:1] in (b"{", b"[")


def too_long(start: int, stop: int, length: int, limit: int) -> Damage:
    """Return the damage for a record that was skipped."""
    return Damage(start, stop, f"a record of {size(length)} is over the limit of {size(limit)} (--max-record); skipped")
