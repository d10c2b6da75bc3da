"""Exports from a preview: records to a file, to an extract (which opens as an archive), or to a send."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from msgspec import structs

from tui.app.model.cargo import cargo_of_extract, cargo_of_hours, default_out
from tui.app.model.hours import Hours
from tui.app.model.session import Session
from tui.app.preview.rows import VisibleRows
from tui.app.records.store import HourRecords
from tui.app.requests import PlanSend
from tui.archive import Chunk
from tui.archive.times import next_hour
from tui.archive.writer import file_of_lines, names_folder
from tui.filter import Filter
from tui.history.extracts import ScanWork, recorded_scan
from tui.history.log import Reporter
from tui.scan import ChunkDone, Counts, Extract, Matches, ScanEvent, ScanPlan, open_extract
from tui.scan.task import written

BY_HAND = ("marked by hand",)
_RECORDS_AT_ONCE = 2_000


@dataclass(frozen=True)
class Pick:
    """Some records of one hour, by number. `words`: the filter's options that chose them, or `BY_HAND`.

    `partial`: the part of the hour that was not read may have more.
    """

    records: HourRecords
    numbers: Sequence[int]
    words: tuple[str, ...]
    partial: bool

    def lines(self, numbers: Sequence[int]) -> Iterator[bytes]:
        for start in range(0, len(numbers), _RECORDS_AT_ONCE):
            yield b"".join(self.records[number] + b"\n" for number in numbers[start : start + _RECORDS_AT_ONCE])


def pick(rows: VisibleRows, *, whole: bool) -> Pick:
    """Return the marked records, or the current matches if none is marked. `whole`: the whole hour was read."""
    numbers = rows.picked[:]
    if rows.marks:
        return Pick(rows.records, numbers, BY_HAND, partial=False)
    return Pick(rows.records, numbers, tuple(rows.filter.arguments()), partial=not whole or rows.behind)


def new_extract(session: Session, hour: datetime) -> str:
    """Return a new folder for the picked records of an hour."""
    return default_out(session, Filter(), Hours.of(hour, hour), "chosen")


def plan_send(
    rows: VisibleRows, session: Session, hour: datetime, chunks: tuple[Chunk, ...], *, whole: bool
) -> tuple[PlanSend, str] | str:
    """Return a send and the extract to write for it ("" if none); or a sentence why nothing can be sent.

    An hour's matches are sent from the archive. Marked records, and those of only some chunks, go through an extract:
    an interrupted send can then be resumed later.
    """
    some = chunks != session.chunks(hour)
    if some and not rows.marks and (not whole or rows.behind):
        return "this chunk was read only in part: G reads the rest, then p publishes it"
    if some or rows.marks:
        out = new_extract(session, hour)
        return PlanSend(session, cargo_of_extract(session, out)), out
    return PlanSend(session, cargo_of_hours(session, Hours.of(hour, hour), rows.filter)), ""


def write(picked: Pick, title: str, out: str, session: Session, hour: datetime) -> str:
    """Write the records; return a sentence. Raises OutputError if the place exists or cannot be written."""
    reports: list[str] = []
    save(picked, out, session, hour, reports.append)
    rest = " (of the previewed ones; s scans all)" if picked.partial else ""
    return "; ".join([f"wrote {title} {'as the extract' if names_folder(out) else 'to'} {out}{rest}", *reports])


def save(pick: Pick, out: str, session: Session, hour: datetime, report: Reporter) -> None:
    """Write the records. Raises OutputError if the place exists or cannot be written."""
    if names_folder(out):
        _save_extract(pick, out, session, hour, report)
        return
    with file_of_lines(Path(out).expanduser(), overwrite=False) as file:
        for lines in pick.lines(pick.numbers):
            file.write(lines)


def _save_extract(pick: Pick, out: str, session: Session, hour: datetime, report: Reporter) -> None:
    parts = pick.records.parts()
    chunks = tuple(chunk for chunk, _ in parts)
    plan = ScanPlan(session.archive, hour, next_hour(hour), Filter(), chunks)
    extract = open_extract(out, plan, s3=session.s3)
    extract.manifest = structs.replace(extract.manifest, filter=pick.words)
    work = ScanWork(plan, extract, session.title, session.location.url, ())  # no command line marks records
    deque(recorded_scan(_saving(pick, extract, parts), work, report), maxlen=0)


def _saving(pick: Pick, extract: Extract, parts: Sequence[tuple[Chunk, range]]) -> Iterator[ScanEvent]:
    with extract:
        for chunk, numbers in parts:
            for event in written(extract.output(chunk), _events(pick, chunk, numbers)):
                extract.record(event)
                yield event
        extract.finish(whole=not pick.partial)


def _events(pick: Pick, chunk: Chunk, part: range) -> Iterator[ScanEvent]:
    """Yield events as if the chunk had been scanned for these records."""
    first, last = bisect_left(pick.numbers, part.start), bisect_left(pick.numbers, part.stop)
    numbers, size = pick.numbers[first:last], 0
    for lines in pick.lines(numbers):
        size += len(lines)
        yield Matches(chunk, lines)
    yield ChunkDone(chunk, Counts(0, size, len(part), len(numbers)), partial=pick.partial)
