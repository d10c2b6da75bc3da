"""What every kind of term compiles to, and what a record that cannot be looked at raises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Test = Callable[[bytes], bool]
Find = Callable[[memoryview, int, int], int]


class NotJsonError(ValueError):
    """A record that a JMESPath term cannot look at, because it is not JSON."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """A term ready to run.

    `test` looks at one record. `find(block, start, end)`, where there is one, gives the offset of a byte in the
    next line that can match (-1: none), so that a block without a candidate is never cut into lines; `exact` says
    that such a line does match, untested.
    """

    test: Test
    find: Find | None = None
    exact: bool = False
