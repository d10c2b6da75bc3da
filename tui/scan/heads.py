"""Sample the first records of some chunks with a few small requests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from itertools import islice, pairwise
from typing import BinaryIO, cast

from tui.archive import Archive, Chunk, ChunkReader
from tui.archive.block import Block
from tui.archive.chunk import Damage
from tui.archive.store import Store
from tui.archive.streams import ReadCancelled
from tui.errors import ArchiveError
from tui.scan.events import ChunkDamaged

_FIRST_RANGE = 64 << 10  # bytes of the first request: about 256 KiB of lines, enough to detect their form


def stratified(chunks: Sequence[Chunk], limit: int, seed: int) -> list[Chunk]:
    """Choose one random chunk from each of `limit` equal parts of the range, so that no day is left out."""
    if len(chunks) <= limit:
        return list(chunks)
    import random  # importing it takes 2 ms, and few ranges are sampled

    source = random.Random(seed)
    edges = [round(index * len(chunks) / limit) for index in range(limit + 1)]
    return [chunks[source.randrange(first, stop)] for first, stop in pairwise(edges)]


def heads(
    archive: Archive,
    chunks: Sequence[Chunk],
    *,
    limit: int,
    records: int,
    only: int | None = None,
    cancelled: Callable[[], bool] = lambda: False,
    report: Callable[[ChunkDamaged], object] = lambda damaged: None,
) -> Iterator[tuple[Chunk, list[bytes]]]:
    """Yield up to `records` first records of each of up to `limit` chunks, spread over the range.

    `only`: read only this many first bytes of a chunk, in one request. `report` is called with each part that cannot be
    read; where `only` cuts a chunk, nothing is known about the rest.
    """
    for chunk in stratified(chunks, limit, 0):
        head: list[bytes] = []
        try:
            for item in _head(archive, chunk, records, only, cancelled):
                if not isinstance(item, Damage):
                    head += item
                elif only is None:
                    report(ChunkDamaged(chunk, item))
        except ArchiveError as error:
            report(ChunkDamaged(chunk, Damage(0, chunk.size, str(error)), unread=True))
        except ReadCancelled:
            pass
        yield chunk, head


def _head(
    archive: Archive, chunk: Chunk, records: int, only: int | None, cancelled: Callable[[], bool]
) -> Iterator[list[bytes] | Damage]:
    """Yield the first records of a chunk and the damage among them."""
    store = cast(Store, _Beginnings(archive.store, only)) if only else archive.store.stepwise(_FIRST_RANGE)
    with ChunkReader(store, chunk.key, etag=chunk.etag, cancelled=cancelled, reading=archive.reading) as reader:
        for item in reader.results(lambda: lambda block: block, hold=0):
            if isinstance(item, Block):
                head = list(islice(item.records(), records))
                records -= len(head)
                yield head
            elif item is not None:
                yield item
            if records <= 0:
                return


@dataclass(frozen=True, slots=True)
class _Beginnings:
    """A store of the first `size` bytes of each object, fetched once. Its readers see nothing else."""

    store: Store
    size: int
    fetched: dict[str, bytes] = field(default_factory=dict)

    def open(self, key: str, *, start: int = 0, etag: str | None = None) -> BinaryIO:
        """Open the bytes from memory, after fetching them once."""
        if key not in self.fetched:
            pieces, left = [], self.size
            with self.store.stepwise(left).open(key, etag=etag) as stream:
                while left and (piece := stream.read(left)):
                    pieces.append(piece)
                    left -= len(piece)
            self.fetched[key] = b"".join(pieces)
        return BytesIO(self.fetched[key][start:])
