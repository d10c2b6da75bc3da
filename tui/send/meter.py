"""A rate over the last few seconds."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

_OVER = 3.0  # seconds
_APART = 0.1


class Meter:
    """Feed it a count that only grows; it says how fast it grows now."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = clock()
        self._marks: deque[tuple[float, int]] = deque([(self._began, 0)])

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return self._clock() - self._began

    def rate(self, count: int) -> float:
        """A second, over the last three seconds."""
        now = self._clock()
        if now - self._marks[-1][0] >= _APART:
            self._marks.append((now, count))
            while len(self._marks) > 2 and now - self._marks[0][0] > _OVER:
                self._marks.popleft()
        since, before = self._marks[0]
        return (count - before) / (now - since) if now > since else 0.0
