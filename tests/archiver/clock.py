"""A clock with hours of its own, importable by an archiver's children."""

import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ShortHours:
    """A clock whose hours take `seconds`: the same at the same moment in every process."""

    seconds: float

    def __call__(self) -> float:
        return time.time() % 1_000_000_000 * 3600 / self.seconds % 100_000_000_000


@dataclass(frozen=True)
class BrokenClock:
    """The clock on the wall, which fails while there is a file `switch`."""

    switch: Path

    def __call__(self) -> float:
        if self.switch.exists():
            raise ValueError("the clock is broken")
        return time.time()
