"""`diff` of minutes: records by their own time, beside the same minutes of other days."""

from __future__ import annotations

import gzip
import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.analysis.test_diff import answer
from tui.analysis.minutes import of_other_days, same_minutes, stretch_length
from tui.cli import run

FIRST = datetime(2024, 3, 1, 9, tzinfo=UTC)


def write(folder: Path, *, days: int, late: int = 0) -> None:
    """Three hours of each day; on day 2 from 10:20 to 10:40 a code is new, in records that are written later."""
    chance = random.Random(5)
    folder.mkdir()
    lines: dict[datetime, list[bytes]] = {}
    for day in range(days):
        for second in range(0, 3 * 3600, 8):
            time = FIRST + timedelta(days=day, seconds=second + chance.random())
            record = {"at": time.isoformat(), "code": chance.choice((1, 2, 3)), "via": chance.choice("abc")}
            if day == 2 and 80 * 60 <= second < 100 * 60 and chance.random() < 0.3:
                record["code"] = 99
            hour = (time + timedelta(seconds=late)).replace(minute=0, second=0, microsecond=0)
            lines.setdefault(hour, []).append(json.dumps(record).encode() + b"\n")
    for hour, records in lines.items():
        (folder / f"events.{hour:%Y-%m-%d_%H}.log.gz").write_bytes(gzip.compress(b"".join(records), mtime=0))


@pytest.mark.parametrize("late", [0, 1800])
def test_what_is_new_in_some_minutes_is_found_with_them(
    late: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "a", days=4, late=late)
    words = [str(tmp_path / "a"), "--from", "2024-03-03T10:20", "--to", "2024-03-03T10:40"]
    code, said = answer(capsys, *words)
    best = said["findings"][0]
    assert (code, best["where"], best["since"], best["until"]) == (
        0,
        {"code": 99},
        "2024-03-03T10:20",
        "2024-03-03T10:40",
    )
    assert said["target"] == {"from": "2024-03-03T10:20", "to": "2024-03-03T10:40", "records": 150}
    assert [span["from"] for span in said["baseline"]["ranges"]] == [f"2024-03-{day:02}T10:20" for day in (1, 2, 4)]


def test_minutes_can_be_compared_with_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "a", days=3)
    words = [
        "--from",
        "2024-03-03T10:20",
        "--to",
        "2024-03-03T10:40",
        "--against",
        "2024-03-03T09:20..2024-03-03T10:00",
    ]
    _, said = answer(capsys, str(tmp_path / "a"), *words)
    assert said["baseline"]["ranges"] == [{"from": "2024-03-03T09:20", "to": "2024-03-03T10"}]
    assert said["findings"][0]["where"] == {"code": 99}


def test_a_baseline_of_minutes_makes_hours_times_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "a", days=3)
    range_ = ["--from", "2024-03-03T10", "--to", "2024-03-03T11", "--against", "2024-03-03T09:15..2024-03-03T09:45"]
    _, said = answer(capsys, str(tmp_path / "a"), *range_)
    assert said["baseline"] == {"ranges": [{"from": "2024-03-03T09:15", "to": "2024-03-03T09:45"}], "records": 225}
    assert said["findings"][0]["where"] == {"code": 99}


def test_records_without_a_time_are_counted_and_end_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "a", days=3)
    path = tmp_path / "a" / "events.2024-03-03_10.log.gz"
    path.write_bytes(path.read_bytes() + gzip.compress(b'{"code": 1}\n{"code": 2}\n'))
    words = ["--from", "2024-03-03T10:20", "--to", "2024-03-03T10:40", "--time-field", "at"]
    code, said = answer(capsys, str(tmp_path / "a"), *words)
    assert code == 2 and said["findings"][0]["where"] == {"code": 99}
    assert said["warnings"] == ["left out 2 records without a readable time"]


def test_without_a_time_field_minutes_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "events.2024-03-03_10.log.gz").write_bytes(gzip.compress(b'{"code": 1}\n'))
    assert run(["diff", str(tmp_path), "--from", "2024-03-03T10:20", "--to", "2024-03-03T10:40"]) == 2
    assert "name it with --time-field PATH" in capsys.readouterr().err


@pytest.mark.parametrize(("minutes", "length"), [(20, 5), (60, 15), (13, 13), (9, 9), (14, 7), (90, 30)])
def test_a_target_is_cut_into_whole_minutes(minutes: int, length: int) -> None:
    assert stretch_length(FIRST, FIRST + timedelta(minutes=minutes)) == timedelta(minutes=length)


def test_hours_of_other_days_are_chosen_by_the_time_of_day() -> None:
    stop = FIRST + timedelta(hours=2)
    hours = [FIRST + timedelta(hours=hour) for hour in (-48, -47, -46, -1, 0, 1, 2, 25, 26)]
    assert [of_other_days(hour, FIRST, stop) for hour in hours] == [
        True, True, False, False, True, True, False, True, False,
    ]  # fmt: skip
    assert same_minutes(hours, [4], [0, 1, 2, 3, 5, 6, 7, 8], 1) == [0]
    assert same_minutes(hours, [4], [0, 1, 2, 3, 5, 6, 7, 8], 2) == []
