"""Read all of a range and report its counts, damage, gaps and duplicate records."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from tui.archive import Archive
from tui.filter import Filter
from tui.scan.duplicates import Fingerprints
from tui.scan.engine import run_plan
from tui.scan.events import ChunkRestarted, Matches, ScanEvent
from tui.scan.excerpt import Excerpt
from tui.scan.plan import ScanPlan, plan_scan


@dataclass(frozen=True, slots=True)
class Verified:
    """The result. `copies`: records that also occur earlier, by the later one's hour. `complete`: not cancelled."""

    copies: dict[datetime, int]
    complete: bool

    @property
    def duplicates(self) -> int:
        return sum(self.copies.values())


def plan_verify(archive: Archive, start: datetime | None, stop: datetime | None) -> ScanPlan:
    """Plan to read all records of [start, stop). ArchiveError if there is no chunk."""
    return plan_scan(archive, start, stop, Filter(), Excerpt(fingerprints=True))


def verify(
    plan: ScanPlan, *, jobs: int | None = None, cancel: threading.Event | None = None
) -> Iterator[ScanEvent | Verified]:
    """Read everything; yield the events of a scan, except matches, then one Verified.

    Memory is bounded; up to 20 bytes per record go to the folder for temporary files ($TMPDIR).
    """
    cancel = cancel or threading.Event()
    readings = {chunk.key: 2 * number for number, chunk in enumerate(plan.chunks)}  # a chunk may be read twice
    with Fingerprints() as fingerprints:
        for event in run_plan(plan, jobs=jobs, cancel=cancel, strict=True):
            if isinstance(event, ChunkRestarted):
                fingerprints.drop(readings[event.chunk.key])
                readings[event.chunk.key] += 1
            if isinstance(event, Matches):
                fingerprints.add(readings[event.chunk.key], bytes(event.lines))
            else:
                yield event
        copies: Counter[datetime] = Counter()
        for reading, count in fingerprints.copies().items():
            copies[plan.chunks[reading // 2].hour] += count
    yield Verified(dict(sorted(copies.items())), complete=not cancel.is_set())
