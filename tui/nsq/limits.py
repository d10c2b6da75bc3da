"""nsqd's limits for a record and a request, queried over TCP, which also tests TLS and AUTH.

IDENTIFY's answer does not contain them, and by default /config answers only to nsqd's own host. But nsqd names its
limit when it refuses a size, before it reads a byte of the body and before it creates the topic
(nsqd/protocol_v2.go: `PUB message too big 2147483647 > 1048576`). So we announce two sizes that no nsqd accepts.
A refusal on the way (TLS, AUTH) is thus known before anything is sent.
"""

from __future__ import annotations

import json
import re
import socket
import ssl
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from tui.errors import SendError, reason
from tui.nsq.address import split_address
from tui.nsq.answers import Identified
from tui.nsq.frames import FRAME_KINDS
from tui.nsq.refusals import Refusal, frame_refusal, missing_secret, missing_tls, not_nsqd, tls_refusal
from tui.nsq.target import NsqTarget

# nsqd's defaults: -max-msg-size and -max-body-size.
DEFAULT_MAX_MESSAGE = 1 << 20
DEFAULT_MAX_BODY = 5 << 20
# nsqd, readMPUB: the number of messages, then each message after its size.
BODY_HEADER = 4
RECORD_HEADER = 4
_MAGIC = b"  V2"
_HUGE = struct.pack(">i", 0x7FFFFFFF)
_TOO_BIG = re.compile(rb"too big \d+ > (\d{1,18})")
_MAX_FRAME = 1 << 16
_SHOWN = 40  # bytes of a strange answer
USER_AGENT = "hourscope knock"


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest record and request that a broker accepts, in bytes; `asked` if the broker named them."""

    max_message: int = DEFAULT_MAX_MESSAGE
    max_body: int = DEFAULT_MAX_BODY
    asked: bool = False

    @property
    def largest(self) -> int:
        """The largest record that can be sent, as a message and alone in a request."""
        return min(self.max_message, self.max_body - BODY_HEADER - RECORD_HEADER)

    def within(self, other: Limits) -> Limits:
        """Return the limits that both accept."""
        smaller = min(self.max_message, other.max_message), min(self.max_body, other.max_body)
        return Limits(*smaller, asked=self.asked and other.asked)


class NotThere(SendError):
    """The address cannot be reached or does not answer; another nsqd may."""


class _NotNsqd(Exception):
    """The server is not an nsqd; `str()` describes its answer."""


def ask_limits(target: NsqTarget, address: str, *, timeout: float = 5.0) -> Limits:
    """Return nsqd's limits, or its defaults if it does not name them; test TLS and AUTH as a send would use them.

    `timeout` is in seconds, for each of two requests. NotThere if the address cannot be reached or does not answer.
    SendError if it is not nsqd's TCP port, or if nsqd refuses the connection (TLS, AUTH).
    """
    advice = "nsqlookupd named it: check nsqd's -broadcast-address" if target.looked_up else "check the address"
    message = _ask(address, timeout, advice, lambda stream: _message_limit(stream, target, address))
    try:
        body = _ask(address, timeout, advice, lambda stream: _refused(stream, b"IDENTIFY\n" + _HUGE))
    except NotThere:  # it answered the other request, so it just does not name this limit
        body = None
    if body is None or message is None:
        return Limits()
    return Limits(message, body, asked=True)


def _ask(address: str, timeout: float, advice: str, question: Callable[[_TimedStream], int | None]) -> int | None:
    host = split_address(address)[0]
    try:
        connection = socket.create_connection(split_address(address), timeout)
    except OSError as error:
        words = "no answer" if isinstance(error, TimeoutError) else reason(error)
        raise NotThere(f"nsqd at {address} cannot be reached: {words}; {advice} and that nsqd runs") from error
    with connection:
        stream = _TimedStream(connection, time.monotonic() + timeout)
        try:
            stream.send(_MAGIC)
            return question(stream)
        except ssl.SSLError as error:
            raise _error(tls_refusal(f"nsqd at {address}", host, error)) from error
        except TimeoutError as error:
            if stream.received:
                return None
            raise NotThere(
                f"nsqd at {address} does not answer within {timeout:g} s; {advice} and that nsqd runs"
            ) from error
        except _NotNsqd as error:
            raise _error(not_nsqd(address, str(error))) from error
        except (OSError, EOFError) as error:
            if not stream.received:
                raise _error(not_nsqd(address, "it closes the connection without an answer")) from error
            return None  # it answered as nsqd does, and does not name its limit


def _error(refusal: Refusal) -> SendError:
    return SendError(refusal.text)


class _TimedStream:
    """A connection whose answers must arrive by `until` (time.monotonic); `received`: any byte has arrived."""

    def __init__(self, connection: socket.socket, until: float) -> None:
        self.connection = connection
        self._until = until
        self.received = False

    def send(self, data: bytes) -> None:
        self._hurry()
        self.connection.sendall(data)

    def exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            self._hurry()
            piece = self.connection.recv(count - len(data))
            if not piece:
                raise EOFError
            self.received = True
            data += piece
        return data

    def _hurry(self) -> None:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self.connection.settimeout(left)


def _message_limit(stream: _TimedStream, target: NsqTarget, address: str) -> int | None:
    where, (host, _) = f"nsqd at {address}", split_address(address)
    answer = _identify(stream, target.tls is not None)
    if target.tls is not None:
        if not answer.tls_v1:
            raise _error(missing_tls(where))
        stream.connection = target.tls.context().wrap_socket(stream.connection, server_hostname=host)
        _frame(stream)
    try:
        if answer.auth_required:
            if target.auth_secret is None:
                raise _error(missing_secret(where))
            secret = target.auth_secret.encode()
            stream.send(b"AUTH\n" + struct.pack(">i", len(secret)) + secret)
            if (answered := _frame(stream)).startswith(b"E_"):
                raise _error(frame_refusal(where, answered, target.topic))
        return _refused(stream, b"PUB " + target.topic.encode() + b"\n" + _HUGE, where, target.topic)
    finally:
        stream.connection.close()


def _identify(stream: _TimedStream, tls: bool) -> Identified:
    identity = json.dumps({"feature_negotiation": True, "tls_v1": tls, "user_agent": USER_AGENT}).encode()
    stream.send(b"IDENTIFY\n" + struct.pack(">i", len(identity)) + identity)
    answer = _frame(stream)
    if answer == b"OK":  # nsqd before feature negotiation, such as 0.2.19
        return Identified()
    try:
        return msgspec.json.decode(answer, type=Identified)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _NotNsqd(f"it answers IDENTIFY with '{_text(answer[:_SHOWN])}'") from error


def _refused(stream: _TimedStream, command: bytes, where: str = "", topic: str = "") -> int | None:
    """Return the limit that nsqd names when it refuses the command; SendError if it requires TLS."""
    stream.send(command)
    answer = _frame(stream)
    if match := _TOO_BIG.search(answer):
        return int(match[1])
    if where and answer.startswith(b"E_INVALID"):
        raise _error(frame_refusal(where, answer, topic))
    return None


def _frame(stream: _TimedStream) -> bytes:
    """Read a frame (size, type, data; nsqd's protocol_v2) and return its data. _NotNsqd for anything else."""
    head = stream.exactly(4)
    if head == b"HTTP":
        raise _NotNsqd("it speaks HTTP, as nsqd's HTTP port does")
    size = struct.unpack(">i", head)[0]
    if not 4 <= size <= _MAX_FRAME:
        raise _NotNsqd(f"it answers '{_text(head)}…'")
    data = stream.exactly(size)
    if struct.unpack(">i", data[:4])[0] not in FRAME_KINDS:
        raise _NotNsqd(f"it answers '{_text(data[:_SHOWN])}'")
    return data[4:]


def _text(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")
