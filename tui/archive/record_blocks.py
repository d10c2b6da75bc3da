"""Blocks of the records that JSON values make, one record per line."""

from __future__ import annotations

from collections.abc import Iterator

from tui.archive.block import Block, block_of
from tui.archive.chunk import Damage
from tui.archive.json_values import one_line_each
from tui.archive.long_line import too_long
from tui.archive.mixture import Mixture


class RecordBlocks:
    """The blocks of one stream, up to `offset` in its records. `begin` and `stop` are stored positions around some.

    A record over the `limit` is left out, and reported as damage.
    """

    def __init__(self, limit: int, mixture: Mixture | None) -> None:
        self.offset = 0
        self._limit, self._mixture = limit, mixture

    def of(self, records: list[bytes], begin: int, stop: int) -> Iterator[Block | Damage]:
        """Yield blocks of the records, and damage for those that are too long."""
        first, limit = 0, self._limit
        lengths = list(map(len, records))
        for number, length in enumerate(lengths if max(lengths, default=0) > limit else ()):
            if length > limit:
                if number > first:
                    yield self._block(records[first:number], begin)
                yield too_long(begin, stop, length, limit)
                first = number + 1
        if records[first:]:
            yield self._block(records[first:], begin)

    def of_long(self, record: bytearray, begin: int, stop: int) -> Block | Damage:
        """Return a block of one long record, which keeps its buffer and is not copied; damage if it is too long."""
        if len(record) > self._limit:
            return too_long(begin, stop, len(record), self._limit)
        if self._mixture is not None:
            self._mixture.others = True
        record += b"\n"
        self.offset += len(record)
        return Block(record, len(record), self.offset - len(record), _count=1)

    def _block(self, records: list[bytes], begin: int) -> Block:
        if self._mixture is not None:
            self._mixture.add(records, begin)
        block = block_of(one_line_each(records), self.offset)
        self.offset += block.end
        return block
