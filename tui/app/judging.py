"""Which of the previewed records a filter keeps, in slices, so that a newer filter need not wait for an older one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tui.filter import Filter

_FIRST = 1_000
_SLICE = 5_000


def judge(
    wanted: Filter, records: Sequence[bytes], start: int, stop: int
) -> Iterator[tuple[int, int, tuple[int, ...]]]:
    """(from, to, numbers of the matching records) for slice after slice of [start, stop)."""
    matches = wanted.matches
    while start < stop:
        end = min(stop, start + (_SLICE if start else _FIRST))
        yield start, end, tuple(number for number in range(start, end) if matches(records[number]))
        start = end
