"""The answers of nsqd and nsqlookupd: fields that are used have checked types and sizes, others are ignored."""

from __future__ import annotations

from typing import Annotated

import msgspec

# The bounds only reject values that no server reaches and no terminal can show.
ServerCount = Annotated[int, msgspec.Meta(ge=-(1 << 62), le=1 << 62)]
Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]


class ClientStats(msgspec.Struct, frozen=True):
    user_agent: str = ""
    client_id: str = ""


class ChannelStats(msgspec.Struct, frozen=True):
    channel_name: str
    depth: ServerCount = 0
    in_flight_count: ServerCount = 0
    paused: bool = False
    clients: list[ClientStats] | None = None


class TopicStats(msgspec.Struct, frozen=True):
    """nsqd's /stats of one topic; zeros without a name for a topic that nsqd does not know."""

    topic_name: str = ""
    depth: ServerCount = 0
    message_count: ServerCount = 0
    paused: bool = False
    channels: list[ChannelStats] | None = None

    @property
    def deepest(self) -> int:
        """Messages that wait in the topic and in its deepest channel."""
        return self.depth + max((channel.depth for channel in self.channels or ()), default=0)


class Stats(msgspec.Struct, frozen=True):
    """nsqd's /stats?format=json."""

    topics: list[TopicStats] | None = None
    start_time: ServerCount | None = None

    def topic(self, name: str) -> TopicStats:
        return next((topic for topic in self.topics or () if topic.topic_name == name), TopicStats())


class Info(msgspec.Struct, frozen=True):
    """nsqd's /info."""

    version: str = ""
    tcp_port: Port = 0


class Producer(msgspec.Struct, frozen=True):
    broadcast_address: str
    tcp_port: Port
    http_port: Port


class Producers(msgspec.Struct, frozen=True):
    """nsqlookupd's /lookup and /nodes. Producers are decoded separately, so an invalid one does not affect others."""

    producers: list[msgspec.Raw] | None = None


class Topics(msgspec.Struct, frozen=True):
    """nsqlookupd's /topics."""

    topics: list[str] = []


class Identified(msgspec.Struct, frozen=True):
    """nsqd's answer to IDENTIFY with feature negotiation. `msg_timeout` in milliseconds."""

    max_rdy_count: ServerCount = 0
    msg_timeout: ServerCount = 0
    tls_v1: bool = False
    auth_required: bool = False
