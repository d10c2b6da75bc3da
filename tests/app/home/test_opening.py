"""Places that can be read in several ways: the explorer asks for the layout, and switches between topics."""

from __future__ import annotations

import gzip
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.app.conftest import FIRST, Opened, assert_shown, calendar, settled, shown, until, until_shown
from tests.support.large_s3 import LargeS3, hourly_keys
from tui.app.app import Explorer
from tui.app.calendar.screen import CalendarPage
from tui.app.home.opening import ChoicePage
from tui.config import S3Options, load_config

CHUNK = gzip.compress(b'{"n": 1}\n', mtime=0)


def fill(folder: Path, pattern: str, hours: range) -> None:
    for number in hours:
        path = folder / (FIRST + timedelta(hours=number)).strftime(pattern)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(CHUNK)


async def test_of_two_layouts_one_is_chosen(opened: Opened, tmp_path: Path) -> None:
    fill(tmp_path, "events.%Y-%m-%d_%H.log.gz", range(30))
    fill(tmp_path, "old/%Y/%m/%d/%H/part.json.gz", range(20))
    async with opened(str(tmp_path)) as pilot:
        await until(pilot, lambda: isinstance(pilot.app.screen, ChoicePage))
        await assert_shown(pilot, "Which layout?", "old/%Y/%m/%d/%H/")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, CalendarPage))
        session = calendar(pilot).session
        assert len(session.catalog.hours) == 30
        assert "--layout" in calendar(pilot).command()


async def test_the_order_of_a_date_is_asked_for_if_the_keys_do_not_show_it(opened: Opened, tmp_path: Path) -> None:
    fill(tmp_path, "events-%y%m%d-%H.gz", range(2))
    async with opened(str(tmp_path)) as pilot:
        await until(pilot, lambda: isinstance(pilot.app.screen, ChoicePage))
        await assert_shown(pilot, "events-%y%m%d-%H.gz", "events-%d%m%y-%H.gz", "days and years cannot be told apart")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, CalendarPage))
        assert calendar(pilot).session.first == FIRST


@pytest.mark.parametrize(
    ("pattern", "rare"),
    [
        ("events.{host}-000000.%Y-%m-%d_%H.log.gz", "events.{host}-000000.%Y%m%dT%H.log.gz"),
        ("%Y/%m/%d/%H/web{host}.log.gz", "%Y/%m/%d/web{host}-%H.log.gz"),
    ],
)
async def test_a_layout_that_is_found_late_is_named_and_can_be_chosen(
    monkeypatch: pytest.MonkeyPatch, pattern: str, rare: str
) -> None:
    """A sample of a large bucket gives the layout; two days of another layout turn up when their month is listed."""
    keys = hourly_keys(datetime(2015, 1, 1), datetime(2015, 6, 1), pattern, 2)
    with LargeS3([*keys, *hourly_keys(datetime(2015, 3, 10), datetime(2015, 3, 12), rare)]) as s3:
        for variable, value in s3.env.items():
            monkeypatch.setenv(variable, value)
        explorer = Explorer("s3://b/", timezone=None, s3=S3Options(endpoint_url=s3.endpoint_url), config=load_config())
        async with explorer.run_test(size=(120, 40)) as pilot:
            await until(pilot, lambda: isinstance(pilot.app.screen, CalendarPage))
            await until_shown(pilot, "another layout (t)")
            await pilot.press("x")
            await assert_shown(pilot, "keys of another layout are left out")
            await pilot.press("q", "t")
            await until(pilot, lambda: isinstance(pilot.app.screen, ChoicePage))
            await pilot.press("G", "enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, CalendarPage))
            await settled(pilot)
            session = calendar(pilot).session
            assert "--layout" in session.location.options and len(session.catalog.hours) == 48
            assert session.others == ()


async def test_t_switches_the_topic_and_back(opened: Opened, tmp_path: Path) -> None:
    fill(tmp_path, "clicks/events.%Y-%m-%d_%H.log.gz", range(30))
    fill(tmp_path, "views/events.%Y-%m-%d_%H.log.gz", range(10))
    (tmp_path / "notes\x1b[31m.txt").touch()
    async with opened(str(tmp_path)) as pilot:
        await until(pilot, lambda: isinstance(pilot.app.screen, CalendarPage))
        await assert_shown(pilot, "2 topics (clicks, views)", "1 key left out")
        await pilot.press("x")
        await assert_shown(pilot, "1 other key: notes")
        assert "\x1b" not in shown(pilot)
        await pilot.press("q")
        for keys, chunks in ((("j",), 10), ((), 30), (("j", "j"), 40)):
            await pilot.press("t")
            await assert_shown(pilot, "Which topic?", "all topics")
            await pilot.press(*keys, "enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, CalendarPage))
            await settled(pilot)
            assert len(calendar(pilot).session.catalog.chunks) == chunks
