"""Matches in the one order, whatever finished first, in bounded memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from typing import IO

from tui.archive import Chunk
from tui.scan.events import ChunkDone, ChunkKept, Matches, ScanEvent

_IN_MEMORY = 1 << 20  # of the matches of a chunk whose turn has not come; the rest waits on disk


class _Waiting:
    """The matches of a chunk whose turn has not come."""

    def __init__(self, spool: IO[bytes]) -> None:
        self._spool = spool
        self._sizes: list[int] = []

    def add(self, lines: bytes) -> None:
        self._spool.write(lines)
        self._sizes.append(len(lines))

    def drain(self) -> Iterator[bytes]:
        self._spool.seek(0)
        yield from (self._spool.read(size) for size in self._sizes)
        self._spool.close()


def in_order(events: Iterable[ScanEvent], chunks: Sequence[Chunk]) -> Iterator[ScanEvent]:
    """Pass everything on at once, but Matches by the order of `chunks`.

    Those of the chunk whose turn it is pass straight through; the others wait, in memory up to 1 MB each, then on disk.
    """
    turn = 0
    done: set[str] = set()
    waiting: dict[str, _Waiting] = {}
    with ExitStack() as stack:
        for event in events:
            if isinstance(event, Matches) and event.chunk.key != chunks[turn].key:
                if event.chunk.key not in waiting:
                    waiting[event.chunk.key] = _Waiting(stack.enter_context(tempfile.SpooledTemporaryFile(_IN_MEMORY)))
                waiting[event.chunk.key].add(event.lines)
                continue
            yield event
            if isinstance(event, ChunkDone | ChunkKept):
                done.add(event.chunk.key)
            while turn < len(chunks) and chunks[turn].key in done:
                turn += 1
                if turn < len(chunks) and (mine := waiting.pop(chunks[turn].key, None)):
                    yield from (Matches(chunks[turn], lines) for lines in mine.drain())
        for chunk in chunks[turn:]:  # cut short: what was found stays
            if mine := waiting.pop(chunk.key, None):
                yield from (Matches(chunk, lines) for lines in mine.drain())
