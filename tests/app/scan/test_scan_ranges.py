"""Scans of ranges: several, to the minute, over a change of clocks, or senseless."""

from __future__ import annotations

import gzip
import json
import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.app.conftest import (
    FIRST,
    RECORDS,
    Opened,
    answer,
    assert_shown,
    on,
    settled,
    shown,
    start_scan,
    type_text,
    until,
    until_shown,
)
from tests.support.command import hourscope
from tui.app.app import Explorer
from tui.app.scan.screen import ScanPage
from tui.archive import open_archive
from tui.config import S3Options, load_config


async def test_a_range_and_a_filter_that_make_no_sense_are_reported(opened: Opened) -> None:
    async with opened() as pilot:
        await pilot.press("s")
        page = on(pilot, ScanPage)
        await answer(pilot, "r", "2015-01-20 to soon")
        *_, sentence, more, asked = shown(pilot).splitlines()
        assert "'soon' is not a time" in sentence and more.endswith("yesterday")  # all of it, however long
        assert asked.endswith("2015-01-20 to soon")  # to be typed on
        await pilot.press(*["backspace"] * 4)
        await until(pilot, lambda: "is not a time" not in shown(pilot))
        await type_text(pilot, "2015-01-21")
        await pilot.press("enter")
        await assert_shown(pilot, "23 h · 23 chunks")
        assert page.form.out.endswith(".2015-01-20/")
        await answer(pilot, "slash", "-q 1")
        await assert_shown(pilot, "'-q' is not one of")
        await pilot.press("escape")
        await until(pilot, lambda: "'-q' is not one of" not in shown(pilot))
        await answer(pilot, "slash", "event == 'error'")
        await assert_shown(pilot, "filter      -m \"event == 'error'\"")
        await answer(pilot, "r", "2017-01-01 to 2017-01-02")
        await pilot.press("enter")
        await assert_shown(pilot, "there is no chunk in these hours")


async def test_a_range_to_the_minute_is_of_the_records_own_time(opened: Opened, tmp_path: Path) -> None:
    """As on the command line, the chunks of the hour and of the next one are read."""
    async with opened() as pilot:
        await pilot.press("s")
        page = on(pilot, ScanPage)
        await settled(pilot)
        await assert_shown(pilot, " by hour     2015-")
        await answer(pilot, "r", "2015-01-20T13:00:05..2015-01-20T13:00:15")
        await until(pilot, lambda: page.form.timed)
        await assert_shown(pilot, " by ts       2015-01-20T13:00:05 to 2015-01-20T13:00:15 UTC  2 h · 2 chunks")
        await answer(pilot, "w", f"{tmp_path}/minute/")
        await until(pilot, lambda: page.form.timed and page.estimate is not None)
        (line,) = page.form.commands
        await start_scan(pilot)
        await until(pilot, lambda: page.over)
        assert page.state is not None and page.state.matches == 10
        assert page.session.matches == {}  # those hours were looked at in part
    ran = hourscope(*shlex.split(line.replace("/minute/", "/again/"))[1:])
    assert ran.code == 0 and [path.name for path in (tmp_path / "again").glob("*.gz")] == [
        path.name for path in (tmp_path / "minute").glob("*.gz")
    ]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("2015-01-20T13:05..12:00", "is empty"),
        ("2015-01-20T13:05, 2015-01-20T15", "a range to the minute needs two ends and must be the only one"),
        ("2015-01-20T13:05", "a range to the minute needs two ends"),
    ],
)
async def test_a_range_to_the_minute_that_makes_no_sense_is_refused(opened: Opened, typed: str, sentence: str) -> None:
    async with opened() as pilot:
        await pilot.press("s")
        await answer(pilot, "r", typed)
        await assert_shown(pilot, sentence)


async def test_records_without_a_time_have_no_range_to_the_minute(opened: Opened, tmp_path: Path) -> None:
    for hour in range(3):
        (tmp_path / f"events.2015-01-20_{hour:02}.log.gz").write_bytes(gzip.compress(b'{"n": 1}\n'))
    async with opened(str(tmp_path)) as pilot:
        await pilot.press("s")
        page = on(pilot, ScanPage)
        await answer(pilot, "r", "2015-01-20T00:05..00:25")
        await until_shown(pilot, "the records have no time field")
        await pilot.press("enter")
        assert not page.running and page.state is None


async def test_several_ranges_are_scanned_into_one_extract(opened: Opened) -> None:
    async with opened() as pilot:
        await pilot.press("g", "space", "l", "l", "space", "s")
        page = on(pilot, ScanPage)
        text = "".join(shown(pilot).split())
        assert "2ranges" in text and ".1/" in text and ".2/" in text
        await start_scan(pilot)
        await until(pilot, lambda: page.over)
        assert page.state is not None and page.state.matches == 2 * RECORDS
        assert list(open_archive(page.form.out).catalog().hours) == [FIRST, FIRST + timedelta(hours=2)]


async def test_a_range_over_a_change_of_clocks_shows_what_it_takes(tmp_path: Path) -> None:
    for hour, first, minutes in ((1, "2024-10-26T23", 60), (2, "2024-10-27T00", 120), (3, "2024-10-27T02", 60)):
        start = datetime.fromisoformat(first).replace(tzinfo=UTC)
        times = [(start + timedelta(minutes=minute)).isoformat() for minute in range(0, minutes, 10)]
        lines = "".join(f'{{"ts": "{time}"}}\n' for time in times)
        (tmp_path / f"events.2024-10-27_{hour:02}.log.gz").write_bytes(gzip.compress(lines.encode()))
    app = Explorer(str(tmp_path), timezone="Europe/Berlin", s3=S3Options(), config=load_config())
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press("s")
        page = on(pilot, ScanPage)
        await answer(pilot, "r", "2024-10-27T02:10..02:40")
        await until_shown(pilot, "6 of 18 records match")
        await assert_shown(
            pilot, "! note      clocks in Europe/Berlin showed 2024-10-27T02:10 and 2024-10-27T02:40 twice"
        )
        await answer(pilot, "r", "2024-10-27T01Z..2024-10-27T02Z")
        await until(pilot, lambda: page.form.timed and page.estimate is not None)
        await assert_shown(pilot, " by ts       2024-10-27T02:00+01:00 to 2024-10-27T03 Europe/Berlin")
        (line,) = page.form.commands
    ran = hourscope(*shlex.split(f"{line} --json")[1:])
    assert json.loads(ran.out.splitlines()[-1])["matches"] == 6
