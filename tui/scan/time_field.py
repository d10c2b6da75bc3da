"""Detect the field with the time of the event, from a sample."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from tui.archive import Archive, Chunk
from tui.archive.times import HOUR
from tui.filter.build import spell_path
from tui.filter.compiled import NotJsonError
from tui.filter.event_time import MICROSECONDS, event_time, microseconds
from tui.filter.fields import leaves
from tui.filter.jmespath import load
from tui.scan.heads import heads

_CHUNKS = 5
_RECORDS = 100  # of each chunk
_COVERED = 0.9  # fraction of records that must have it
_NEAR = 0.5  # fraction of its times that must be in the hour of their chunk, or shortly before
_HOUR = 3600 * MICROSECONDS
_MICROSECOND = timedelta(microseconds=1)
_NAMES = ("ts", "time", "timestamp", "@timestamp", "event_time", "eventtime", "date", "datetime", "created_at", "t")


@dataclass(slots=True)
class _NearTimes:
    records: int = 0
    near: int = 0


def detect_time_field(
    archive: Archive, chunks: Sequence[Chunk], lag: timedelta = HOUR, cancelled: Callable[[], bool] = lambda: False
) -> str | None:
    """Return the path of the records' time, such as `ts`; None if no field has times near the hours of the chunks.

    `lag`: how much later than its time a record may be written.
    """
    sample = sampled_heads(archive, chunks, cancelled)
    return time_field(((chunk.hour, records) for chunk, records in sample), archive.zone, lag)


def sampled_heads(
    archive: Archive, chunks: Sequence[Chunk], cancelled: Callable[[], bool] = lambda: False
) -> list[tuple[Chunk, list[bytes]]]:
    """Return some first records of some of the chunks."""
    return list(heads(archive, chunks, limit=_CHUNKS, records=_RECORDS, cancelled=cancelled))


def time_field(
    sample: Iterable[tuple[datetime | None, Sequence[bytes]]], zone: tzinfo, lag: timedelta = HOUR
) -> str | None:
    """Detect the field from records and their hours. None: the hour is unknown, as in a file."""
    before = lag // _MICROSECOND + _HOUR
    candidates: dict[str, _NearTimes] = defaultdict(_NearTimes)
    number = 0
    for hour, records in sample:
        start = microseconds(hour) if hour is not None else None
        for record in records:
            try:
                value = load(record)
            except NotJsonError:
                continue
            number += 1
            seen = set()
            for path, scalar, _ in leaves((), value):
                names = [step for step in path if isinstance(step, str)]
                time = event_time(scalar, zone)
                if time is None or len(names) < len(path) or (name := spell_path(names)) in seen:
                    continue
                seen.add(name)
                candidates[name].records += 1
                candidates[name].near += start is None or start - before <= time < start + 2 * _HOUR
    fit = [
        name
        for name, candidate in candidates.items()
        if candidate.records >= _COVERED * number and candidate.near >= _NEAR * candidate.records
    ]
    return min(fit, key=lambda name: (-candidates[name].near, _rank(name), name.count("."), len(name)), default=None)


def _rank(name: str) -> int:
    last = name.rpartition(".")[2].strip('"').lower()
    return _NAMES.index(last) if last in _NAMES else len(_NAMES)
