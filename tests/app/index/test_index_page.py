"""The index of selected hours is built by a key, as a job."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.app.conftest import Opened, assert_shown, on, settled, until, until_shown
from tests.index.indexed import build, planned, write
from tests.support.command import hourscope
from tui.analysis import indexing
from tui.app.index import screen
from tui.app.index.screen import IndexPage
from tui.app.jobs.screen import JobsPage
from tui.index import open_index
from tui.scan import ChunkDone

_HOURS = [[{"k": f"k{n % 3}", "id": f"id-{hour}-{n:06}"} for n in range(50)] for hour in range(6)]


async def page_of(pilot: Pilot[int]) -> IndexPage:
    """The page of the first four hours, once it is known what is indexed."""
    await settled(pilot)
    await pilot.press("g", "v", "l", "l", "l", "v", "I")
    page = on(pilot, IndexPage)
    await until(pilot, lambda: page.left is not None)
    return page


def indexed(folder: Path) -> tuple[int, int]:
    """How many chunks are in the index, and how many with their words."""
    plan = planned(folder)
    with open_index(plan.archive) as index:
        return len(index.indexed(plan.chunks)), len(index.with_words(plan.chunks))


async def test_the_selected_hours_are_indexed_as_a_job(opened: Opened, tmp_path: Path) -> None:
    write(tmp_path / "a", _HOURS)
    plan = planned(tmp_path / "a")
    with open_index(plan.archive) as index:
        build(index, replace(plan, chunks=plan.chunks[:1]))
    async with opened(str(tmp_path / "a")) as pilot:
        page = await page_of(pilot)
        await assert_shown(pilot, "1 of 4 chunks are indexed.", "in 3 chunks", "ids not indexed (o indexes them too)")
        await pilot.press("enter")
        await until(pilot, lambda: page.over)
        await assert_shown(pilot, "3 of 3 chunks in", "done: counts, fields and searches of these hours use it")
        assert indexed(tmp_path / "a") == (4, 0)
        await pilot.press("J")
        await until(pilot, lambda: isinstance(pilot.app.screen, JobsPage))
        await until_shown(pilot, "✓ index")
        await pilot.press("enter")
        assert on(pilot, IndexPage) is page


async def test_ids_are_indexed_on_demand_and_its_command_does_the_same(opened: Opened, tmp_path: Path) -> None:
    write(tmp_path / "a", _HOURS)
    async with opened(str(tmp_path / "a")) as pilot:
        page = await page_of(pilot)
        await pilot.press("o")
        await until(pilot, lambda: page.left is not None)
        await pilot.press("enter")
        await until(pilot, lambda: page.over)
        assert indexed(tmp_path / "a") == (4, 4)
        command = shlex.split(page.command())
        assert command[:2] == ["hourscope", "index"] and command[-1] == "--ids"
    ran = hourscope(*command[1:], "--json")
    assert json.loads(ran.out)["ids"]["indexed"] == 4  # nothing was left to do


async def test_what_is_indexed_already_is_not_read_again(opened: Opened, tmp_path: Path) -> None:
    write(tmp_path / "a", _HOURS)
    plan = planned(tmp_path / "a")
    with open_index(plan.archive) as index:
        build(index, plan)
    async with opened(str(tmp_path / "a")) as pilot:
        await page_of(pilot)
        await assert_shown(pilot, "4 of 4 chunks are indexed", "done: counts, fields and searches of these hours")
        await pilot.press("enter")
        await until_shown(pilot, "all chunks of these hours are indexed")


async def test_a_build_that_is_stopped_is_resumed(
    opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*given: Any, **options: Any) -> Iterator[object]:
        for event in indexing.build(*given, **options):
            yield event
            if isinstance(event, ChunkDone):
                return

    write(tmp_path / "a", _HOURS)
    async with opened(str(tmp_path / "a")) as pilot:
        page = await page_of(pilot)
        with monkeypatch.context() as patch:
            patch.setattr(screen, "build", stopped)
            await pilot.press("enter")
            await until_shown(pilot, "stopped: R indexes the rest")
        assert indexed(tmp_path / "a")[0] < 4
        await pilot.press("R")
        await until(pilot, lambda: page.over)
        assert indexed(tmp_path / "a") == (4, 0)
