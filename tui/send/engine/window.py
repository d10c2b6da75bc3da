"""The in-flight table: batches that were sent, and batches whose answer is unknown."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from tui.send.engine.batches import Batch


@dataclass(slots=True)
class _Out:
    batch: Batch
    at: float


class Window:
    """Batches that were sent and not answered. The caller provides the time.

    A batch in flight is answered; or its link is lost, and the batch is unknown and is sent again, in order.
    """

    def __init__(self) -> None:
        self._out: dict[int, _Out] = {}
        self._unknown: deque[Batch] = deque()
        self.records = 0
        self.bytes = 0
        self.unknown_records = 0

    def __len__(self) -> int:
        return len(self._out)

    def put(self, batch: Batch, now: float) -> int:
        """Add a batch that is being sent; return its number, which is that of its first record."""
        self._out[batch.first] = _Out(batch, now)
        self.records += len(batch.records)
        self.bytes += batch.size
        return batch.first

    def answered(self, number: int) -> Batch | None:
        """Remove and return a batch that has arrived; None if it is not in flight (pynsq may answer twice)."""
        out = self._out.pop(number, None)
        if out is None:
            return None
        self.records -= len(out.batch.records)
        self.bytes -= out.batch.size
        return out.batch

    def lose(self) -> None:
        """Make all in-flight batches unknown, before those that already were, because the link is lost."""
        lost = [out.batch for out in self._out.values()]
        self._unknown = deque(sorted([*lost, *self._unknown], key=lambda batch: batch.first))
        self.unknown_records = sum(len(batch.records) for batch in self._unknown)
        self._out.clear()
        self.records = self.bytes = 0

    def peek_unknown(self) -> Batch | None:
        return self._unknown[0] if self._unknown else None

    def pop_unknown(self) -> None:
        self.unknown_records -= len(self._unknown.popleft().records)

    @property
    def lowest(self) -> int | None:
        """The number of the first record that was sent and not answered."""
        first = min(self._out, default=None)
        unknown = self._unknown[0].first if self._unknown else None
        return min((number for number in (first, unknown) if number is not None), default=None)

    def waited(self, now: float) -> float:
        """Return the seconds since the oldest batch in flight was sent."""
        return now - next(iter(self._out.values())).at if self._out else 0.0
