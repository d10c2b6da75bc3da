"""Descend the years, months and days of the keys after a head, in chronological order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from tui.archive.holes import Hole
from tui.archive.ranges import DATE, MONTH, YEAR, Range, window
from tui.archive.walk import Walk

_DAY = timedelta(days=1)


def prefixes_in_order(
    walk: Walk, head: str, hours: Range, *, first: bool = False, codes: frozenset[str] = DATE
) -> Iterator[str]:
    """Yield the prefixes after a head that hold hours of a range, newest first, or oldest first if `first`.

    `codes` limits how deep they go: to days by default.
    """
    for prefix, _ in _descend(walk, head, walk.time_at, {}, hours, codes, first=first):
        yield prefix


def months_in_order(walk: Walk, head: str, hours: Range, *, first: bool = False) -> Iterator[datetime]:
    """Yield the months after a head that have keys in a range, newest first, or oldest first if `first`."""
    for _, values in _descend(walk, head, walk.time_at, {}, hours, MONTH, first=first):
        if time := window(values):
            yield time[0]


def _descend(
    walk: Walk, prefix: str, at: int, values: dict[str, int], hours: Range, codes: frozenset[str], *, first: bool
) -> Iterator[tuple[str, dict[str, int]]]:
    parts = walk.layout.parts
    hole = parts[at] if at < len(parts) else ""
    code = hole.code if isinstance(hole, Hole) else None
    descends = code and code.quantity in codes and code.quantity in _next_codes(values)
    delimiter = walk.delimiter(at) if descends else ""
    level = walk.listing.level(prefix, delimiter) if delimiter else None
    if level is None or code is None or not isinstance(hole, Hole):
        yield prefix, values
        return
    rest = str(parts[at + 1])[1:]
    below = []
    for longer in level.prefixes:
        text = longer[len(prefix) : -1]
        known = {**values, code.quantity: code.read(text)} if hole.fits(text) else {}
        if known and _may_hold(walk, known, hours):
            below.append((known[code.quantity], longer, known))
    for _, longer, known in sorted(below, key=lambda item: item[:2], reverse=not first):
        yield from _descend(walk, longer + rest, at + 2, known, hours, codes, first=first)


def _may_hold(walk: Walk, values: dict[str, int], hours: Range) -> bool:
    """True if a time with these known parts can be in the range."""
    known = window(values)
    if known is None:
        return True
    slack = _DAY if walk.layout.has_epoch else timedelta(0)
    return hours.within(known[0] - slack, known[1] + slack) is not None


def _next_codes(values: dict[str, int]) -> frozenset[str]:
    """Return the codes that may come next: names sort chronologically only from the year on."""
    if not values:
        return YEAR
    return frozenset("d") if "m" in values else frozenset("mj")
