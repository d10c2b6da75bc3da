"""What a send reports while it runs: many `Sending`, then one `Sent`."""

from __future__ import annotations

from dataclasses import dataclass

from tui.send.receipt import Receipt


@dataclass(frozen=True, slots=True)
class Sending:
    """Where a send is now. At least one comes every 0.25 s, whatever the other side does.

    Counts are of records; `confirmed` and `bytes` (of confirmed records, without newlines) include what earlier runs
    of a resumed send confirmed. `sent` counts what was handed over once or more, so
    `sent == confirmed + in_flight + unknown`, but for what waits for the journal. `unknown` went out on a connection
    that failed, and goes out again. `rate` is confirmed records per second, over the last few seconds. `total` is None
    while the total is not known. `depth` is the deepest of the topic and its channels, where nsqd's HTTP is reached.
    `left` are the seconds until
    the last record of a paced send is due.

    `note` is for the operator: empty when all goes well. `asking` is set while a canary waits for `Control.resume`.
    """

    sent: int = 0
    confirmed: int = 0
    bytes: int = 0
    in_flight: int = 0
    unknown: int = 0
    rate: float = 0.0
    depth: int | None = None
    note: str = ""
    total: int | None = None
    seconds: float = 0.0
    asking: bool = False
    left: float | None = None

    @property
    def eta(self) -> float | None:
        """Seconds that are left at this rate or pace; None where that is not known."""
        if self.left is not None:
            return self.left
        if self.total is None or self.rate <= 0:
            return None
        return max(self.total - self.confirmed, 0) / self.rate


@dataclass(frozen=True, slots=True)
class Sent:
    """The end of a send, complete or stopped (`receipt.partial`)."""

    receipt: Receipt


SendEvent = Sending | Sent
