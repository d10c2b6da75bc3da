"""Archives whose hours are written by a zone's clocks, over both changes of a year."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tui.analysis.zone import check_zone
from tui.archive import Archive, Catalog, open_archive
from tui.archive.catalog import make_catalog
from tui.archive.chunk import Chunk
from tui.archive.clocks import clock_note, shown_minutes
from tui.archive.layout import Layout
from tui.archive.moments import parse_range
from tui.archive.store import open_store
from tui.archive.times import HOUR, hours_between, parse_zone, spell_hour
from tui.cli import run

PATTERN = "e.%Y-%m-%d_%H.log"

# zone: the days of its changes in 2015, with the hours that clocks skipped, and that they showed for other than an hour
ZONES: dict[str, dict[str, tuple[tuple[str, ...], dict[str, int]]]] = {
    "Europe/Berlin": {"2015-03-29": (("02",), {}), "2015-10-25": ((), {"02": 120})},
    "America/New_York": {"2015-03-08": (("02",), {}), "2015-11-01": ((), {"01": 120})},
    "Asia/Kolkata": {"2015-03-29": ((), {}), "2015-10-25": ((), {})},
    "Australia/Lord_Howe": {"2015-10-04": ((), {"02": 30}), "2015-04-05": ((), {"01": 90})},
    "America/Havana": {"2015-03-08": (("00",), {}), "2015-11-01": ((), {"00": 120})},
    "America/St_Johns": {"2015-03-08": (("02",), {}), "2015-11-01": ((), {"01": 120})},
    "Africa/Casablanca": {"2015-06-14": ((), {"02": 120}), "2015-07-19": (("02",), {})},
}
DAYS = [(zone, day) for zone, days in ZONES.items() for day in days]


def hours_of(zone: str, first: datetime, days: int) -> list[datetime]:
    """Every hour that a writer there names: moments of UTC by its clock, each once."""
    start = first.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC).replace(minute=0)
    moments = (start + number * HOUR / 2 for number in range(days * 48))
    names = dict.fromkeys(moment.astimezone(ZoneInfo(zone)).replace(minute=0, fold=0) for moment in moments)
    return [hour for hour in names if hour.replace(tzinfo=None) >= first]


def written(zone: str, hours: list[datetime], minutes: int = 5) -> list[Chunk]:
    """Chunks of hours, each uploaded some minutes after its end by the clock of the zone."""
    names = []
    for hour in hours:
        end = (hour.replace(fold=1) + timedelta(minutes=shown_minutes(hour) % 60 or 60)).astimezone(UTC)
        names.append(Chunk(hour.strftime(PATTERN), hour, 10, "x", end + timedelta(minutes=minutes)))
    return names


def archive_of(tmp_path: Path, zone: str, chunks: list[Chunk]) -> tuple[Archive, Catalog]:
    """The archive, opened with a zone, and its catalog."""
    tz = parse_zone(zone)
    named = [
        Chunk(c.key, parsed.hour, c.size, c.etag, c.uploaded)
        for c in chunks
        if (parsed := Layout(PATTERN).parse(c.key, tz))
    ]
    return Archive(str(tmp_path), open_store(str(tmp_path)), Layout(PATTERN), tz), make_catalog(iter(named))


@pytest.mark.parametrize(("zone", "day"), DAYS)
def test_the_day_of_a_change_has_no_false_gap(tmp_path: Path, zone: str, day: str) -> None:
    first = datetime.fromisoformat(day) - timedelta(days=1)
    hours = hours_of(zone, first, 3)
    _, catalog = archive_of(tmp_path, zone, written(zone, hours))
    assert catalog.gaps == ()
    skipped, _ = ZONES[zone][day]
    here = [hour for hour in catalog.hours if spell_hour(hour).startswith(day)]
    assert len(here) == 24 - len(skipped)
    start, stop = parse_range(day, spell_hour(here[-1] + HOUR)[:10], ZoneInfo(zone))
    assert start is not None and stop is not None
    assert list(hours_between(start, stop)) == here


@pytest.mark.parametrize(("zone", "day"), DAYS)
def test_a_missing_hour_beside_a_change_is_a_gap(tmp_path: Path, zone: str, day: str) -> None:
    hours = hours_of(zone, datetime.fromisoformat(day) - timedelta(days=1), 3)
    for number in range(22, 30):
        left = [*hours[:number], *hours[number + 1 :]]
        _, catalog = archive_of(tmp_path, zone, written(zone, left))
        assert [(gap.start, gap.hours) for gap in catalog.gaps] == [(hours[number], 1)]


@pytest.mark.parametrize(("zone", "day"), DAYS)
def test_an_hour_in_which_clocks_change_is_marked(zone: str, day: str) -> None:
    skipped, odd = ZONES[zone][day]
    for number in range(24):
        hour = datetime.fromisoformat(f"{day}T{number:02}").replace(tzinfo=ZoneInfo(zone))
        minutes = 0 if f"{number:02}" in skipped else odd.get(f"{number:02}", 60)
        assert shown_minutes(hour) == minutes
        assert bool(clock_note(hour)) == (minutes != 60)
        assert zone in clock_note(hour) or minutes == 60


@pytest.mark.parametrize("zone", ZONES)
def test_doctor_finds_the_zone_over_a_year(tmp_path: Path, zone: str) -> None:
    hours = hours_of(zone, datetime(2015, 1, 10), 330)
    chunks = written(zone, hours)[::53]
    check = check_zone(*archive_of(tmp_path, "UTC", chunks))
    assert check.state == "warning"
    advised = check.says.rpartition("--timezone ")[2]
    assert check_zone(*archive_of(tmp_path, advised, chunks)).state == "ok"
    offsets = {hour.replace(tzinfo=ZoneInfo(zone)).utcoffset() for hour in hours}
    assert {hour.replace(tzinfo=parse_zone(advised)).utcoffset() for hour in hours} == offsets
    assert check_zone(*archive_of(tmp_path, zone, chunks)).state == "ok"


def folder_of(tmp_path: Path, hours: list[datetime]) -> str:
    for hour in hours:
        (tmp_path / hour.strftime(PATTERN)).write_bytes(b'{"n":1}\n')
    return str(tmp_path)


@pytest.mark.parametrize(
    ("zone", "start", "stop", "hours"),
    [
        ("Europe/Berlin", "2015-10-25T00:00Z", "2015-10-25T01:00Z", ["2015-10-25T02"]),
        ("Europe/Berlin", "2015-10-25T01:00Z", "2015-10-25T02:00Z", ["2015-10-25T02"]),
        ("Europe/Berlin", "2015-10-24T23:00Z", "2015-10-25T02:00Z", ["2015-10-25T01", "2015-10-25T02"]),
        ("America/Havana", "2015-11-01T05:00Z", "2015-11-01T06:00Z", ["2015-11-01T00"]),
        ("Australia/Lord_Howe", "2015-04-04T15:00Z", "2015-04-04T15:30Z", ["2015-04-05T01"]),
        ("Europe/Berlin", "2015-03-29T01:00Z", "2015-03-29T02:00Z", ["2015-03-29T03"]),
    ],
)
def test_a_range_in_utc_may_be_within_a_changed_hour(
    tmp_path: Path, zone: str, start: str, stop: str, hours: list[str]
) -> None:
    first = datetime.fromisoformat(start[:10]) - timedelta(days=1)
    archive = open_archive(folder_of(tmp_path, hours_of(zone, first, 3)), timezone=zone)
    catalog = archive.catalog(*parse_range(start, stop, archive.zone))
    assert [spell_hour(hour) for hour in catalog.hours] == hours


def test_ls_explains_what_clocks_did(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = folder_of(tmp_path, hours_of("Europe/Berlin", datetime(2015, 10, 25), 1))
    assert run(["ls", place, "--timezone", "Europe/Berlin"]) == 0
    noted = [line for line in capsys.readouterr().out.splitlines() if "Berlin" in line]
    assert len(noted) == 1 and "(lasts 2 hours: clocks in Europe/Berlin went back)" in noted[0]
    assert run(["ls", place, "--timezone", "Europe/Berlin", "--json"]) == 0
    listing = json.loads(capsys.readouterr().out)
    assert [(row["hour"], row["note"]) for row in listing["hours"] if "note" in row] == [
        ("2015-10-25T02", "lasts 2 hours: clocks in Europe/Berlin went back")
    ]


def test_an_hour_that_clocks_skipped_is_explained_wherever_it_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = folder_of(tmp_path, hours_of("Europe/Berlin", datetime(2015, 3, 29), 1))
    zone = ["--timezone", "Europe/Berlin"]
    said = "2015-03-29T02: clocks in Europe/Berlin skipped this hour"
    never = "2015-03-29T02 did not exist in Europe/Berlin: clocks went forward from 02:00 to 03:00"
    ranges = [["cat", "--hour", "2015-03-29T02"]]
    ranges += [[command, "--from", "2015-03-29T02", "--to", "2015-03-29T03"] for command in ("ls", "count", "verify")]
    for command, *words in ranges:
        assert run([command, place, *zone, *words]) == 2
        assert capsys.readouterr() == ("", f"hourscope: {never}\n")
    assert run(["ls", place, *zone, "--from", "2015-03-29T02", "--to", "2015-03-29T04"]) == 0
    out, err = capsys.readouterr()
    assert [line[:13] for line in out.splitlines()] == ["2015-03-29T02", "2015-03-29T03"] and said in err
    assert run(["ls", place, *zone, "--from", "2015-03-29", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["warnings"] == [said]
    (tmp_path / "e.2015-03-29_02.log").write_bytes(b"{}\n")  # a name that this zone's clocks cannot have given
    assert run(["ls", place, *zone]) == 0
    assert "skipped this hour" in capsys.readouterr().out
