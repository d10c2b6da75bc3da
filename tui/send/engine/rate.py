"""How fast: the rate that is asked for, a token bucket that holds it, and a meter of the rate that there is.

The bucket may go into debt, so that the rate holds over time whatever the sizes are.
"""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from tui.errors import SendError

_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*([kMG]?)(B?)(?:/s)?", re.ASCII)
_FACTOR = {"": 1, "k": 1_000, "M": 1_000_000, "G": 1_000_000_000}
_SMOOTH_SECONDS = 0.05  # nothing larger than this much of a second goes out at once
_HICCUP_SECONDS = 0.2  # are made up for, on a machine that has other work: 4 % of 5 s
_PAUSE_SECONDS = 0.5  # without a question were a pause on purpose
_LATE_SECONDS = 1.0  # behind the pace, after which it is not made up for
_MICROSECONDS = 1_000_000  # of a second, the unit of the records' times
_METER_SECONDS = 3.0
_MARK_SECONDS = 0.1  # between two marks of the meter


@dataclass(frozen=True, slots=True)
class Rate:
    """`per_second` records, or bytes of records."""

    per_second: float
    unit: Literal["records", "bytes"] = "records"

    def of(self, records: int, size: int) -> int:
        """What a batch costs."""
        return records if self.unit == "records" else size

    @property
    def at_once(self) -> int:
        """The most that should go out in one piece, one at least: 1/20 s worth."""
        return max(int(self.per_second * _SMOOTH_SECONDS), 1)

    def bucket(self) -> TokenBucket:
        return TokenBucket(self.per_second, max(self.per_second * _HICCUP_SECONDS, 1))

    def __str__(self) -> str:
        return f"{self.per_second:,.0f} {self.unit}/s"


def parse_rate(text: str) -> Rate:
    """`500` or `2k` records per second, `5MB` bytes per second (powers of 1000)."""
    match = _RATE.fullmatch(text.strip())
    if match is None or float(match[1]) == 0:
        raise SendError(
            f"'{text}' is not a rate; write records per second such as 500 or 2k, or bytes per second such as 5MB"
        )
    return Rate(float(match[1]) * _FACTOR[match[2]], "bytes" if match[3] else "records")


class TokenBucket:
    """Tokens come at `rate` per second, and at most `burst` of them keep: a hiccup is made up for, a pause is not.

    Whoever finds the bucket not in debt may spend any amount, and the debt makes the next one wait. So a record larger
    than the burst still goes, and the rate holds.
    """

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._level = 0.0
        self._at = clock()

    def wait(self) -> float:
        """Seconds until something may go; 0 now."""
        now = self._clock()
        kept = self._burst if now - self._at < _PAUSE_SECONDS else 0.0
        self._level = min(self._level + (now - self._at) * self._rate, kept)
        self._at = now
        return 0.0 if self._level >= 0 else -self._level / self._rate

    def spend(self, amount: float) -> None:
        self._level -= amount


class Pacer:
    """Holds the records' own spacing in time, `pace` times as fast, from the first record on.

    Whoever is late by more than a second (after a pause, an outage, a gap in what is due, or at a rate that is lower)
    continues at that spacing from there: what was missed is not made up for in a burst.
    """

    def __init__(self, pace: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._pace = pace
        self._clock = clock
        self._origin: tuple[int, float] | None = None  # a time of the records in µs, and the clock's

    def wait(self, due: int) -> float:
        """Seconds until what is due at this time may go; 0 now."""
        now = self._clock()
        if self._origin is None:
            self._origin = due, now
        since, began = self._origin
        left = (due - since) / _MICROSECONDS / self._pace - (now - began)
        if left < -_LATE_SECONDS:
            self._origin = due, now
        return max(left, 0.0)

    def left(self, last: int) -> float | None:
        """Seconds until this time; None before the first record."""
        if self._origin is None:
            return None
        since, began = self._origin
        return max((last - since) / _MICROSECONDS / self._pace - (self._clock() - began), 0.0)


class Meter:
    """The rate of a count that only grows, over the last three seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = clock()
        self._marks: deque[tuple[float, int]] = deque([(self._began, 0)])

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return self._clock() - self._began

    def rate(self, count: int) -> float:
        """Per second, now."""
        now = self._clock()
        if now - self._marks[-1][0] >= _MARK_SECONDS:
            self._marks.append((now, count))
            while len(self._marks) > 2 and now - self._marks[0][0] > _METER_SECONDS:
                self._marks.popleft()
        since, before = self._marks[0]
        return (count - before) / (now - since) if now > since else 0.0
