"""Records to look at closer: the first ones, or the matching, but none so large that one would have to wait for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tui.app.preview.records import Records

LARGEST = 1 << 20  # bytes
MOST_BYTES = 64 << 20


def sampled(records: Records, numbers: Sequence[int], most: int = MOST_BYTES) -> Iterator[bytes]:
    """The records of these numbers, but for the largest; at most so many bytes of them."""
    for number in numbers:
        record = records.head(number, LARGEST + 1)
        most -= len(record)
        if most < 0:
            return
        if len(record) <= LARGEST:
            yield record


def spaced(numbers: Sequence[int], most: int) -> Sequence[int]:
    """All of the numbers, or so many of them, evenly spaced."""
    if len(numbers) <= most:
        return tuple(numbers)
    return tuple(numbers[at * len(numbers) // most] for at in range(most))
