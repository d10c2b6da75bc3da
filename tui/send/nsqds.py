"""The nsqds of a target as a Broker: limits, depth and counts of all of them."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from tui.errors import SendError
from tui.send.answers import TopicStats
from tui.send.guard import http_of, topic_stats
from tui.send.limits import NotThere, ask_limits
from tui.send.options import SendOptions
from tui.send.sink import Limits
from tui.send.target import NsqTarget
from tui.send.web import split_http_address

if TYPE_CHECKING:
    from tui.send.nsq import NsqSink


class Nsqds:
    """See Broker in sink.py."""

    def __init__(self, target: NsqTarget, options: SendOptions) -> None:
        target.check()
        for address in target.nsqd_http_addresses:
            split_http_address(address)
        self._target, self._options = target, options
        self._http: dict[str, str] = {}  # by TCP address
        self._sink: NsqSink | None = None
        self._seen: dict[str, tuple[TopicStats, int | None]] = {}  # by TCP address: the last look, when nsqd started
        self._restarted: set[str] = set()
        self._emptied: set[str] = set()

    @property
    def topic(self) -> str:
        return self._target.topic

    @property
    def where(self) -> tuple[str, ...]:
        return self._target.nsqd_tcp_addresses

    def ask(self) -> Limits:
        """What all take that are there; SendError if none is, or if one of them refuses us."""
        found: dict[str, Limits] = {}
        missing: list[NotThere] = []
        for address in self.where:
            try:
                found[address] = ask_limits(self._target, address, timeout=self._options.connect_timeout)
            except NotThere as error:
                missing.append(error)
        if not found:
            raise missing[0]
        for address in found:
            try:
                self._http_of(address)
            except SendError:
                if self._options.max_depth is not None:  # a ceiling that cannot be watched is refused at once
                    raise
        return reduce(Limits.within, found.values())

    def sink(self) -> NsqSink:
        from tui.send.nsq import NsqSink  # tornado is only imported by those who send

        self._sink = NsqSink(self._target, connect_timeout=self._options.connect_timeout)
        return self._sink

    @property
    def watched(self) -> bool:
        return bool(self._http)

    def depth(self) -> int:
        """The deepest of those that records go to now."""
        addresses = self._sink.addresses if self._sink is not None else self.where
        return max(self._look(address).deepest for address in addresses)

    def message_count(self) -> int | None:
        """Of all of them; None if one cannot be asked."""
        counts = []
        for address in self.where:
            if address in self._http:
                try:
                    counts.append(self._look(address).message_count)
                except SendError:  # None says so
                    continue
        return sum(counts) if len(counts) == len(self.where) else None

    def losses(self, answered: int) -> tuple[str, ...]:
        """nsqds that were restarted while they were looked at, or whose topic was emptied or deleted."""
        lost = (
            f"up to {answered:,} of the confirmed records may be lost" if answered else "confirmed records may be lost"
        )
        found = [
            f"nsqd at {address} was restarted during the send: {lost}, those that were only in its memory"
            for address in sorted(self._restarted)
        ]
        found += [
            f"nsqd at {address} counted fewer messages in {self.topic} than before, during the send: the topic was "
            f"deleted, and {lost}"
            for address in sorted(self._emptied - self._restarted)
        ]
        blind = [address for address in self.where if address not in self._http]
        if answered and blind:
            found.append(
                f"the connection to nsqd was lost during the send; without the HTTP of {', '.join(blind)} it cannot be "
                f"seen whether nsqd was restarted: if it was, {lost}"
            )
        return tuple(found)

    def _look(self, address: str) -> TopicStats:
        """The topic there; a start or a count that is not as before is remembered."""
        topic, started = topic_stats(self._target, self._http_of(address), timeout=2.0)
        before, started_before = self._seen.get(address, (topic, started))
        if started != started_before:
            self._restarted.add(address)
        elif topic.message_count < before.message_count:
            self._emptied.add(address)
        self._seen[address] = topic, started
        return topic

    def _http_of(self, address: str) -> str:
        """Remembered, and asked again for one that was away."""
        if address not in self._http:
            self._http[address] = http_of(self._target, address, timeout=2.0)
        return self._http[address]
