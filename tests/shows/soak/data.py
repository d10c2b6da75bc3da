"""Numbered records, and a tally of which arrived, and how often."""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass
from pathlib import Path

from tests.support.consume import each_message
from tests.support.nsqd import Nsqd

_NUMBER = re.compile(rb'"n":(\d+)')
_AT_ONCE = 10_000


def write_records(path: Path, count: int, size: int) -> Path:
    """Write `count` numbered JSON lines of `size` bytes to a file; gzip by suffix."""
    with gzip.open(path, "wb", compresslevel=1) if path.suffix == ".gz" else path.open("wb") as out:
        for first in range(0, count, _AT_ONCE):
            out.writelines(record(number, size) for number in range(first, min(first + _AT_ONCE, count)))
    return path


def record(number: int, size: int) -> bytes:
    """Return record `number` as a line with a newline, which is not counted in `size`."""
    start = b'{"n":%d,"pad":"' % number
    return start + b"x" * (size - len(start) - 2) + b'"}\n'


@dataclass(frozen=True)
class Tally:
    """Count how often each number arrived."""

    seen: bytearray

    @property
    def missing(self) -> int:
        return self.seen.count(0)

    @property
    def extra(self) -> int:
        """Messages beyond the first of each number."""
        return sum(self.seen) - len(self.seen) + self.missing


def tally(nsqd: Nsqd, topic: str, count: int) -> Tally:
    """Read every message of the topic from nsqd, through a separate channel."""
    seen = bytearray(count)
    for message in each_message(nsqd, topic):
        seen[number_of(message)] += 1
    return Tally(seen)


def number_of(message: bytes) -> int:
    match = _NUMBER.match(message, 1)
    assert match, f"a message that nobody sent: {message[:80]!r}"
    return int(match[1])
