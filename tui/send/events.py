"""The events of a send: many `Sending`, then one `Sent`."""

from __future__ import annotations

from dataclasses import dataclass

from tui.send.receipt import Receipt


@dataclass(frozen=True, slots=True)
class Sending:
    """The state of a send. At least one such event comes every 0.25 s, whatever the server does.

    Counts are of records; `confirmed` and `bytes` (of confirmed records, without newlines) include earlier runs of a
    resumed send. `sent` counts the records that were handed over at least once, so
    `sent == confirmed + in_flight + unknown`, except for records that wait for the journal. `unknown` records went out
    on a connection that failed, and are sent again. `rate` is confirmed records per second, over the last few seconds.
    `total` is None while it is not known. `depth` is the maximum of the topic and its channels, if nsqd's HTTP can be
    reached. `left` is the number of seconds until the last record of a paced send is due.

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
        """Return the remaining seconds at this rate or pace; None if unknown."""
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
