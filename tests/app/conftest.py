"""A small archive for the explorer's tests, and the one way to drive it by keys and to look at what it shows.

Tests of screens reach into them only by way of what is here.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input

from tests.support.sample import shared_sample
from tui.app.app import Explorer
from tui.app.calendar.screen import CalendarPage
from tui.app.filters.bar import FilterBar
from tui.app.filters.fields_panel import FieldsPanel
from tui.app.model.session import Session
from tui.app.preview.rows import VisibleRows
from tui.app.preview.screen import PreviewPage
from tui.app.records.record_list import RecordList
from tui.app.records.store import HourRecords
from tui.app.records.tree import JsonTree
from tui.archive import Chunk
from tui.config import S3Options, load_config
from tui.demo import SampleSpec
from tui.filter import Filter

FIRST = datetime(2015, 1, 19, 22, tzinfo=UTC)
HOURS = 30
GAP = datetime(2015, 1, 20, 9, tzinfo=UTC)
TORN = datetime(2015, 1, 20, 20, tzinfo=UTC)
LAST = FIRST + timedelta(hours=HOURS - 1)
RECORDS = 40

Opened = Callable[..., AbstractAsyncContextManager[Pilot[int]]]


def record(hour: datetime, number: int) -> bytes:
    """Every tenth is an error; titles are hostile."""
    value = {
        "event": "error" if number % 10 == 3 else "play",
        "ts": (hour + timedelta(seconds=number)).isoformat(),
        "n": number,
        "player": {"version": "4.13.0" if number % 2 else "4.12.1", "odd key": None},
        "tags": ["hd", "live"] if number % 3 == 0 else [],
        "title": "red \x1b[31m [bold]markup[/] \u202etxt",
    }
    return json.dumps(value, ensure_ascii=number % 2 == 0).encode()


def chunk_path(folder: Path, hour: datetime) -> Path:
    return folder / f"events.web01-000000.{hour:%Y-%m-%d_%H}.log.gz"


@pytest.fixture(scope="session")
def small_archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty hours over three days, forty records each, one gap, one torn chunk (that ends after about half)."""
    folder = tmp_path_factory.mktemp("small-archive")
    for number in range(HOURS):
        hour = FIRST + timedelta(hours=number)
        if hour == GAP:
            continue
        half = b"".join(record(hour, n) + b"\n" for n in range(RECORDS // 2))
        rest = b"".join(record(hour, n) + b"\n" for n in range(RECORDS // 2, RECORDS))
        tail = gzip.compress(rest, mtime=0)
        path = chunk_path(folder, hour)
        path.write_bytes(gzip.compress(half, mtime=0) + (tail[:15] if hour == TORN else tail))
        os.utime(path, ((hour + timedelta(minutes=62)).timestamp(),) * 2)
    return folder


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three days of the sample archive."""
    return shared_sample(tmp_path_factory, SampleSpec(hours=72, records_per_hour=400))


@pytest.fixture(autouse=True)
def defects(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Exception]]:
    """Unexpected exceptions: the explorer survives them, but a test fails unless it removes them from this list."""
    met: list[Exception] = []
    keep = Explorer.defect

    def defect(self: Explorer, error: Exception) -> str:
        met.append(error)
        return keep(self, error)

    monkeypatch.setattr(Explorer, "defect", defect)
    yield met
    if met:
        raise AssertionError("the explorer met a defect") from met[0]


@pytest.fixture
def opened(small_archive: Path) -> Opened:
    """`async with opened() as pilot`: the explorer on the small archive, its calendar on the screen."""

    @asynccontextmanager
    async def run(url: str | None = str(small_archive), size: tuple[int, int] = (120, 40)) -> AsyncIterator[Pilot[int]]:
        app = Explorer(url, timezone=None, s3=S3Options(), config=load_config())
        async with app.run_test(size=size) as pilot:
            await settled(pilot)
            yield pilot

    return run


async def settled(pilot: Pilot[int]) -> None:
    """Wait until no worker is busy (the preview's reader may sleep) and all messages are handled."""
    for _ in range(2):
        busy = [worker for worker in pilot.app.workers if worker.group not in ("read", "scan", "send")]
        await asyncio.gather(*(worker.wait() for worker in busy), return_exceptions=True)
        await pilot.pause(0.02)


async def until(pilot: Pilot[int], true: Callable[[], object], seconds: float = 15.0) -> None:
    """Wait for a condition that a worker will fulfil."""
    for _ in range(int(seconds / 0.02)):
        if true():
            await pilot.pause()
            return
        await pilot.pause(0.02)
    raise AssertionError(f"it did not come about:\n{shown(pilot)}")


async def type_text(pilot: Pilot[int], text: str) -> None:
    """Type a text into the focused input, all at once."""
    await pilot.pause()
    field = pilot.app.focused
    assert isinstance(field, Input), f"nothing to type into:\n{shown(pilot)}"
    field.insert_text_at_cursor(text)
    await pilot.pause()


def shown(pilot: Pilot[int]) -> str:
    """Return the screen as text."""
    strips = pilot.app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips)


async def assert_shown(pilot: Pilot[int], *words: str) -> None:
    """Wait until all of these are on the screen, wrapped or not."""

    def all_shown() -> bool:
        screen = shown(pilot)
        wrapped = " ".join(screen.split())
        return all(text in screen or text in wrapped for text in words)

    await until(pilot, all_shown)


async def until_shown(pilot: Pilot[int], words: str) -> None:
    await assert_shown(pilot, words)
    await settled(pilot)


Page = TypeVar("Page", bound=Screen[None])


def on(pilot: Pilot[int], kind: type[Page]) -> Page:
    """Return the active screen, asserting its type."""
    screen = pilot.app.screen
    assert isinstance(screen, kind), f"another screen is in front:\n{shown(pilot)}"
    return screen


def calendar(pilot: Pilot[int]) -> CalendarPage:
    return on(pilot, CalendarPage)


async def answer(pilot: Pilot[int], key: str, text: str) -> None:
    """Press a key that opens a prompt, and replace the proposed value."""
    await pilot.press(key, "ctrl+u")
    await type_text(pilot, text)
    await pilot.press("enter")
    await pilot.pause()


async def start_scan(pilot: Pilot[int]) -> None:
    """Start the scan on the scan screen; a scan of every record asks first."""
    await pilot.press("enter")
    await pilot.pause()
    if isinstance(pilot.app.focused, Input):
        await assert_shown(pilot, "Type yes to start:")
        await type_text(pilot, "yes")
        await pilot.press("enter")


async def go_to(pilot: Pilot[int], time: str) -> None:
    await pilot.press("colon")
    await type_text(pilot, time)
    await pilot.press("enter")


async def add_term(pilot: Pilot[int], text: str, *keys: str) -> None:
    """Add a term: press the keys, type it into the filter bar, and accept it."""
    await pilot.press("slash", *keys)
    await type_text(pilot, text)
    await pilot.press("enter")


@dataclass
class Preview:
    """All that tests know about the preview, so that only this changes with that screen."""

    page: PreviewPage

    @property
    def session(self) -> Session:
        return self.page.session

    @property
    def chunks(self) -> tuple[Chunk, ...]:
        return self.page.chunks

    @property
    def records(self) -> HourRecords:
        return self.page.view.records

    @property
    def ended(self) -> bool:
        """Return whether reading has ended."""
        return self.page.view.reading.ended

    @property
    def whole(self) -> bool:
        return self.page.view.reading.whole

    @property
    def rows(self) -> VisibleRows:
        return self.page.view.rows

    @property
    def filter(self) -> Filter:
        return self.rows.filter

    @property
    def terms(self) -> list[str]:
        return [term.text for term in self.bar.terms.terms]

    @property
    def bar(self) -> FilterBar:
        return self.page.view.bar

    @property
    def listing(self) -> RecordList:
        return self.page.view.panes.listing

    @property
    def nodes(self) -> JsonTree:
        return self.page.view.panes.nodes

    @property
    def panel(self) -> FieldsPanel:
        return self.page.view.panes.panel

    def signs(self, pilot: Pilot[int]) -> list[str]:
        """Return the gutter of each visible record: mark, match, level, or the cursor."""
        first = self.listing.region.y + self.listing.lead
        lines = shown(pilot).splitlines()[first : self.listing.region.bottom]
        return [line[:1].strip() or line[1:2] for line in lines]

    def titles(self, pilot: Pilot[int]) -> list[str]:
        """Return the titles of the columns."""
        y, region = self.listing.region.y + self.listing.lead - 1, self.listing.region
        return shown(pilot).splitlines()[y][: region.right].split()

    async def at_node(self, pilot: Pilot[int], *path: str | int) -> None:
        """Move the tree's cursor to a path."""
        self.nodes.focus()
        await pilot.press("g")
        for _ in range(30):
            if self.nodes.current is not None and self.nodes.current.path == path:
                return
            await pilot.press("j")
        raise AssertionError(f"no {path}")

    async def at_field(self, pilot: Pilot[int], *path: str) -> None:
        """Move the cursor of the fields to a field."""
        await pilot.press("g")
        for _ in range(30):
            if self.panel.current is not None and self.panel.current.facet.path == path:
                return
            await pilot.press("j")
        raise AssertionError(f"no {path}")


def preview_of(pilot: Pilot[int]) -> Preview:
    """Return the active preview."""
    return Preview(on(pilot, PreviewPage))


async def preview(pilot: Pilot[int]) -> Preview:
    """Open the hour under the calendar's cursor, and wait until its first records are read."""
    await pilot.press("enter")
    opened = preview_of(pilot)
    await until(pilot, lambda: opened.ended)
    return opened
