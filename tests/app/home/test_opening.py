"""Places that can be read in several ways: the explorer asks for the layout, and switches between topics."""

from __future__ import annotations

import gzip
from datetime import timedelta
from pathlib import Path

from tests.app.conftest import FIRST, Opened, assert_shown, calendar, settled, shown, until
from tui.app.calendar.screen import CalendarPage
from tui.app.home.opening import ChoicePage

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
