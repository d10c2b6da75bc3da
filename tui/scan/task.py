"""Scan one chunk: the unit of work. It is idempotent and checks `cancelled` between blocks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from operator import add
from typing import BinaryIO

from tui.archive import Block, Chunk, ChunkReader, Damage, Reading
from tui.archive.reader import DoubtfulGiven
from tui.archive.store import Store
from tui.archive.streams import ReadCancelled
from tui.archive.writer import object_of_lines, write_lines
from tui.errors import ArchiveError
from tui.filter import Filter, Matcher
from tui.filter.compiled import NotJsonError, TooLargeError
from tui.scan.context import Context
from tui.scan.events import (
    ChunkDamaged,
    ChunkDone,
    ChunkMeasured,
    ChunkRestarted,
    ChunkStarted,
    Counts,
    Matches,
    Progress,
    ScanEvent,
)
from tui.scan.excerpt import Excerpt
from tui.scan.matching import matching_lines, not_json
from tui.scan.measure import Measurement
from tui.scan.turns import Turn, taken_once

PROGRESS_INTERVAL = 0.1  # seconds
_KEPT = 4 << 20  # bytes
_SHOWN = 20  # matches of a chunk that are yielded while all are written to an extract

Emit = Callable[[ScanEvent], None]


@dataclass(frozen=True, slots=True)
class ChunkOutput:
    """The key of a store to which a task writes its matches. `exists`: an earlier run wrote it; it is replaced."""

    store: Store
    key: str
    exists: bool = False


@dataclass(frozen=True, slots=True)
class ScanTask:
    """One chunk × filter. Matches are written to `output`, or yielded, or (`count_only`) only counted.

    `read_ahead`: read and inflate in another thread, if there are idle cores. `strict`: yielded matches can be
    discarded with the chunk, so no doubtful record stays. `exact`: count every record. Otherwise records are only
    counted in blocks with a hit, and in the chunk's first block, to distinguish one record from several: counting all
    would cost a search 8 % of its time, and checking for blank lines and lines of two records another 10 %.
    """

    store: Store
    chunk: Chunk
    filter: Filter
    output: ChunkOutput | None = None
    count_only: bool = False
    excerpt: Excerpt = field(default_factory=Excerpt)
    read_ahead: bool = False
    reading: Reading = field(default_factory=Reading)
    strict: bool = False
    exact: bool = False


def keep_freed_memory() -> None:
    """Keep freed buffers of one chunk for the next: call it once per process, before the first chunk.

    glibc keeps freed memory up to twice the largest freed block. Without this, each chunk's buffers are mapped again,
    with a hundred page faults, a third of the time of a chunk of 300 kB.
    """
    bytes(_KEPT)  # never touched, so it costs nothing


def scan_chunk(task: ScanTask, emit: Emit, cancelled: Callable[[], bool], turn: Turn | None = None) -> None:
    """Read and filter a chunk, and write or emit its matches. Unreadable parts are damage; raises OutputError.

    If emitted records turn out to be doubtful, and `strict` forbids that, the chunk is read again without them. `turn`:
    the lock for a chunk that takes much memory.
    """
    with taken_once(turn or threading.Lock(), cancelled) as await_turn:
        for careful in (False, True):
            events = chunk_events(task, cancelled, careful=careful, await_turn=await_turn)
            try:
                for event in written(task.output, events) if task.output else events:
                    emit(event)
            except DoubtfulGiven:
                emit(ChunkRestarted(task.chunk))
            else:
                return


def chunk_events(
    task: ScanTask,
    cancelled: Callable[[], bool],
    *,
    careful: bool = False,
    await_turn: Callable[[], None] = lambda: None,
) -> Iterator[ScanEvent]:
    """Yield the chunk's events, with all matches; the last is its ChunkDone."""
    chunk, store = task.chunk, task.store
    if not careful:
        yield ChunkStarted(chunk)
    so_far, partial, form, codec, unchosen = _SoFar(), False, "", "", None
    try:
        with ChunkReader(
            store,
            chunk.key,
            etag=chunk.etag,
            size=chunk.size,
            cancelled=cancelled,
            reading=task.reading,
            careful=careful,
            newest=True,
            await_turn=await_turn,
        ) as reader:
            if reader.replaced is not None:
                chunk = chunk.replaced(reader.replaced)
            yield from _filtering(task, reader, so_far, cancelled)
            form = str(reader.form) if so_far.counts.records else ""
            codec, unchosen, partial = reader.codec, reader.unchosen, cancelled()
    except ReadCancelled:
        partial = True
    except ArchiveError as error:  # not the chunk's own damage: a later run reads it again
        partial = True
        yield ChunkDamaged(chunk, Damage(so_far.counts.bytes_compressed, chunk.size, str(error)), unread=True)
    if so_far.part is not None:
        yield ChunkMeasured(chunk, so_far.part)
    yield ChunkDone(chunk, so_far.counts, partial=partial, form=form, codec=codec, unchosen=unchosen)


class _SoFar:
    """The counts and measurement so far, kept when reading ends early.

    A Counts object for every block would cost a scan 3 % of its time.
    """

    def __init__(self) -> None:
        self.bytes_compressed = 0
        self.part: Measurement | None = None
        self._sums: Sequence[int] = (0,) * 9

    def add(self, numbers: CountNumbers) -> None:
        self._sums = tuple(map(add, self._sums, numbers))

    @property
    def counts(self) -> Counts:
        return Counts(self.bytes_compressed, *self._sums)


