"""Estimate a scan's matches, time and cost from a bounded sample: the first bytes of a stratified choice of chunks."""

from __future__ import annotations

import io
import math
import time
from collections.abc import Callable, Container, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import BinaryIO, cast

from tui.archive import Chunk, ChunkReader, Damage
from tui.archive.store import Store, is_s3
from tui.config import Prices
from tui.errors import ArchiveError
from tui.filter import Filter
from tui.scan.events import Known
from tui.scan.heads import stratified
from tui.scan.plan import ScanPlan

SAMPLE_CHUNKS = 64
SAMPLE_BYTES = 1 << 18  # of each chunk, as stored
_SAMPLES_AT_ONCE = 8  # samples from S3 in parallel, as each waits for its response
_KEYS_PER_LIST = 1000  # keys per ListObjectsV2 request
_CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Estimate:
    """Expected matches with a 95 % interval; bytes and requests to fetch; seconds at the sample's speed; dollars.

    `sampled` records of `sampled_chunks` chunks were read; `unread` sampled chunks could not be read. `exact`: the
    sample was everything. `requests` and the costs are zero for a folder. `transfer_dollars` is the cost of transfer
    out of AWS; within the region it is free. `indexed` chunks need not be fetched, because the index has their counts.
    Of these and the sample, `damaged` chunks can only be read partly, and `not_json` records cannot be tested by a
    JMESPath term.
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
    unread: int = 0
    indexed: int = 0
    damaged: int = 0
    not_json: int = 0

    @property
    def understood(self) -> bool:
        """True if all of the sample was read and tested, as were the chunks in the index."""
        return not (self.unread or self.damaged or self.not_json)

    @property
    def every(self) -> bool:
        """True if every record of the sample matched."""
        return 0 < self.records == self.matches


@dataclass(frozen=True, slots=True)
class _ChunkSample:
    """The beginning of a chunk. `share`: the fraction of its stored bytes that was read. `damaged`: it was read to its
    end and is damaged.

    Seconds: `asking` until the archive responded, `reading` the bytes, and `working` on them.
    """

    chunk: Chunk
    share: float
    records: int
    matches: int
    asking: float
    reading: float
    working: float
    damaged: bool
    not_json: int

    @property
    def fetched(self) -> float:
        return self.chunk.size * self.share


def estimate(
    plan: ScanPlan,
    *,
    prices: Prices | None = None,
    jobs: int | None = None,
    seed: int = 0,
    known: Callable[[Chunk, Filter], Known | None] | None = None,
    keeps: bool = False,
) -> Estimate:
    """Read the sample and compute the estimate. Fetches at most 64 chunks × 256 KiB. ArchiveError if none is readable.

    `known` returns the counts of a chunk if they are known, so that it need not be sampled, else None. `keeps`: the
    scan keeps the matches, so it must read known chunks that have some.
    """
    answers = {chunk.key: answer for chunk in plan.chunks if known and (answer := known(chunk, plan.filter))}
    counts = [answer.counts for answer in answers.values()]
    known_matches = sum(count.matches for count in counts)
    unknown = _without(plan, answers)
    fetched = _without(plan, {key for key, answer in answers.items() if not (keeps and answer.counts.matches)})
    chosen = stratified(unknown.chunks, SAMPLE_CHUNKS, seed)
    samples = _samples(plan, chosen)
    speed = samples or _samples(plan, stratified(fetched.chunks, _SAMPLES_AT_ONCE, seed))
    matches, low, high, records = _extrapolate(unknown, samples)
    expected = Estimate(
        matches=known_matches + round(matches),
        low=known_matches + math.floor(low),
        high=known_matches + math.ceil(high),
        records=sum(count.records for count in counts) + round(records),
        bytes_compressed=fetched.bytes_compressed,
        seconds=_seconds(fetched, speed, jobs or plan.default_jobs),
        sampled=sum(sample.records for sample in samples),
        sampled_chunks=len(samples),
        exact=len(samples) == len(unknown.chunks) and all(sample.share == 1 for sample in samples),
        unread=len(chosen) - len(samples),
        indexed=len(plan.chunks) - len(fetched.chunks),
        damaged=sum(sample.damaged for sample in samples) + sum(bool(answer.damage) for answer in answers.values()),
        not_json=sum(sample.not_json for sample in samples) + sum(count.not_json for count in counts),
    )
    return _with_costs(expected, fetched, prices or Prices())


def _without(plan: ScanPlan, keys: Container[str]) -> ScanPlan:
    return replace(plan, chunks=tuple(chunk for chunk in plan.chunks if chunk.key not in keys))


def _with_costs(expected: Estimate, plan: ScanPlan, prices: Prices) -> Estimate:
    """Return the estimate with the number of S3 requests, their cost and the transfer cost in dollars."""
    if not is_s3(plan.archive.store.url):
        return expected
    gets = len(plan.chunks)
    lists = math.ceil(gets / _KEYS_PER_LIST)
    dollars = (gets * prices.get_per_1000 + lists * prices.list_per_1000) / 1000
    transfer = plan.bytes_compressed / 1e9 * prices.transfer_per_gb
    return replace(expected, requests=gets + lists, request_dollars=dollars, transfer_dollars=transfer)


def _samples(plan: ScanPlan, chosen: Sequence[Chunk]) -> list[_ChunkSample]:
    """Sample the chunks that can be read: one chunk in Glacier must not prevent the estimate."""
    refused: list[ArchiveError] = []

    def sample(chunk: Chunk) -> _ChunkSample | None:
        try:
            return _sample(plan, chunk)
        except ArchiveError as error:
            refused.append(error)
            return None

    at_once = _SAMPLES_AT_ONCE if is_s3(plan.archive.store.url) else 1
    with ThreadPoolExecutor(at_once, thread_name_prefix="sample") as pool:
        samples = [head for head in pool.map(sample, chosen) if head]
    if refused and not samples:
        raise refused[0]
    return samples


def _sample(plan: ScanPlan, chunk: Chunk) -> _ChunkSample:
    """Sample the whole lines in a chunk's first bytes. The reader sees a chunk that is cut there."""
    matcher = plan.filter.matcher()
    records = matches = holes = 0
    began = time.perf_counter()
    head, answered = _head(plan.archive.store, chunk)
    read, worked = time.perf_counter(), time.thread_time()
    with ChunkReader(cast(Store, head), chunk.key, reading=plan.archive.reading) as reader:
        for item in reader.results(lambda: lambda block: (block.count(), matcher.count(block)), hold=0):
            if isinstance(item, Damage):
                holes += 1
            elif item is not None:
                records, matches = records + item[0], matches + item[1]
    working = (head.broke or time.thread_time()) - worked
    share = min(1.0, SAMPLE_BYTES / chunk.size) if chunk.size else 1.0
    damaged = holes > 0 and share == 1  # otherwise the end of the sample is the damage
    seconds = answered - began, read - answered, working
    return _ChunkSample(chunk, share, records, matches, *seconds, damaged, matcher.not_json)


