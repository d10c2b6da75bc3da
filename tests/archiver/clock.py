"""A clock with hours of its own, importable by an archiver's children."""

import time
from dataclasses import dataclass


@dataclass(frozen=True)
class ShortHours:
    """A clock whose hours take `seconds`: the same at the same moment in every process."""

    seconds: float

    def __call__(self) -> float:
        return time.time() % 1_000_000_000 * 3600 / self.seconds % 100_000_000_000
