"""Looking at the destination before anything is sent, over nsqd's HTTP: what is there, what speaks against it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from tui.errors import SendError
from tui.send.limits import NotThere, ask_limits
from tui.send.sink import Limits
from tui.send.target import NsqTarget, split_address
from tui.send.web import get_json
from tui.units import count, plural

HIGH_DEPTH = 10_000  # nsqd's default -mem-queue-size: deeper than that is on disk
_ARCHIVER = re.compile(r"nsq_to_file|nsq[-_]to[-_]s3|archiv|to_file|to_s3|hourscope", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ChannelState:
    """A channel of the topic now. `clients` are their user agents and names."""

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
    """What nsqd says of a topic. Where its HTTP is not reached, `http` is False and only `limits` are known."""

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
        """What waits in the topic and then in its deepest channel."""
        return self.depth + max((channel.depth for channel in self.channels), default=0)


def check_destination(target: NsqTarget, address: str | None = None, *, timeout: float = 5.0) -> Destination:
    """Look at one nsqd of the target, the first by default. Nothing is changed there.

    SendError if the target makes no sense, or if nobody is at the TCP address.
    """
    target.check()
    address = address or target.nsqd_tcp_addresses[0]
    limits = ask_limits(target, address, timeout=timeout)
    http_address = target.http_address(address)
    try:
        found = _look(http_address, target, address, limits, timeout)
    except SendError as error:
        unseen = f"{error}: what is in the topic cannot be seen; give nsqd's --nsqd-http-address"
        found = Destination(address, http_address, target.topic, limits, warnings=(unseen, *_by_name(target.topic)))
    if target.auth_secret and target.tls is None:
        found = replace(found, warnings=(*found.warnings, f"the secret goes to nsqd at {address} unencrypted: no TLS"))
    return found


def check_destinations(target: NsqTarget) -> tuple[Destination, ...]:
    """Look at every nsqd of the target; one that is not there is named in the warnings of the first that is.

    SendError if none is there, or if one refuses us.
    """
    found: list[Destination] = []
    missing: list[NotThere] = []
    for address in target.nsqd_tcp_addresses:
        try:
            found.append(check_destination(target, address))
        except NotThere as error:
            missing.append(error)
    target.check()
    if not found:
        raise missing[0]
    found[0] = replace(found[0], warnings=(*found[0].warnings, *map(str, missing)))
    return tuple(found)


def http_of(target: NsqTarget, address: str, *, timeout: float = 5.0) -> str:
    """nsqd's HTTP address. SendError if it cannot be reached, or was guessed and is another nsqd's."""
    http_address = target.http_address(address)
    info = _get(target, http_address, "/info", timeout)
    if http_address not in target.nsqd_http_addresses and info.get("tcp_port") != split_address(address)[1]:
        raise SendError(f"http://{http_address} is not the HTTP of the nsqd at {address}")
    return http_address


def topic_depth(target: NsqTarget, http_address: str, *, timeout: float = 5.0) -> int:
    """What waits in the topic and then in its deepest channel, now."""
    return _depth(_topic(_stats(target, http_address, timeout, clients=False), target.topic))


def message_count(target: NsqTarget, http_address: str, *, timeout: float = 5.0) -> int | None:
    """How many messages nsqd has taken for the topic since it started; None if it cannot be asked."""
    try:
        stats = _stats(target, http_address, timeout, clients=False)
    except SendError:
        return None
    return int(_topic(stats, target.topic).get("message_count", 0))


def _look(http_address: str, target: NsqTarget, address: str, limits: Limits, timeout: float) -> Destination:
    http_of(target, address, timeout=timeout)
    info = _get(target, http_address, "/info", timeout)
    stats = _stats(target, http_address, timeout, clients=True)
    topic = _topic(stats, target.topic)
    channels = tuple(_channel(item) for item in topic.get("channels") or ())
    return Destination(
        address,
        http_address,
        target.topic,
        limits,
        http=True,
        version=str(info.get("version", "")),
        exists=bool(topic),
        paused=bool(topic.get("paused")),
        depth=int(topic.get("depth", 0)),
        message_count=int(topic.get("message_count", 0)),
        channels=channels,
        warnings=_warnings(target.topic, topic, channels),
    )


def _by_name(topic: str) -> tuple[str, ...]:
    if not topic.endswith("#ephemeral"):
        return ()
    return (f"{topic} is ephemeral: nsqd drops what its memory queue cannot hold, though it says OK",)


def _warnings(name: str, topic: dict[str, Any], channels: tuple[ChannelState, ...]) -> tuple[str, ...]:
    found = list(_by_name(name))
    if not topic:
        found.append(f"the topic {name} does not exist yet: it would be made, and nobody reads it")
    elif not channels:
        found.append(f"the topic {name} has no channel: nobody reads it, the records would wait in it")
    if topic.get("paused"):
        found.append(f"the topic {name} is paused: it takes records, and gives them to nobody until it goes on")
    for channel in channels:
        where = f"the channel {channel.name}"
        if channel.looks_like_archiver:
            found.append(f"{where} looks like an archiver: what is replayed would be archived again")
        if channel.paused:
            found.append(f"{where} is paused: the records would wait in it")
        if channel.depth >= HIGH_DEPTH:
            found.append(f"{where} is {plural(channel.depth, 'message')} behind already")
        if channel.name.endswith("#ephemeral"):
            found.append(f"{where} is ephemeral: nsqd drops what its memory queue cannot hold")
    if int(topic.get("depth", 0)) >= HIGH_DEPTH:
        found.append(f"{count(topic['depth'])} messages wait in the topic {name} already")
    return tuple(found)


def _channel(item: dict[str, Any]) -> ChannelState:
    clients = item.get("clients") or ()
    words = (f"{client.get('user_agent', '')} {client.get('client_id', '')}".strip() for client in clients)
    return ChannelState(
        str(item["channel_name"]), int(item["depth"]), int(item["in_flight_count"]), bool(item["paused"]), tuple(words)
    )


def _depth(topic: dict[str, Any]) -> int:
    channels = topic.get("channels") or ()
    return int(topic.get("depth", 0)) + max((int(channel["depth"]) for channel in channels), default=0)


def _stats(target: NsqTarget, http_address: str, timeout: float, *, clients: bool) -> dict[str, Any]:
    more = "" if clients else "&include_clients=false"
    path = f"/stats?format=json&include_mem=false&topic={quote(target.topic)}{more}"
    return _get(target, http_address, path, timeout)


def _topic(stats: dict[str, Any], name: str) -> dict[str, Any]:
    return next((topic for topic in stats.get("topics") or () if topic.get("topic_name") == name), {})


def _get(target: NsqTarget, http_address: str, path: str, timeout: float) -> dict[str, Any]:
    data = get_json("nsqd", http_address, path, timeout, target.tls)
    if data is None:
        raise SendError(f"nsqd's HTTP at {http_address} does not know {path.partition('?')[0]}: is it nsqd's?")
    return data
