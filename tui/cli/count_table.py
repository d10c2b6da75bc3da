"""Counts as a table for a terminal, as tab-separated lines, as CSV and as JSON."""

from __future__ import annotations

import csv
import shutil
import sys
from collections import defaultdict
from collections.abc import Callable
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
_NARROW = 20  # columns for values at least
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
    """Print one line per value for a terminal: its share with a bar, and a sparkline over time; or its statistics."""
    for line in table_lines(counting, counted):
        print_line(line)


def table_lines(counting: Counting, counted: Counted) -> list[str]:
    """Return the lines of the table, not escaped."""
    if not counted.records:
        return ["0"]
    if counting.stats and counted.rows:
        return _statistics_lines(counting, counted)
    if not counting.by:
        return _time_lines(counting, counted)
    lines: list[str] = []
    rows = _by_value(counted)
    totals = {values: sum(row.count for row in same) for values, same in rows.items()}
    order = list(rows)
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
    lines += _more(counted, len(order))
    if counting.every and times:
        lines.append(f"{'':<{width}}  {_time(times[0])} to {_time(times[-1])}, every {counting.every.text}")
    return lines


def _time_lines(counting: Counting, counted: Counted) -> list[str]:
    most = max((row.count for row in counted.rows), default=1)
    if not counting.every:
        return [count(counted.records)]
    bars = ("━" * max(round(2 * _BAR * row.count / most), 1) for row in counted.rows)
    return [f"{_time(row.time)}  {count(row.count):>11}  {bar}" for row, bar in zip(counted.rows, bars, strict=True)]


def _by_value(counted: Counted) -> dict[Values, list[CountedRow]]:
    """Return the rows of each value, the most frequent first."""
    rows: dict[Values, list[CountedRow]] = defaultdict(list)
    for row in counted.rows:
        rows[row.values].append(row)
    return dict(sorted(rows.items(), key=lambda item: -sum(row.count for row in item[1])))


def _more(counted: Counted, values: int) -> list[str]:
    """Return the line that says how many values are not shown."""
    left = max(values - _SHOWN, 0) + counted.more
    return [f"… and {plural(left, 'more value')}"] if left else []


def _statistics_lines(counting: Counting, counted: Counted) -> list[str]:
    """Return a table with a column for each statistic. `numbers`: records with a number, if some have none."""
    rows = _by_value(counted)
    shown = [row for same in list(rows.values())[:_SHOWN] for row in same]
    some = any(statistics(row)["count"] != row.count for row in shown)
    figures = [["count", *(["numbers"] if some else []), *STATISTICS[1:]]]
    for row in shown:
        numbers, *rest = statistics(row).values()
        figures.append(list(map(_figure, (row.count, *([numbers] if some else []), *rest))))
    right = _aligned(figures, str.rjust)
    times = ["time", *(_time(row.time) or "" for row in shown)] if counting.every else []
    room = shutil.get_terminal_size().columns - len(right[0]) - 2 - max(map(len, times), default=-2) - 2
    names = [",".join(counting.by)] if counting.by else []
    for row, before in zip(shown if names else [], [None, *shown], strict=False):
        same = before is not None and before.values == row.values
        names.append("" if same else printable("  ".join(map(text_of, row.values)))[: max(room, _NARROW)])
    left = [list(cells) for cells in zip(*filter(None, (names, times)), strict=True)]
    lines = (
        [f"{texts}  {line}" for texts, line in zip(_aligned(left, str.ljust), right, strict=True)] if left else right
    )
    return [*map(str.rstrip, lines), *_more(counted, len(rows))]


def _aligned(table: list[list[str]], place: Callable[[str, int], str]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return ["  ".join(map(place, cells, widths)) for cells in table]


def _figure(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.6g}" if isinstance(value, float) else f"{value:,}"


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
