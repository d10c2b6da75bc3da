"""The compiled form of all kinds of terms, and the errors for records that cannot be tested."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import stringzilla as sz

Test = Callable[[bytes], bool]
Verdicts = Callable[[memoryview], list[bool] | None]
Find = Callable[[memoryview, int, int], int]
FindAll = Callable[[memoryview, int], list[int]]


class NotJsonError(ValueError):
    """A JMESPath term cannot test the record, because it is not JSON."""


class TooLargeError(ValueError):
    """The record is too large for a JMESPath term to parse."""


MAX_PARSED = 8 << 20  # bytes of a record; parsed JSON takes at least ten times its size


@dataclass(frozen=True, slots=True)
class Compiled:
    """A term ready to run.

    `test` tests one record. Each of `finders` returns the offset of a hit in a block (-1: none). Every matching line
    has a hit of at least one finder, so a block without hits need not be split into lines. Without finders, every line
    must be tested. `every` returns the offsets of all hits in the first bytes of a block at once, unsorted; it is set
    where a call per hit would be slow. `exact`: a line with a hit matches without a test. `holds_lock`: the work keeps
    the GIL, so threads do not speed it up. `texts` are the texts that `finders` search for, to estimate how frequent
    they are. `verdicts` tests all lines of a block of JSON objects at once, or returns None to leave them to `test`.
    """

    test: Test
    finders: tuple[Find, ...] = ()
    exact: bool = False
    holds_lock: bool = False
    texts: tuple[bytes, ...] = ()
    verdicts: Verdicts | None = None
    every: FindAll | None = None


def finder(needle: bytes) -> Find:
    """Return a finder of `needle` in a block."""

    def find(block: memoryview, start: int, end: int) -> int:
        return sz.find(block, needle, start, end)  # type: ignore[no-any-return]  # stringzilla has no types

    return find


def opposite(term: Compiled) -> Compiled:
    """Negate a compiled term. The result has no finders, because it matches lines without a hit."""
    test = term.test
    return Compiled(lambda record: not test(record), holds_lock=term.holds_lock)
