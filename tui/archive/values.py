"""Blocks of JSON values that newlines do not separate: concatenated values, and the items of documents' lists."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from typing import cast

from tui.archive.block import LONG, Block
from tui.archive.boundaries import (
    BEGINNINGS,
    NEAR_END,
    SEPARATORS,
    TRIES,
    begins_document,
    checked_items,
    item_boundaries,
    list_again,
    list_start,
    open_after_list,
    rest_of_list,
    slices,
    values_of,
)
from tui.archive.chunk import Damage
from tui.archive.forms import Form
from tui.archive.json_values import (
    BOM,
    close_of,
    drop_newlines,
    ends,
    is_json_object,
    items,
    plain_items,
    value_end,
)
from tui.archive.lines import BlockLimits, Edges, StoredAt
from tui.archive.long_line import too_long
from tui.archive.members import Readable
from tui.archive.mixture import Mixture
from tui.archive.record_blocks import RecordBlocks
from tui.archive.record_search import FIRST_TRIES, RecordSearch, record_starts
from tui.units import plural

_SEPARATED = re.compile(rb"[ \t\r\n,]*")
_SUSPICIOUS = 1 << 20  # bytes; a longer value may have lost its end, and is parsed on its own
_MIN_WINDOW, _MAX_WINDOW = 1 << 8, 1 << 18


def value_blocks(
    stream: Readable, form: Form, limits: BlockLimits, place: StoredAt, edges: Edges, *, chosen: bool = False
) -> Iterator[Block | Damage]:
    """Yield the records of a stream as blocks, one per line, without CR and LF between tokens.

    `chosen`: the user chose the form, so lists among other values are not reported.
    """
    reader = PendingValues(form, limits, place, edges, chosen=chosen)
    buffer = bytearray(limits.block)
    with memoryview(buffer) as view:
        while count := stream.readinto(view) or 0:
            yield from reader.feed(bytes(view[:count]))
    yield from reader.end()


class PendingValues:
    """Decoded bytes that are not yet split into records, and the state of the parser at their start."""

    def __init__(self, form: Form, limits: BlockLimits, place: StoredAt, edges: Edges, *, chosen: bool) -> None:
        self._form, self._limits = form, limits
        self._place, self._at, self._begun_at = place, place.end, place.begin()
        self._pending = bytearray()
        self._enough = limits.block  # pending bytes that are worth parsing
        self._window = _MIN_WINDOW  # bytes that are parsed together
        self._seen = 0  # pending bytes that were searched for a record after damage, without success
        self._unended = False  # the pending bytes are the beginning of one long value
        self._lost = self._doubted = edges.after_hole
        self._in_list = edges.after_hole and form.kind == "items"
        self._to_close = 0  # brackets of a document that are still open after its list
        self._cut = edges.before_hole
        self._strays = 0  # bytes between values that were not reported yet
        self._search = RecordSearch()
        self._skipped = 0  # bytes of a record that is too long
        self._without_list = 0  # number of documents without the list
        self._without_list_at = 0  # position of the first of them
        self._mixture = Mixture("value") if form.kind == "values" and not chosen else None
        self._blocks = RecordBlocks(limits.record, self._mixture)

    def feed(self, data: bytes) -> Iterator[Block | Damage]:
        if not self._blocks.offset and not self._pending:
            data = data.removeprefix(BOM)
        self._pending += data
        self._search.read += len(data)
        if len(self._pending) >= self._enough:
            yield from self._take(final=False)

    def end(self) -> Iterator[Block | Damage]:
        yield from self._take(final=True)
        rest = bytes(self._pending[:LONG]).strip(SEPARATORS + b"\0")
        if self._form.kind == "items" and not self._in_list:
            rest = rest.strip(b"]} \t\r\n")
        if self._skipped:
            yield too_long(self._begun_at, self._at(), self._skipped + len(self._pending), self._limits.record)
        elif is_json_object(rest) and not self._lost:
            yield from self._blocks.of([rest], self._begun_at, self._at())
        elif not self._cut and (self._in_list or self._to_close or rest[:1] in (b"{", b"[")):
            yield Damage(
                self._at(), self._at(), f"it ends in the middle of {'a document' if self._in_list else 'a value'}"
            )
        elif not self._cut and not self._lost and rest:
            size = max(len(rest), len(self._pending) - len(self._pending[:LONG]))
            yield Damage(self._begun_at, self._at(), f"{size:,} bytes among the records that are not JSON")
        if self._without_list:
            documents = plural(self._without_list, "document")
            reason = f"{documents} without a list at {self._form}, read as one record each (--records)"
            yield Damage(self._without_list_at, self._at(), reason)
        if self._mixture is not None:
            yield from self._mixture.damage(self._at())

    def _take(self, *, final: bool) -> Iterator[Block | Damage]:
        """Yield all whole records that are pending."""
        while (yield from self._take_up_to_doubt(final=final)):
            pass

    def _take_up_to_doubt(self, *, final: bool) -> Generator[Block | Damage, None, bool]:
        """Yield whole records up to a long one or bytes that are not one; return True if those were passed."""
        records_: list[bytes] = []
        done = given = 0
        while done < len(self._pending) and not (self._unended and not final):
            if self._lost:
                records, used = self._found_again(done, final=final)
                at_end = True
            else:
                piece = self._piece(done, self._window)
                at_end = done + len(piece) == len(self._pending)
                records, used = self._records(piece, final=final and at_end)
            records_ += records
            done += used
            if done - given >= self._limits.block:
                yield from self._given(records_)
                records_, given = [], done
            if used:  # parsing takes time in proportion to the window, so adapt it to what was last used
                self._window = max(_MIN_WINDOW, min(4 * used, _MAX_WINDOW))
            elif at_end or self._window >= _SUSPICIOUS:
                break
            else:
                self._window *= 2
        del self._pending[:done]
        self._seen = 0 if done else self._seen
        yield from self._given(records_)
        more = len(self._pending) > _SUSPICIOUS and not self._lost and (yield from self._long_value(final=final))
        if more or (self._is_stuck(final) and (yield from self._resume(final=final))):
            return True
        if done:
            self._begun_at, self._enough = self._begin(), self._limits.block
        elif len(self._pending) > self._limits.record:
            self._skipped += len(self._pending)
            self._pending.clear()
            self._lost, self._unended, self._enough, self._seen = True, False, self._limits.block, 0
        else:
            self._enough = max(self._limits.block, self._limits.grown(len(self._pending)))
        return False

    def _piece(self, start: int, size: int) -> bytes:
        with memoryview(self._pending) as view:
            return bytes(view[start : start + size])

    def _given(self, records: list[bytes]) -> Iterator[Block | Damage]:
        """Yield blocks of records; after damage, only of records that are certainly whole."""
        if records and self._skipped:
            yield too_long(self._begun_at, self._at(), self._skipped, self._limits.record)
            self._skipped = 0
        records = list(filter(is_json_object, records)) if self._doubted else records
        yield from self._blocks.of(records, self._begun_at, self._at())
        if self._strays:
            yield Damage(self._begun_at, self._at(), f"{self._strays:,} bytes between the records that are not JSON")
            self._strays = 0

    def _long_value(self, *, final: bool) -> Generator[Block | Damage, None, bool]:
        """Yield a value that is longer than the window, if its end was read. It keeps its buffer and is not copied.

        After the list of a document, skip to the document's end.
        """
        begin = cast(re.Match[bytes], _SEPARATED.match(self._pending)).end()
        if self._form.kind == "items" and not (self._in_list or self._to_close):
            start, _ = list_start(self._piece(begin, LONG), self._form.path)  # it may come late
            if start:
                del self._pending[: begin + start]
                self._in_list = True
                return True
        with memoryview(self._pending) as view, view[begin:] as text:
            end = -1 if self._to_close else value_end(text)
            self._unended = not end
            if end < 0 or (final and not end):
                end = close_of(text, self._to_close)
        if not end or (not self._to_close and end <= _SUSPICIOUS // 2):
            return False  # short values were already parsed
        if self._to_close:
            self._to_close = 0
            del self._pending[: begin + end]
            return True
        record, self._pending = self._pending, self._pending[begin + end :]
        del record[begin + end :], record[:begin]
        del record[len(record) - len(record[-NEAR_END:]) + len(record[-NEAR_END:].rstrip(SEPARATORS)) :]
        drop_newlines(record)
        if self._form.kind == "items" and not self._in_list:
            self._count_without_list()
        yield self._blocks.of_long(record, self._begun_at, self._at())
        self._begun_at = self._begin()
        return True

    def _begin(self) -> int:
        """Return the stored position of the pending bytes, or slightly less."""
        return max(0, self._place.begin() - len(self._pending))

    def _is_stuck(self, final: bool) -> bool:
        """True if the pending bytes do not begin a value, or the value is suspiciously long."""
        rest = bytes(self._pending[:NEAR_END]).lstrip(SEPARATORS)
        if self._lost or self._to_close or not rest or (self._form.kind == "items" and not self._in_list):
            return False
        if final and (self._cut or self._doubted):
            return False  # the rest of a record that was cut by damage
        if final or rest[:1] not in BEGINNINGS:
            return True
        return len(self._pending) > _SUSPICIOUS and not self._unended

    def _resume(self, *, final: bool) -> Generator[Block | Damage, None, bool]:
        """Skip bytes that are not JSON, if whole records follow them."""
        records: list[bytes] = []
        used = 0
        self._lost = True
        for size in (NEAR_END, _SUSPICIOUS):  # the smaller piece first: the larger may hold more damage
            piece = self._piece(0, size)
            records, used = self._first_after_loss(piece, final=final and len(piece) == len(self._pending))
            if records or len(piece) == len(self._pending):
                break
        if not records and len(self._pending) > _SUSPICIOUS:
            records, used = self._found_again(0, final=final)
        self._lost = False
        if not records:
            return False
        self._doubted = True
        yield Damage(self._begun_at, self._at(), "bytes among the records that are not JSON")
        yield from self._blocks.of(list(filter(is_json_object, records)), self._begun_at, self._at())
        del self._pending[:used]
        return True

    def _records(self, text: bytes, *, final: bool) -> tuple[list[bytes], int]:
        """Return records from the start of the text, and the number of bytes used."""
        if self._form.kind == "values":
            records, used, strays = values_of(text, final=final)
            self._strays += strays
            return records, used
        if self._to_close:
            if self._form.path and (again := list_again(text, self._form.path[-1])):
                self._in_list, self._to_close = True, 0
                return [], again
            closed = close_of(text, self._to_close)
            self._to_close = 0 if closed else self._to_close
            return [], closed
        if self._in_list:
            return self._items_of(text)
        start, end = list_start(text, self._form.path)
        self._in_list = bool(start)
        if not start and end:
            self._count_without_list()
            return slices(text, [end]), end  # a document without the list is a record itself
        return [], start

    def _count_without_list(self) -> None:
        if not self._without_list:
            self._without_list_at = self._begun_at
        self._without_list += 1

    def _found_again(self, done: int, *, final: bool) -> tuple[list[bytes], int]:
        """Return the first whole records in `pending[done:]`, searched in pieces, or the start of a long one."""
        start = done + self._seen
        while True:
            piece = self._piece(start, LONG)
            at_end = start + len(piece) == len(self._pending)
            records, used = self._first_after_loss(piece, final=final and at_end)
            if used:
                return records, start - done + used
            if at_end:
                break
            start += LONG // 2
        self._seen = start - done
        if len(self._pending) - done > LONG:
            with memoryview(self._pending) as view, view[done:] as text:
                for at in record_starts(text[:LONG], TRIES, in_list=self._in_list):
                    if value_end(text[at:]) > LONG:
                        self._lost = False
                        return [], at
        return [], 0

    def _items_of(self, text: bytes) -> tuple[list[bytes], int]:
        """Return the items up to the end of the list, if the text begins inside one."""
        if (plain := plain_items(text))[1]:
            return plain
        for stop in item_boundaries(text):
            whole = items(b"[" + text[:stop].strip(SEPARATORS) + b"]")
            if whole is not None:
                return whole, stop
        stop = close_of(text, 1)
        if stop:
            self._in_list, self._to_close = False, self._open_after(text[stop:])
            return checked_items(text[: stop - 1]), stop
        stops = list(ends(text))
        return (checked_items(text[: stops[-1]]), stops[-1]) if stops else ([], 0)

    def _open_after(self, after: bytes) -> int:
        return open_after_list(after, self._form.path) if self._doubted else len(self._form.path)

    def _first_after_loss(self, text: bytes, *, final: bool) -> tuple[list[bytes], int]:
        """Find the first whole record: from it on, everything parses up to where the text may be cut."""
        in_list = self._in_list
        if in_list and begins_document(text, self._form.path):
            self._lost = self._in_list = False  # nothing of it was lost
            return self._records(text, final=final)
        starts = record_starts(text, FIRST_TRIES, in_list=in_list)
        if in_list and (rest := rest_of_list(text, starts, self._form.path, final=final))[1]:
            self._lost = False
            return rest
        whole, stop = self._search.first(text, starts, in_list=in_list, final=final, cut=self._cut)
        self._lost = not whole
        return whole, stop
