"""Texts for the lists of the history: ages, hours, filters."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime

from tui.printable import printable
from tui.shell import shell_join
from tui.units import plural

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def moment(text: str | None) -> datetime | None:
    """Parse a time of the history; None if it is invalid."""
    with suppress(ValueError):
        return datetime.fromisoformat(text).astimezone(UTC) if text else None
    return None


def age(text: str | None, now: datetime | None = None) -> float | None:
    """Return the seconds since a time."""
    then = moment(text)
    return None if then is None else ((now or datetime.now(UTC)) - then).total_seconds()


def ago(seconds: float | None) -> str:
    """`7 min ago`, `3 days ago`; empty if unknown."""
    if seconds is None:
        return ""
    if seconds < _MINUTE:
        return "just now"
    if seconds < _HOUR:
        return f"{int(seconds // _MINUTE)} min ago"
    if seconds < 2 * _DAY:
        return f"{int(seconds // _HOUR)} h ago"
    return f"{plural(int(seconds // _DAY), 'day')} ago"


def filter_text(words: Sequence[str]) -> str:
    """Return a filter for a list; a single JMESPath is shown without its option."""
    if len(words) == 2 and words[0] in ("-m", "--match"):
        return printable(words[1])
    return printable(shell_join(words)) or "every record"


def span_text(start: str | None, stop: str | None) -> str:
    """Return `2015-01-20 13–19` or `2015-01-14 to 2015-01-28`, with hours as in keys."""
    if not start or not stop:
        return " to ".join(filter(None, (start or "the first hour", stop or "the last hour")))
    with suppress(ValueError):
        first, last = datetime.fromisoformat(start), datetime.fromisoformat(stop)
        if first.date() == last.date():
            return f"{first:%Y-%m-%d %H}–{last:%H}"
        if not first.hour and not last.hour:
            return f"{first:%Y-%m-%d}" if (last - first).days == 1 else f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"
    return f"{start} to {stop}"
