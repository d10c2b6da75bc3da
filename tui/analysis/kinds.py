"""Kinds of fields whose values are not findings: times, clocks and counters, ids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import tzinfo
from itertools import islice, pairwise
from operator import mul

from tui.analysis.observed import TIMES, Value
from tui.analysis.patterns import pattern
from tui.filter.event_time import event_time

_SAMPLED = 200  # values checked to decide whether they are times
_CLOCK = 0.9  # of a number's variance is between hours if it is a clock or a counter
_MANY_ALIKE = 50  # different values; ids have more


def is_clock(samples: Iterable[tuple[int, Sequence[float]]]) -> bool:
    """True if numbers follow the time, like sequence numbers, offsets, and times in unusual units.

    `samples`: for each chunk, the index of its hour and some numbers.
    """
    count: Counter[int] = Counter()
    total: dict[int, float] = {}
    squares: dict[int, float] = {}
    origin: float | None = None
    for hour, numbers in samples:
        if not numbers:
            continue
        origin = numbers[0] if origin is None else origin
        moved = [number - origin for number in numbers]
        count[hour] += len(moved)
        total[hour] = total.get(hour, 0.0) + sum(moved)
        squares[hour] = squares.get(hour, 0.0) + sum(map(mul, moved, moved))
    hours = sorted(count)
    if len(hours) < 4:
        return False
    means = [total[hour] / count[hour] for hour in hours]
    rising = sum(one < other for one, other in pairwise(means))
    monotonic = max(rising, len(means) - 1 - rising) >= TIMES * (len(means) - 1)
    overall = sum(squares.values()) - sum(total.values()) ** 2 / count.total()
    within = sum(squares[hour] - total[hour] ** 2 / count[hour] for hour in hours)
    return monotonic and overall > 0 and within < (1 - _CLOCK) * overall


def are_times(totals: Counter[Value], zone: tzinfo) -> bool:
    """True if the values are times; a number like `20` is not one."""
    values = list(islice(totals, _SAMPLED))
    times = sum(event_time(value, zone) is not None for value in values)
    return bool(values) and times >= TIMES * len(values)


def are_ids(totals: Counter[Value], unique: int) -> bool:
    """True if the values are many texts that differ only in digits, or have digits and hardly any common pattern."""
    distinct = len(totals) + unique
    texts = [value for value in islice(totals, 10 * _MANY_ALIKE) if type(value) is str]
    alike = {pattern(text) for text in texts}
    words = any(" " in text for text in islice(alike, _MANY_ALIKE))  # messages, not ids
    if distinct <= _MANY_ALIKE or not texts or words:
        return False
    mixed = len(alike) > len(texts) // 2 and sum(map(_has_digits, texts)) > TIMES * len(texts)
    return mixed or len(alike) < max(len(texts) // 10, 2)


def _has_digits(text: str) -> bool:
    return any(map(str.isdigit, text))
