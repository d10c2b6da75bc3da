"""The timeline in words: the answer in a sentence, and how it was obtained."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from math import inf

from tui.app.model.counts import Series
from tui.app.model.session import damaged_words, unread_words
from tui.units import count, plural


def headline(series: Series, odd: Mapping[datetime, float]) -> str:
    """Return the number of records and their peak. `odd`: ratios to the usual count."""
    several = series.every.by_hour and series.hours.stop - series.hours.start > timedelta(hours=1)
    hours = "these hours" if several else "this hour"
    what = f"match {series.filter.describe()}" if series.filter.narrows else f"are in {hours}"
    if not series.total and not series.final:
        return "Counting …"
    peak = max(series.matches, key=lambda time: series.matches[time], default=None)
    if series.damaged and not any(series.records.values()):
        return unread_words(series.damaged)
    if peak is None or not series.total:
        return f"No record {'matches ' + series.filter.describe() if series.filter.narrows else f'is in {hours}'}."
    most = f"{peak:%a} {peak.day} {peak:%b %H:%M}"
    so_far = "" if series.final else " so far"
    if series.every.by_hour and not several:
        return f"{plural(series.total, 'record')} {what}{so_far}; j shows the minutes."
    ratio = odd.get(peak)
    usual = "" if not ratio else ", usually none" if ratio == inf else f", {ratio:.1f} times the usual"
    return f"{plural(series.total, 'record')} {what}{so_far}; most, {count(series.matches[peak])}, at {most}{usual}."


def source(series: Series, some: str) -> str:
    """Return how the records were counted. `some`: what was counted, if not everything."""
    read = series.chunks - series.skipped
    missing = series.final and not series.split
    split = f"no record has {series.by}; f splits again" if missing else f"split by {series.by}"
    parts = [split if series.by else "f splits it by a field"]
    parts += [f"{plural(read, 'chunk')} read"] if series.chunks else []
    parts += [f"{count(series.skipped)} known from the index"] if series.skipped else []
    parts += [damaged_words(series.damaged)] if series.damaged else []
    parts += [f"{plural(series.no_time, 'record')} without a time"] if series.no_time else []
    return " · ".join([*parts, *([some] if some else [])])


def progress(series: Series) -> str:
    """Return the progress of counting."""
    return f"counting, {count(series.chunks)} of {count(series.of)} chunks" if series.of else "counting"
