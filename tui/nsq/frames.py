"""Splitting received bytes into NSQ's frames, many messages at a time. Pure functions.

A frame is its size (4 bytes), its type (4), and data; a message's data are a time stamp (8), the number of attempts
(2), an id (16) and the body (nsq.io/clients/tcp_protocol_spec.html).
"""

from __future__ import annotations

import struct

RESPONSE, ERROR, MESSAGE = FRAME_KINDS = 0, 1, 2
_LARGEST = 1 << 30  # bytes; no nsqd is configured for messages of this size
_SIZES = struct.Struct(">ii")
_MESSAGE = struct.Struct(">iiqH16s")


def messages(data: bytes, start: int) -> tuple[list[bytes], list[bytes], int, int]:
    """Return the consecutive whole messages from `start`: ids, bodies, number of redelivered ones, end offset."""
    ids: list[bytes] = []
    bodies: list[bytes] = []
    end, again = len(data), 0
    unpack, head = _MESSAGE.unpack_from, _MESSAGE.size
    while end - start >= head:
        size, kind, _, attempts, name = unpack(data, start)
        stop = start + 4 + size
        if stop > end or kind != MESSAGE or stop < start + head:
            break
        ids.append(name)
        bodies.append(data[start + head : stop])
        again += attempts > 1
        start = stop
    return ids, bodies, again, start


def is_possible(data: bytes) -> bool:
    """Return whether `data` can be the start of an nsqd frame; True while there are too few bytes to tell."""
    if len(data) < _SIZES.size:
        return True
    size: int
    size, kind = _SIZES.unpack_from(data)
    return (_MESSAGE.size - 4 if kind == MESSAGE else 4) <= size <= _LARGEST


def other(data: bytes, start: int) -> tuple[bytes, int]:
    """Return the whole non-message frame at `start` (type and data) and its end offset; empty if there is none."""
    if len(data) - start >= _SIZES.size:
        size, kind = _SIZES.unpack_from(data, start)
        stop: int = start + 4 + size
        if start + _SIZES.size <= stop <= len(data) and kind != MESSAGE:
            return data[start + 4 : stop], stop
    return b"", start
