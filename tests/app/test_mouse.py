"""Where the mouse is the explorer's: a click moves the cursor to what is under it, a second one is enter."""

from __future__ import annotations

from datetime import timedelta

from textual.pilot import Pilot
from textual.widget import Widget

from tests.app.conftest import LAST, Opened, calendar, settled, shown, until
from tui.app.calendar.month_grid import MonthGrid
from tui.app.preview.screen import PreviewPage
from tui.app.records.record_list import RecordList
from tui.app.scan.screen import ScanPage
from tui.app.timeline.screen import TimelinePage
from tui.app.widgets.bars import KeyLine
from tui.app.widgets.chart import Chart


def cell_of(widget: Widget, text: str) -> tuple[int, int]:
    """Where a text is drawn in a widget."""
    lines = (widget.render_line(y).text for y in range(widget.size.height))
    return next((line.index(text), y) for y, line in enumerate(lines) if text in line)


async def test_a_click_on_an_hour_moves_the_cursor_and_a_second_opens_it(opened: Opened) -> None:
    async with opened() as pilot:
        grid = calendar(pilot).grid
        x, y = cell_of(grid, "[")
        await pilot.click(MonthGrid, offset=(x - 3, y))
        assert grid.cursor == LAST - timedelta(hours=1)
        await pilot.click(MonthGrid, offset=(x - 6 + 2, y), times=2)
        await until(pilot, lambda: isinstance(pilot.app.screen, PreviewPage))
        assert f"{LAST - timedelta(hours=2):%H:%M}" in shown(pilot)


async def test_a_click_beside_the_hours_does_nothing(opened: Opened) -> None:
    async with opened() as pilot:
        for offset in ((2, 1), (30, 0), (79, 1)):
            await pilot.click(MonthGrid, offset=offset)
        assert calendar(pilot).grid.cursor == LAST


async def test_a_click_on_a_key_is_the_key(opened: Opened) -> None:
    async with opened() as pilot:
        await settled(pilot)
        await pilot.click(KeyLine, offset=cell_of(pilot.app.screen.query_one(KeyLine), "scan"))
        await until(pilot, lambda: isinstance(pilot.app.screen, ScanPage))


async def test_a_click_on_a_record_moves_the_cursor_and_the_wheel_scrolls(opened: Opened) -> None:
    async with opened() as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, PreviewPage))
        records = pilot.app.screen.query_one(RecordList)
        await until(pilot, lambda: records.length > 10)
        await pilot.click(RecordList, offset=(5, records.lead + 4))
        assert records.at == records.top + 4
        before = records.at
        await wheel(pilot, records)
        assert records.at == before + 3


async def wheel(pilot: Pilot[int], widget: Widget) -> None:
    from textual.events import MouseScrollDown

    x, y = widget.region.offset
    pilot.app.screen._forward_event(MouseScrollDown(widget, x + 1, y + 1, 0, 0, 0, False, False, False))
    await pilot.pause()


async def test_a_click_on_the_timeline_moves_to_its_column(opened: Opened) -> None:
    async with opened() as pilot:
        await pilot.press("i")
        await until(pilot, lambda: isinstance(pilot.app.screen, TimelinePage))
        chart = pilot.app.screen.query_one(Chart)
        await until(pilot, lambda: len(chart.shown.times) > 3)
        await pilot.click(Chart, offset=(chart.label, 1))
        assert chart.at == 0
