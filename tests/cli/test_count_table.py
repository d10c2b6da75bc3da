"""The table of a count on a terminal: the answer in its first lines, figures under each other."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tui.analysis.count import Counted, CountedRow, parse_every
from tui.analysis.counting import Counting
from tui.analysis.sketch import Sketch
from tui.cli.count_table import table_lines


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def row(values: list[str], count: int, numbers: list[float], hour: int | None = None) -> CountedRow:
    sketch = Sketch()
    sketch.add(numbers)
    time = None if hour is None else datetime(2015, 1, 20, hour, tzinfo=UTC)
    return CountedRow(time, tuple(value.encode() for value in values), count, sketch)


def lines(counting: Counting, *rows: CountedRow, more: int = 0) -> list[str]:
    return table_lines(counting, Counted(rows, sum(row.count for row in rows), 0, 0, 0, more))


def test_statistics_by_value_are_a_table_with_a_line_per_value() -> None:
    rows = row(['"/api"'], 2, [1500, 1500]), row(['"/a/longer/path"'], 1, [7])
    assert lines(Counting(("path",), None, "ms"), *rows, more=3) == [
        "path            count    min    p50    p90    p95    p99    max   mean",
        "/api                2  1,500  1,500  1,500  1,500  1,500  1,500  1,500",
        "/a/longer/path      1      7      7      7      7      7      7      7",
        "… and 3 more values",
    ]


def test_records_without_a_number_are_a_column() -> None:
    assert lines(Counting((), None, "ms"), row([], 3, [2])) == [
        "count  numbers  min  p50  p90  p95  p99  max  mean",
        "    3        1    2    2    2    2    2    2     2",
    ]


def test_statistics_over_time_name_each_value_once() -> None:
    rows = [row(['"x"'], 1, [1], 0), row(['"y"'], 5, [2] * 5, 0), row(['"x"'], 1, [3], 1)]
    assert [line[:28] for line in lines(Counting(("k",), parse_every("1h"), "ms"), *rows)] == [
        "k  time           count  min",
        "y  2015-01-20T00      5    2",
        "x  2015-01-20T00      1    1",
        "   2015-01-20T01      1    3",
    ]


def test_a_long_value_leaves_room_for_the_figures() -> None:
    (_, line) = lines(Counting(("k",), None, "ms"), row([f'"{"x" * 200}\\u001b[2J"'], 1, [1]))
    assert line.startswith("x" * 30) and " 1 " in line and len(line) == 80


@pytest.mark.parametrize("stats", [None, "ms"])
@pytest.mark.parametrize("every", [None, "1h"])
@pytest.mark.parametrize("by", [(), ("k",)])
def test_no_match_is_0(by: tuple[str, ...], every: str | None, stats: str | None) -> None:
    assert lines(Counting(by, parse_every(every) if every else None, stats)) == ["0"]
