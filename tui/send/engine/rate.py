"""The speed of a send: the requested rate, a token bucket that enforces it, and a meter of the actual rate.

The bucket may go into debt, so the average rate holds for any batch size.
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
_SMOOTH_SECONDS = 0.05  # the most that is sent at once, in time at the rate
_HICCUP_SECONDS = 0.2  # delays up to this are made up for, on a busy machine: 4 % of 5 s
_PAUSE_SECONDS = 0.5  # a longer time between two calls is a deliberate pause
_LATE_SECONDS = 1.0  # a longer delay of a paced send is not made up for
_MICROSECONDS = 1_000_000  # of a second, the unit of the records' times
_METER_SECONDS = 3.0
_MARK_SECONDS = 0.1  # between two marks of the meter


@dataclass(frozen=True, slots=True)
class Rate:
    """`per_second` records, or bytes of records."""

    per_second: float
    unit: Literal["records", "bytes"] = "records"

    def of(self, records: int, size: int) -> int:
        """Return the cost of a batch."""
        return records if self.unit == "records" else size

    @property
    def at_once(self) -> int:
        """The most to send at once: 1/20 s worth, and at least one."""
        return max(int(self.per_second * _SMOOTH_SECONDS), 1)

    def bucket(self) -> TokenBucket:
        return TokenBucket(self.per_second, max(self.per_second * _HICCUP_SECONDS, 1))

    def __str__(self) -> str:
        return f"{self.per_second:,.0f} {self.unit}/s"


def parse_rate(text: str) -> Rate:
    """Parse `500` or `2k` records per second, or `5MB` bytes per second (powers of 1000)."""
    match = _RATE.fullmatch(text.strip())
    if match is None or float(match[1]) == 0:
        raise SendError(
            f"'{text}' is not a rate; write records per second such as 500 or 2k, or bytes per second such as 5MB"
        )
    return Rate(float(match[1]) * _FACTOR[match[2]], "bytes" if match[3] else "records")


class TokenBucket:
    """Adds `rate` tokens per second and keeps at most `burst`, so a short delay is made up for and a pause is not.

    While the bucket is not in debt, any amount may be spent; the debt delays the next one. A record larger than the
    burst can therefore be sent, and the rate holds.
    """

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._level = 0.0
        self._at = clock()

    def wait(self) -> float:
        """Return the seconds until something may be sent; 0 for now."""
        now = self._clock()
        kept = self._burst if now - self._at < _PAUSE_SECONDS else 0.0
        self._level = min(self._level + (now - self._at) * self._rate, kept)
        self._at = now
        return 0.0 if self._level >= 0 else -self._level / self._rate

    def spend(self, amount: float) -> None:
        self._level -= amount


class Pacer:
    """Keeps the records' own pace, `pace` times as fast, from the first record on.

    A send that is late by more than a second (after a pause, an outage, a gap in the times, or at a lower rate)
    continues at the pace from there: the delay is not made up for in a burst.
    """

    def __init__(self, pace: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._pace = pace
        self._clock = clock
        self._origin: tuple[int, float] | None = None  # a record time in µs, and the clock's time

    def wait(self, due: int) -> float:
        """Return the seconds until a record that is due at this time may be sent; 0 for now."""
        now = self._clock()
        if self._origin is None:
            self._origin = due, now
        since, began = self._origin
        left = (due - since) / _MICROSECONDS / self._pace - (now - began)
        if left < -_LATE_SECONDS:
            self._origin = due, now
        return max(left, 0.0)

    def left(self, last: int) -> float | None:
        """Return the seconds until this time; None before the first record."""
        if self._origin is None:
            return None
        since, began = self._origin
        return max((last - since) / _MICROSECONDS / self._pace - (self._clock() - began), 0.0)


class Meter:
    """Measures the rate of a growing count over the last three seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = clock()
        self._marks: deque[tuple[float, int]] = deque([(self._began, 0)])

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return self._clock() - self._began

    def rate(self, count: int) -> float:
        """Return the current rate per second."""
        now = self._clock()
        if now - self._marks[-1][0] >= _MARK_SECONDS:
            self._marks.append((now, count))
            while len(self._marks) > 2 and now - self._marks[0][0] > _METER_SECONDS:
                self._marks.popleft()
        since, before = self._marks[0]
        return (count - before) / (now - since) if now > since else 0.0
