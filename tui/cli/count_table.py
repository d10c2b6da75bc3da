"""Counts as a table for a terminal, as tab-separated lines, as CSV and as JSON."""

from __future__ import annotations

import csv
import shutil
import sys
from collections import defaultdict
from datetime import datetime
from typing import Any

import msgspec

from tui.analysis.count import Counted, CountedRow
from tui.analysis.counting import Counting, Values
from tui.archive.times import spell_hour
from tui.cli.console import print_line
from tui.printable import printable
from tui.units import count, plural, sparkline

_SHOWN = 40  # values on a terminal
_BAR = 20
_DIGITS = 1e15  # larger numbers are printed with an exponent
_LINE = 48  # hours in a sparkline at most
_QUANTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}
STATISTICS = ("count", "min", *_QUANTILES, "max", "mean")


def rows_json(counted: Counted) -> list[dict[str, object]]:
    """Return the rows for `count --json`."""
    return [
        {"time": _time(row.time), "values": row.plain, "count": row.count}
        | ({"stats": statistics(row)} if row.sketch is not None else {})
        for row in counted.rows
    ]


def statistics(row: CountedRow) -> dict[str, float | int | None]:
    """Return the statistics of a row's numbers; quantiles are within 1 %."""
    sketch = row.sketch
    if sketch is None or not sketch.count:
        return dict.fromkeys(STATISTICS) | {"count": 0}
    quantiles = {name: sketch.quantile(share) for name, share in _QUANTILES.items()}
    low, high = _whole(sketch.low), _whole(sketch.high)
    return {"count": sketch.count, "min": low, **quantiles, "max": high, "mean": sketch.mean}


def print_rows(counting: Counting, counted: Counted) -> None:
    """Print tab-separated time, values, count and statistics; only the number if all records are one group."""
    for row in counted.rows or _nothing(counting):
        print("\t".join(printable(str(cell)) for cell in _cells(counting, row)))


def print_csv(counting: Counting, counted: Counted) -> None:
    """Print the same columns as CSV, with a header."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    times = ["time"] if counting.every else []
    writer.writerow([*times, *counting.by, "count", *(STATISTICS if counting.stats else ())])
    for row in counted.rows or _nothing(counting):
        writer.writerow(_cells(counting, row))


def print_table(counting: Counting, counted: Counted) -> None:
    """Print one line per value, with its share, a bar, and a sparkline over time, for a terminal."""
    for line in table_lines(counting, counted):
        print_line(line)


def table_lines(counting: Counting, counted: Counted) -> list[str]:
    """Return the lines of the table, not escaped."""
    if not counting.by:
        return _time_lines(counting, counted)
    lines: list[str] = []
    rows: dict[Values, list[CountedRow]] = defaultdict(list)
    for row in counted.rows:
        rows[row.values].append(row)
    totals = {values: sum(row.count for row in same) for values, same in rows.items()}
    order = sorted(rows, key=lambda values: -totals[values])
    times = sorted({row.time for row in counted.rows if row.time is not None})
    names = {values: "  ".join(map(text_of, rows[values][0].values)) for values in order[:_SHOWN]}
    width = min(max(map(len, names.values()), default=0), max(shutil.get_terminal_size().columns - 60, 20))
    most = max(totals.values(), default=1)
    for values in order[:_SHOWN]:
        number = totals[values]
        share = 100 * number / max(counted.records, 1)
        bar = "━" * max(round(_BAR * number / most), 1)
        line = _sparkline(rows[values], times) if times else ""
        name = printable(names[values])[:width]
        lines.append(f"{name:<{width}}  {count(number):>11}  {share:5.1f} %  {bar:<{_BAR}}  {line}".rstrip())
        if counting.stats:
            shown = rows[values][: 1 if not times else None]
            lines += [f"{'':<{width}}  {_time(row.time) or ''}  {_statistics_line(row)}" for row in shown]
    left = len(order) - _SHOWN + counted.more if len(order) > _SHOWN else counted.more
    if left:
        lines.append(f"… and {plural(left, 'more value')}")
    if counting.every and times:
        lines.append(f"{'':<{width}}  {_time(times[0])} to {_time(times[-1])}, every {counting.every.text}")
    return lines


def _time_lines(counting: Counting, counted: Counted) -> list[str]:
    most = max((row.count for row in counted.rows), default=1)
    lines = [] if counting.every else [count(counted.records)]
    for row in counted.rows:
        if counting.every:
            lines.append(
                f"{_time(row.time)}  {count(row.count):>11}  {'━' * max(round(2 * _BAR * row.count / most), 1)}"
            )
        if counting.stats:
            lines.append(_statistics_line(row))
    return lines


def _statistics_line(row: CountedRow) -> str:
    return "  ".join(
        f"{name} {value:,.6g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in statistics(row).items()
    )


def _sparkline(rows: list[CountedRow], times: list[datetime]) -> str:
    """Draw the counts over time; neighbors share a character if there are more times than `_LINE`."""
    at = {time: index for index, time in enumerate(times)}
    width = min(len(times), _LINE)
    heights = [0] * width
    for row in rows:
        if row.time is not None:
            heights[at[row.time] * width // len(times)] += row.count
    return sparkline(heights)


def _nothing(counting: Counting) -> list[CountedRow]:
    """Return the row to print without rows: 0 if all records are one group."""
    return [] if counting.by or counting.every else [CountedRow(None, (), 0)]


def _cells(counting: Counting, row: CountedRow) -> list[str | int | float | None]:
    times = [_time(row.time)] if counting.every else []
    numbers = statistics(row).values() if counting.stats else ()
    return [*times, *map(text_of, row.values), row.count, *("" if value is None else value for value in numbers)]


def text_of(value: bytes) -> str:
    """Return a value's JSON text for display: a string loses its quotes."""
    if value[:1] != b'"':
        return value.decode()
    try:
        text: Any = msgspec.json.decode(value)
    except msgspec.DecodeError:  # a lone surrogate
        return value.decode()
    return str(text)


def _time(time: datetime | None) -> str | None:
    if time is None:
        return None
    return spell_hour(time) if not time.minute else time.replace(tzinfo=None).isoformat(timespec="minutes")


def _whole(number: float) -> float | int:
    """Convert a whole number to int, which prints it without a decimal point."""
    return int(number) if number.is_integer() and abs(number) < _DIGITS else number
