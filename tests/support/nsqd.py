"""Real nsqd and nsqlookupd, each in a folder of its own.

with Nsqd(programs.nsqd, folder, {"mem-queue-size": 0}) as nsqd:
    nsqd.publish("events", [b"one", b"two"])
    assert read_messages(nsqd, "events", 2) == [b"one", b"two"]
"""

import http.client
import json
import signal
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.support.process import HOST, Server, ServerProcess, free_ports

Option = str | int | bool | Sequence[str]


class NsqRequestError(Exception):
    """nsqd or nsqlookupd answered an HTTP request with another status than 200."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(f"HTTP {status}: {body.decode(errors='replace')}")
        self.status = status


@dataclass(frozen=True)
class ChannelStats:
    depth: int
    in_flight: int
    deferred: int
    message_count: int
    requeue_count: int
    timeout_count: int
    clients: int
    paused: bool


@dataclass(frozen=True)
class TopicStats:
    """What nsqd counts of a topic since it started; of a topic that it does not know, zeros."""

    depth: int = 0
    message_count: int = 0
    message_bytes: int = 0
    paused: bool = False
    channels: Mapping[str, ChannelStats] = field(default_factory=dict)


class _NsqServer(Server):
    """What nsqd and nsqlookupd have in common: a TCP port, an HTTP port, and a process that can come back."""

    def __init__(self, program: Path, folder: Path, options: Mapping[str, Option] | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.program = program
        self.folder = folder
        self.log = folder / f"{program.name}.log"
        self.options = dict(options or {})
        self.tcp_port, self.http_port, self.https_port = free_ports(3)

    @property
    def tcp_address(self) -> str:
        return f"{HOST}:{self.tcp_port}"

    @property
    def http_address(self) -> str:
        return f"{HOST}:{self.http_port}"

    def start(self) -> None:
        if self.running:
            return
        fixed = {"tcp-address": self.tcp_address, "http-address": self.http_address, "broadcast-address": HOST}
        self._process = ServerProcess([self.program, *_flags(fixed | self._own_options() | self.options)], self.log)
        self._process.wait_until(self._answers)

    def restart(self) -> None:
        """Stops it if it runs, and starts it with the same ports, options and data."""
        self.stop()
        self.start()

    def freeze(self) -> None:
        """SIGSTOP: connections stay open, and nothing is answered once this returns."""
        if self._process is not None:
            self._process.suspend()

    def thaw(self) -> None:
        if self._process is not None:
            self._process.signal(signal.SIGCONT)

    def request(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """One HTTP request to it; never through a proxy."""
        connection = http.client.HTTPConnection(HOST, self.http_port, timeout=30)
        try:
            connection.request(method, path, body)
            response = connection.getresponse()
            answer = response.read()
        finally:
            connection.close()
        if response.status != http.HTTPStatus.OK:
            raise NsqRequestError(response.status, answer)
        return answer

    def _own_options(self) -> dict[str, Option]:
        return {}

    def _answers(self) -> bool:
        # Any status is an answer: with -tls-required even /ping is refused.
        connection = http.client.HTTPConnection(HOST, self.http_port, timeout=1)
        try:
            connection.request("GET", "/ping")
            return connection.getresponse().status in (http.HTTPStatus.OK, http.HTTPStatus.FORBIDDEN)
        except http.client.HTTPException:
            return False
        finally:
            connection.close()


class Nsqd(_NsqServer):
    """A real nsqd. `options` are its flags without the dash, for example {"mem-queue-size": 0}.

    A list gives a flag several times. Options may be changed between `stop()` and `start()`.
    """

    @property
    def data_path(self) -> Path:
        return self.folder / "data"

    @property
    def https_address(self) -> str:
        """Listened on only with the options tls-cert and tls-key."""
        return f"{HOST}:{self.https_port}"

    def stats(self, topic: str) -> TopicStats:
        answer: dict[str, Any] = json.loads(self.request("GET", f"/stats?format=json&topic={quote(topic)}"))
        for known in answer["topics"] or ():
            if known["topic_name"] == topic:
                return _topic_stats(known)
        return TopicStats()

    def publish(self, topic: str, messages: Iterable[bytes]) -> None:
        """Publishes with the binary /mpub, in requests of at most 4 MB."""
        batch: list[bytes] = []
        size = 0
        for message in messages:
            if size + len(message) > 4_000_000:
                self._mpub(topic, batch)
                batch, size = [], 0
            batch.append(struct.pack(">I", len(message)) + message)
            size += 4 + len(message)
        if batch:
            self._mpub(topic, batch)

    def create_topic(self, topic: str) -> None:
        self.request("POST", f"/topic/create?topic={quote(topic)}")

    def create_channel(self, topic: str, channel: str) -> None:
        """Creates the topic too, if need be."""
        self.create_topic(topic)
        self.request("POST", f"/channel/create?topic={quote(topic)}&channel={quote(channel)}")

    def _mpub(self, topic: str, framed: Sequence[bytes]) -> None:
        body = struct.pack(">I", len(framed)) + b"".join(framed)
        self.request("POST", f"/mpub?topic={quote(topic)}&binary=true", body)

    def _own_options(self) -> dict[str, Option]:
        self.data_path.mkdir(exist_ok=True)
        return {"https-address": self.https_address, "data-path": str(self.data_path)}


class Nsqlookupd(_NsqServer):
    """A real nsqlookupd; an nsqd joins it with the option {"lookupd-tcp-address": lookupd.tcp_address}."""

    def producers(self, topic: str) -> list[str]:
        """The TCP addresses of the nsqds that hold the topic."""
        try:
            answer = json.loads(self.request("GET", f"/lookup?topic={quote(topic)}"))
        except NsqRequestError as error:
            if error.status == http.HTTPStatus.NOT_FOUND:
                return []
            raise
        return [f"{producer['broadcast_address']}:{producer['tcp_port']}" for producer in answer["producers"]]


def _flags(options: Mapping[str, Option]) -> list[str]:
    flags = []
    for name, value in options.items():
        values = [value] if isinstance(value, str | int) else value
        flags += [f"-{name}={str(one).lower() if isinstance(one, bool) else one}" for one in values]
    return flags


def _topic_stats(answer: Mapping[str, Any]) -> TopicStats:
    return TopicStats(
        depth=answer["depth"],
        message_count=answer["message_count"],
        message_bytes=answer["message_bytes"],
        paused=answer["paused"],
        channels={channel["channel_name"]: _channel_stats(channel) for channel in answer["channels"]},
    )


def _channel_stats(answer: Mapping[str, Any]) -> ChannelStats:
    return ChannelStats(
        depth=answer["depth"],
        in_flight=answer["in_flight_count"],
        deferred=answer["deferred_count"],
        message_count=answer["message_count"],
        requeue_count=answer["requeue_count"],
        timeout_count=answer["timeout_count"],
        clients=answer["client_count"],
        paused=answer["paused"],
    )
