"""What the calendar shows of hours: other shades, chunks, extracts, years, zones."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.app.conftest import (
    FIRST,
    GAP,
    LAST,
    Opened,
    assert_shown,
    calendar,
    chunk_path,
    preview_of,
    record,
    shown,
    until,
    until_shown,
)
from tui.app.calendar.screen import CalendarPage
from tui.archive import Chunk, Gap, open_archive
from tui.archive.catalog import make_catalog
from tui.archive.s3 import S3Store
from tui.archive.times import hours_between, parse_zone
from tui.config import S3Options
from tui.filter import parse_filter
from tui.scan import open_extract, plan_scan, run_plan

HOUR = timedelta(hours=1)
ONE = parse_filter(match=[f"ts == '{(FIRST + 5 * HOUR + timedelta(seconds=3)).isoformat()}'"])


async def legend_of(pilot: Pilot[int]) -> str:
    await pilot.pause()
    region = calendar(pilot).panes.legend.region
    return shown(pilot).splitlines()[region.y]


async def test_o_shows_other_things_in_the_same_grid(opened: Opened) -> None:
    async with opened() as pilot:
        page = calendar(pilot)
        assert "small to large" in await legend_of(pilot)
        await pilot.press("o")
        assert (await legend_of(pilot)).startswith(" chunks ") and "few to many chunks" in await legend_of(pilot)
        assert page.grid.grid.cells(LAST, page.grid.grid.mark(LAST)) == " 1"
        await pilot.press("o")
        assert (await legend_of(pilot)).startswith(" upload lag ") and "≤10m" in await legend_of(pilot)
        page.session.matches = {LAST: 7, FIRST: 0}
        await pilot.press("o", "o")  # past sizes
        assert "few to many matches" in await legend_of(pilot) and "· no match" in await legend_of(pilot)


async def test_of_several_chunks_one_can_be_opened(opened: Opened, tmp_path: Path) -> None:
    for host in ("web01", "web02"):
        path = Path(str(chunk_path(tmp_path, FIRST)).replace("web01", host))
        path.write_bytes(gzip.compress(record(FIRST, 3) + b"\n"))
    async with opened(str(tmp_path)) as pilot:
        await assert_shown(pilot, "2 chunks")
        await pilot.press("tab", "j")
        await assert_shown(pilot, "ETag", "STANDARD")
        await assert_shown(pilot, "▸ web02", "enter opens this one")
        await pilot.press("enter")
        page = preview_of(pilot)
        assert [chunk.host for chunk in page.chunks] == ["web02"]
        await pilot.press("q", "escape", "enter")
        assert len(preview_of(pilot).chunks) == 2


async def test_hours_without_a_match_are_not_gaps_in_an_extract(opened: Opened, small_archive: Path) -> None:
    archive = open_archive(str(small_archive))
    plan = plan_scan(archive, FIRST, FIRST + 20 * HOUR, ONE)
    with open_extract(str(small_archive.parent / "few"), plan) as out:
        for _ in run_plan(plan, extract=out):
            pass
    async with opened(str(small_archive.parent / "few")) as pilot:
        page = calendar(pilot)
        assert page.session.gaps == (Gap(GAP, GAP + HOUR),) and len(page.session.catalog.hours) == 1
        assert "· no match" in await legend_of(pilot) and "gap or not scanned" in await legend_of(pilot)
        await pilot.press("g")
        await assert_shown(pilot, "this hour was scanned")
        assert page.grid.cursor == FIRST
        await pilot.press("enter")
        await assert_shown(pilot, "was scanned and had no match")


async def test_hours_in_glacier_are_not_opened(opened: Opened) -> None:
    async with opened() as pilot:
        session = calendar(pilot).session
        frozen = (
            Chunk(one.key, one.hour, one.size, one.etag, one.uploaded, "GLACIER") for one in session.catalog.chunks
        )
        await pilot.app.push_screen(CalendarPage(replace(session, catalog=make_catalog(frozen))))
        await pilot.pause()
        await assert_shown(pilot, "❄ needs restore", "❄ restore")
        await pilot.press("enter")
        await assert_shown(pilot, "restore it first")


def years() -> Iterator[Chunk]:
    """An hour a day, for two years and a bit."""
    for day in range(800):
        hour = datetime(2013, 6, 1, 12, tzinfo=UTC) + day * 24 * HOUR
        yield Chunk(f"events.{hour:%Y-%m-%d_%H}.log.gz", hour, 1000 + day, "e", hour + HOUR)


async def test_years_and_months_are_travelled_by_keys(opened: Opened) -> None:
    async with opened() as pilot:
        session = calendar(pilot).session
        assert "2013" not in shown(pilot)
        await pilot.app.push_screen(CalendarPage(replace(session, catalog=make_catalog(years()))))
        await pilot.pause()
        page = calendar(pilot)
        await pilot.press("G")
        await until(pilot, lambda: shown(pilot).splitlines()[1].startswith("‹2015  Jan"))
        await assert_shown(pilot, "Archive  2013-06-01 to 2015-08-09", "▆" * 10)
        await pilot.press("left_curly_bracket")
        await until(
            pilot,
            lambda: f"{page.grid.cursor:%Y-%m}" == "2014-08" and shown(pilot).splitlines()[1].startswith("‹2014›"),
        )
        await pilot.press("left_square_bracket", "right_curly_bracket")
        assert f"{page.grid.cursor:%Y-%m}" == "2015-07"
        await pilot.press("G", "E")
        await assert_shown(pilot, "gap: 23 hours in a row")


async def test_the_cost_of_reading_a_selection_is_shown(opened: Opened) -> None:
    async with opened() as pilot:
        session = calendar(pilot).session
        remote = replace(session.archive, store=S3Store("bucket", S3Options()))
        await pilot.app.push_screen(CalendarPage(replace(session, archive=remote)))
        await pilot.press("g", "v", "l", "l", "v")
        await assert_shown(pilot, "3 hours · ", "3 requests, under $0.01")


async def test_an_empty_extract_opens(opened: Opened, small_archive: Path, tmp_path: Path) -> None:
    archive = open_archive(str(small_archive))
    plan = plan_scan(archive, FIRST, FIRST + 5 * HOUR, parse_filter(grep=["nowhere in it"]))
    with open_extract(str(tmp_path / "none"), plan) as out:
        for _ in run_plan(plan, extract=out):
            pass
    async with opened(str(tmp_path / "none")) as pilot:
        page = calendar(pilot)
        assert page.session.first == FIRST and page.session.catalog_last == FIRST + 4 * HOUR
        await assert_shown(pilot, "0/0 h")
        assert "· no match" in await legend_of(pilot)
        await pilot.press("o", "o", "e", "G", "enter", "tab", "enter")
        await assert_shown(pilot, "had no match")


async def test_an_hour_that_no_clock_showed_is_passed_over(opened: Opened) -> None:
    berlin = parse_zone("Europe/Berlin")
    hours = list(hours_between(datetime(2015, 3, 29, tzinfo=berlin), datetime(2015, 3, 29, 8, tzinfo=berlin)))
    chunks = (Chunk(f"k{n}", hour, 100, "e", hour + 2 * HOUR) for n, hour in enumerate(hours))
    async with opened() as pilot:
        await pilot.app.push_screen(
            CalendarPage(replace(calendar(pilot).session, catalog=make_catalog(chunks), place=None))
        )
        await pilot.press("g", "l", "l")
        grid = calendar(pilot).grid
        assert grid.cursor.hour == 3
        await pilot.press("h")
        assert grid.cursor.hour == 1


async def test_z_shows_times_in_another_zone(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    async with opened(size=(160, 40)) as pilot:
        await assert_shown(pilot, "uploaded 04:02")
        await pilot.press("z")
        await until(pilot, lambda: "UTC, times in Asia/Tokyo" in shown(pilot).splitlines()[0])
        await assert_shown(pilot, "uploaded 13:02", "= Wed 12:00 Asia/Tokyo")
        await assert_shown(pilot, "hours stay the archive's")
        await pilot.press("enter")
        await until_shown(pilot, "Wed 12:00:")
        await pilot.press("z")
        await assert_shown(pilot, "times are in UTC", "Wed 03:00:")
        await pilot.press("q")
        await until(pilot, lambda: "times in" not in shown(pilot))
