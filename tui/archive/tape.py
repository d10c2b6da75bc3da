"""Random access to the stored bytes of a damaged chunk."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import BinaryIO

from tui.archive.members import READ_SIZE

OpenAt = Callable[[int], BinaryIO]

_KEPT_BLOCKS = 8


class Tape:
    """Random access to a chunk's stored bytes. The last 2 MB are cached."""

    def __init__(self, open_at: OpenAt) -> None:
        self._open_at = open_at
        self._blocks: OrderedDict[int, bytes] = OrderedDict()
        self._stream: BinaryIO | None = None
        self._next = -1  # the block that the stream reads next
        self._end: int | None = None  # the chunk's size, once it is known
        self.vain = 0  # bytes that were decoded in vain

    def at(self, position: int) -> bytes:
        """Return the bytes from a position to the end of its block; none at the end of the chunk."""
        if self._end is not None and position >= self._end:
            return b""  # S3 refuses a range that begins there
        index, within = divmod(position, READ_SIZE)
        if index not in self._blocks:
            self._blocks[index] = self._read(index)
            if len(self._blocks) > _KEPT_BLOCKS:
                self._blocks.popitem(last=False)
        return self._blocks[index][within:]

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()

    def _read(self, index: int) -> bytes:
        if self._stream is None or index != self._next:
            self.close()
            self._stream = self._open_at(index * READ_SIZE)
        block = bytearray()
        while len(block) < READ_SIZE and (piece := self._stream.read(READ_SIZE - len(block))):
            block += piece
        self._next = index + 1
        if len(block) < READ_SIZE:
            self._end = index * READ_SIZE + len(block)
        return bytes(block)
