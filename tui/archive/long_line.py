"""A line that is longer than what is looked at together: whether it is several values, and its bytes as a stream."""

from __future__ import annotations

import stringzilla as sz

from tui.archive.chunk import Damage
from tui.archive.json_values import close_of, value_end
from tui.archive.members import Readable
from tui.units import size

_NEWLINE = b"\n"
_BETWEEN = 64  # bytes of space between two values of a line, at most


class LongLine:
    """A line as a stream: what was read of it already, and the rest. `behind`: what was read beyond its newline."""

    def __init__(self, begin: bytearray, stream: Readable | None = None) -> None:
        self._begin, self._stream = memoryview(begin), stream
        self.behind = b""

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
        self.behind, self._stream = bytes(buffer[end + 1 : count]), None
        return end


def several(line: memoryview) -> bool:
    """Is a long line that begins with a JSON value more than that one?"""
    if bytes(line[:1]) not in (b"{", b"["):
        return False
    end = value_end(line)
    end = close_of(line, 0) if end < 0 else end
    return end > 0 and bytes(line[end : end + _BETWEEN]).lstrip()[:1] in (b"{", b"[")


def too_long(start: int, stop: int, length: int, limit: int) -> Damage:
    """A record that was skipped."""
    return Damage(start, stop, f"a record of {size(length)} is over the limit of {size(limit)} (--max-record); skipped")
