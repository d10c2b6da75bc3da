"""How to send."""

from __future__ import annotations

from dataclasses import dataclass

from tui.send.engine.rate import Rate
from tui.send.source import Plan

CANARY = (1, 11)  # one record, then ten more


@dataclass(frozen=True, slots=True)
class SendOptions:
    """How to send.

    `rate`: records or bytes per second. `pace`: at the records' own spacing in time, so many times as fast; needs
    `order`, which is the path of the time by which the records of an hour are ordered. `name`: of the send, in its
    journal and receipt. `max_depth`: pause while the topic or a channel is deeper. `canary`: counts of
    records after which `Sending.asking` waits for `Control.resume`, such as CANARY. `skip_oversize`: leave out and
    count what is too large, instead of refusing it; `unique`: leave out copies of earlier records. Where the source or
    the journal has a plan, that counts instead of these two and `order`.

    `check_first`: read the source once before anything is
    sent, so that a record too large is named before, not in the middle. `batch` records go in one request, `in_flight`
    requests and `in_flight_bytes` may wait for an answer, `unconfirmed` requests for that or for the journal: a crash
    repeats `batch * unconfirmed` records at most. In seconds: `answer_timeout` for one answer, `connect_timeout`, and
    `patience` without any progress before the send gives up.
    """

    rate: Rate | None = None
    max_depth: int | None = None
    canary: tuple[int, ...] = ()
    skip_oversize: bool = False
    unique: bool = False
    order: str | None = None
    pace: float | None = None
    name: str = ""
    check_first: bool = True
    batch: int = 200
    in_flight: int = 8
    in_flight_bytes: int = 4 << 20
    unconfirmed: int = 32
    answer_timeout: float = 10.0
    connect_timeout: float = 5.0
    patience: float = 300.0

    def plan(self, largest: int | None) -> Plan:
        """What the source leaves out, and its order; `largest`: bytes of a record that nsqd takes."""
        return Plan(largest if self.skip_oversize else None, self.unique, self.order)
