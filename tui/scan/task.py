"""Scanning one chunk: the unit of work. Idempotent; it looks at `cancelled` between blocks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field, replace
from typing import BinaryIO

from tui.archive import Block, Chunk, ChunkReader, Damage
from tui.archive.ahead import ahead
from tui.archive.reader import ReadCancelled
from tui.archive.store import Store
from tui.archive.writer import object_of_lines
from tui.errors import ArchiveError
from tui.filter import Filter, Matcher
from tui.filter.compiled import NotJsonError
from tui.scan.context import Context
from tui.scan.events import ChunkDamaged, ChunkDone, ChunkStarted, Counts, Matches, Progress, ScanEvent
from tui.scan.wanted import Wanted

PROGRESS_INTERVAL = 0.1  # seconds
_SHOWN = 20  # matches of a chunk that are told while an extract takes them all

Emit = Callable[[ScanEvent], None]


@dataclass(frozen=True, slots=True)
class Output:
    """Where a task writes its matches: a key of a store, replaced if it `exists`, of an earlier run."""

    store: Store
    key: str
    exists: bool = False


@dataclass(frozen=True, slots=True)
class ScanTask:
    """One chunk × filter. Matches go to `output`, or are told, or (`count_only`) are neither.

    `read_ahead`: read and inflate in another thread, where there are cores to spare.
    """

    store: Store
    chunk: Chunk
    filter: Filter
    output: Output | None = None
    count_only: bool = False
    wanted: Wanted = field(default_factory=Wanted)
    read_ahead: bool = False


def scan_chunk(task: ScanTask, emit: Emit, cancelled: Callable[[], bool]) -> None:
    """Read, filter, and write or tell. What cannot be read is told as damage; OutputError is raised."""
    events = chunk_events(task, cancelled)
    for event in written(task.output, events) if task.output else events:
        emit(event)


def chunk_events(task: ScanTask, cancelled: Callable[[], bool]) -> Iterator[ScanEvent]:
    """What there is in the chunk, all matches told; the last event is its ChunkDone."""
    chunk = task.chunk
    yield ChunkStarted(chunk)
    counts, partial = Counts(), False
    try:
        with ChunkReader(task.store, chunk.key, etag=chunk.etag, cancelled=cancelled) as reader:
            for event in _reading(task, reader):
                if isinstance(event, Counts):
                    counts = event
                    if partial := cancelled():
                        break
                else:
                    yield event
    except ReadCancelled:
        partial = True
    except Damage as damage:
        yield ChunkDamaged(chunk, damage.offset, damage.reason)
    except ArchiveError as error:  # not the chunk's own damage: a later run reads it again
        partial = True
        yield ChunkDamaged(chunk, counts.bytes, str(error), unread=True)
    yield ChunkDone(chunk, counts, partial=partial)


def _reading(task: ScanTask, reader: ChunkReader) -> Iterator[Matches | Progress | Counts]:
    """The matches, what was counted so far, and now and then the progress; reading ahead if that is wanted."""
    with ahead(reader) if task.read_ahead else nullcontext(reader) as blocks:
        yield from _filtering(task, reader, blocks)


def _filtering(task: ScanTask, reader: ChunkReader, blocks: Iterable[Block]) -> Iterator[Matches | Progress | Counts]:
    matcher = task.filter.matcher()
    cut = _cutter(task, matcher)
    records = matches = 0
    told = time.monotonic()
    for block in blocks:
        records += block.count()
        lines, found = cut(block)
        matches += found
        if lines:
            yield Matches(task.chunk, lines)
        size = block.offset + block.end
        yield Counts(reader.bytes_compressed, size, records, matches, matcher.not_json)
        if (now := time.monotonic()) - told >= PROGRESS_INTERVAL:
            told = now
            yield Progress(task.chunk, reader.bytes_compressed, size, records, matches)


def written(output: Output, events: Iterator[ScanEvent]) -> Iterator[ScanEvent]:
    """Write the matches to `output`, whole or not at all, and pass on only the first; without any there is no file."""
    with ExitStack() as stack:
        sink: BinaryIO | None = None
        for event in events:
            if isinstance(event, Matches):
                if sink is None:
                    sink = stack.enter_context(object_of_lines(output.store, output.key, overwrite=True))
                    yield event.first(_SHOWN)
                sink.write(event.lines)
            elif isinstance(event, ChunkDone):
                stack.close()
                if sink is None and output.exists:
                    output.store.delete(output.key)  # the chunk has changed
                yield replace(event, output=output.key if sink else None)
            else:
                yield event


def _cutter(task: ScanTask, matcher: Matcher) -> Callable[[Block], tuple[bytes, int]]:
    """What is wanted of a block, and how many of its records match."""
    wanted = task.wanted
    if task.count_only:
        return lambda block: (b"", matcher.count(block))
    if wanted.fingerprints:
        from tui.scan.duplicates import fingerprint  # hashing takes a library that few scans need

        return lambda block: (b"".join(map(fingerprint, block.records())), block.count())
    if wanted.fields is not None:
        from tui.scan.projection import projection  # parsing takes libraries that few scans need

        project = projection(wanted.fields)
        counted = task.filter.invert and any(term.kind == "match" for term in task.filter.active)

        def projected(block: Block) -> tuple[bytes, int]:
            lines = []
            with block.view() as view:
                for start, end in matcher.spans(block):
                    try:
                        lines.append(project(bytes(view[start:end])) + b"\n")
                    except NotJsonError:  # left out; an inverted JMESPath term has counted it
                        matcher.not_json += not counted
            return b"".join(lines), len(lines)

        return projected
    if wanted.before or wanted.after:
        context = Context(wanted.before, wanted.after, separated=wanted.separated)
        return lambda block: context.lines(block, matcher)
    return lambda block: matching_lines(block, matcher)


def matching_lines(block: Block, matcher: Matcher) -> tuple[bytes, int]:
    """The matching lines of a block as one piece, each with a newline, and how many they are."""
    if matcher.selects_all:
        return _ended(bytes(block.view())), block.count()
    pieces: list[bytes] = []
    found = 0
    first = last = -1  # neighbours are cut out together
    with block.view() as view:
        for start, end in matcher.spans(block):
            found += 1
            if start == last:
                last = end + 1
                continue
            if last > first:
                pieces.append(bytes(view[first:last]))
            first, last = start, end + 1
        if last > first:
            pieces.append(_ended(bytes(view[first:last])))
    return b"".join(pieces), found


def _ended(lines: bytes) -> bytes:
    """The chunk's last line may lack its newline."""
    return lines if lines.endswith(b"\n") else lines + b"\n"
