"""How the calendar shares a screen: the days come first, then the hour under the cursor as far as there is room."""

from __future__ import annotations

import gzip
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.app.conftest import (
    FIRST,
    GAP,
    LAST,
    TORN,
    Opened,
    answer,
    assert_shown,
    calendar,
    chunk_path,
    go_to,
    preview,
    preview_of,
    settled,
    shown,
    until,
    until_shown,
)
from tui.app.app import Explorer
from tui.app.calendar.screen import CalendarPage
from tui.archive import Chunk
from tui.archive.catalog import make_catalog
from tui.config import S3Options, load_config

HOUR = timedelta(hours=1)


def chunks(first: datetime, days: int) -> Iterator[Chunk]:
    for number in range(24 * days):
        hour = first + number * HOUR
        yield Chunk(f"events.{hour:%Y-%m-%d_%H}.log.gz", hour, 1000 + number, "e", hour + HOUR)


@pytest.mark.parametrize(("size", "first", "days"), [((80, 24), 12, 14), ((80, 24), 1, 19), ((120, 40), 1, 31)])
async def test_the_days_of_the_month_win_over_what_is_below(
    opened: Opened, size: tuple[int, int], first: int, days: int
) -> None:
    async with opened(size=size) as pilot:
        session = calendar(pilot).session
        catalog = make_catalog(chunks(datetime(2015, 1, first, tzinfo=UTC), days))
        await pilot.app.push_screen(CalendarPage(replace(session, catalog=catalog, place=None)))
        await pilot.press("h", "h")
        names = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
        in_sight = [int(line[4:6]) for line in shown(pilot).splitlines() if line[1:3] in names and line[3] == " "]
        assert in_sight == list(range(first, first + days))
        await assert_shown(pilot, "by fifths")


async def test_at_80_columns_the_bar_says_what_is_known_of_the_hour_and_tab_shows_its_chunks(opened: Opened) -> None:
    async with opened(size=(80, 24)) as pilot:
        await pilot.press("h")
        bar = next(line for line in shown(pilot).splitlines() if line.startswith(" Wed 21 02:00"))
        assert "kB" in bar or " B" in bar
        await until_shown(pilot, "40 records")
        assert "web01" not in shown(pilot)
        await pilot.press("tab")
        await assert_shown(pilot, "▸ web01-000000", "ETag")
        await pilot.press("slash", "escape")
        await until_shown(pilot, "▸ web01-000000")
        await pilot.press("escape")
        await until(pilot, lambda: "web01" not in shown(pilot))


async def test_at_160_columns_what_stands_out_in_the_hour_is_beside_it_and_its_first_record_below(
    opened: Opened, tmp_path: Path
) -> None:
    odd = FIRST + 3 * 24 * HOUR
    for day in range(7):
        hour = FIRST + day * 24 * HOUR
        regions = ["north"] * 200 + ["far-east"] * 40 * (hour == odd)
        lines = b"".join(
            json.dumps({"region": region, "zone": n % 3}).encode() + b"\n" for n, region in enumerate(regions)
        )
        chunk_path(tmp_path, hour).write_bytes(gzip.compress(lines))
    async with opened(str(tmp_path), size=(200, 60)) as pilot:
        await answer(pilot, "colon", f"{odd:%Y-%m-%dT%H}")
        await until_shown(pilot, "against 6 other days")
        await until_shown(pilot, "new region far-east")
        await assert_shown(pilot, "usual 0")
        await until_shown(pilot, 'region  "north"')
        await answer(pilot, "colon", f"{FIRST:%Y-%m-%dT%H}")
        await until(pilot, lambda: "far-east" not in shown(pilot) and "│ nothing" in shown(pilot))


async def test_an_hour_without_a_match_names_the_keys_that_help_and_shows_its_records_dim(opened: Opened) -> None:
    async with opened() as pilot:
        await answer(pilot, "slash", "n == `99`")
        await until_shown(pilot, "No match among this hour's records.")
        await assert_shown(
            pilot, "0 of 40 records match", "s scan for matches", "/ another filter", "without the filter"
        )
        await assert_shown(pilot, "03:00:07")
        await answer(pilot, "slash", "n == `7` && event == 'play'")
        await until(pilot, lambda: "No match" not in shown(pilot))
        await pilot.press("o")
        await until_shown(pilot, "29 of 1,140 records match")
        await assert_shown(pilot, "· n goes to them")


async def test_a_gap_shows_its_length_and_where_to_go(opened: Opened) -> None:
    async with opened() as pilot:
        await go_to(pilot, f"{GAP:%Y-%m-%dT%H}")
        await until_shown(pilot, f"A gap of 1 hour, from {GAP:%Y-%m-%dT%H} to {GAP + HOUR:%Y-%m-%dT%H}.")
        await assert_shown(pilot, "e next trouble", "x explains it")


