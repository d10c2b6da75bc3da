"""The errors of the archive, and a scan for them by keys."""

from __future__ import annotations

from textual.pilot import Pilot

from tests.app.conftest import (
    FIRST,
    GAP,
    RECORDS,
    TORN,
    answer,
    on,
    record,
    until,
)
from tui.app.scan.screen import ScanPage
from tui.archive.times import hours_between

ERRORS = (3, 13, 23, 33)


def expected() -> list[bytes]:
    """Every error of the archive; the torn hour has lost its second half."""
    return [
        record(hour, number)
        for hour in hours_between(FIRST, FIRST.replace(day=21, hour=4))
        if hour != GAP
        for number in ERRORS
        if hour != TORN or number < RECORDS // 2
    ]


async def scanned(pilot: Pilot[int], out: str | None = None) -> ScanPage:
    """Scan the whole archive for errors, by the scan screen's keys."""
    await pilot.press("g", "v", "G", "v", "s")
    page = on(pilot, ScanPage)
    await answer(pilot, "slash", "-m \"event == 'error'\"")
    if out:
        await answer(pilot, "w", out)
    await pilot.press("enter")
    await until(pilot, lambda: page.over)
    return page
