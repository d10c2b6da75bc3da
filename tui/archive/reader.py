"""Read a chunk as blocks of whole records, in constant memory, whatever its compression, form and damage.

Preview, filter, scan and send all read records through this module. A chunk is read at full speed until it breaks;
only then is it read again, member by member, to recover the sound parts.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, closing, nullcontext
from typing import TYPE_CHECKING, BinaryIO, TypeVar, cast

from tui.archive.ahead import ahead
from tui.archive.block import Block
from tui.archive.chunk import Damage, StoredObject
from tui.archive.codec import (
    HEAD_SIZE,
    decoded_stream,
    is_utf8,
    looks_binary,
    promised,
    sniff,
    unread_format,
)
from tui.archive.fast_gzip import BrokenStream
from tui.archive.form_sample import form_of_parts, peek_beginning
from tui.archive.forms import LINES, VALUES, Form, Unchosen, form_of, misfit, unchosen_list
from tui.archive.json_values import BOM
from tui.archive.lines import BlockLimits, Edges, StoredAt, line_blocks
from tui.archive.members import READ_SIZE, ZERO_RUN, Readable
from tui.archive.reading import Reading
from tui.archive.store import Store, is_s3
from tui.archive.streams import Peekable, StoredBytes, without_marks
from tui.errors import ReplacedError

if TYPE_CHECKING:
    from tui.archive.salvage import DecodedPart

BLOCK_SIZE = 1 << 19  # 512 KiB: inflated bytes are still in the cache when they are searched
_REPLACED = 3  # times that an object may be replaced while it is being opened
_AHEAD = 2 * READ_SIZE  # most stored bytes that a decoder has read but not fully decoded
HOLD = 8 << 20  # bytes of records that are held back until their member's checksum is verified

T = TypeVar("T")
Work = Callable[[Block], T]


class DoubtfulGiven(Exception):
    """Records of a damaged member were already yielded. Read again with `careful` to leave them out."""


class ChunkReader:
    """One pass over a chunk's records.

    `bytes_compressed` and `bytes` are the progress in the stored object and in its records. `form` and `codec` are
    known after the first result. `careful`: read member by member from the start, which is slower but yields no
    doubtful record. `newest`: if the object was replaced since it was listed, read the new one, unless it is replaced
    again. `await_turn` is called before using memory that only one reader at a time may use (see zstd.py). `size` is
    an S3 object's listed size; a longer or shorter object is reported (a local file may grow). ArchiveError if the
    chunk cannot be opened or read.
    """

    def __init__(
        self,
        store: Store,
        key: str,
        *,
        etag: str | None = None,
        size: int | None = None,
        block_size: int = BLOCK_SIZE,
        cancelled: Callable[[], bool] = lambda: False,
        reading: Reading | None = None,
        careful: bool = False,
        newest: bool = False,
        await_turn: Callable[[], None] = lambda: None,
    ) -> None:
        self._store, self._key, self._etag = store, key, etag
        self._size = size if size is not None and is_s3(store.url) else None
        self._cancelled = cancelled
        self._reading = reading or Reading()
        self._limits = BlockLimits(block_size, self._reading.max_record, await_turn)
        self._careful = careful
        self._await_turn = await_turn
        self.replaced: StoredObject | None = None  # the object that is read, if it is not the listed one
        stream = self._opened_newest() if newest else store.open(key, etag=etag)
        self._raw = StoredBytes(stream, key, cancelled, size=self._size)
        self._form: Form | None = None
        self.unchosen: Unchosen | None = None  # a list that may hold the chunk's records but was not chosen
        self.codec = ""  # of the object as stored; "" for plain text
        self.bytes = 0

    def _opened_newest(self) -> BinaryIO:
        for _ in range(_REPLACED):
            try:
                return self._store.open(self._key, etag=self._etag)
            except ReplacedError:
                now = self._store.stat(self._key)
                if now is None:
                    break
                self.replaced = now
                self._etag, self._size = now.etag, None if self._size is None else now.size
        return self._store.open(self._key, etag=self._etag)

    @property
    def bytes_compressed(self) -> int:
        return self._raw.position

    @property
    def form(self) -> Form:
        """How the records are separated."""
        return self._form or LINES

    def __enter__(self) -> ChunkReader:
        return self

    def __exit__(self, *_: object) -> None:
        self._raw.close()

    def blocks(self) -> Iterator[Block]:
        """Yield the records as blocks, each valid until the next one, without damage. For samples."""
        for item in self.results(lambda: lambda block: block, hold=0):
            if isinstance(item, Block):
                yield item

    def results(
        self, begin: Callable[[], Work[T]], *, hold: int = HOLD, strict: bool = False, read_ahead: bool = False
    ) -> Iterator[T | Damage | None]:
        """Yield the work's result for each block, and the damage, in order; None while no result is ready.

        `begin` creates the work, again if the chunk is read again. The work runs on a block at once, but its result is
        held back until `hold` more bytes of records were decoded or the chunk has ended. So the records of a member up
        to that size are yielded only if its checksum is right. If a larger member turns out to be damaged, its yielded
        records are counted in `Damage.doubtful`, or DoubtfulGiven is raised if `strict`. With `hold` 0, results are
        yielded at once and may refer to the block.
        """
        given = 0
        if not (self._careful and self._is_compressed()):
            work = begin()
            held: deque[tuple[int, int, T | Damage]] = deque()  # (position when due, number of records, result)
            fast: AbstractContextManager[Iterator[Block | Damage]] = (
                ahead(self._fast()) if read_ahead else nullcontext(self._fast())
            )
            try:
                with fast as items:
                    for item in items:
                        if isinstance(item, Block):
                            self.bytes = item.offset + item.end
                            if held and held[0][0] <= self.bytes:
                                given += yield from _due(held, self.bytes)
                            # a long record is not held back, only the results before it
                            due = self.bytes + (0 if item.end > hold else hold)
                            # `strict` only asks whether any record was yielded, so don't count them
                            held.append((due, 1 if strict else item.count(), work(item)))
                        else:
                            held.append((self.bytes + hold, 0, item))
                        del item  # it may be large
                        if held[0][0] <= self.bytes:
                            given += yield from _due(held, self.bytes)
                        else:
                            yield None
                yield from (result for _, _, result in held)
                return
            except BrokenStream:
                held.clear()
                if strict and given:
                    raise DoubtfulGiven from None
        yield from self._salvaged(begin(), given)

    def _is_compressed(self) -> bool:
        """True if the chunk has compressed members anywhere. If not, one fast pass is already careful."""
        head = self._raw.peek(HEAD_SIZE)
        if sniff(head, self._key) is not None:
            return True
        return bool(head) and not unread_format(head, self._key) and not self._is_text(head) and self._hides_members()

    def _fast(self) -> Iterator[Block | Damage]:
        """Read at full speed; BrokenStream at damage."""
        head = self._raw.peek(HEAD_SIZE)
        codec = sniff(head, self._key)
        if not head:
            yield Damage(0, 0, "the object is empty (0 bytes)")
        elif codec is not None:
            self.codec = codec.name
            yield from self._records(decoded_stream(cast(BinaryIO, self._raw), codec, self._await_turn), Edges())
        elif reason := self._why_unread(head):
            yield self._all_of_it(reason)
        else:
            yield from self._records(self._raw, Edges())
        if head and self._size is not None and self._raw.position < self._size:
            yield Damage(self._raw.position, self._size, f"it ends before the {self._size:,} bytes that were listed")

    def _why_unread(self, head: bytes) -> str:
        """Return why uncompressed bytes are not text, or "". BrokenStream if compressed members follow further on."""
        if name := unread_format(head, self._key):
            return f"it is {name}, which hourscope does not read"
        if self._is_text(head):
            return ""
        if self._hides_members():
            raise BrokenStream("the first member is damaged")
        if head.startswith(bytes(ZERO_RUN)):
            return ""
        return "it is binary data in no format that hourscope reads"

    def _is_text(self, head: bytes) -> bool:
        if head.startswith(bytes(ZERO_RUN)) or looks_binary(head):
            return False
        return promised(self._key) is None or is_utf8(head)

    def _hides_members(self) -> bool:
        """True if a sound member follows a damaged one. Rewinds the stream."""
        from tui.archive.salvage import stored_codec  # only damaged chunks need it

        hidden = stored_codec(self._open_at, self._key) is not None
        self._open_at(0)  # S3 refuses a range that begins at the object's end
        return hidden

    def _all_of_it(self, reason: str) -> Damage:
        """Return the whole chunk as damage. Reads the rest of the stored bytes, undecoded, to find the end."""
        if self._raw.closed:
            self._open_at(0)
        buffer = bytearray(READ_SIZE)
        with memoryview(buffer) as view:
            while self._raw.readinto(view):
                pass
        return Damage(0, self._raw.position, reason)

    def _records(self, stream: Peekable, edges: Edges, start: int = 0) -> Iterator[Block | Damage]:
        """Yield the records of decoded bytes, which come from the stored bytes at `start`."""
        stream = without_marks(stream)
        if self._form is None:
            first, whole = peek_beginning(stream)
            if first and (reason := misfit(first, whole=whole)):
                if not self.codec and self._hides_members():
                    raise BrokenStream(reason)
                yield self._all_of_it(reason)
                return
            self._form = form_of(first, whole=whole, records=self._reading.records)
            if self._reading.records is None:
                yield from self._checked(self._split(stream, edges, start), line=whole and first.endswith(b"\n"))
                return
        yield from self._split(stream, edges, start)

    def _checked(self, items: Iterator[Block | Damage], *, line: bool) -> Iterator[Block | Damage]:
        """Pass on the items; set `unchosen` if the first records may be containers of the real ones."""
        blocks = 0
        for item in items:
            if isinstance(item, Block) and item.end:
                blocks += 1
                self.unchosen = unchosen_list(item, self.form, line=line) if blocks == 1 else None
                more = item.count() > 1 or blocks == 2
                yield item
                if more:
                    break
            else:
                yield item
        yield from items

    def _split(self, stream: Peekable, edges: Edges, start: int) -> Iterator[Block | Damage]:
        """Split decoded bytes of a known form into records."""
        # this peek opens the part: positions in it must not be measured from the end of the one before
        if stream.peek(len(BOM)) == BOM and not edges.after_hole:
            stream.skip(len(BOM))
        place = StoredAt(lambda: self._begin_of_next(stream, start), self._raw.tell)
        if self.form.kind == "lines":
            yield from line_blocks(
                stream, self._limits, place, edges, lambda line, place: self._values(line, VALUES, place, Edges())
            )
        else:
            yield from self._values(stream, self.form, place, edges)

    def _begin_of_next(self, stream: Peekable, start: int) -> int:
        """Return the stored position of the bytes that are decoded next, or slightly less."""
        return start if stream.holds else max(start, self._raw.tell() - (_AHEAD if self.codec else 0))

    def _values(self, stream: Readable, form: Form, place: StoredAt, edges: Edges) -> Iterator[Block | Damage]:
        from tui.archive.values import value_blocks  # few chunks need it

        chosen = self._reading.records is not None
        yield from value_blocks(stream, form, self._limits, place, edges, chosen=chosen)

    def _open_at(self, start: int) -> BinaryIO:
        self._raw.close()
        raw = self._store.open(self._key, start=start, etag=self._etag)
        self._raw = StoredBytes(raw, self._key, self._cancelled, start, self._size)
        return cast(BinaryIO, self._raw)

    def _salvaged(self, work: Work[T], given: int) -> Iterator[T | Damage | None]:
        """Yield the sound parts and the damage, without the first `given` records, which were yielded before."""
        from tui.archive.salvage import salvage, stored_codec  # only damaged chunks need it

        codec = stored_codec(self._open_at, self._key)
        self.codec = codec.name if codec else ""
        parts = list(salvage(self._open_at, codec, self._await_turn))
        self._form = form_of_parts(parts, self._reading.records)
        passed = self.bytes = 0
        after_hole = False
        for number, part in enumerate(parts):
            if isinstance(part, Damage):
                if given > passed:
                    part = Damage(part.start, part.stop, part.reason, given - passed)
                    given = 0
                yield part
                after_hole = True
            elif part.sound or self._reading.include_damaged:
                for item in self._of_part(part, Edges(after_hole, before_hole=number + 1 < len(parts))):
                    if isinstance(item, Damage):
                        yield item
                        continue
                    already = min(max(given - passed, 0), item.count())
                    passed += item.count()
                    if already:
                        work(item.first(already))
                        item = item.without_first(already)
                    if item.end or item.blank or not already:
                        yield work(item)

    def _of_part(self, part: DecodedPart, edges: Edges) -> Iterator[Block | Damage]:
        base = self.bytes
        with closing(part.open()) as stream:
            for item in self._records(Peekable(cast(Readable, stream)), edges, part.start):
                if isinstance(item, Block):
                    item.offset += base
                    self.bytes = item.offset + item.end
                yield item


def _due(held: deque[tuple[int, int, T | Damage]], position: int) -> Generator[T | Damage, None, int]:
    """Yield the results that are due; return their number of records."""
    records = 0
    while held and held[0][0] <= position:
        records += held[0][1]
        yield held.popleft()[2]
    return records