def _head(store: Store, chunk: Chunk) -> tuple[_Head, float]:
    """Return the first bytes of a chunk, and when the archive responded."""
    with store.open(chunk.key, etag=chunk.etag) as raw:
        answered = time.perf_counter()
        try:
            return _Head(io.BufferedReader(raw).read(SAMPLE_BYTES)), answered  # type: ignore[type-var]
        except OSError as error:
            raise ArchiveError(f"{chunk.key} cannot be read: {error.strerror or error}") from error


def _seconds(plan: ScanPlan, samples: Sequence[_ChunkSample], jobs: int) -> float:
    """Estimate the seconds: requesting every chunk, then reading and work, limited by the jobs or by the cores."""
    fetched = sum(sample.fetched for sample in samples)
    if not fetched:
        return 0.0
    asking = sum(sample.asking for sample in samples) / len(samples) * len(plan.chunks)
    reading, working = (
        plan.bytes_compressed / fetched * sum(seconds)
        for seconds in ((sample.reading for sample in samples), (sample.working for sample in samples))
    )
    return asking / jobs + max((reading + working) / jobs, working / min(jobs, plan.cores))


def _extrapolate(plan: ScanPlan, samples: Sequence[_ChunkSample]) -> tuple[float, float, float, float]:
    """Return the matches, the ends of their interval, and the records of the whole plan.

    A ratio estimator over stored bytes, with the variance between chunks (Cochran, Sampling Techniques, §6.4). The
    sample may miss a rare cluster, so the upper end also assumes that the largest fraction of chunks that can have been
    missed (1 - 0.05^(1/n)) is as dense as the densest sampled chunk, or matches entirely if no match was seen.
    """
    read = [max(sample.fetched, 1.0) for sample in samples]
    total, size = float(plan.bytes_compressed), sum(read)
    seen = sum(sample.matches for sample in samples)
    if total <= size:
        records = float(sum(sample.records for sample in samples))
        return seen, seen, seen, records
    records = total * sum(sample.records for sample in samples) / size
    expected = total * seen / size
    count = len(samples)
    ratio = seen / size
    squares = sum((sample.matches - ratio * bytes_) ** 2 for sample, bytes_ in zip(samples, read, strict=True))
    unread = 1 - size / total
    spread = total / (size / count) * math.sqrt(unread * squares / (count * max(count - 1, 1)))
    densest = max((sample.matches / max(sample.records, 1) for sample in samples), default=0.0) or 1.0
    hidden = 1 - (1 - _CONFIDENCE) ** (1 / count)
    low = max(float(seen), expected - 2 * spread)
    high = max(expected + 2 * spread, expected + hidden * unread * records * densest)
    return expected, low, min(high, max(records, seen)), records


class _Head:
    """A store of one object: a chunk's first bytes.

    At their end, the reader opens the object again to find the last whole line. A scan does not do that, so `broke`,
    the thread's CPU time at that point, ends the measured work.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._opened = False
        self.broke: float | None = None

    def open(self, key: str, *, start: int = 0, etag: str | None = None) -> BinaryIO:
        if self._opened and self.broke is None:
            self.broke = time.thread_time()
        self._opened = True
        return io.BytesIO(self._data[start:])
