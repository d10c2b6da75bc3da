"""The first records of some chunks: a sample that a few small requests bring."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import islice

from tui.archive import Archive, Chunk, ChunkReader
from tui.archive.streams import ReadCancelled
from tui.errors import ArchiveError
from tui.scan.estimate import stratified

_FIRST_RANGE = 64 << 10  # bytes of the first request: 256 KiB of lines or so, which tell the form of the records


def heads(
    archive: Archive,
    chunks: Sequence[Chunk],
    *,
    most: int,
    records: int,
    first_range: int = _FIRST_RANGE,
    cancelled: Callable[[], bool] = lambda: False,
) -> Iterator[tuple[Chunk, list[bytes]]]:
    """At most `records` first records of each of at most `most` chunks, spread over the range.

    `first_range`: bytes that are asked for at first. What cannot be read is left out: whoever reads the whole chunk
    reports it.
    """
    for chunk in stratified(chunks, most, 0):
        yield chunk, _head(archive, chunk, records, first_range, cancelled)


def _head(archive: Archive, chunk: Chunk, most: int, first_range: int, cancelled: Callable[[], bool]) -> list[bytes]:
    head: list[bytes] = []
    with (
        suppress(ArchiveError, ReadCancelled),
        ChunkReader(
            archive.store.stepwise(first_range),
            chunk.key,
            etag=chunk.etag,
            cancelled=cancelled,
            reading=archive.reading,
        ) as reader,
    ):
        for block in reader.blocks():
            head += islice(block.records(), most - len(head))
            if len(head) >= most:
                break
    return head
