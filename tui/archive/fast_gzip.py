"""Decode gzip at full speed. At damage it stops, and reports only *that* the stream is damaged, not where."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, BinaryIO

import stringzilla as sz
from isal import igzip, igzip_lib

from tui.archive.members import ZERO_RUN, Readable

_READ_SIZE = 1 << 18  # with less, two threads lose more by calls than they gain by the cache
_ERRORS: tuple[type[Exception], ...] = (EOFError, OverflowError, igzip.BadGzipFile, igzip_lib.error)  # type: ignore[assignment]

# igzip.open() wraps this in a second buffer and layers of Python, which would cost a scan 5 % of its time.
_reader: Callable[[Any, int], Readable] = igzip._GzipReader  # type: ignore[attr-defined]

_CONTEXT = 32  # bytes that distinguish a hole from the end of a member
_HOLE_END = bytes(ZERO_RUN) + b"\x1f\x8b"
_SIGN = _HOLE_END[-6:]  # faster to find, and as rare
# An empty member also ends in zeros: its CRC and its size. (nsq_to_file writes one if it syncs without messages.)
_EMPTY_ENDS = ((b"\x01\x00\x00\xff\xff", 8), (b"\x03", 9))


class BrokenStream(Exception):
    """A stream is damaged, cut, or followed by something else; `salvage` finds out where."""


class FastGzip:
    """A gzip decoder with ISA-L, about 1 GB/s of lines per core. All its errors become BrokenStream."""

    def __init__(self, raw: BinaryIO) -> None:
        self._stream = _reader(_HoleWatch(raw), _READ_SIZE)

    def readinto(self, buffer: memoryview, /) -> int:
        try:
            return self._stream.readinto(buffer) or 0
        except _ERRORS as error:
            raise BrokenStream(str(error)) from error


class _HoleWatch(io.RawIOBase):
    """A stream of stored gzip members that raises BrokenStream at zeros between two members.

    ISA-L skips such zeros as padding, but a lost part of a file also reads as zeros. A hole inside a member needs no
    check, because it breaks the member.
    """

    def __init__(self, raw: BinaryIO) -> None:
        super().__init__()
        self._raw: Any = raw
        self._before = b""  # the last bytes read

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        count: int = self._raw.readinto(buffer) or 0
        with memoryview(buffer)[:count] as data:
            seam = self._before + data[:_CONTEXT]
            if int(sz.find(data, _SIGN)) >= 0 or _SIGN in seam:
                _refuse_holes(self._before + bytes(data))
            self._before = (bytes(data[-_CONTEXT:]) if count >= _CONTEXT else seam)[-_CONTEXT:]
        return count


def _refuse_holes(stored: bytes) -> None:
    position = 0
    while (position := stored.find(_HOLE_END, position)) >= 0:
        position += ZERO_RUN
        before = stored[max(0, position - _CONTEXT) : position]
        filled = before.rstrip(b"\0")
        if not any(filled.endswith(end) and len(before) - len(filled) == zeros for end, zeros in _EMPTY_ENDS):
            raise BrokenStream("zeros between members")
