"""Records of a preview on their way out: into a file of lines, or into an extract, which opens as an archive."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from msgspec import structs

from tui.app.preview.records import HourRecords
from tui.app.session import Session
from tui.archive import Chunk
from tui.archive.times import next_hour
from tui.archive.writer import file_of_lines, names_folder
from tui.filter import Filter
from tui.scan import ChunkDone, Counts, Matches, ScanEvent, ScanPlan, open_extract
from tui.scan.task import written

BY_HAND = ("marked by hand",)
_AT_ONCE = 2_000  # records


@dataclass(frozen=True)
class Pick:
    """Some records of one hour, by their numbers, and how they were chosen: the filter's words, or by hand.

    `partial`: there may be more of them where the preview has not read.
    """

    records: HourRecords
    numbers: Sequence[int]
    words: tuple[str, ...]
    partial: bool

    def lines(self, numbers: Sequence[int]) -> Iterator[bytes]:
        for start in range(0, len(numbers), _AT_ONCE):
            yield b"".join(self.records[number] + b"\n" for number in numbers[start : start + _AT_ONCE])


def save(pick: Pick, out: str, session: Session, hour: datetime) -> None:
    """Write the records. OutputError if the place is taken or cannot be written."""
    if names_folder(out):
        _save_extract(pick, out, session, hour)
        return
    with file_of_lines(Path(out).expanduser(), overwrite=False) as file:
        for lines in pick.lines(pick.numbers):
            file.write(lines)


def _save_extract(pick: Pick, out: str, session: Session, hour: datetime) -> None:
    parts = pick.records.parts()
    chunks = tuple(chunk for chunk, _ in parts)
    plan = ScanPlan(session.archive, hour, next_hour(hour), Filter(), chunks)
    extract = open_extract(out, plan, s3=session.s3)
    extract.manifest = structs.replace(extract.manifest, filter=pick.words)
    with extract:
        for chunk, numbers in parts:
            for event in written(extract.output(chunk), _events(pick, chunk, numbers)):
                extract.record(event)
        extract.finish(whole=not pick.partial)


def _events(pick: Pick, chunk: Chunk, part: range) -> Iterator[ScanEvent]:
    """As if the chunk had been scanned for these records."""
    first, last = bisect_left(pick.numbers, part.start), bisect_left(pick.numbers, part.stop)
    numbers, size = pick.numbers[first:last], 0
    for lines in pick.lines(numbers):
        size += len(lines)
        yield Matches(chunk, lines)
    yield ChunkDone(chunk, Counts(0, size, len(part), len(numbers)), partial=pick.partial)
