"""The options of a send."""

from __future__ import annotations

from dataclasses import dataclass

from tui.send.engine.rate import Rate
from tui.send.source import Plan

CANARY = (1, 11)  # one record, then ten more


@dataclass(frozen=True, slots=True)
class SendOptions:
    """The options of a send.

    `rate`: records or bytes per second. `pace`: send at the records' own pace, this many times as fast; needs `order`,
    the path of the time by which the records of an hour are ordered. `name`: name of the send in its journal and
    receipt. `max_depth`: pause while the topic or a channel is deeper. `canary`: counts of records after which
    `Sending.asking` waits for `Control.resume`, such as CANARY. `skip_oversize`: leave out and count records that are
    too large, instead of refusing the send; `unique`: leave out copies of earlier records. A plan of the source or the
    journal overrides these two and `order`.

    `check_first`: read the source once before sending, so that a record that is too large is reported at the start.
    `batch` records go in one request; `in_flight` requests and `in_flight_bytes` may wait for an answer, and
    `unconfirmed` requests for an answer or the journal, so a crash repeats at most `batch * unconfirmed` records. In
    seconds: `answer_timeout` for one answer, `connect_timeout`, and `patience`, after which a send without progress
    gives up.
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
        """Return the plan of the send; `largest`: maximum bytes of a record that nsqd accepts."""
        return Plan(largest if self.skip_oversize else None, self.unique, self.order)
