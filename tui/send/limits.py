"""Asking nsqd over TCP how large a record and a request may be.

IDENTIFY's answer does not tell, and /config answers only to nsqd's own host by default. But nsqd names its limit when
it refuses a size, which it does before it has read a byte of the body and before the topic comes into being
(nsqd/protocol_v2.go: `PUB message too big 2147483647 > 1048576`). So two sizes are announced that no nsqd takes.
"""

from __future__ import annotations

import json
import re
import socket
import ssl
import struct
from collections.abc import Callable

from tui.archive.local import reason
from tui.errors import SendError
from tui.send.sink import Limits
from tui.send.target import NsqTarget, Tls, split_address

_MAGIC = b"  V2"
_HUGE = struct.pack(">i", 0x7FFFFFFF)
_TOO_BIG = re.compile(rb"too big \d+ > (\d+)")
_MAX_FRAME = 1 << 16


def ask_limits(target: NsqTarget, address: str, *, timeout: float = 5.0) -> Limits:
    """nsqd's limits, or its defaults if it does not name them. SendError if nobody is there."""
    body = _ask(target, address, timeout, lambda stream: _refused(stream, b"IDENTIFY\n" + _HUGE))
    message = _ask(target, address, timeout, lambda stream: _message_limit(stream, target, address))
    if body is None or message is None:
        return Limits()
    return Limits(message, body, asked=True)


def _ask(
    target: NsqTarget, address: str, timeout: float, question: Callable[[socket.socket], int | None]
) -> int | None:
    try:
        connection = socket.create_connection(split_address(address), timeout)
    except OSError as error:
        words = "no answer" if isinstance(error, TimeoutError) else reason(error)
        raise SendError(
            f"nsqd at {address} cannot be reached: {words}; check the address and that nsqd runs, nothing was sent"
        ) from error
    with connection:
        try:
            connection.sendall(_MAGIC)
            return question(connection)
        except (OSError, EOFError, ValueError):  # not nsqd, or one that says nothing: sending will tell
            return None


def _message_limit(stream: socket.socket, target: NsqTarget, address: str) -> int | None:
    with _upgraded(stream, target.tls, split_address(address)[0]) as secure:
        return _refused(secure, b"PUB " + target.topic.encode() + b"\n" + _HUGE)


def _refused(stream: socket.socket, command: bytes) -> int | None:
    """The limit that nsqd names when it refuses the command."""
    stream.sendall(command)
    match = _TOO_BIG.search(_frame(stream))
    return int(match[1]) if match else None


def _upgraded(stream: socket.socket, tls: Tls | None, host: str) -> socket.socket:
    if tls is None:
        return stream
    identity = json.dumps({"feature_negotiation": True, "tls_v1": True}).encode()
    stream.sendall(b"IDENTIFY\n" + struct.pack(">i", len(identity)) + identity)
    if not json.loads(_frame(stream)).get("tls_v1"):
        raise ValueError("no TLS")
    context = ssl.create_default_context(cafile=tls.ca)
    if tls.cert:
        context.load_cert_chain(tls.cert, tls.key)
    secure = context.wrap_socket(stream, server_hostname=host)
    _frame(secure)
    return secure


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
