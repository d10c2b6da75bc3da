"""The interface between NSQ and the intake: deliveries, and the links on which they arrive."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Protocol


class ConsumerLink(Protocol):
    """A connection to one nsqd. Its commands return False if it is lost; nsqd then redelivers the messages."""

    @property
    def id(self) -> str:
        """The nsqd's address."""

    @property
    def rdy(self) -> int:
        """The maximum number of its unfinished messages."""

    @property
    def message_timeout(self) -> float:
        """Seconds after which nsqd redelivers an untouched message."""

    def finish(self, ids: list[bytes]) -> bool:
        """Send FIN."""

    def requeue(self, ids: list[bytes]) -> None:
        """Send REQ without a delay, because the consumer is slow, not the message."""

    def touch(self, ids: list[bytes]) -> None:
        """Send TOUCH, which restarts the message timeout."""

    def resume(self) -> None:
        """Resume reading after the intake was full."""


@dataclass(eq=False, slots=True)
class Delivery:
    """Messages that arrived together over one link, in order. `size`: bytes of the bodies; `came` and `touched`: their
    arrival and last touch, on time.monotonic.

    `again` of them were delivered before, to any consumer.
    """

    link: ConsumerLink
    ids: list[bytes]
    bodies: list[bytes]
    size: int
    again: int
    came: float = field(default_factory=time.monotonic)
    touched: float = field(default_factory=time.monotonic)
