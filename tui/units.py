"""Numbers for people: thousands, bytes (powers of 1000, like S3 consoles and disk labels), durations."""

from __future__ import annotations

import re
from collections.abc import Sequence

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def count(number: int) -> str:
    """`1234567` → `1,234,567`."""
    return f"{number:,}"


def size(number: float) -> str:
    """`1_380_000_000` → `1.4 GB`: three significant digits at most, no decimals for bytes."""
    value = float(number)
    for unit in _UNITS:
        if value < 999.5 or unit == _UNITS[-1]:
            return f"{value:.0f} {unit}" if unit == "B" or value >= 99.95 else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError("unreachable")


_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([kKMGT]?)(i?)B?\s*")


def parse_size(text: str) -> int | None:
    """Parse `20GB`, `500M` or `1000000` (powers of 1000) or `64MiB` (1024) to bytes; None if it is not a size."""
    match = _SIZE.fullmatch(text)
    return (
        round(float(match[1]) * (1024 if match[3] else 1000) ** " KMGT".index(match[2].upper() or " "))
        if match
        else None
    )


def plural(number: int, noun: str) -> str:
    """`plural(2, "chunk")` → `2 chunks`; `plural(2, "match")` → `2 matches`."""
    ending = "" if number == 1 else "es" if noun.endswith(("ch", "s")) else "s"
    return f"{count(number)} {noun}{ending}"


def dollars(amount: float) -> str:
    """`$1,234.50`; `under $0.01` for less than a cent."""
    return f"${amount:,.2f}" if amount >= 0.01 or not amount else "under $0.01"


def duration(seconds: float) -> str:
    """`75` → `1m 15s`; below ten seconds with one decimal."""
    if seconds < 9.95:
        return f"{seconds:.1f}s"
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    minutes, secs = divmod(rest, 60)
    if hours:
        return f"{hours}h {minutes:02d}m"
    return f"{minutes}m {secs:02d}s" if minutes else f"{secs}s"


_BARS = "▁▂▃▄▅▆▇"  # not █, because sparklines on adjacent rows would touch


def sparkline(heights: Sequence[float], highest: float | None = None) -> str:
    """`[0, 1, 4]` → ` ▃▇`: one column per height, relative to the highest or to `highest`; a space only for 0."""
    steps, most = len(_BARS) - 1, highest or max(heights, default=0)
    return "".join(_BARS[round(steps * min(height / most, 1))] if height else " " for height in heights)
