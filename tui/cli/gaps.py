"""Gaps and far chunks as `ls` and `verify` print them."""

from __future__ import annotations

from collections.abc import Sequence

from tui.archive import Gap
from tui.archive.times import spell_hour
from tui.units import plural


def gap_length(gap: Gap) -> str:
    """`3 hours, to 2015-01-20T16`; the end is exclusive."""
    length = plural(gap.hours, "hour")
    return length if gap.hours == 1 else f"{length}, to {spell_hour(gap.stop)}"


def gaps_text(gaps: Sequence[Gap]) -> str:
    """`2 gaps of 5 hours`."""
    number = plural(len(gaps), "gap")
    return f"{number} of {plural(sum(gap.hours for gap in gaps), 'hour')}" if gaps else number


def gaps_json(gaps: Sequence[Gap]) -> list[dict[str, str]]:
    """Return the gaps as half-open ranges: `to` is the first hour after the gap."""
    return [{"from": spell_hour(gap.start), "to": spell_hour(gap.stop)} for gap in gaps]
