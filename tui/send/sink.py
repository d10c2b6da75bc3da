"""What a broker must offer to be sent to. NSQ is one (nsqds.py, nsq.py); all else here knows only this."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from tui.errors import SendError
from tui.nsq.limits import Limits


class LinkLost(Exception):
    """A connection that cannot be used any more, with the reason for the operator: connect again and repeat."""


Trouble = LinkLost | SendError


class Link(Protocol):
    """One connection. Once it has had trouble it is never used again: its answers could be taken for other batches."""

    @property
    def where(self) -> str:
        """What is at the other end, for the operator: `nsqd at HOST:PORT`."""

    @property
    def note(self) -> str:
        """What the operator should know while the send continues: a server that is missing. Empty for nothing."""

    def put(self, number: int, records: list[bytes]) -> None:
        """Hand over a batch. Its answer comes through the `confirmed` callback, in any order."""

    def close(self) -> None:
        """Close it, at once."""


class Sink(Protocol):
    """How to get a link. All of it runs in one event loop, and callbacks may come at any time after `connect`."""

    async def connect(self, confirmed: Callable[[int], None], trouble: Callable[[Trouble], None]) -> Link:
        """A link that is ready; LinkLost if none can be had now, SendError if trying again does not help.

        `confirmed(number)` says that the broker has a batch. `trouble(error)` says that the link is lost, with
        LinkLost (what is unanswered is unknown), or that the broker refuses for good, with SendError.
        """


class Broker(Protocol):
    """A topic of a broker, and what is asked of it beside the sending. Its methods may take seconds, in any thread."""

    @property
    def topic(self) -> str: ...

    @property
    def where(self) -> tuple[str, ...]:
        """Its servers' addresses, for the operator and the receipt."""

    def ask(self) -> Limits:
        """Called once, before all else. SendError if it cannot be sent to."""

    def sink(self) -> Sink:
        """What the records go through."""

    @property
    def watched(self) -> bool:
        """Can `depth` be asked?"""

    def depth(self) -> int:
        """How many messages the slowest reader has before it. SendError if that cannot be seen now."""

    def message_count(self) -> int | None:
        """How many messages the topic has taken; None if that cannot be seen."""

    def losses(self, answered: int) -> tuple[str, ...]:
        """What has happened since `ask` that may have lost confirmed records, a sentence each.

        Called at the end. `answered`: how many records had been confirmed when the last connection was lost; 0 if
        none was.
        """