async def test_a_chunk_without_a_record_says_so(opened: Opened, tmp_path: Path) -> None:
    for number in range(3):
        chunk_path(tmp_path, FIRST + number * HOUR).write_bytes(gzip.compress(b""))
    async with opened(str(tmp_path)) as pilot:
        await until_shown(pilot, "No records in these chunks.")


async def test_gaps_are_counted_as_gaps_and_a_short_archive_shows_its_sizes_below_its_days(
    opened: Opened, tmp_path: Path
) -> None:
    for number in (*range(10), *range(50, 60)):
        chunk_path(tmp_path, FIRST + number * HOUR).write_bytes(b"{}\n" * 400 * (number + 1))
    async with opened(str(tmp_path)) as pilot:
        await assert_shown(pilot, "·· 1 gap, 40 h", "/hour")
        lines = shown(pilot).splitlines()
        days = next(y for y, line in enumerate(lines) if line.startswith(" Th 22"))
        assert "█" in "".join(line[:80] for line in lines[days + 1 : 18])
    async with opened(str(tmp_path), size=(80, 24)) as pilot:
        await until_shown(pilot, "small to large")
        assert "/hour" not in shown(pilot)


async def test_x_explains_the_key_of_the_hour_beside_the_calendar(opened: Opened) -> None:
    async with opened(size=(200, 60)) as pilot:
        await pilot.press("x")
        await until_shown(pilot, "topic events  host web01  rev -000000  hour 2015-01-21T03")
        await until(pilot, lambda: any("Tu 20" in line[:100] for line in shown(pilot).splitlines()))
        words = " ".join(line[102:] for line in shown(pilot).splitlines())
        assert "topic events  host web01" in words and "STANDARD, ETag" in words
        await pilot.press("q", "g", "e", "x")
        await until_shown(pilot, "is in a gap of 1 hour")


async def test_x_on_a_torn_hour_shows_its_last_bytes(opened: Opened, small_archive: Path) -> None:
    async with opened(size=(80, 24)) as pilot:
        await go_to(pilot, f"{TORN:%Y-%m-%dT%H}")
        await pilot.press("enter")
        await until(pilot, lambda: preview_of(pilot).ended)
        await pilot.press("q", "x")
        tail = chunk_path(small_archive, TORN).read_bytes()[-8:].hex(" ")
        await assert_shown(pilot, "the object ends in the middle", tail, "nothing follows")
        await pilot.press("q")
        await pilot.resize_terminal(120, 40)  # the explanation has half of it
        await pilot.press("x")
        await until_shown(pilot, "nothing follows")
        beside = [line[60:].strip() for line in shown(pilot).splitlines()]
        assert sum(tail in line and len(line.split()) == 10 for line in beside) == 1  # offset, eight bytes, text
        assert "a whole one would end with its" in beside[beside.index("checksum and length:") - 1]


async def test_help_leaves_the_left_half_to_the_screen_that_it_explains(opened: Opened) -> None:
    async with opened(size=(120, 40)) as pilot:
        await pilot.press("question_mark")
        lines = shown(pilot).splitlines()
        assert any("Tu 20" in line[:60] for line in lines) and any("Always" in line[60:] for line in lines)
    async with opened(size=(80, 24)) as pilot:
        await pilot.press("question_mark")
        await assert_shown(pilot, "Always")
        await until(pilot, lambda: "Tu 20" not in shown(pilot))


async def test_e_leads_from_a_preview_to_the_next_hour_with_trouble(
    opened: Opened, small_archive: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(small_archive, tmp_path / "late"))
    late = LAST - 4 * HOUR
    os.utime(chunk_path(folder, late), ((late + 30 * HOUR).timestamp(),) * 2)
    async with opened(str(folder)) as pilot:
        await preview(pilot)
        await pilot.press("E")
        await until(pilot, lambda: preview_of(pilot).page.hour == late)
        await assert_shown(pilot, "uploaded late")
        await pilot.press("e")
        await assert_shown(pilot, "no trouble is known after this hour")


async def test_an_hour_in_which_clocks_went_back_is_explained(tmp_path: Path) -> None:
    for hour in range(4):
        (tmp_path / f"e.2024-10-27_{hour:02}.log").write_bytes(b"{}\n")
    app = Explorer(str(tmp_path), timezone="Europe/Berlin", s3=S3Options(), config=load_config())
    async with app.run_test(size=(200, 60)) as pilot:
        await settled(pilot)
        assert "lasts 2 hours" not in shown(pilot)
        await pilot.press("h")
        await until_shown(pilot, "lasts 2 hours: clocks in Europe/Berlin")
        await pilot.press("x")
        await until_shown(pilot, "It lasts 2 hours: clocks in Europe/Berlin went back.")
