"""Ranges to the minute are by the records' own times; they are refused where there are none, never widened."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tui.cli import run

FIRST = datetime(2015, 1, 20, 12, tzinfo=UTC)


def write(folder: Path, hours: list[list[dict[str, Any]]]) -> Path:
    folder.mkdir()
    for at, records in enumerate(hours):
        name = f"ev.{FIRST + timedelta(hours=at):%Y-%m-%d_%H}.log.gz"
        lines = b"".join(json.dumps(record).encode() + b"\n" for record in records)
        (folder / name).write_bytes(gzip.compress(lines, mtime=0))
    return folder


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """An event a minute for three hours; the last ten of each hour are in the chunk of the next."""
    times = [FIRST + timedelta(minutes=minute) for minute in range(180)]
    hours: list[list[dict[str, Any]]] = [[], [], [], []]
    for time in times:
        late = time.minute >= 50
        hours[time.hour - 12 + late].append({"meta": {"at": time.isoformat()}, "n": time.minute})
    return write(tmp_path / "archive", hours)


def count(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    code = run(["scan", *words, "--count", "--json", "--jobs", "1"])
    out = capsys.readouterr().out
    return code, json.loads(out.splitlines()[-1]) if out else {}


@pytest.mark.parametrize(
    ("start", "stop", "matches"),
    [
        ("2015-01-20T13:07", "2015-01-20T13:12", 5),
        ("2015-01-20 13:45", "2015-01-20T14", 15),  # the last ten were written an hour later
        ("2015-01-20T13:07+01:00", "2015-01-20T12:12Z", 5),
        ("2015-01-20T13:07:30", "2015-01-20T13:08:30", 1),
    ],
)
def test_records_are_taken_by_their_time(
    archive: Path, capsys: pytest.CaptureFixture[str], start: str, stop: str, matches: int
) -> None:
    code, said = count(capsys, str(archive), "--from", start, "--to", stop)
    assert (code, said["matches"], said["time_field"]) == (0, matches, "meta.at")


def test_only_chunks_that_can_hold_them_are_read(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, said = count(capsys, str(archive), "--from", "2015-01-20T13:07", "--to", "2015-01-20T13:12")
    assert said["chunks"] == 2
    _, said = count(capsys, str(archive), "--from", "2015-01-20T13:07", "--to", "2015-01-20T13:12", "--lag", "2h")
    assert said["chunks"] == 3


def test_whole_hours_select_chunks(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, said = count(capsys, str(archive), "--from", "2015-01-20T13", "--to", "2015-01-20T14:00")
    assert (said["matches"], said["time_field"]) == (60, None)


def test_without_a_time_in_the_records_the_range_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write(tmp_path / "a", [[{"n": n} for n in range(5)]])
    assert run(["scan", str(folder), "--from", "2015-01-20T12:07", "--count"]) == 2
    assert "no field of the records holds their time: name it with --time-field" in capsys.readouterr().err


def test_records_whose_time_cannot_be_read_are_counted_and_end_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write(tmp_path / "a", [[{"ts": "2015-01-20T12:30:00Z"}, {"ts": "later"}, {}]])
    code, said = count(
        capsys, str(folder), "--from", "2015-01-20T12:07", "--to", "2015-01-20T12:40", "--time-field", "ts"
    )
    assert (code, said["matches"], said["no_time"]) == (2, 1, 2)
    assert run(["count", str(folder), "--every", "10m", "--time-field", "ts", "--json"]) == 2
    said = json.loads(capsys.readouterr().out)
    assert (said["records"], said["no_time"], sum(row["count"] for row in said["rows"])) == (1, 2, 1)


def test_an_extract_of_other_minutes_is_not_resumed(archive: Path, tmp_path: Path) -> None:
    words = ["scan", str(archive), "--jobs", "1", "-o", f"{tmp_path}/out/", "--from", "2015-01-20T13:07"]
    assert run([*words, "--to", "2015-01-20T13:12"]) == 0
    assert run([*words, "--to", "2015-01-20T13:12", "--resume"]) == 0
    assert run([*words, "--to", "2015-01-20T13:13", "--resume"]) == 2


def test_count_by_minutes_takes_whole_hours_as_times_too(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["count", str(archive), "--every", "10m", "--from", "2015-01-20T13", "--to", "2015-01-20T14"]
    assert run([*words, "--json", "--jobs", "1"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert [(row["time"], row["count"]) for row in said["rows"]] == [
        (f"2015-01-20T13:{minute:02}" if minute else "2015-01-20T13", 10) for minute in range(0, 60, 10)
    ]


@pytest.mark.parametrize("command", ["ls", "verify", "index"])
def test_commands_that_know_hours_only_refuse_minutes(
    archive: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    assert run([command, str(archive), "--from", "2015-01-20T13:07"]) == 2
    assert "this command takes whole hours" in capsys.readouterr().err


def cat(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[str], str]:
    code = run(["cat", *words])
    out, err = capsys.readouterr()
    return code, [json.loads(line)["meta"]["at"][11:16] for line in out.splitlines()], err


@pytest.mark.parametrize(
    ("range_", "first", "last"),
    [
        (["--hour", "2015-01-20T13:55"], "13:55", "13:55"),  # it was written an hour later
        (["--hour", "2015-01-20T13:55:30"], "13:55", "13:55"),
        (["--hour", "2015-01-20T14:07+01:00"], "13:07", "13:07"),
        (["--from", "2015-01-20T12:48", "--to", "2015-01-20T13:02"], "12:48", "13:01"),
        (["--from", "2015-01-20T14", "--to", "2015-01-20T15"], "13:50", "14:49"),  # whole hours are chunks
        (["--hour", "2015-01-20T14"], "13:50", "14:49"),
    ],
)
def test_cat_prints_an_hour_a_minute_or_a_range(
    archive: Path, capsys: pytest.CaptureFixture[str], range_: list[str], first: str, last: str
) -> None:
    code, times, err = cat(capsys, str(archive), *range_)
    assert (code, times[0], times[-1], err) == (0, first, last, "")
    assert times == sorted(times)


def test_cat_without_a_range_or_with_two_is_refused(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in ([], ["--hour", "2015-01-20T13", "--to", "2015-01-20T14"]):
        assert run(["cat", str(archive), *words]) == 2
        assert "give either --hour T or a range with --from T --to T" in capsys.readouterr().err


def test_a_minute_in_which_clocks_go_back_is_printed_both_times(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    times = [datetime(2015, 10, 25, 0, 30, tzinfo=UTC), datetime(2015, 10, 25, 1, 30, tzinfo=UTC)]
    folder = tmp_path / "a"
    folder.mkdir()
    lines = b"".join(
        json.dumps({"ts": time.isoformat(), "meta": {"at": time.isoformat()}}).encode() + b"\n" for time in times
    )
    (folder / "ev.2015-10-25_02.log").write_bytes(lines)
    words = [str(folder), "--timezone", "Europe/Berlin", "--time-field", "ts", "--hour"]
    assert cat(capsys, *words, "2015-10-25T02:30+02:00")[1] == ["00:30"]
    assert cat(capsys, *words, "2015-10-25T02:30+01:00")[1] == ["01:30"]


def test_the_range_is_printed_with_what_it_selects_by(
    archive: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.cli.opened.narrate", lambda text: print(text))
    for command in ("cat", "count", "scan"):
        assert run([command, str(archive), "--from", "2015-01-20T13", "--to", "2015-01-20T14"]) == 0
        assert "range: by hour, 2015-01-20T13 to 2015-01-20T14\n" in capsys.readouterr().out
        assert run([command, str(archive), "--from", "2015-01-20T13:07", "--to", "2015-01-20T14"]) == 0
        assert "range: by meta.at, 2015-01-20T13:07 to 2015-01-20T14\n" in capsys.readouterr().out
