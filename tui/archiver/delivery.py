"""What passes between NSQ and the intake: deliveries, and the links that they came over."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Protocol


class ConsumerLink(Protocol):
    """A connection to one nsqd. Its answers are False if it is gone: nsqd then gives the messages out again."""

    @property
    def id(self) -> str:
        """The nsqd's address."""

    @property
    def rdy(self) -> int:
        """How many messages it may have unfinished."""

    @property
    def message_timeout(self) -> float:
        """Seconds after which nsqd gives an untouched message to another."""

    def finish(self, ids: list[bytes]) -> bool:
        """FIN."""

    def requeue(self, ids: list[bytes]) -> bool:
        """REQ, without a delay: our own slowness does not call for one."""

    def touch(self, ids: list[bytes]) -> bool:
        """TOUCH: the message timeout begins anew."""

    def resume(self) -> None:
        """Read again, after the intake was full."""


@dataclass(eq=False, slots=True)
class Delivery:
    """Messages that came together over one link, in order. `size` in bytes of bodies; `came` and
    was last `touched` on time.monotonic.

    `again` of them have been delivered before, to any consumer.
    """

    link: ConsumerLink
    ids: list[bytes]
    bodies: list[bytes]
    size: int
    again: int
    came: float = field(default_factory=time.monotonic)
    touched: float = field(default_factory=time.monotonic)
