"""A source of eight chunks, scans of it into an extract, and what an extract holds."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tui.archive import ChunkReader, open_archive
from tui.filter import Filter, parse_filter
from tui.scan import (
    ChunkKept,
    ChunkStarted,
    ScanEvent,
    Totals,
    open_extract,
    plan_scan,
    run_plan,
)

KEY = "events.{host}.2015-01-20_{hour:02}.log.gz"


def text_of(hour: int, host: str) -> bytes:
    return b"".join(b'{"n": %d, "hour": %d, "host": "%s"}\n' % (n, hour, host.encode()) for n in range(200))


@dataclass
class Run:
    """The events of one run of a scan into an extract."""

    events: list[ScanEvent]
    totals: Totals = field(default_factory=Totals)

    def __post_init__(self) -> None:
        for event in self.events:
            self.totals.add(event)

    @property
    def read(self) -> list[str]:
        """The chunks that were read, not kept."""
        return sorted(event.chunk.key for event in self.events if isinstance(event, ChunkStarted))

    @property
    def kept(self) -> list[str]:
        return sorted(event.chunk.key for event in self.events if isinstance(event, ChunkKept))


FIVES = parse_filter(grep=['"n": 5'])


def run(
    source: Path,
    out: Path | str,
    filter_: Filter = FIVES,
    *,
    start: str | None = None,
    until: Callable[[ScanEvent], bool] = lambda event: False,
    jobs: int = 1,
    **options: bool,
) -> Run:
    """Scan into an extract; cancelled once `until` holds of an event."""
    archive = open_archive(str(source))
    plan = plan_scan(archive, datetime.fromisoformat(start).replace(tzinfo=UTC) if start else None, None, filter_)
    cancel = threading.Event()
    events = []
    for event in run_plan(plan, jobs=jobs, cancel=cancel, extract=open_extract(str(out), plan, **options)):
        events.append(event)
        if until(event):
            cancel.set()
    return Run(events)


def records(folder: Path) -> list[bytes]:
    """The records of an archive, by hour, key and line."""
    archive = open_archive(str(folder))
    lines: list[bytes] = []
    for chunk in archive.catalog().chunks:
        with ChunkReader(archive.store, chunk.key) as reader:
            for block in reader.blocks():
                lines += block.records()
    return lines


def expected(source: Path, filter_: Filter = FIVES) -> list[bytes]:
    lines: list[bytes] = []
    for key in sorted(source.iterdir(), key=lambda path: (path.name.partition(".2015")[2], path.name)):
        ran = subprocess.run(["zcat", key], capture_output=True, check=False)
        text = ran.stdout[: ran.stdout.rfind(b"\n") + 1]
        lines += [line for line in text.splitlines() if filter_.matches(line)]
    return lines


def manifest(folder: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    return data


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())
