"""What a scan will read, before it reads anything."""

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
# Bytes to fetch on more than two cores, whatever the work is: threads that only inflate and search hold Python's lock
# for an eighth of their time. Two threads are still 2 % faster than two processes; sixteen lose half of their time.
_WORTH_PROCESSES_ALWAYS = 768 << 20
_S3_JOBS = 16  # enough to hide a request's latency behind the inflating of the others
_MUCH = 10 * 10**9  # bytes to fetch that nobody reads by mistake
_MANY = 1 << 20  # jobs, where nothing limits them
_LARGE = 4 << 20  # bytes of a chunk that takes longer to fetch than to ask for
_S3_JOBS_PER_CORE = 4  # of large chunks: a connection brings some 60 MB/s, a core inflates some 215 MB/s of gzip


@dataclass(frozen=True)
class ScanPlan:
    """Hours × filter: the chunks of [start, stop), by hour, then key; of `ranges` within it, if there are several."""

    archive: Archive
    start: datetime | None
    stop: datetime | None
    filter: Filter
    chunks: tuple[Chunk, ...]
    excerpt: Excerpt = field(default_factory=Excerpt)
    unmatched: tuple[str, ...] = ()  # keys that the layout does not fit: they are left out
    ranges: tuple[tuple[datetime, datetime], ...] = ()
    notes: tuple[str, ...] = ()  # about the times of its records, from a sample

    @cached_property
    def hours(self) -> int:
        return len({chunk.hour for chunk in self.chunks})

    @cached_property
    def bytes_compressed(self) -> int:
        """Bytes to fetch."""
        return sum(chunk.size for chunk in self.chunks)

    @property
    def wants_processes(self) -> bool:
        """Would threads wait for each other, and is there enough to read to make up for starting processes?

        A search in S3 waits for the network instead.
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
        """The processors that this process may use."""
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

    @property
    def default_jobs(self) -> int:
        """Chunks at a time: one job per core for a folder; more for S3, whose requests and connections are slow."""
        jobs = self.cores
        if is_s3(self.archive.store.url):
            large = self.bytes_compressed > _LARGE * len(self.chunks)
            jobs = max(jobs, min(_S3_JOBS, jobs * _S3_JOBS_PER_CORE) if large else _S3_JOBS)
        return max(1, min(jobs, len(self.chunks), _room_for_files()))


def reasons_to_ask(plan: ScanPlan, out: str, share: float | None = None) -> list[str]:
    """Why a person is asked before a scan into `out` (empty: it keeps nothing) begins; nothing where nobody is.

    `share`: of the records that match, if that was estimated; else all of them may.
    """
    share = 1.0 if share is None else share
    reasons = [] if plan.filter.words() or not out else ["it keeps every record"]
    if plan.bytes_compressed > _MUCH:
        reasons.append(f"it reads {size(plan.bytes_compressed)}")
    free = _free_bytes(out) if out and not is_s3(out) else None
    if free is not None and plan.bytes_compressed * share > free:
        reasons.append(f"it may write {size(plan.bytes_compressed * share)}, and {size(free)} are free")
    return reasons


def _free_bytes(out: str) -> int | None:
    """On the disk that a file or folder will be on."""
    place = Path(out).expanduser().absolute()
    try:
        return shutil.disk_usage(next(path for path in (place, *place.parents) if path.exists())).free
    except OSError:  # what is wrong there is reported when it is written
        return None


def _room_for_files() -> int:
    """The jobs that the limit of open files has room for: each opens two or three, the rest of the program some 30."""
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
    """List the range, or take it from a listing just made; ArchiveError, which says what there is, for no chunk."""
    catalog = archive.catalog(start, stop, listing)
    chunks = catalog.chunks
    if not chunks and not (archive.extract and catalog.first is None):  # an extract of nothing is one all the same
        raise empty_range(archive, start, stop)
    return ScanPlan(archive, start, stop, filter, chunks, excerpt or Excerpt(), catalog.unmatched)
