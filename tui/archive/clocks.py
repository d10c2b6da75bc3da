"""Clock changes of a time zone: hours that clocks skipped or repeated, and notes on them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from tui.archive.times import HOUR, exists, spell_hour, spell_time, utc_offset, zone_name

_SECOND = timedelta(seconds=1)
_STEADY = timedelta(days=5)  # since 1970 no zone has changed its offset twice in under 7 days (Boa Vista, 2000)
_NAMED = 4  # changes in a range that get a sentence each


def count_hours(start: datetime, stop: datetime) -> int:
    """Count the hours of `hours_between` fast: only hours around clock changes are examined."""
    count = max((stop - start) // HOUR, 0)
    if stop.tzinfo is UTC:
        return count
    return count - sum(not exists(hour) for hour in changed_hours(start, stop))


def changed_hours(start: datetime, stop: datetime) -> Iterator[datetime]:
    """Yield the hours of [start, stop) in which clocks changed: those that did not last 60 minutes."""
    begin = start
    while begin < stop and stop.tzinfo is not UTC:
        end = stop if stop - begin <= _STEADY else begin + _STEADY
        yield from _changed(begin, end)
        begin = end


def _changed(start: datetime, stop: datetime) -> Iterator[datetime]:
    """Yield the changed hours of a range in which the offset changes at most once."""
    if utc_offset(start, 0) == utc_offset(stop, 1):
        return
    hours = (stop - start) // HOUR
    if hours <= 4:
        yield from (hour for n in range(hours) if shown_minutes(hour := start + n * HOUR) != 60)
        return
    middle = start + hours // 2 * HOUR
    yield from _changed(start, middle)
    yield from _changed(middle, stop)


def shown_minutes(hour: datetime) -> int:
    """Return how many minutes of an hour clocks showed: 120 if it was repeated, 0 if it was skipped."""
    if hour.tzinfo is UTC or all(utc_offset(end, 0) == utc_offset(end, 1) for end in (hour, hour.replace(minute=59))):
        return 60
    minutes = (hour + timedelta(minutes=minute) for minute in range(60))
    return sum(1 + _compared(utc_offset(minute, 0), utc_offset(minute, 1)) for minute in minutes)


def _compared(first: timedelta, second: timedelta) -> int:
    """Return 1 for a minute that clocks showed twice (PEP 495), -1 for one that they skipped, else 0."""
    return (first > second) - (first < second)


def change_at(time: datetime) -> datetime:
    """Return the instant, in UTC, of the change by which clocks skipped or repeated a time."""
    zone = time.tzinfo
    first, last = sorted(time.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    before = first.astimezone(zone).utcoffset()
    while last - first > _SECOND:
        middle = first + (last - first) // _SECOND // 2 * _SECOND
        first, last = (middle, last) if middle.astimezone(zone).utcoffset() == before else (first, middle)
    return last


def skipped_sentence(time: datetime) -> str:
    """Return the sentence that a time did not exist, and why."""
    change = change_at(time)
    before, after = (moment.astimezone(time.tzinfo) for moment in (change - _SECOND, change))
    ended = (before + _SECOND).replace(fold=0)  # what clocks would have shown without the change
    zone = zone_name(time.tzinfo or UTC)
    return f"{spell_time(time)} did not exist in {zone}: clocks went forward from {ended:%H:%M} to {after:%H:%M}"


def clock_note(hour: datetime) -> str:
    """Return a note on an hour in which clocks changed; "" for other hours."""
    minutes = shown_minutes(hour)
    if minutes == 60:
        return ""
    if not minutes:
        return f"clocks in {zone_name(hour.tzinfo or UTC)} skipped this hour"
    length = f"{minutes // 60} hours" if minutes == 120 else f"{minutes} minutes"
    return f"lasts {length}: clocks in {zone_name(hour.tzinfo or UTC)} went {'back' if minutes > 60 else 'forward'}"


def change_notes(start: datetime, stop: datetime) -> list[str]:
    """Return a sentence for each clock change in [start, stop), or one summary if there are many."""
    changed = list(changed_hours(start, stop))
    if len(changed) <= _NAMED:
        return [clock_words(hour) for hour in changed]
    longer = sum(shown_minutes(hour) > 60 for hour in changed)
    zone = zone_name(start.tzinfo or UTC)
    return [
        f"clocks in {zone} changed in {len(changed)} hours, such as {spell_hour(changed[0])}: they went back in "
        f"{longer} and forward in {len(changed) - longer}"
    ]


def clock_words(hour: datetime) -> str:
    """Return `clock_note` with the hour before it, or ""."""
    note = clock_note(hour)
    return f"{spell_hour(hour)}: {note}" if note else ""
