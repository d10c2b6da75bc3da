"""Why a scan may have matched nothing: hints from the types in a bounded sample of what it read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING

from tui.archive import Archive, Chunk, ChunkReader
from tui.archive.reader import ReadCancelled
from tui.errors import ArchiveError
from tui.filter import Filter
from tui.scan.estimate import stratified

if TYPE_CHECKING:
    from tui.filter.hints import FieldSample

_CHUNKS = 4
_RECORDS = 200  # of each


def hints_for(
    archive: Archive,
    chunks: Sequence[Chunk],
    filter: Filter,  # noqa: A002
    *,
    matched: bool,
    cancelled: Callable[[], bool] = lambda: False,
) -> list[str]:
    """Sentences about likely slips of a filter that `chunks` were scanned with; the heads of at most four are read.

    `matched`: the scan had a match. Then nothing is read, unless the filter has a form that matches by mistake, as
    `event == "error"` does where both are missing.
    """
    if (
        not chunks
        or not filter.active
        or (matched and all(term.kind not in ("match", "file") for term in filter.active))
    ):
        return []
    from tui.filter.hints import FieldSample, hints, may_mislead  # only where there may be something to say

    if matched and not may_mislead(filter):
        return []
    sample = FieldSample()
    for chunk in stratified(chunks, _CHUNKS, 0):
        _feed(sample, archive, chunk, cancelled)
    return [] if cancelled() else [f"hint: {hint}" for hint in hints(filter, sample, matched=matched)]


def _feed(sample: FieldSample, archive: Archive, chunk: Chunk, cancelled: Callable[[], bool]) -> None:
    """The first records of a chunk. What cannot be read is left out: the scan has reported it."""
    left = _RECORDS
    with (
        suppress(ArchiveError, ReadCancelled),
        ChunkReader(archive.store, chunk.key, etag=chunk.etag, cancelled=cancelled, reading=archive.reading) as reader,
    ):
        for block in reader.blocks():
            records = list(islice(block.records(), left))
            sample.feed(records)
            left -= len(records)
            if left <= 0:
                return
