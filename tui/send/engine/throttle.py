"""When a batch may be sent, by the requested rate and by the records' own pace."""

from __future__ import annotations

from tui.send.engine.batches import Batch
from tui.send.engine.rate import Pacer
from tui.send.options import SendOptions


class Throttle:
    """Holds batches back. `last_due` is when the last record is due, if known."""

    def __init__(self, options: SendOptions, last_due: int | None) -> None:
        self._rate = options.rate
        self._tokens = options.rate.bucket() if options.rate else None
        self._pacer = Pacer(options.pace) if options.pace else None
        self._last_due = last_due
        self.due_in = 0.0
        """Seconds until the next record is due."""

    def wait(self, batch: Batch, *, resent: bool) -> float:
        """Return the seconds until the batch may be sent; 0 for now. A resent batch has been due before."""
        if self._pacer is not None and batch.due is not None and not resent:
            self.due_in = self._pacer.wait(batch.due)
            if self.due_in:
                return self.due_in
        return self._tokens.wait() if self._tokens is not None else 0.0

    def spend(self, batch: Batch) -> None:
        """Account for a batch that is sent."""
        if self._rate is not None and self._tokens is not None:
            self._tokens.spend(self._rate.of(len(batch.records), batch.size))

    @property
    def left(self) -> float | None:
        """Seconds until the last record is due, if that is known."""
        return self._pacer.left(self._last_due) if self._pacer and self._last_due is not None else None
