"""A topic at an nsqd, over its HTTP: depths, channels, consumers, and warnings about sending to it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TypeVar
from urllib.parse import quote

from tui.errors import SendError
from tui.nsq.address import split_address
from tui.nsq.answers import ChannelStats, Info, Stats, TopicStats
from tui.nsq.http import StrangeAnswer, get
from tui.nsq.limits import Limits, ask_limits
from tui.nsq.target import NsqTarget
from tui.units import count, plural

T = TypeVar("T")

HIGH_DEPTH = 10_000  # nsqd's default -mem-queue-size; further messages are on disk
_ARCHIVER = re.compile(r"nsq_to_file|nsq[-_]to[-_]s3|archiv|to_file|to_s3|hourscope", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ChannelState:
    """The state of a channel. `clients` are user agents and names."""

    name: str
    depth: int
    in_flight: int
    paused: bool
    clients: tuple[str, ...]

    @property
    def looks_like_archiver(self) -> bool:
        return any(_ARCHIVER.search(word) for word in (self.name, *self.clients))


@dataclass(frozen=True, slots=True)
class Destination:
    """nsqd's report of a topic. If its HTTP cannot be reached, `http` is False and only `limits` are known."""

    address: str
    http_address: str
    topic: str
    limits: Limits
    http: bool = False
    version: str = ""
    exists: bool = False
    paused: bool = False
    depth: int = 0
    message_count: int = 0
    channels: tuple[ChannelState, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def deepest(self) -> int:
        """Messages that wait in the topic and in its deepest channel."""
        return self.depth + max((channel.depth for channel in self.channels), default=0)


def check_destination(target: NsqTarget, address: str | None = None, *, timeout: float = 5.0) -> Destination:
    """Check one nsqd of the target, by default the first, without changing anything there.

    SendError if the target is invalid, the TCP address cannot be reached or is not nsqd's TCP port, or the given HTTP
    address does not answer as nsqd does.
    """
    target.check()
    address = address or target.nsqd_tcp_addresses[0]
    limits = ask_limits(target, address, timeout=timeout)
    http_address = target.http_address(address)
    try:
        seen = _look(http_address, target, address, limits, timeout)
    except SendError as error:
        if isinstance(error, StrangeAnswer) and http_address in target.nsqd_http_addresses:
            raise
        unseen = f"{error}: the state of the topic is unknown; add nsqd's --nsqd-http-address"
        seen = Destination(address, http_address, target.topic, limits, warnings=(unseen, *_by_name(target.topic)))
    if target.auth_secret and target.tls is None:
        seen = replace(seen, warnings=(*seen.warnings, f"the secret goes to nsqd at {address} unencrypted: no TLS"))
    return seen


def http_of(target: NsqTarget, address: str, *, timeout: float = 5.0) -> str:
    """Return nsqd's HTTP address. SendError if it cannot be reached, or was guessed and belongs to another nsqd."""
    _info(target, address, timeout)
    return target.http_address(address)


def topic_stats(
    target: NsqTarget, http_address: str, *, timeout: float = 5.0, clients: bool = False
) -> tuple[TopicStats, int | None]:
    """Return the topic's statistics, and nsqd's start in seconds of Unix time, if nsqd reports it."""
    more = "" if clients else "&include_clients=false"
    path = f"/stats?format=json&include_mem=false&topic={quote(target.topic)}{more}"
    stats = _get(Stats, target, http_address, path, timeout)
    return stats.topic(target.topic), stats.start_time


def _info(target: NsqTarget, address: str, timeout: float) -> Info:
    http_address = target.http_address(address)
    info = _get(Info, target, http_address, "/info", timeout)
    if http_address not in target.nsqd_http_addresses and info.tcp_port != split_address(address)[1]:
        raise SendError(f"http://{http_address} is not the HTTP of the nsqd at {address}")
    return info


def _look(http_address: str, target: NsqTarget, address: str, limits: Limits, timeout: float) -> Destination:
    info = _info(target, address, timeout)
    topic, _ = topic_stats(target, http_address, timeout=timeout, clients=True)
    channels = tuple(map(_channel, topic.channels or ()))
    return Destination(
        address,
        http_address,
        target.topic,
        limits,
        http=True,
        version=info.version,
        exists=bool(topic.topic_name),
        paused=topic.paused,
        depth=topic.depth,
        message_count=topic.message_count,
        channels=channels,
        warnings=_warnings(target.topic, topic, channels),
    )


def _by_name(topic: str) -> tuple[str, ...]:
    if not topic.endswith("#ephemeral"):
        return ()
    return (f"{topic} is ephemeral: nsqd drops what its memory queue cannot hold, although it answers OK",)


def _warnings(name: str, topic: TopicStats, channels: tuple[ChannelState, ...]) -> tuple[str, ...]:
    warnings = list(_by_name(name))
    if not topic.topic_name:
        warnings.append(f"the topic {name} is new: nsqd creates it, and nothing reads it yet")
    elif not channels:
        warnings.append(f"the topic {name} has no channel: nothing reads it, and the records would wait in it")
    if topic.paused:
        warnings.append(f"the topic {name} is paused: it takes records, and delivers none until it is unpaused")
    for channel in channels:
        where = f"the channel {channel.name}"
        if channel.looks_like_archiver:
            warnings.append(f"{where} looks like an archiver: what is replayed would be archived again")
        if channel.paused:
            warnings.append(f"{where} is paused: the records would wait in it")
        if channel.depth >= HIGH_DEPTH:
            warnings.append(f"{where} is already {plural(channel.depth, 'message')} behind")
        if channel.name.endswith("#ephemeral"):
            warnings.append(f"{where} is ephemeral: nsqd drops what its memory queue cannot hold")
    if topic.depth >= HIGH_DEPTH:
        warnings.append(f"{count(topic.depth)} messages already wait in the topic {name}")
    return tuple(warnings)


def _channel(stats: ChannelStats) -> ChannelState:
    clients = tuple(f"{client.user_agent} {client.client_id}".strip() for client in stats.clients or ())
    return ChannelState(stats.channel_name, stats.depth, stats.in_flight_count, stats.paused, clients)


def _get(kind: type[T], target: NsqTarget, http_address: str, path: str, timeout: float) -> T:
    data = get(kind, "nsqd", http_address, path, timeout, target.tls)
    if data is None:
        raise SendError(f"nsqd's HTTP at {http_address} does not know {path.partition('?')[0]}: is it nsqd's?")
    return data
