"""Converting messages to lines: the message's bytes and a newline. Pure functions.

In valid JSON a raw newline can only be white space between tokens (RFC 8259 §2, §7), so it becomes a space. Any other
body that cannot be a line is wrapped (`tui.archive.envelope`); `send` restores the exact bytes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec
import stringzilla as sz

from tui.archive.envelope import MARK, needs_envelope, wrap
from tui.archive.members import ZERO_RUN

SPACED = "json-newline"  # the only change without an envelope


def lines_of(bodies: Sequence[bytes]) -> tuple[bytes, Counter[str]]:
    """Return the bodies as lines, in order, and the number of changed ones by reason.

    Reasons: `json-newline` (replaced by a space), `newline`, `empty`, `lookalike`, `changed` (wrapped).
    """
    block = b"\n".join(bodies) + b"\n" if bodies else b""
    if len(bodies) > 1 and _all_plain_objects(block, len(bodies)):
        return block, Counter()  # nearly always: a few searches of the whole block suffice
    changed: Counter[str] = Counter()
    lines = [_line(body, changed) for body in bodies]
    lines.append(b"")
    return b"\n".join(lines), changed


def _all_plain_objects(block: bytes, count: int) -> bool:
    """Return whether each line begins and ends like a JSON object that a reader returns unchanged."""
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
    """Return whether the body is strict JSON: no NaN, no raw control character in a string, only UTF-8."""
    try:
        body.decode("utf-8")
        msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True
