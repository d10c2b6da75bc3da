"""Yield matches in order (hour, key, line), whichever chunk finishes first, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import IO

from tui.archive import Chunk
from tui.archive.writer import LinesFile
from tui.scan.events import ChunkDone, ChunkKept, ChunkRestarted, Matches, ScanEvent

_MEMORY_BYTES = 16 << 20  # of matches that wait for their turn; the rest waits on disk


class _Waiting:
    """The matches that wait for their chunk's turn, in one file."""

    def __init__(self, spool: IO[bytes]) -> None:
        self._spool = spool
        self._end = 0
        self._places: dict[str, list[tuple[int, int]]] = {}

    def add(self, event: Matches) -> None:
        self._spool.seek(self._end)
        self._spool.write(event.lines)
        self._places.setdefault(event.chunk.key, []).append((self._end, len(event.lines)))
        self._end += len(event.lines)

    def drop(self, chunk: Chunk) -> None:
        """Drop the matches of a chunk. Their space is reused once no matches wait."""
        self._places.pop(chunk.key, None)

    def drain(self, chunk: Chunk) -> Iterator[Matches]:
        for offset, size in self._places.pop(chunk.key, ()):
            self._spool.seek(offset)
            yield Matches(chunk, self._spool.read(size))
        if not self._places:
            self._spool.seek(0)
            self._spool.truncate()
            self._end = 0


def first_matches(events: Iterable[ScanEvent], limit: int) -> Iterator[ScanEvent]:
    """Yield events up to match number `limit`. The matches must be in order, and one line each."""
    chunk, given = "", 0  # the current chunk, and its matches so far
    for event in events:
        if isinstance(event, ChunkRestarted) and event.chunk.key == chunk:
            limit, given = limit + given, 0
        if not isinstance(event, Matches):
            yield event
            continue
        if event.chunk.key != chunk:
            chunk, given = event.chunk.key, 0
        first = event.first(limit)
        count = first.lines.count(b"\n")
        limit, given = limit - count, given + count
        yield first
        if not limit:
            return


def written_to(file: LinesFile, events: Iterable[ScanEvent]) -> Iterator[ScanEvent]:
    """Write the matches, which must be in order, to a file, and pass on all events."""
    chunk = ""
    for event in events:
        if isinstance(event, Matches):
            if event.chunk.key != chunk:
                file.mark()
                chunk = event.chunk.key
            file.write(event.lines)
        elif isinstance(event, ChunkRestarted) and event.chunk.key == chunk:
            file.rewind()
        yield event


def in_order(events: Iterable[ScanEvent], chunks: Sequence[Chunk]) -> Iterator[ScanEvent]:
    """Pass on all events at once, except Matches, which are passed on in the order of `chunks`.

    Matches of the current chunk pass straight through; the others wait, up to 16 MB in memory, then on disk.
    """
    import tempfile  # not needed to count

    turn = 0
    done: set[str] = set()
    with tempfile.SpooledTemporaryFile(_MEMORY_BYTES) as spool:
        waiting = _Waiting(spool)
        for event in events:
            if isinstance(event, Matches) and event.chunk.key != chunks[turn].key:
                waiting.add(event)
                continue
            if isinstance(event, ChunkRestarted) and event.chunk.key != chunks[turn].key:
                waiting.drop(event.chunk)
            yield event
            if isinstance(event, ChunkDone | ChunkKept):
                done.add(event.chunk.key)
            while turn < len(chunks) and chunks[turn].key in done:
                turn += 1
                if turn < len(chunks):
                    yield from waiting.drain(chunks[turn])
        for chunk in chunks[turn:]:  # the scan was stopped: still yield what was found
            yield from waiting.drain(chunk)