def _filtering(
    task: ScanTask, reader: ChunkReader, so_far: _SoFar, cancelled: Callable[[], bool]
) -> Iterator[Matches | Progress | ChunkDamaged]:
    """Yield matches, damage and regular progress, until the chunk ends or the scan is cancelled."""
    reported = time.monotonic()
    for item in reader.results(lambda: _cutter(task), strict=task.strict, read_ahead=task.read_ahead):
        if isinstance(item, Damage):
            yield ChunkDamaged(task.chunk, item)
        elif item is not None:
            lines, numbers = item
            so_far.add(numbers)
            if isinstance(lines, bytes | bytearray):
                if lines:
                    yield Matches(task.chunk, lines)
                del item, lines  # it may be large
            elif so_far.part is None:
                so_far.part = lines
            else:
                so_far.part.merge(lines)
        if cancelled():
            break
        if (now := time.monotonic()) - reported >= PROGRESS_INTERVAL:
            reported = now
            counts = so_far.counts
            yield Progress(task.chunk, reader.bytes_compressed, reader.bytes, counts.records, counts.matches)
    so_far.bytes_compressed = reader.bytes_compressed


def written(output: ChunkOutput, events: Iterator[ScanEvent]) -> Iterator[ScanEvent]:
    """Write the matches to `output`, whole or not at all, and pass on only the first. No file without matches."""
    with ExitStack() as stack:
        sink: BinaryIO | None = None
        for event in events:
            if isinstance(event, Matches):
                if sink is None:
                    sink = stack.enter_context(object_of_lines(output.store, output.key, overwrite=True))
                    yield event.first(_SHOWN)
                write_lines(sink, event.lines)
            elif isinstance(event, ChunkDone):
                stack.close()
                if sink is None and output.exists:
                    output.store.delete(output.key)  # the chunk has changed
                yield replace(event, output=output.key if sink else None)
            else:
                yield event


Cut = Callable[[Block], tuple[bytes | bytearray | Measurement, int]]
CountNumbers = tuple[int, int, int, int, int, int, int, int, int]  # the fields of Counts, except bytes_compressed


def _cutter(task: ScanTask) -> Callable[[Block], tuple[bytes | bytearray | Measurement, CountNumbers]]:
    """Return the work on each block: it returns the excerpt, and the counts."""
    matcher = task.filter.matcher()
    cut = _cut(task, matcher)

    def work(block: Block) -> tuple[bytes | bytearray | Measurement, CountNumbers]:
        if task.exact:
            block.settle()
        not_json, broken, unparsed = matcher.not_json, matcher.broken_json, matcher.unparsed
        no_time = matcher.no_time
        lines, matches = cut(block)
        return lines, (
            block.end,
            block.count() if matches or task.exact or not block.offset else 0,
            matches,
            matcher.not_json - not_json,
            block.blank,
            block.split,
            matcher.unparsed - unparsed,
            matcher.broken_json - broken,
            matcher.no_time - no_time,
        )

    return work


def _cut(task: ScanTask, matcher: Matcher) -> Cut:
    """Return a function from a block to its excerpt and the number of matches."""
    excerpt = task.excerpt
    if excerpt.measure is not None:
        return excerpt.measure.begin(task.chunk, task.filter, matcher)
    if task.count_only:
        return lambda block: (b"", matcher.count(block))
    if excerpt.fingerprints:
        return _fingerprinted(matcher)
    if excerpt.fields is not None:
        counted = task.filter.invert and any(term.kind == "match" for term in task.filter.active)
        return _projected(excerpt.fields, matcher, counted=counted)
    if excerpt.before or excerpt.after:
        context = Context(excerpt.before, excerpt.after, separated=excerpt.separated)
        return lambda block: context.lines(block, matcher)
    return lambda block: matching_lines(block, matcher)


def _fingerprinted(matcher: Matcher) -> Cut:
    """Return a function to the hashes of all records."""
    from tui.scan.duplicates import fingerprint  # few scans need its library

    def cut(block: Block) -> tuple[bytes, int]:
        matcher.count_unread(*not_json(block))
        if block.is_long:
            with block.view() as view:
                return fingerprint(view[: block.end - block.ends_line]), 1
        return b"".join(map(fingerprint, block.records())), block.count()

    return cut


def _projected(fields: str, matcher: Matcher, *, counted: bool) -> Cut:
    """Return a function to some fields of each match. `counted`: the filter already counts non-JSON records."""
    from tui.scan.projection import projection  # few scans need its libraries

    project = projection(fields)

    def cut(block: Block) -> tuple[bytes, int]:
        lines, unread, unparsed = [], [], 0
        with block.view() as view:
            for start, end in matcher.spans(block):
                record = bytes(view[start:end])
                try:
                    lines.append(project(record) + b"\n")
                except NotJsonError:
                    unread.append(record)
                except TooLargeError:
                    unparsed += 1
        if not counted:
            matcher.count_unread(unread, unparsed)
        return b"".join(lines), len(lines)

    return cut
