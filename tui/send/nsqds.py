"""The nsqds of a target as a Broker, with their combined limits, depth and counts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import reduce
from typing import TYPE_CHECKING

from tui.errors import SendError
from tui.nsq.address import split_http_address
from tui.nsq.answers import TopicStats
from tui.nsq.destination import Destination, check_destination, http_of, topic_stats
from tui.nsq.limits import Limits, NotThere, ask_limits
from tui.nsq.target import NsqTarget
from tui.send.options import SendOptions

if TYPE_CHECKING:
    from tui.send.nsq import NsqSink


def check_destinations(target: NsqTarget) -> tuple[Destination, ...]:
    """Check every nsqd of the target; one that cannot be reached is a warning of the first one that can.

    SendError if none can be reached, or if one refuses the connection.
    """
    reached: list[Destination] = []
    missing: list[NotThere] = []
    with _nothing_sent():
        target.check()
        for address in target.nsqd_tcp_addresses:
            try:
                reached.append(check_destination(target, address))
            except NotThere as error:
                missing.append(error)
        if not reached:
            raise missing[0]
    reached[0] = replace(reached[0], warnings=(*reached[0].warnings, *map(str, missing)))
    return tuple(reached)


@contextmanager
def _nothing_sent() -> Iterator[None]:
    """Add "nothing was sent" to an error."""
    try:
        yield
    except SendError as error:
        raise SendError(f"{error}; nothing was sent") from error


class Nsqds:
    """See Broker in sink.py."""

    def __init__(self, target: NsqTarget, options: SendOptions) -> None:
        target.check()
        for address in target.nsqd_http_addresses:
            split_http_address(address)
        self._target, self._options = target, options
        self._http: dict[str, str] = {}  # by TCP address
        self._sink: NsqSink | None = None
        self._seen: dict[str, tuple[TopicStats, int | None]] = {}  # by TCP address: last statistics, start time
        self._restarted: set[str] = set()
        self._emptied: set[str] = set()

    @property
    def topic(self) -> str:
        return self._target.topic

    @property
    def where(self) -> tuple[str, ...]:
        return self._target.nsqd_tcp_addresses

    def ask(self) -> Limits:
        """Return the limits of all reachable nsqds; SendError if there is none, or if one refuses the connection."""
        limits: dict[str, Limits] = {}
        missing: list[NotThere] = []
        with _nothing_sent():
            for address in self.where:
                try:
                    limits[address] = ask_limits(self._target, address, timeout=self._options.connect_timeout)
                except NotThere as error:
                    missing.append(error)
            if not limits:
                raise missing[0]
        for address in limits:
            try:
                self._http_of(address)
            except SendError:
                if self._options.max_depth is not None:  # fail at once if the depth cannot be read
                    raise
        return reduce(Limits.within, limits.values())

    def sink(self) -> NsqSink:
        from tui.send.nsq import NsqSink  # imports tornado, which only a send needs

        self._sink = NsqSink(self._target, connect_timeout=self._options.connect_timeout)
        return self._sink

    @property
    def watched(self) -> bool:
        return bool(self._http)

    def depth(self) -> int:
        """Return the maximum depth of the nsqds to which records are being sent."""
        addresses = self._sink.addresses if self._sink is not None else self.where
        return max(self._look(address).deepest for address in addresses)

    def message_count(self) -> int | None:
        """Return the sum over all nsqds; None if one cannot be asked."""
        counts = []
        for address in self.where:
            if address in self._http:
                try:
                    counts.append(self._look(address).message_count)
                except SendError:  # None stands for this
                    continue
        return sum(counts) if len(counts) == len(self.where) else None

    def losses(self, answered: int) -> tuple[str, ...]:
        """Name nsqds that were restarted during the send, or whose topic was emptied or deleted."""
        lost = (
            f"up to {answered:,} of the confirmed records may be lost" if answered else "confirmed records may be lost"
        )
        losses = [
            f"nsqd at {address} was restarted during the send: {lost}, those that were only in its memory"
            for address in sorted(self._restarted)
        ]
        losses += [
            f"nsqd at {address} counted fewer messages in {self.topic} than before, during the send: the topic was "
            f"deleted, and {lost}"
            for address in sorted(self._emptied - self._restarted)
        ]
        blind = [address for address in self.where if address not in self._http]
        if answered and blind:
            losses.append(
                f"the connection to nsqd was lost during the send; whether nsqd was restarted cannot be seen "
                f"without the HTTP of {', '.join(blind)}: if it was, {lost}"
            )
        return tuple(losses)

    def _look(self, address: str) -> TopicStats:
        """Read the topic's statistics; note a new start time or a lower count."""
        topic, started = topic_stats(self._target, self._http_of(address), timeout=2.0)
        before, started_before = self._seen.get(address, (topic, started))
        if started != started_before:
            self._restarted.add(address)
        elif topic.message_count < before.message_count:
            self._emptied.add(address)
        self._seen[address] = topic, started
        return topic

    def _http_of(self, address: str) -> str:
        """Return the cached HTTP address; look it up again for an nsqd that was away."""
        if address not in self._http:
            self._http[address] = http_of(self._target, address, timeout=2.0)
        return self._http[address]
