"""The nsqds of a target as a Broker: limits, depth and counts of all of them."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from tui.errors import SendError
from tui.send.guard import http_of, message_count, topic_depth
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
        return max(topic_depth(self._target, self._http_of(address)) for address in addresses)

    def message_count(self) -> int | None:
        """Of all of them; None if one cannot be asked."""
        counts = [message_count(self._target, self._http[each]) if each in self._http else None for each in self.where]
        known = [count for count in counts if count is not None]
        return sum(known) if len(known) == len(counts) else None

    def _http_of(self, address: str) -> str:
        """Remembered, and asked again for one that was away."""
        if address not in self._http:
            self._http[address] = http_of(self._target, address, timeout=2.0)
        return self._http[address]
