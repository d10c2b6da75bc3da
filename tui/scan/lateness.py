"""Ranges of times: by which field of the records, and whether these are written so late that chunks are missed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, timedelta

from tui.archive import Archive, Chunk
from tui.archive.block import Block
from tui.archive.moments import Moments
from tui.archive.times import HOUR, ceil_hour, next_hour
from tui.filter.event_time import microseconds
from tui.filter.within import Within
from tui.scan.heads import heads
from tui.scan.time_field import sampled_heads, time_field
from tui.units import plural

_HOUR = HOUR // timedelta(microseconds=1)
_LATEST = 31 * 24  # hours: a record with an older time had a wrong clock
_CHUNKS, _RECORDS = 6, 100  # that are looked at beside a range without a match
_AROUND = timedelta(days=1)


def range_of_times(
    archive: Archive, chunks: Sequence[Chunk], moments: Moments, path: str | None = None, lag: timedelta = HOUR
) -> tuple[Within, tuple[str, ...]] | None:
    """A range of times, by the field at `path` or the one that a sample shows, and what the sample says of `lag`.

    None if no field holds a time. `chunks` are those that can hold the range's records.
    """
    sample = sampled_heads(archive, chunks)
    path = path or time_field(((chunk.hour, records) for chunk, records in sample), archive.zone, lag)
    if path is None:
        return None
    within = Within(path, *moments, archive.zone)
    return within, late_notes(within, sample, lag)


def late_notes(within: Within, sample: Sequence[tuple[Chunk, Sequence[bytes]]], lag: timedelta) -> tuple[str, ...]:
    """What some first records of chunks say of `lag`: are there records that came later, or before their hour?"""
    behind = [hours for chunk, records in sample for hours in _hours_behind(within, chunk, records)]
    number = len(behind)
    late = [hours for hours in behind if (hours - 1) * HOUR >= lag and hours <= _LATEST]
    early = [-hours - 1 for hours in behind if (-hours - 1) * HOUR >= lag]
    notes = []
    if late and within.stop is not None:
        notes.append(
            f"{len(late):,} of {plural(number, 'sampled record')} were written up to {plural(max(late), 'hour')} after "
            f"their time: those of the range may be in chunks that are not read; add --lag {max(late)}h"
        )
    if early and within.start is not None:
        notes.append(
            f"{len(early):,} of {plural(number, 'sampled record')} are up to {plural(max(early), 'hour')} ahead of the "
            "hour of their chunk: those of the range may be in chunks that are not read; check --timezone with doctor"
        )
    return tuple(notes)


def late_hint(
    archive: Archive, chunks: Sequence[Chunk], within: Within, cancelled: Callable[[], bool] = lambda: False
) -> str:
    """Where a range of times has no match: the `--lag` with which it has records, if chunks behind it show some."""
    if within.stop is None or not chunks:
        return ""
    end, behind = ceil_hour(within.stop), next_hour(chunks[-1].hour)
    after = archive.catalog(behind, (behind.astimezone(UTC) + _AROUND).astimezone(archive.zone)).chunks
    holds = within.holds()
    some = heads(archive, after, most=_CHUNKS, records=_RECORDS, cancelled=cancelled)
    late = [chunk.hour for chunk, records in some if any(map(holds, _times(within, records)))]
    if not late:
        return ""
    hours = (max(late) - end) // HOUR + 1
    return f"records of this range are in chunks up to {plural(hours, 'hour')} later; add --lag {hours}h"


def _hours_behind(within: Within, chunk: Chunk, records: Sequence[bytes]) -> Iterator[int]:
    """By how many hours each time is before the hour of its chunk: 0 within it, less than 0 behind it."""
    start = microseconds(chunk.hour)
    for time in _times(within, records):
        if time is not None:
            yield -((time - start) // _HOUR)


def _times(within: Within, records: Sequence[bytes]) -> list[int | None]:
    if not records:
        return []
    data = bytearray(b"".join(record + b"\n" for record in records))
    return within.times()(Block(data, len(data), 0))
