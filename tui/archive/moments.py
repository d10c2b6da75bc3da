"""Parse ranges: whole hours of keys, or times of records if an hour is too coarse.

If either end has minutes or is inside an hour of the keys (as 01:00 UTC is in Asia/Kolkata), both ends are times of
records. Without an offset they are wall-clock times: a minute that clocks showed twice means both, and a minute that
they skipped holds nothing. With an offset they are instants; one that clocks showed twice keeps the offset of its
pass, which `spell_time` prints.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

from tui.archive.clocks import change_at, clock_words, shown_minutes, skipped_sentence
from tui.archive.times import (
    ABSOLUTE,
    HOUR,
    RELATIVE,
    as_instant,
    begins_hour,
    ceil_hour,
    floor_hour,
    in_zone,
    next_hour,
    parse_time,
    spell_hour,
    spell_time,
    was_repeated,
    was_skipped,
    zone_name,
)
from tui.errors import TimeError

Moments = tuple[datetime | None, datetime | None]  # [start, stop)


def has_minutes(text: str) -> bool:
    """True if a time has minutes, not just an hour."""
    if relative := RELATIVE.fullmatch(text.strip()):
        return relative[2] == "m"
    match = ABSOLUTE.fullmatch(text.strip())
    return match is not None and any(int(part or 0) for part in match.groups()[4:6])


def has_offset(text: str) -> bool:
    """True if a time has a UTC offset: `Z` or `+02:00`."""
    match = ABSOLUTE.fullmatch(text.strip())
    return match is not None and match[7] is not None


def needs_times(start: str | None, stop: str | None, zone: tzinfo) -> bool:
    """True if an end has minutes inside an hour of the keys, so records must be selected by their times."""
    ends = (text for text in (start, stop) if text is not None and has_minutes(text))
    return any(not begins_hour(parse_time(text, zone)) for text in ends)


def next_of(text: str, step: timedelta, zone: tzinfo) -> tuple[str, str]:
    """Return the minute or hour (`step`) that begins at a time, as the two ends of a range."""
    time = parse_time(text, zone).replace(second=0)
    if is_wall(text):
        return spell_time(time), spell_time(time + step)
    return f"{spell_time(time.astimezone(UTC))}Z", f"{spell_time(time.astimezone(UTC) + step)}Z"


def cuts_hour(text: str, zone: tzinfo) -> bool:
    """True if a time with an offset is inside an hour of the keys, or where clocks went back over two hours."""
    if not has_offset(text):
        return False
    time = parse_time(text, zone)
    hour = floor_hour(time)
    return not begins_hour(time) or (_is_doubled(hour) and (time.fold == 1 or _is_doubled(hour - HOUR)))


def parse_moments(
    start: str | None, stop: str | None, zone: tzinfo = UTC, now: datetime | None = None
) -> Moments | None:
    """Parse a half-open range [start, stop) of times; None if both ends are whole hours of keys."""
    try:
        cuts = any(text is not None and cuts_hour(text, zone) for text in (start, stop))
        if not cuts and not needs_times(start, stop, zone):
            return None
        first, last = (parse_moment(text, zone, now) if text is not None else None for text in (start, stop))
        empty = first is not None and last is not None and not stretches(first, last)
        touched_hours(first, last)
    except OverflowError as error:
        raise TimeError(f"the range from {start} to {stop} is at the end of the calendar") from error
    if empty:
        skipped = [time for text in (start, stop) if text and (time := _skipped(text, zone))]
        raise TimeError(skipped_sentence(skipped[0])) if skipped else _empty(start, stop)
    return first, last


def parse_moment(text: str, zone: tzinfo = UTC, now: datetime | None = None) -> datetime:
    """Parse one end of a range of times. A time that clocks skipped becomes the first one after it."""
    time = parse_time(text, zone, now)
    if not is_wall(text):
        return as_instant(time)
    return change_at(time).astimezone(zone) if was_skipped(time) else time.replace(fold=0)


def stretches(start: datetime | None, stop: datetime | None) -> list[Moments]:
    """Return the intervals, in UTC, in which clocks showed a range of times; none if it is empty."""
    ranges: list[Moments] = []
    for since, until in _since(start):
        for begin, end in _until(stop):
            first = max((time for time in (since, begin) if time), default=None)
            last = min((time for time in (until, end) if time), default=None)
            if ranges and ranges[-1][1] == first:  # adjacent, where clocks went back
                ranges[-1] = ranges[-1][0], last
            elif first is None or last is None or first < last:
                ranges.append((first, last))
    return ranges


def _since(start: datetime | None) -> list[Moments]:
    if start is None:
        return [(None, None)]
    first, second = _passes(start)
    if was_skipped(start):
        return [(change_at(start), None)]
    return [(first, change_at(start)), (second, None)] if was_repeated(start) else [(first, None)]


def _until(stop: datetime | None) -> list[Moments]:
    if stop is None:
        return [(None, None)]
    first, second = _passes(stop)
    if was_skipped(stop):
        return [(None, change_at(stop))]
    return [(None, first), (change_at(stop), second)] if was_repeated(stop) else [(None, first)]


def _passes(time: datetime) -> tuple[datetime, datetime]:
    return time.replace(fold=0).astimezone(UTC), time.replace(fold=1).astimezone(UTC)


def hours_of_moments(start: datetime | None, stop: datetime | None, lag: timedelta) -> Moments:
    """Return the range of hours whose chunks can hold the records of a range of times.

    A record is consumed after it happened: it is in the chunk of its own hour, or of one up to `lag` later.
    """
    first = start and floor_hour(start)
    try:  # the lag is added to the instant, because an hour that clocks showed twice is ambiguous
        last = stop and ceil_hour((_passes(stop)[1] + lag).astimezone(in_zone(stop).tzinfo))
    except OverflowError:
        last = None
    # Where clocks went back over two hours, as in Antarctica/Troll, the second may come before the first.
    while first and _is_doubled(first) and _is_doubled(first - HOUR):
        first -= HOUR
    while last and _is_doubled(last) and (_is_doubled(last - HOUR) or _is_doubled(last + HOUR)):
        last += HOUR
    return first, last


def _is_doubled(hour: datetime) -> bool:
    return shown_minutes(hour) > 60


def touched_hours(start: datetime | None, stop: datetime | None) -> Moments:
    """Return the range of hours that a range of times overlaps."""
    return start and floor_hour(start), stop and ceil_hour(stop)


def parse_range(start: str | None, stop: str | None, zone: tzinfo = UTC, now: datetime | None = None) -> Moments:
    """Parse a half-open range [start, stop), widened to whole hours."""
    first = floor_hour(parse_time(start, zone, now)) if start is not None else None
    try:
        last = ceil_hour(parse_time(stop, zone, now)) if stop is not None else None
    except OverflowError as error:
        raise TimeError(f"'{stop}' is in the last hour of the calendar; use an earlier --to") from error
    if first and last and first >= last:
        raise _empty(start, stop)
    return first, last


def parse_hour(text: str, zone: tzinfo = UTC, now: datetime | None = None) -> tuple[datetime, datetime]:
    """Return the hour that contains a time, as a half-open range."""
    start = floor_hour(parse_time(text, zone, now))
    try:
        return start, next_hour(start)
    except OverflowError as error:
        raise TimeError(f"'{text}' is in the last hour of the calendar; use an earlier one") from error


def clock_notes(start: str | None, stop: str | None, zone: tzinfo, *, minutes: bool) -> list[str]:
    """Return notes on clock changes at ends without an offset. `minutes`: the range is of times, not of hours."""
    given = {"from": start, "to": stop}
    ends = {name: parse_time(text, zone) for name, text in given.items() if text is not None and is_wall(text)}
    if minutes:
        skipped, twice = filter(was_skipped, ends.values()), list(filter(was_repeated, ends.values()))
        taken = [
            f"{skipped_sentence(time)}; taken as {spell_time(change_at(time).astimezone(zone))}" for time in skipped
        ]
        return [*taken, *([_repeated_sentence(twice)] if twice else [])]
    hours = (floor_hour(time) if name == "from" else ceil_hour(time) - HOUR for name, time in ends.items())
    return [words for hour in dict.fromkeys(hours) if (words := clock_words(hour))]


def widened_note(start: str | None, stop: str | None, zone: tzinfo) -> str:
    """Return the note that a range of instants is widened to whole hours, with these hours."""
    cut = [text for text in (start, stop) if text is not None and cuts_hour(text, zone)]
    ends = zip(("from", "to"), parse_range(start, stop, zone), strict=True)
    hours = " ".join(f"{name} {spell_hour(hour)}" for name, hour in ends if hour)
    are = "is" if len(cut) == 1 else "are"
    return f"{' and '.join(cut)} {are} inside an hour of the keys: widened to whole hours of {zone_name(zone)}, {hours}"


def is_wall(text: str) -> bool:
    """True if a time has no offset, so it is a wall-clock time."""
    match = ABSOLUTE.fullmatch(text.strip())
    return match[7] is None if match else text.strip() in ("today", "yesterday")


def _skipped(text: str, zone: tzinfo) -> datetime | None:
    """Return the time if clocks skipped it, else None."""
    return time if is_wall(text) and was_skipped(time := parse_time(text, zone)) else None


def _repeated_sentence(times: list[datetime]) -> str:
    """Return the note that clocks showed times twice, and how to choose one."""
    words = " and ".join(spell_time(time) for time in times)
    first, second = (f"{spell_time(time)}Z" for time in _passes(times[0]))
    return (
        f"clocks in {zone_name(times[0].tzinfo or UTC)} showed {words} twice; records of both are selected; for only "
        f"one, give UTC: {first} or {second}"
    )


def _empty(start: str | None, stop: str | None) -> TimeError:
    return TimeError(f"the range from {start} to {stop} is empty: --to must be later than --from")
