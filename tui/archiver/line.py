"""A message becomes a line: its bytes and a newline. Pure.

In valid JSON a raw newline can only be white space between tokens (RFC 8259 §2, §7), so there it becomes a space. Any
other body that cannot be a line is wrapped (`tui.archive.envelope`), from which `send` restores the exact bytes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec
import stringzilla as sz

from tui.archive.envelope import MARK, needs_envelope, wrap
from tui.archive.members import ZERO_RUN

SPACED = "json-newline"  # the one change without an envelope


def lines_of(bodies: Sequence[bytes]) -> tuple[bytes, Counter[str]]:
    """The bodies as lines, in order, and how many were changed, by reason.

    Reasons: `json-newline` (made a space), `newline`, `empty`, `lookalike`, `changed` (wrapped).
    """
    block = b"\n".join(bodies) + b"\n" if bodies else b""
    if len(bodies) > 1 and _all_plain_objects(block, len(bodies)):
        return block, Counter()  # nearly always: a few searches of a whole block, no look at each body
    changed: Counter[str] = Counter()
    lines = [_line(body, changed) for body in bodies]
    lines.append(b"")
    return b"\n".join(lines), changed


def _all_plain_objects(block: bytes, count: int) -> bool:
    """Is each line one JSON object, as far as its ends tell, that a reader gives back as it is?"""
    ends = block[:1] == b"{" and block[-2:] == b"}\n" and int(sz.count(block, b"}\n{")) == count - 1
    if not ends or int(sz.count(block, b"\n")) != count:
        return False
    return all(int(sz.find(block, odd)) < 0 for odd in (MARK, b"}{", bytes(ZERO_RUN)))


def _line(body: bytes, changed: Counter[str]) -> bytes:
    reason = needs_envelope(body)
    if not reason:
        return body
    if reason == "newline" and _is_json(body):
        changed[SPACED] += 1
        return body.replace(b"\n", b" ")
    changed[reason] += 1
    return wrap(body)


def _is_json(body: bytes) -> bool:
    """Strictly: no NaN, no raw control character in a string, UTF-8 throughout."""
    try:
        body.decode("utf-8")
        msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True
