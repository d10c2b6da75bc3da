"""Plan what a scan will read."""

from __future__ import annotations

import os
import resource
import shutil
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path

from tui.archive import Archive, Chunk, empty_range
from tui.archive.listing import Listing
from tui.archive.store import is_s3
from tui.filter import Filter
from tui.scan.excerpt import Excerpt
from tui.units import size

_WORTH_PROCESSES = 16 << 20  # bytes to fetch; about half a second of work
# Bytes to fetch on more than two cores, for any kind of work: threads that only inflate and search hold the GIL for an
# eighth of their time. Two threads are still 2 % faster than two processes; sixteen threads lose half of their time.
_WORTH_PROCESSES_ALWAYS = 768 << 20
_S3_JOBS = 16  # enough to hide a request's latency while other chunks are inflated
_MUCH = 10 * 10**9  # bytes to fetch, above which the user is asked
_MANY = 1 << 20  # jobs, if nothing limits them
_LARGE = 4 << 20  # bytes; fetching a larger chunk takes longer than the request's latency
_S3_JOBS_PER_CORE = 4  # for large chunks: a connection has some 60 MB/s, a core inflates some 215 MB/s of gzip


@dataclass(frozen=True)
class ScanPlan:
    """Hours × filter: the chunks of [start, stop), or of several `ranges` inside it, by hour, then key."""

    archive: Archive
    start: datetime | None
    stop: datetime | None
    filter: Filter
    chunks: tuple[Chunk, ...]
    excerpt: Excerpt = field(default_factory=Excerpt)
    unmatched: tuple[str, ...] = ()  # keys that the layout does not fit; they are not read
    ranges: tuple[tuple[datetime, datetime], ...] = ()
    notes: tuple[str, ...] = ()  # on the times of its records, from a sample

    @cached_property
    def hours(self) -> int:
        return len({chunk.hour for chunk in self.chunks})

    @cached_property
    def bytes_compressed(self) -> int:
        """Bytes to fetch."""
        return sum(chunk.size for chunk in self.chunks)

    @property
    def wants_processes(self) -> bool:
        """True if threads would block each other, and there is enough to read to be worth starting processes.

        A search in S3 mostly waits for the network, so it uses threads.
        """
        searches_folder = self.filter.active and not is_s3(self.archive.store.url)
        if searches_folder and self.cores > 2 and self.bytes_compressed > _WORTH_PROCESSES_ALWAYS:
            return True
        holds_lock = any(term.compiled.holds_lock for term in self.filter.active)
        excerpt = self.excerpt
        for_each_record = excerpt.fields is not None or excerpt.fingerprints or excerpt.measure is not None
        for_each_record = for_each_record or self.filter.within is not None
        return (holds_lock or for_each_record) and self.bytes_compressed > _WORTH_PROCESSES

    @property
    def cores(self) -> int:
        """The number of processors that this process may use."""
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

    @property
    def default_jobs(self) -> int:
        """Chunks to scan in parallel: one per core for a folder; more for S3, where each request is slow."""
        jobs = self.cores
        if is_s3(self.archive.store.url):
            large = self.bytes_compressed > _LARGE * len(self.chunks)
            jobs = max(jobs, min(_S3_JOBS, jobs * _S3_JOBS_PER_CORE) if large else _S3_JOBS)
        return max(1, min(jobs, len(self.chunks), _room_for_files()))


def reasons_to_ask(plan: ScanPlan, out: str, share: float | None = None) -> list[str]:
    """Return reasons to ask the user before a scan into `out` (empty: it keeps nothing); empty if there are none.

    `share`: the estimated fraction of records that match; None if unknown, when all may match.
    """
    share = 1.0 if share is None else share
    reasons = [] if plan.filter.words() or not out else ["it keeps every record"]
    if plan.bytes_compressed > _MUCH:
        reasons.append(f"it reads {size(plan.bytes_compressed)}")
    free = _free_bytes(out) if out and not is_s3(out) else None
    if free is not None and plan.bytes_compressed * share > free:
        reasons.append(f"it may write {size(plan.bytes_compressed * share)}, but only {size(free)} are free")
    return reasons


def _free_bytes(out: str) -> int | None:
    """Return the free bytes on the disk of a future file or folder; None if unknown."""
    place = Path(out).expanduser().absolute()
    try:
        return shutil.disk_usage(next(path for path in (place, *place.parents) if path.exists())).free
    except OSError:  # the error is reported when it is written
        return None


def _room_for_files() -> int:
    """Return the most jobs that the limit of open files allows: each opens up to 3, the rest of the program some 30."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return (limit - 40) // 3 if limit != resource.RLIM_INFINITY else _MANY


def plan_scan(
    archive: Archive,
    start: datetime | None,
    stop: datetime | None,
    filter: Filter,  # noqa: A002
    excerpt: Excerpt | None = None,
    listing: Listing | None = None,
) -> ScanPlan:
    """List the range, or use a recent listing. ArchiveError, with the existing hours, if there is no chunk."""
    catalog = archive.catalog(start, stop, listing)
    chunks = catalog.chunks
    if not chunks and not (archive.extract and catalog.first is None):  # an extract may be empty
        raise empty_range(archive, start, stop)
    return ScanPlan(archive, start, stop, filter, chunks, excerpt or Excerpt(), catalog.unmatched)
