"""What every kind of term compiles to, and what a record that cannot be looked at raises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import stringzilla as sz

Test = Callable[[bytes], bool]
Verdicts = Callable[[memoryview], list[bool] | None]
Find = Callable[[memoryview, int, int], int]
FindAll = Callable[[memoryview, int], list[int]]


class NotJsonError(ValueError):
    """A record that a JMESPath term cannot look at, because it is not JSON."""


class TooLargeError(ValueError):
    """A record that is larger than what a JMESPath term parses."""


MAX_PARSED = 8 << 20  # bytes of a record: parsed, JSON takes ten times its size and more


@dataclass(frozen=True, slots=True)
class Compiled:
    """A term ready to run.

    `test` looks at one record. Each of `finders` gives the offset of a hit in a block (-1: none), and every matching
    line has a hit of at least one of them, so that a block without any is never cut into lines; without finders every
    line must be tested. `every`, where a call for each hit would take long, gives the offsets of all hits in the first
    bytes of a block at once, unsorted. `exact` says that a line with a hit does match, untested. `holds_lock` says that
    the work keeps the interpreter's lock, so that threads do not speed it up. `texts` are those that `finders` look
    for, to tell how frequent they are. `verdicts` tests all lines of a block, each of them a JSON object, at once; None
    where it leaves them to `test`.
    """

    test: Test
    finders: tuple[Find, ...] = ()
    exact: bool = False
    holds_lock: bool = False
    texts: tuple[bytes, ...] = ()
    verdicts: Verdicts | None = None
    every: FindAll | None = None


def finder(needle: bytes) -> Find:
    """Where `needle` is in a block."""

    def find(block: memoryview, start: int, end: int) -> int:
        return sz.find(block, needle, start, end)  # type: ignore[no-any-return]  # stringzilla has no types

    return find


def opposite(term: Compiled) -> Compiled:
    """A term that holds where `term` does not. Nothing can be searched for: what is wanted is what is not there."""
    test = term.test
    return Compiled(lambda record: not test(record), holds_lock=term.holds_lock)
