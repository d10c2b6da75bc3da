"""Asking nsqd over TCP how large a record and a request may be.

IDENTIFY's answer does not tell, and /config answers only to nsqd's own host by default. But nsqd names its limit when
it refuses a size, which it does before it has read a byte of the body and before the topic comes into being
(nsqd/protocol_v2.go: `PUB message too big 2147483647 > 1048576`). So two sizes are announced that no nsqd takes. It is
also the knock at the door: what speaks against us there (TLS, AUTH) is known before anything is sent.
"""

from __future__ import annotations

import json
import re
import socket
import ssl
import struct
from collections.abc import Callable
from typing import Any

from tui.archive.local import reason
from tui.errors import SendError
from tui.send.refusals import offers_no_tls, refused, tls_failed, wants_secret
from tui.send.sink import Limits
from tui.send.target import NsqTarget, split_address

_MAGIC = b"  V2"
_HUGE = struct.pack(">i", 0x7FFFFFFF)
_TOO_BIG = re.compile(rb"too big \d+ > (\d+)")
_MAX_FRAME = 1 << 16
USER_AGENT = "hourscope knock"


class NotThere(SendError):
    """Nobody answers at the address: another nsqd may."""


def ask_limits(target: NsqTarget, address: str, *, timeout: float = 5.0) -> Limits:
    """nsqd's limits, or its defaults if it does not name them; on the way TLS and AUTH are tried as a send would.

    NotThere if nobody is at the address, SendError if nsqd does not want us (TLS, AUTH).
    """
    body = _ask(address, timeout, lambda stream: _refused(stream, b"IDENTIFY\n" + _HUGE))
    message = _ask(address, timeout, lambda stream: _message_limit(stream, target, address))
    if body is None or message is None:
        return Limits()
    return Limits(message, body, asked=True)


def _ask(address: str, timeout: float, question: Callable[[socket.socket], int | None]) -> int | None:
    host = split_address(address)[0]
    try:
        connection = socket.create_connection(split_address(address), timeout)
    except OSError as error:
        words = "no answer" if isinstance(error, TimeoutError) else reason(error)
        raise NotThere(
            f"nsqd at {address} cannot be reached: {words}; check the address and that nsqd runs, nothing was sent"
        ) from error
    with connection:
        try:
            connection.sendall(_MAGIC)
            return question(connection)
        except ssl.SSLError as error:
            raise tls_failed(f"nsqd at {address}", host, error) from error
        except (OSError, EOFError, ValueError):  # not nsqd, or one that says nothing: sending will tell
            return None


def _message_limit(stream: socket.socket, target: NsqTarget, address: str) -> int | None:
    where, (host, _) = f"nsqd at {address}", split_address(address)
    said = _identify(stream, target.tls is not None)
    if target.tls is not None:
        if not said.get("tls_v1"):
            raise offers_no_tls(where)
        stream = target.tls.context().wrap_socket(stream, server_hostname=host)
        _frame(stream)
    if said.get("auth_required"):
        if target.auth_secret is None:
            raise wants_secret(where)
        secret = target.auth_secret.encode()
        stream.sendall(b"AUTH\n" + struct.pack(">i", len(secret)) + secret)
        if (answer := _frame(stream)).startswith(b"E_"):
            raise refused(where, target.topic, answer.decode("utf-8", "backslashreplace"))
    limit = _refused(stream, b"PUB " + target.topic.encode() + b"\n" + _HUGE, where, target.topic)
    stream.close()
    return limit


def _identify(stream: socket.socket, tls: bool) -> dict[str, Any]:
    identity = json.dumps({"feature_negotiation": True, "tls_v1": tls, "user_agent": USER_AGENT}).encode()
    stream.sendall(b"IDENTIFY\n" + struct.pack(">i", len(identity)) + identity)
    said = json.loads(_frame(stream))
    return said if isinstance(said, dict) else {}


def _refused(stream: socket.socket, command: bytes, where: str = "", topic: str = "") -> int | None:
    """The limit that nsqd names when it refuses the command; SendError if it wants TLS."""
    stream.sendall(command)
    answer = _frame(stream)
    if match := _TOO_BIG.search(answer):
        return int(match[1])
    if where and answer.startswith(b"E_INVALID"):
        raise refused(where, topic, answer.decode("utf-8", "backslashreplace"))
    return None


def _frame(stream: socket.socket) -> bytes:
    """One frame's data: size, type, data."""
    size = struct.unpack(">i", _exactly(stream, 4))[0]
    if not 4 <= size <= _MAX_FRAME:
        raise ValueError(f"a frame of {size} bytes")
    return _exactly(stream, size)[4:]


def _exactly(stream: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = stream.recv(count - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data
