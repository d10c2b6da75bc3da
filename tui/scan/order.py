"""Matches in the one order, whatever finished first, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import IO

from tui.archive import Chunk
from tui.archive.writer import LinesFile
from tui.scan.events import ChunkDone, ChunkKept, ChunkRestarted, Matches, ScanEvent

_MEMORY_BYTES = 16 << 20  # of the matches of all chunks whose turn has not come; the rest waits on disk


class _Waiting:
    """The matches of the chunks whose turn has not come, in one file."""

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
        """Forget what was found in a chunk; its room is used again when nothing waits any more."""
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
    """The events up to the match number `limit`, of matches in order that are a line each; then it ends."""
    chunk, given = "", 0  # of the chunk whose turn it is
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
    """Write the matches, which come in order, to a file, and pass all events on."""
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
    """Pass everything on at once, but Matches by the order of `chunks`.

    Those of the chunk whose turn it is pass straight through; the others wait, in memory up to 16 MB, then on disk.
    """
    import tempfile  # counting does without

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
        for chunk in chunks[turn:]:  # cut short: what was found stays
            yield from waiting.drain(chunk)
