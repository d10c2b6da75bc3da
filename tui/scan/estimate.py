"""What a scan will find, take and cost, from a bounded sample: the first bytes of a stratified choice of chunks."""

from __future__ import annotations

import io
import math
import random
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, BinaryIO, cast

from tui.archive import Chunk, ChunkReader, Damage
from tui.archive.store import Store, is_s3
from tui.config import Prices
from tui.scan.plan import ScanPlan

SAMPLE_CHUNKS = 64
SAMPLE_BYTES = 1 << 18  # of each, as stored
_LIST_PAGE = 1000  # keys a ListObjectsV2 answers with
_CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Estimate:
    """Expected matches with a 95 % interval; bytes and requests to fetch; seconds at the sample's speed; dollars.

    `sampled` records of `sampled_chunks` chunks were read. `exact` says that the sample was everything. `requests` and
    the costs are zero for a folder. `transfer_dollars` is what it costs out of AWS; within the region it is free.
    """

    matches: int
    low: int
    high: int
    records: int
    bytes_compressed: int
    seconds: float
    sampled: int
    sampled_chunks: int
    exact: bool
    requests: int = 0
    request_dollars: float = 0.0
    transfer_dollars: float = 0.0


@dataclass(frozen=True, slots=True)
class _Sample:
    """One chunk's beginning. `share` of its stored bytes were read."""

    chunk: Chunk
    share: float
    records: int
    matches: int


def estimate(plan: ScanPlan, *, prices: Prices | None = None, jobs: int | None = None, seed: int = 0) -> Estimate:
    """Read the sample and reckon; at most 64 chunks × 256 KiB are fetched."""
    chosen = stratified(plan.chunks, SAMPLE_CHUNKS, seed)
    began = time.perf_counter()
    samples = [_sample(plan, chunk) for chunk in chosen]
    seconds = time.perf_counter() - began
    found, low, high, records = _reckon(plan, samples)
    fetched = sum(sample.chunk.size * sample.share for sample in samples)
    speed = fetched / seconds if seconds > 0 else math.inf
    workers = min(jobs or plan.default_jobs, plan.cores)
    exact = len(samples) == len(plan.chunks) and all(sample.share == 1 for sample in samples)
    gets = len(plan.chunks) if is_s3(plan.archive.store.url) else 0
    lists = math.ceil(gets / _LIST_PAGE)
    prices = prices or Prices()
    return Estimate(
        matches=round(found),
        low=math.floor(low),
        high=math.ceil(high),
        records=round(records),
        bytes_compressed=plan.bytes_compressed,
        seconds=plan.bytes_compressed / (speed * workers) if speed else 0.0,
        sampled=sum(sample.records for sample in samples),
        sampled_chunks=len(samples),
        exact=exact,
        requests=gets + lists,
        request_dollars=(gets * prices.get_per_1000 + lists * prices.list_per_1000) / 1000,
        transfer_dollars=plan.bytes_compressed / 1e9 * prices.transfer_per_gb if gets else 0.0,
    )


def stratified(chunks: Sequence[Chunk], most: int, seed: int) -> list[Chunk]:
    """One chunk at random of each of `most` equal stretches of the range, so that no day is left out."""
    if len(chunks) <= most:
        return list(chunks)
    source = random.Random(seed)
    edges = [round(index * len(chunks) / most) for index in range(most + 1)]
    return [chunks[source.randrange(first, stop)] for first, stop in pairwise(edges)]


def _sample(plan: ScanPlan, chunk: Chunk) -> _Sample:
    """The whole lines of a chunk's first bytes. To the reader it is a chunk that was torn there."""
    matcher = plan.filter.matcher()
    records = matches = 0
    head = cast(Store, _Head(plan.archive.store, SAMPLE_BYTES))
    with suppress(Damage), ChunkReader(head, chunk.key, etag=chunk.etag) as reader:
        for block in reader:
            records += block.count()
            matches += block.count() if matcher.selects_all else sum(1 for _ in matcher.spans(block))
    share = min(1.0, SAMPLE_BYTES / chunk.size) if chunk.size else 1.0
    return _Sample(chunk, share, records, matches)


def _reckon(plan: ScanPlan, samples: Sequence[_Sample]) -> tuple[float, float, float, float]:
    """Matches, the interval's ends, and records, of the whole plan.

    A ratio estimator over stored bytes, with the spread between chunks (Cochran, Sampling Techniques, §6.4). A rare
    cluster can miss every sampled chunk, so the upper end also allows for as many chunks as could have hidden
    (1 - 0.05^(1/n) of them) being as dense as the densest seen; or all matching, where nothing was seen.
    """
    read = [max(sample.chunk.size * sample.share, 1.0) for sample in samples]
    total, size = float(plan.bytes_compressed), sum(read)
    seen = sum(sample.matches for sample in samples)
    if total <= size:
        records = float(sum(sample.records for sample in samples))
        return seen, seen, seen, records
    records = total * sum(sample.records for sample in samples) / size
    found = total * seen / size
    count = len(samples)
    ratio = seen / size
    squares = sum((sample.matches - ratio * bytes_) ** 2 for sample, bytes_ in zip(samples, read, strict=True))
    unread = 1 - size / total
    spread = total / (size / count) * math.sqrt(unread * squares / (count * max(count - 1, 1)))
    densest = max((sample.matches / max(sample.records, 1) for sample in samples), default=0.0) or 1.0
    hidden = 1 - (1 - _CONFIDENCE) ** (1 / count)
    low = max(float(seen), found - 2 * spread)
    high = max(found + 2 * spread, found + hidden * unread * records * densest)
    return found, low, min(high, max(records, seen)), records


class _Head:
    """A store whose objects end after `limit` bytes."""

    def __init__(self, store: Store, limit: int) -> None:
        self._store = store
        self._limit = limit

    def open(self, key: str, *, start: int = 0, etag: str | None = None) -> BinaryIO:
        return cast(BinaryIO, _HeadStream(self._store.open(key, start=start, etag=etag), self._limit - start))


class _HeadStream(io.RawIOBase):
    def __init__(self, raw: BinaryIO, left: int) -> None:
        super().__init__()
        self._raw = raw
        self._left = left

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        count: int = self._raw.readinto(memoryview(buffer)[: self._left])  # type: ignore[attr-defined]
        self._left -= count
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()
