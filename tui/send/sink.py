"""The interface of a broker. NSQ implements it (nsqds.py, nsq.py); the rest of a send uses only this interface."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from tui.errors import SendError
from tui.nsq.limits import Limits


class LinkLost(Exception):
    """A connection that is no longer usable, with the reason for the operator: reconnect and send again."""


Trouble = LinkLost | SendError


class Link(Protocol):
    """One connection. After an error it is never used again: its answers could be taken for those of other batches."""

    @property
    def where(self) -> str:
        """Describe the server for the operator: `nsqd at HOST:PORT`."""

    @property
    def note(self) -> str:
        """A condition to report while the send continues, such as a missing server; empty without one."""

    def put(self, number: int, records: list[bytes]) -> None:
        """Send a batch. Its answer comes through the `confirmed` callback, in any order."""

    def close(self) -> None:
        """Close the connection at once."""


class Sink(Protocol):
    """A source of links. Everything runs in one event loop, and callbacks may come at any time after `connect`."""

    async def connect(self, confirmed: Callable[[int], None], trouble: Callable[[Trouble], None]) -> Link:
        """Return a link that is ready; LinkLost if none is available now, SendError if a retry cannot help.

        `confirmed(number)` reports that the broker has a batch. `trouble(error)` reports with LinkLost that the link is
        lost (unanswered batches are unknown), or with SendError that the broker refuses permanently.
        """


class Broker(Protocol):
    """A topic of a broker, with the requests other than sending. Its methods may take seconds, in any thread."""

    @property
    def topic(self) -> str: ...

    @property
    def where(self) -> tuple[str, ...]:
        """The servers' addresses, for the operator and the receipt."""

    def ask(self) -> Limits:
        """Return the limits; called once, before anything else. SendError if sending is impossible."""

    def sink(self) -> Sink:
        """Return the sink for the records."""

    @property
    def watched(self) -> bool:
        """Whether `depth` is available."""

    def depth(self) -> int:
        """Return the number of messages that the slowest consumer has yet to read. SendError if it is unknown now."""

    def message_count(self) -> int | None:
        """Return the number of messages that the topic has received; None if unknown."""

    def losses(self, answered: int) -> tuple[str, ...]:
        """Return a sentence for each event since `ask` that may have lost confirmed records.

        Called at the end. `answered`: the number of records that were confirmed when the last connection was lost; 0
        if none was lost.
        """
