"""Blocks of lines: split at newlines in one reused buffer, and cleaned if a line is not exactly one record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tui.archive.block import LONG, Block
from tui.archive.chunk import Damage
from tui.archive.cleaning import ZERO_RUNS, Cleaning
from tui.archive.codec import CONTROL
from tui.archive.long_line import LongLine, several, too_long
from tui.archive.members import Readable
from tui.archive.oddities import ends_whole, may_be_odd
from tui.units import size

_NEWLINE = b"\n"
_GROWTH = 8 << 20
_LARGE = 32 << 20  # bytes; chunks with larger records are read one at a time
# Every 512th byte (one per disk sector) is checked for zeros and control characters, which text does not contain.
# Checking all bytes would slow a literal scan, which does not look at the records otherwise, by 4 %.
_SAMPLED = 512


@dataclass(frozen=True, slots=True)
class StoredAt:
    """Stored positions of decoded bytes: the next bytes come from after `begin`, the last came from before `end`.

    A decoder knows neither exactly.
    """

    begin: Callable[[], int]
    end: Callable[[], int]


SplitValues = Callable[[Readable, StoredAt], Iterator["Block | Damage"]]


@dataclass(frozen=True, slots=True)
class Edges:
    """Whether a run of decoded bytes begins after damage, and ends before damage (or is cut).

    The first or last line may then be part of a record, and counts only if it is a whole JSON object.
    """

    after_hole: bool = False
    before_hole: bool = False


@dataclass(frozen=True, slots=True)
class BlockLimits:
    """The sizes in bytes of a block, and of the longest record that is not skipped.

    `await_turn` is called before a record takes much memory.
    """

    block: int
    record: int
    await_turn: Callable[[], None] = lambda: None

    def grown(self, size: int) -> int:
        """Return the next buffer size for a record that does not fit into `size` bytes."""
        if size >= _LARGE:
            self.await_turn()
        return min(size + min(size, _GROWTH), self.record + 1)


def line_blocks(
    stream: Readable, limits: BlockLimits, place: StoredAt, edges: Edges, split_values: SplitValues
) -> Iterator[Block | Damage]:
    """Yield the lines of a stream as blocks. `place` gives their stored positions.

    CR before LF and a BOM are not part of a record. Blank lines (only spaces and tabs) are left out and counted. A line
    of several JSON objects is split, a long one by `split_values`. Runs of zero bytes and records over the limit are
    damage.
    """
    lines = _LineBuffer(limits, place, edges, split_values)
    while lines.fill(stream):
        yield from lines.whole()
        if lines.full and not lines.drop_worthless() and not lines.grow():
            if lines.holds_several():
                yield from lines.split_on(stream)
            else:
                yield lines.skip_record(stream)
            yield from lines.whole()  # what was read after it
    yield from lines.rest()


class _LineBuffer:
    """The buffer. Its first `carried` bytes belong to a line whose end was not read yet."""

    def __init__(self, limits: BlockLimits, place: StoredAt, edges: Edges, split_values: SplitValues) -> None:
        self._split_values = split_values
        self._size = min(limits.block, limits.record + 1)
        self._limits, self._limit = limits, limits.record
        self._buffer = bytearray(self._size)
        self._place, self._at, self._begun_at = place, place.end, place.begin()
        self._carried = self._filled = self._offset = 0
        self._doubt_last = edges.before_hole
        self._cleaning = Cleaning(place.end, doubt_first=edges.after_hole)
        self._zeros = 0  # length of a run of zeros that filled the whole buffer
        self._odd = False  # a line that is not exactly one record was seen
        self._pending: list[Damage] = []  # of the last block

    def fill(self, stream: Readable) -> bool:
        """Read about a block's worth after the carried bytes; False at the end.

        The first block is only the bytes from which the form was detected; it is checked closely.
        """
        self._filled = self._carried
        with memoryview(self._buffer)[: self._carried + self._size] as view:
            while self._filled < len(view) and (count := stream.readinto(view[self._filled :])):
                self._filled += count
                if self._filled > len(view) - self._size // 8 or not self._offset:
                    break
        return self._filled > self._carried

    @property
    def full(self) -> bool:
        return self._carried == len(self._buffer)

    def whole(self) -> Iterator[Block | Damage]:
        """Yield the whole lines in the buffer and carry the rest."""
        if self._pending:
            yield from self._taken_pending()
        end = self._buffer.rfind(_NEWLINE, self._carried, self._filled) + 1
        if not end:
            self._carried = self._filled
            return
        if end > LONG and not self._cleaning.compressed:
            long = self._buffer.find(_NEWLINE, self._carried, end) + 1
            yield from self._long_line(self._taken(long))
            end -= long
        if end:
            block = self._untouched(end)
            if block is None:
                yield from self._cleaned(end)
            else:
                yield block
                self._offset += block.end
        self._carried = self._filled - end
        self._buffer[: self._carried] = self._buffer[end : self._filled]
        if len(self._buffer) > self._size > self._carried:
            del self._buffer[self._size :]  # free the memory of a single long record
        self._begun_at = self._begin_of(self._carried)

    def rest(self) -> Iterator[Block | Damage]:
        """Yield the last line, if it lacks its newline."""
        rest = self._carried
        yield from self._taken_pending()
        yield from self._last(rest)
        yield from self._taken_pending()
        yield from self._cleaning.compressed_damage()
        yield from self._cleaning.mixture.damage(self._at())

    def _last(self, rest: int) -> Iterator[Block | Damage]:
        if self._zeros and not self._offset and not rest:
            yield Damage(0, self._at(), "it holds only zero bytes")
        if rest and self._buffer.count(b"\0", 0, rest) == rest:
            return  # padding
        if not rest:
            return
        if rest > LONG and self.holds_several():
            yield from self._long_line(self._taken(rest))
            return
        begins_json = self._buffer[0] in b"{["
        if (begins_json or self._doubt_last) and not self._ends_whole(rest):
            if not self._doubt_last:
                yield Damage(self._at(), self._at(), f"it ends in the middle of a line, after {size(rest)} of it")
            return
        if rest > LONG and not self._cleaning.compressed:
            yield from self._long_line(self._taken(rest))
        else:
            yield from self._cleaned(rest, last=True)

    def _ends_whole(self, rest: int) -> bool:
        if rest > LONG:
            return self._buffer[0] in b"{[" and self._buffer[rest - 1] in b"}]"
        return ends_whole(bytes(self._buffer[:rest]))

    def drop_worthless(self) -> bool:
        """Drop the carried bytes if they are only zeros or compressed data, so that these take no memory."""
        if self._cleaning.compressed and len(self._buffer) >= LONG:
            self._carried = 0
            return True
        if self._buffer.count(b"\0") < len(self._buffer):
            return False
        self._zeros, self._carried, self._cleaning.doubt_first = self._zeros + self._carried, 0, True
        return True

    def grow(self) -> bool:
        """Make room for a longer line; False if it is over the limit."""
        if len(self._buffer) > self._limit:
            return False
        self._buffer.extend(bytes(self._limits.grown(len(self._buffer)) - len(self._buffer)))
        return True

    def holds_several(self) -> bool:
        """True if the carried line is more than one JSON value."""
        if self._cleaning.compressed:
            return False
        with memoryview(self._buffer) as view:
            return several(view[: self._carried])

    def split_on(self, stream: Readable) -> Iterator[Block | Damage]:
        """Yield the values of a line that is too long to buffer, up to the next line."""
        line = LongLine(self._buffer[: self._carried], stream)
        yield from self._values_of(line)
        self._filled, self._carried = len(line.after), 0
        self._buffer[: self._filled] = line.after
        self._cleaning.doubt_first = False
        self._begun_at = self._begin_of(self._filled)

    def _begin_of(self, count: int) -> int:
        """Return the stored position of the last `count` bytes read, or slightly less."""
        return max(0, self._place.begin() - count)

    def _values_of(self, line: LongLine) -> Iterator[Block | Damage]:
        """Yield the blocks of a line's values, with offsets that continue from the last block."""
        base, begun_at = self._offset, self._begun_at
        for item in self._split_values(line, StoredAt(lambda: begun_at, self._at)):
            if isinstance(item, Block):
                item.offset += base
                self._offset = item.offset + item.end
            yield item

    def skip_record(self, stream: Readable) -> Damage:
        """Skip a record that is too long, up to the next line."""
        begun_at, length = self._begun_at, self._carried
        self._carried = 0
        while self.fill(stream):
            end = self._buffer.find(_NEWLINE, 0, self._filled)
            if end >= 0:
                length += end
                rest = self._buffer[end + 1 : self._filled]
                self._filled = len(rest)
                self._buffer[: self._filled] = rest
                break
            length += self._filled
        self._cleaning.doubt_first = False
        self._begun_at = self._begin_of(self._filled)
        return too_long(begun_at, self._at(), length, self._limit)

    def _untouched(self, end: int) -> Block | None:
        """Return the lines `buffer[:end]` unchanged, which nearly always works; None if they need cleaning first."""
        if not self._offset or self._zeros or self._cleaning.doubt_first or self._cleaning.compressed:
            return None
        sample = self._buffer[0:end:_SAMPLED]
        strange = len(sample.translate(None, CONTROL)) < len(sample)
        if strange and b"\0" in sample:
            return None
        block = Block(self._buffer, end, self._offset, tidy=self._tidy)
        if self._odd or strange:
            block.settle()
        return block

    def _taken_pending(self) -> list[Damage]:
        pending, self._pending = self._pending, []
        return pending

    def _cleaned(self, end: int, *, last: bool = False) -> Iterator[Block | Damage]:
        """Yield the lines `buffer[:end]`, in a new buffer if they are not exactly one record each."""
        if self._zeros:
            yield from self._zeros_before()
        if not self._offset:
            self._cleaning.mixture.look_at_first(bytes(self._buffer[: self._buffer.find(_NEWLINE, 0, end) % (end + 1)]))
        block = Block(self._buffer, end, self._offset, tidy=self._tidy)
        if self._cleaning.doubt_first or last or self._cleaning.compressed or b"\0" in self._buffer[0:end:_SAMPLED]:
            block, damage = self._cleaning.clean(bytes(block.raw()), self._offset, self._begun_at)
            yield block
            self._offset += block.end
            yield from damage
            return
        block.settle()
        yield block
        self._offset += block.end

    def _zeros_before(self) -> Iterator[Damage]:
        yield Damage(self._begun_at, self._at(), f"a run of {self._zeros:,} zero bytes in the text")
        self._zeros = 0

    def _taken(self, end: int) -> bytearray:
        """Detach the line `buffer[:end]` without copying it; the bytes after it move to a new buffer."""
        line, self._buffer = self._buffer, bytearray(self._size)
        self._filled -= end
        self._buffer[: self._filled] = line[end : end + self._filled]
        del line[end:]
        return line

    def _long_line(self, line: bytearray) -> Iterator[Block | Damage]:
        """Yield a long line without copying or parsing it. After damage it counts as part of a record."""
        if self._zeros:
            yield from self._zeros_before()
        doubtful, self._cleaning.doubt_first = self._cleaning.doubt_first, False
        if hole := ZERO_RUNS.search(line):
            yield Damage(self._begun_at, self._at(), f"a run of {len(hole.group()):,} zero bytes in a long line")
        elif not doubtful:
            self._cleaning.mixture.others = True
            with memoryview(line) as text:
                glued = several(text)
            if glued:
                yield from self._values_of(LongLine(line))
                return
            newline = line.endswith(_NEWLINE)
            if line.endswith((b"\r", b"\r\n")):
                del line[len(line) - 1 - newline]
            self._offset += len(line)
            yield Block(line, len(line), self._offset - len(line), _count=1)

    def _tidy(self, block: Block) -> None:
        """Clean the block if it needs it. After one odd block, check all later ones, to count their records right."""
        if not may_be_odd(block, closely=self._odd or not block.offset):
            self._cleaning.mixture.others = True
            return
        lists = self._cleaning.mixture.lists
        tidied, self._pending = self._cleaning.clean(bytes(block.raw()), self._offset, self._begun_at)
        self._odd |= tidied.end != block.end or tidied.split > 0 or self._cleaning.mixture.lists > lists
        block.become(tidied)
