"""Ranges over a change of clocks, in zones of half hours, and of records that come late: exact, or the reason."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tui.cli import run

STEP = timedelta(minutes=10)
EPOCHS: dict[str, Callable[[datetime], Any]] = {
    "iso": lambda time: time.isoformat(),
    "s": lambda time: int(time.timestamp()),
    "ms": lambda time: int(time.timestamp() * 1000),
    "us": lambda time: int(time.timestamp() * 10**6),
    "ns": lambda time: int(time.timestamp()) * 10**9,
}
# zone, the moment of a change, the hours in UTC around it that are asked for, the form of the times
AUTUMN = [
    ("Europe/Berlin", "2024-10-27T01", "iso"),
    ("America/New_York", "2024-11-03T06", "s"),
    ("America/Havana", "2024-11-03T05", "ms"),
    ("America/St_Johns", "2024-11-03T04", "us"),
    ("Australia/Lord_Howe", "2024-04-06T15", "ns"),
    ("Asia/Kolkata", "2024-10-27T01", "s"),
]


def write(folder: Path, zone: str, around: str, form: str = "iso", late: timedelta = timedelta(0)) -> Path:
    """A record every ten minutes of 12 hours, in the chunk of the hour that clocks showed `late` after it."""
    folder.mkdir()
    start = datetime.fromisoformat(around).replace(tzinfo=UTC) - timedelta(hours=6)
    chunks: dict[str, list[bytes]] = {}
    for number in range(72):
        time = start + number * STEP
        name = f"ev.{(time + late).astimezone(ZoneInfo(zone)):%Y-%m-%d_%H}.log.gz"
        record = {"ts": EPOCHS[form](time)} if form else {"n": number}
        chunks.setdefault(name, []).append(json.dumps(record).encode() + b"\n")
    for name, lines in chunks.items():
        (folder / name).write_bytes(gzip.compress(b"".join(lines), mtime=0))
    return folder


def counted(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any], str]:
    code = run(["count", *words, "--json", "--jobs", "1"])
    out, err = capsys.readouterr()
    return code, json.loads(out) if out else {}, err


@pytest.mark.parametrize(("zone", "moment", "form"), AUTUMN)
def test_hours_in_utc_are_exact_by_the_time_of_the_records(
    zone: str, moment: str, form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = str(write(tmp_path / "a", zone, moment, form))
    change = datetime.fromisoformat(moment)
    for first, last in ((-1, 0), (0, 1), (1, 2), (-1, 2)):
        ends = (change + timedelta(hours=first), change + timedelta(hours=last))
        start, stop = (f"{end:%FT%H}Z" for end in ends)
        range_ = ["--from", start, "--to", stop]
        words = [place, "--timezone", zone, *range_]
        code, said, err = counted(capsys, *words)
        assert (code, said["records"], err) == (0, 6 * (last - first), "")
        assert run(["scan", *words, "--jobs", "1"]) == 0
        assert capsys.readouterr().out.count("\n") == 6 * (last - first)
        assert run(["send", *words, "-o", "-", "--dry-run", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["count"] == 6 * (last - first)
        assert run(["cat", *words[:3], "--hour", start]) == 0
        assert capsys.readouterr().out.count("\n") == 6


@pytest.mark.parametrize(
    ("zone", "around", "words", "hours"),
    [
        ("Asia/Kolkata", "2024-06-01T03", ["2024-06-01T02Z", "2024-06-01T03Z"], "from 2024-06-01T07 to 2024-06-01T09"),
        ("Europe/Berlin", "2024-10-27T01", ["2024-10-27T01Z", "2024-10-27T02Z"], "from 2024-10-27T02 to 2024-10-27T03"),
    ],
)
def test_without_a_time_in_the_records_it_is_widened_and_that_is_reported(
    zone: str, around: str, words: list[str], hours: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = str(write(tmp_path / "a", zone, around, form=""))
    range_ = [place, "--timezone", zone, "--from", words[0], "--to", words[1]]
    note = f"inside an hour of the keys: widened to whole hours of {zone}, {hours}"
    for command in (["count", "--json"], ["scan", "-c", "--json"], ["ls", "--json"], ["verify", "--json"]):
        assert run([command[0], *range_, *command[1:]]) == 0
        out, err = capsys.readouterr()
        assert err.count(note) == 1
        assert note in json.loads(out.splitlines()[-1])["warnings"][0]
    assert run(["send", *range_, "-o", "-", "--dry-run", "--json"]) == 0
    assert note in json.loads(capsys.readouterr().out)["warnings"][0]
    code, _, err = counted(capsys, place, "--timezone", zone, "--from", words[0].replace("Z", ":10Z"))
    assert code == 2 and "no field of the records holds their time" in err  # of minutes it is refused


def test_minutes_that_clocks_showed_twice_are_taken_both_times(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = str(write(tmp_path / "a", "America/New_York", "2024-11-03T06"))
    words = [place, "--timezone", "America/New_York"]
    code, said, err = counted(capsys, *words, "--from", "2024-11-03T01:10", "--to", "2024-11-03T01:40")
    assert (code, said["records"]) == (0, 6)
    assert "for only one, give UTC: 2024-11-03T05:10Z or 2024-11-03T06:10Z" in err
    assert [err.strip()] == [f"hourscope: {note}" for note in said["warnings"]]
    for start, stop in (("05:10", "05:40"), ("06:10", "06:40")):
        code, said, err = counted(capsys, *words, "--from", f"2024-11-03T{start}Z", "--to", f"2024-11-03T{stop}Z")
        assert (code, said["records"], err) == (0, 3, "")
    assert run(["cat", *words, "--hour", "2024-11-03T01:20"]) == 0
    assert capsys.readouterr().out.count("\n") == 2
    assert run(["diff", *words, "--from", "2024-11-03T01:10", "--to", "2024-11-03T01:40"]) == 2
    assert "clocks showed some of these minutes twice: give --from and --to in UTC" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("zone", "change", "start", "stop", "records"),
    [
        ("America/St_Johns", "2024-03-10T05", "2024-03-10T02:20", "2024-03-10T02:40", None),
        ("America/Havana", "2024-03-10T05", "2024-03-10T00:20", "2024-03-10T00:40", None),
        ("Australia/Lord_Howe", "2024-10-05T15", "2024-10-06T02:10", "2024-10-06T02:20", None),
        ("Australia/Lord_Howe", "2024-10-05T15", "2024-10-06T02:10", "2024-10-06T02:50", 2),
        ("Europe/Berlin", "2024-03-31T01", "2024-03-31T01:30", "2024-03-31T02:30", 3),
        ("Europe/Berlin", "2024-03-31T01", "2024-03-31T02:10", "2024-03-31T03:20", 2),
    ],
)
def test_minutes_that_clocks_skipped_never_were(
    zone: str,
    change: str,
    start: str,
    stop: str,
    records: int | None,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    place = str(write(tmp_path / "a", zone, change))
    code, said, err = counted(capsys, place, "--timezone", zone, "--from", start, "--to", stop)
    assert f" did not exist in {zone}: clocks went forward from " in err and err.count("\n") == 1
    assert (code, said.get("records")) == (0 if records else 2, records)


@pytest.mark.parametrize("every", ["1h", "10m", "1m", "1d"])
def test_counts_by_time_say_which_hour_is_two_or_missing(
    every: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, around, note in (
        ("autumn", "2024-11-03T05", "2024-11-03T00: lasts 2 hours: clocks in America/Havana went back"),
        ("spring", "2024-03-10T05", "2024-03-10T00: clocks in America/Havana skipped this hour"),
    ):
        place = str(write(tmp_path / name, "America/Havana", around))
        code, said, err = counted(capsys, place, "--timezone", "America/Havana", "--every", every)
        assert (code, sum(row["count"] for row in said["rows"])) == (0, 72)
        assert said["warnings"] == [note] and err == f"hourscope: {note}\n"


@pytest.mark.parametrize(("late", "needed"), [(150, 3), (250, 5)])
def test_records_that_come_later_than_lag_are_noticed(
    late: int, needed: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = str(write(tmp_path / "a", "UTC", "2024-06-01T06", late=timedelta(minutes=late)))
    words = [place, "--time-field", "ts", "--from", "2024-06-01T05:10", "--to", "2024-06-01T05:40"]
    code, said, err = counted(capsys, *words)
    assert (code, said["records"]) == (1, 0)
    assert f"written up to {needed} hours after their time" in err and f"add --lag {needed}h" in err
    assert any(f"--lag {needed}h" in note for note in said["warnings"])
    code, said, err = counted(capsys, *words, "--lag", f"{needed}h")
    assert (code, said["records"], err) == (0, 3, "")
    assert run(["send", *words, "-o", "-", "--dry-run"]) == 1
    assert f"add --lag {needed}h" in capsys.readouterr().err


def test_a_range_without_a_record_is_looked_for_in_later_chunks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A writer that is prompt, but for one hour that it made up for later."""
    place = write(tmp_path / "a", "UTC", "2024-06-01T06")
    late = place / "ev.2024-06-01_05.log.gz"
    target = place / "ev.2024-06-01_09.log.gz"
    target.write_bytes(late.read_bytes() + target.read_bytes())
    late.write_bytes(gzip.compress(b'{"ts":"2024-06-01T05:59:00Z"}\n'))
    words = [str(place), "--from", "2024-06-01T05:10", "--to", "2024-06-01T05:40"]
    for command in (["count"], ["scan"], ["cat"], ["send", "-o", "-", "--dry-run"]):
        assert run([command[0], *words, *command[1:]]) == 1
        err = capsys.readouterr().err
        assert "hint: records of this range are in chunks up to 4 hours later; add --lag 4h" in err
    code, said, err = counted(capsys, *words, "--lag", "4h")
    assert (code, said["records"], err) == (0, 3, "")


def test_times_ahead_of_their_chunk_point_to_the_time_zone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = str(write(tmp_path / "a", "UTC", "2024-06-01T06", late=timedelta(hours=-3)))
    _, _, err = counted(capsys, place, "--time-field", "ts", "--from", "2024-06-01T05:10", "--to", "2024-06-01T05:40")
    assert "ahead of the hour of their chunk" in err and "check --timezone with doctor" in err


def test_minutes_where_clocks_go_back_two_hours_are_those_of_both_passes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    zone = "Antarctica/Troll"
    place = str(write(tmp_path / "a", zone, "2024-10-27T01"))
    code, said, _ = counted(capsys, place, "--timezone", zone, "--from", "2024-10-27T01:10", "--to", "2024-10-27T01:30")
    assert (code, said["records"]) == (0, 4)
