"""Finding out that lines have only moved: a terminal scrolls them by itself, for a few bytes instead of all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

_LEAST = 5  # lines that must have moved to be worth it
_OTHERS = 4  # lines among them that may be new: the cursor's, before and after, and what comes into sight

Line = TypeVar("Line", bound=Sequence[object])


@dataclass(frozen=True, slots=True)
class Scroll:
    """The lines from `top` to `bottom`, both inside, move up by one, or down by one."""

    top: int
    bottom: int
    up: bool

    @property
    def sequence(self) -> str:
        """DECSTBM around IND or RI, which every terminal knows; it leaves the cursor at the top left."""
        edge, move = (self.bottom, "D") if self.up else (self.top, "M")
        return f"\x1b[{self.top + 1};{self.bottom + 1}r\x1b[{edge + 1};1H\x1b{move}\x1b[r"

    @property
    def exposed(self) -> int:
        """The line that comes into sight, empty."""
        return self.bottom if self.up else self.top


def scrolled(old: Mapping[int, Line], new: Mapping[int, Line]) -> Scroll | None:
    """How whole lines (by their place) moved by one, if most of a block of them did."""
    for up in (True, False):
        step = 1 if up else -1
        moved = [y for y, line in new.items() if line == old.get(y + step) and line != old.get(y)]
        if len(moved) < _LEAST:
            continue
        top, bottom = (min(moved), max(moved) + 1) if up else (min(moved) - 1, max(moved))
        if len(moved) >= bottom - top + 1 - _OTHERS and all(y in old for y in range(top, bottom + 1)):
            return Scroll(top, bottom, up)
    return None
