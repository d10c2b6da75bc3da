"""Scanning one chunk: the unit of work. Idempotent; it tells through `emit` and looks at `cancelled` between blocks."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import BinaryIO

from tui.archive import Block, Chunk, ChunkReader, Damage
from tui.archive.store import Store
from tui.archive.writer import object_of_lines
from tui.errors import ArchiveError
from tui.filter import Filter, Matcher
from tui.scan.events import ChunkDamaged, ChunkDone, ChunkStarted, Counts, Matches, Progress, ScanEvent

PROGRESS_INTERVAL = 0.1  # seconds
_SHOWN = 20  # matches of a chunk that are told while an extract takes them all

Emit = Callable[[ScanEvent], None]


@dataclass(frozen=True, slots=True)
class Output:
    """Where a task writes its matches: a key of a store, replaced if it is there."""

    store: Store
    key: str


@dataclass(frozen=True, slots=True)
class ScanTask:
    """One chunk × filter. Matches go to `output`, or are told, or (`count_only`) are neither."""

    store: Store
    chunk: Chunk
    filter: Filter
    output: Output | None = None
    count_only: bool = False


def scan_chunk(task: ScanTask, emit: Emit, cancelled: Callable[[], bool]) -> None:
    """Read, filter, and write or tell. What cannot be read is told as damage; OutputError is raised."""
    chunk = task.chunk
    emit(ChunkStarted(chunk))
    with ExitStack() as stack:
        run = _Run(task, emit, cancelled, stack)
        try:
            with ChunkReader(task.store, chunk.key, etag=chunk.etag) as reader:
                run.read(reader)
        except Damage as damage:
            emit(ChunkDamaged(chunk, damage.offset, damage.reason))
        except ArchiveError as error:
            emit(ChunkDamaged(chunk, run.counts.bytes, str(error)))
    if task.output and not run.counts.matches:
        task.output.store.delete(task.output.key)  # of an earlier run, before the chunk changed
    emit(ChunkDone(chunk, run.counts, run.written, run.stopped))


class _Run:
    """The state of one pass."""

    def __init__(self, task: ScanTask, emit: Emit, cancelled: Callable[[], bool], stack: ExitStack) -> None:
        self.task = task
        self.emit = emit
        self.cancelled = cancelled
        self.stack = stack
        self.counts = Counts()
        self.written: str | None = None
        self.stopped = False
        self._sink: BinaryIO | None = None
        self._shown = 0

    def read(self, reader: ChunkReader) -> None:
        matcher = self.task.filter.matcher()
        records = matches = 0
        told = time.monotonic()
        for block in reader:
            records += block.count()
            if self.task.count_only:
                lines, found = b"", count_matches(block, matcher)
            else:
                lines, found = matching_lines(block, matcher)
            matches += found
            self.counts = Counts(reader.bytes_compressed, block.offset + block.end, records, matches, matcher.not_json)
            if lines:
                self._keep(lines, found)
            if self.cancelled():
                self.stopped = True
                return
            if (now := time.monotonic()) - told >= PROGRESS_INTERVAL:
                told = now
                c = self.counts
                self.emit(Progress(self.task.chunk, c.bytes_compressed, c.bytes, c.records, c.matches))

    def _keep(self, lines: bytes, found: int) -> None:
        output = self.task.output
        if output is None:
            self.emit(Matches(self.task.chunk, lines))
            return
        if self._sink is None:
            self._sink = self.stack.enter_context(object_of_lines(output.store, output.key, overwrite=True))
            self.written = output.key
        self._sink.write(lines)
        if self._shown < _SHOWN:
            shown = lines.split(b"\n", _SHOWN - self._shown)[: _SHOWN - self._shown]
            self._shown += found
            self.emit(Matches(self.task.chunk, b"".join(line + b"\n" for line in shown if line)))


def count_matches(block: Block, matcher: Matcher) -> int:
    """How many records of a block match."""
    return block.count() if matcher.selects_all else sum(1 for _ in matcher.spans(block))


def matching_lines(block: Block, matcher: Matcher) -> tuple[bytes, int]:
    """The matching lines of a block as one piece, each with a newline, and how many they are."""
    buffer = block.buffer
    if matcher.selects_all:
        lines = bytes(block.view())
        return (lines if lines.endswith(b"\n") else lines + b"\n"), block.count()
    pieces: list[bytes] = []
    found = 0
    first = last = -1  # neighbours are cut out together
    for start, end in matcher.spans(block):
        found += 1
        if start == last:
            last = end + 1
            continue
        if last > first:
            pieces.append(bytes(buffer[first:last]))
        first, last = start, end + 1
    if last > first:
        pieces.append(bytes(buffer[first : min(last, block.end)]))
        if not pieces[-1].endswith(b"\n"):
            pieces.append(b"\n")  # the chunk's last line may lack it
    return b"".join(pieces), found
