"""Ranges of times: choose the field, and find records that are written too late for the chunks that are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, timedelta

from tui.archive import Archive, Chunk
from tui.archive.block import block_of
from tui.archive.moments import Moments
from tui.archive.times import HOUR, ceil_hour, next_hour
from tui.filter.event_time import microseconds
from tui.filter.within import Within
from tui.scan.heads import heads
from tui.scan.time_field import sampled_heads, time_field
from tui.units import plural

_HOUR = HOUR // timedelta(microseconds=1)
_LATEST = 31 * 24  # hours; an older time is from a wrong clock
_CHUNKS, _RECORDS = 6, 100  # sampled after a range without a match
_AROUND = timedelta(days=1)


def range_of_times(
    archive: Archive, chunks: Sequence[Chunk], moments: Moments, path: str | None = None, lag: timedelta = HOUR
) -> tuple[Within, tuple[str, ...]] | None:
    """Return the filter for a range of times, by the field at `path` or a detected one, and notes on `lag`.

    None if no field holds a time. `chunks` are those that can hold the range's records.
    """
    sample = sampled_heads(archive, chunks)
    path = path or time_field(((chunk.hour, records) for chunk, records in sample), archive.zone, lag)
    if path is None:
        return None
    within = Within(path, *moments, archive.zone)
    return within, late_notes(within, sample, lag)


def late_notes(within: Within, sample: Sequence[tuple[Chunk, Sequence[bytes]]], lag: timedelta) -> tuple[str, ...]:
    """Return notes if sampled records were written later than `lag`, or before their time."""
    delays = [hours for chunk, records in sample for hours in _delays(within, chunk, records)]
    number = len(delays)
    late = [hours for hours in delays if (hours - 1) * HOUR >= lag and hours <= _LATEST]
    early = [-hours - 1 for hours in delays if (-hours - 1) * HOUR >= lag]
    notes = []
    if late and within.stop is not None:
        notes.append(
            f"{len(late):,} of {plural(number, 'sampled record')} were written up to {plural(max(late), 'hour')} after "
            f"their time: records of the range may be in chunks that are not read; add --lag {max(late)}h"
        )
    if early and within.start is not None:
        notes.append(
            f"{len(early):,} of {plural(number, 'sampled record')} are up to {plural(max(early), 'hour')} ahead of the "
            "hour of their chunk: records of the range may be in chunks that are not read; check --timezone with doctor"
        )
    return tuple(notes)


def late_hint(
    archive: Archive, chunks: Sequence[Chunk], within: Within, cancelled: Callable[[], bool] = lambda: False
) -> str:
    """Suggest a `--lag` for a range of times without a match, if later chunks have records of the range."""
    if within.stop is None or not chunks:
        return ""
    end, start = ceil_hour(within.stop), next_hour(chunks[-1].hour)
    after = archive.catalog(start, (start.astimezone(UTC) + _AROUND).astimezone(archive.zone)).chunks
    holds = within.holds()
    some = heads(archive, after, limit=_CHUNKS, records=_RECORDS, cancelled=cancelled)
    late = [chunk.hour for chunk, records in some if any(map(holds, _times(within, records)))]
    if not late:
        return ""
    hours = (max(late) - end) // HOUR + 1
    return f"records of this range are in chunks up to {plural(hours, 'hour')} later; add --lag {hours}h"


def _delays(within: Within, chunk: Chunk, records: Sequence[bytes]) -> Iterator[int]:
    """Yield how many hours each time is before the hour of its chunk: 0 inside that hour, negative after it."""
    start = microseconds(chunk.hour)
    for time in _times(within, records):
        if time is not None:
            yield -((time - start) // _HOUR)


def _times(within: Within, records: Sequence[bytes]) -> list[int | None]:
    return within.times()(block_of(list(records), 0)) if records else []
