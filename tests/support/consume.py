"""Reads a topic from a real nsqd, with no code of hourscope or of pynsq, so that it can judge both.

It speaks NSQ's V2 protocol on a plain socket. nsqd does not keep the order of messages in general, so compare
`sorted(...)`; what one process published into an nsqd's memory queue comes in order.
"""

import json
import socket
import ssl
import struct
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Protocol, Self

_WINDOW = 2_500  # nsqd's default -max-rdy-count
_RESPONSE, _ERROR, _MESSAGE = 0, 1, 2
_MESSAGE_HEADER = 8 + 2 + 16  # timestamp, attempts, id


class HasTcpPort(Protocol):
    @property
    def tcp_port(self) -> int: ...


class MissingMessagesError(AssertionError):
    """Fewer messages than expected came in time; `messages` holds those that came."""

    def __init__(self, topic: str, expected: int, messages: list[bytes], timeout: float) -> None:
        super().__init__(f"topic {topic}: {len(messages):,} of {expected:,} messages arrived within {timeout:g} s")
        self.messages = messages


class NsqProtocolError(Exception):
    """nsqd answered with an error frame, or with one that was not expected."""


def read_messages(
    nsqd: HasTcpPort,
    topic: str,
    count: int,
    channel: str = "judge",
    *,
    timeout: float = 30.0,
    tls: ssl.SSLContext | None = None,
) -> list[bytes]:
    """Takes exactly `count` messages from the channel and finishes them; leaves any others there.

    Waits until they have come; MissingMessagesError if they have not after `timeout` seconds.
    """
    messages: list[bytes] = []
    deadline = time.monotonic() + timeout
    with _Consumer(nsqd.tcp_port, topic, channel, tls) as consumer:
        while len(messages) < count:
            # Never more in flight than still needed: a message requeued at the end counts as an attempt.
            consumer.ready_for(min(_WINDOW, count - len(messages)))
            consumer.finish_received()
            fresh = consumer.receive(deadline - time.monotonic())
            if not fresh and time.monotonic() >= deadline:
                raise MissingMessagesError(topic, count, messages, timeout)
            messages += fresh
    return messages


def drain(
    nsqd: HasTcpPort, topic: str, channel: str = "judge", *, idle: float = 0.5, tls: ssl.SSLContext | None = None
) -> list[bytes]:
    """Takes every message from the channel until none has come for `idle` seconds."""
    return list(each_message(nsqd, topic, channel, idle=idle, tls=tls))


def each_message(
    nsqd: HasTcpPort, topic: str, channel: str = "judge", *, idle: float = 0.5, tls: ssl.SSLContext | None = None
) -> Iterator[bytes]:
    """The same one by one, for what would not fit into memory."""
    with _Consumer(nsqd.tcp_port, topic, channel, tls) as consumer:
        consumer.ready_for(_WINDOW)
        quiet_at = time.monotonic() + idle
        while (left := quiet_at - time.monotonic()) > 0:
            if fresh := consumer.receive(left):
                yield from fresh
                consumer.finish_received()
                quiet_at = time.monotonic() + idle


class _Consumer:
    """One subscription. A message that nsqd sends a second time is finished again and returned only once."""

    def __init__(self, port: int, topic: str, channel: str, tls: ssl.SSLContext | None) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._unread = b""
        self._received: list[bytes] = []
        self._seen: set[bytes] = set()
        self._ready = 0
        self._socket.sendall(b"  V2")
        if tls is not None:
            self._upgrade(tls)
        self._socket.sendall(b"SUB %s %s\n" % (topic.encode(), channel.encode()))
        self._expect(b"OK")

    def ready_for(self, window: int) -> None:
        if window != self._ready:
            self._socket.sendall(b"RDY %d\n" % window)
            self._ready = window

    def receive(self, timeout: float) -> list[bytes]:
        """The bodies of the messages that come with the next bytes; none if nothing comes in time."""
        return [body for kind, body in self._frames(timeout) if kind == _MESSAGE]

    def finish_received(self) -> None:
        self._answer_received(b"FIN %s\n")

    def close(self) -> None:
        """Leaves in order, which makes sure that nsqd has seen every FIN; what still came in goes back."""
        self.ready_for(0)  # before the FINs: each of them would make room for one more
        self.finish_received()
        self._socket.sendall(b"CLS\n")
        while (_RESPONSE, b"CLOSE_WAIT") not in self._frames(10.0, patient=True):
            pass
        self._answer_received(b"REQ %s 0\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None or isinstance(error, MissingMessagesError):
                self.close()
        finally:
            self._socket.close()

    def _answer_received(self, command: bytes) -> None:
        if self._received:
            self._socket.sendall(b"".join(command % name for name in self._received))
            self._received.clear()

    def _upgrade(self, tls: ssl.SSLContext) -> None:
        identity = json.dumps({"feature_negotiation": True, "tls_v1": True}).encode()
        self._socket.sendall(b"IDENTIFY\n" + struct.pack(">I", len(identity)) + identity)
        if not json.loads(self._response()).get("tls_v1"):
            raise NsqProtocolError("this nsqd offers no TLS")
        self._socket = tls.wrap_socket(self._socket, server_hostname="127.0.0.1")
        self._expect(b"OK")

    def _expect(self, expected: bytes) -> None:
        if (answer := self._response()) != expected:
            raise NsqProtocolError(f"nsqd answered {answer!r} where {expected!r} was expected")

    def _response(self) -> bytes:
        while not (frames := self._frames(10.0, patient=True)):
            pass
        return frames[0][1]

    def _frames(self, timeout: float, *, patient: bool = False) -> list[tuple[int, bytes]]:
        """The whole frames in what has been read after waiting once for more bytes; heartbeats are answered."""
        self._socket.settimeout(max(timeout, 0.001))
        try:
            data = self._socket.recv(1 << 20)
        except TimeoutError:
            if patient:
                raise NsqProtocolError(f"no answer from nsqd within {timeout:g} s") from None
            return []
        if not data:
            raise NsqProtocolError("nsqd closed the connection")
        buffer = self._unread + data
        frames = []
        start = 0
        while len(buffer) - start >= 4 and len(buffer) - start >= 4 + (size := _u32(buffer, start)):
            frame = self._frame(_u32(buffer, start + 4), buffer[start + 8 : start + 4 + size])
            frames += [frame] if frame is not None else []
            start += 4 + size
        self._unread = buffer[start:]
        return frames

    def _frame(self, kind: int, body: bytes) -> tuple[int, bytes] | None:
        if kind == _ERROR:
            raise NsqProtocolError(f"nsqd answered {body.decode(errors='replace')}")
        if kind == _MESSAGE:
            name = body[_MESSAGE_HEADER - 16 : _MESSAGE_HEADER]
            self._received.append(name)
            if name in self._seen:
                return None
            self._seen.add(name)
            return kind, body[_MESSAGE_HEADER:]
        if body == b"_heartbeat_":
            self._socket.sendall(b"NOP\n")
            return None
        return kind, body


def _u32(buffer: bytes, offset: int) -> int:
    return int(struct.unpack_from(">I", buffer, offset)[0])
