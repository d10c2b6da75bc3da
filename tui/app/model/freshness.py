"""How fresh an archive is: its last hour, how long ago that ended, and the usual delay of uploads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tui.app.model.session import Session
from tui.units import duration, plural

_HOUR = 3600.0
_DAY = 24 * _HOUR
_ENDED = 30 * _DAY  # an archive without a new hour for this long has ended and is not late


@dataclass(frozen=True, slots=True)
class Freshness:
    """`age`: seconds since the end of the last hour with a chunk. `lag`: seconds from an hour's end to its upload."""

    last: datetime
    age: float
    lag: float | None

    @property
    def ended(self) -> bool:
        return self.age > _ENDED

    @property
    def behind(self) -> bool:
        """Whether the hour after the last is overdue."""
        lag = self.lag or 0.0
        return not self.ended and self.age - _HOUR > lag + max(_HOUR, abs(lag))

    @property
    def copied(self) -> bool:
        """Whether chunks arrive days after their hour, as in a copy: that says nothing about the writer."""
        return (self.lag or 0.0) > _DAY

    @property
    def brief(self) -> str:
        """The freshness for the header; empty if the archive has ended."""
        age = rough_duration(self.age)
        if self.ended:
            return ""
        return f"behind {age}" if self.behind else f"ended {age} ago" if self.copied else f"fresh, {age} ago"

    def words(self) -> str:
        """Return `fresh: last hour ended 34m ago`."""
        if self.ended:
            return f"ends {self.last + timedelta(hours=1):%Y-%m-%d %H:00}"
        if self.behind:
            stop = self.last + timedelta(hours=1)
            return f"behind: nothing since {f'{stop.day} {stop:%b} ' if self.age > _DAY else ''}{stop:%H:%M}"
        return f"{'' if self.copied else 'fresh: last hour '}ended {rough_duration(self.age)} ago"

    def sentence(self) -> str:
        """Return the rest of a sentence that starts with "This archive"."""
        return f"{'' if self.ended or (self.copied and not self.behind) else 'is '}{self.words()}; {self.uploads()}"

    def uploads(self) -> str:
        """Return when uploads usually arrive."""
        if self.lag is None:
            return ""
        if self.lag < -_HOUR / 2:
            return "uploads before the hour ends: wrong zone?"
        return "uploads as the hour ends" if self.lag < 1 else f"uploads {rough_duration(self.lag)} after the hour"


def freshness(session: Session) -> Freshness | None:
    """Return the archive's freshness; None for an empty archive, and for an extract, which gets no new hours."""
    if not session.catalog.hours or session.archive.extract:
        return None
    ended = session.last.astimezone(UTC) + timedelta(hours=1)
    return Freshness(session.last, (datetime.now(UTC) - ended).total_seconds(), session.usual.lag)


def rough_duration(seconds: float) -> str:
    """Return `34m`, `5h 10m`, `3 days`."""
    if seconds >= 2 * _DAY:
        return plural(int(seconds / _DAY), "day")
    return duration(seconds) if abs(seconds) < 60 else duration(round(seconds / 60) * 60).removesuffix(" 00s")
