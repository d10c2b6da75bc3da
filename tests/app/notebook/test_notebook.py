"""The notebook in the explorer: notes on what is under the cursor, and the way back."""

from __future__ import annotations

from pathlib import Path

from tests.app.conftest import (
    FIRST,
    GAP,
    Opened,
    assert_shown,
    calendar,
    go_to,
    on,
    preview,
    preview_of,
    settled,
    shown,
    start_scan,
    type_text,
    until,
    until_shown,
)
from tui.app.diff.screen import DiffPage
from tui.app.notebook.screen import NotebookPage
from tui.app.preview.screen import PreviewPage
from tui.app.scan.screen import ScanPage
from tui.config import config_dir


async def note(pilot: object, text: str) -> None:
    from textual.pilot import Pilot

    assert isinstance(pilot, Pilot)
    await pilot.press("semicolon")
    await type_text(pilot, text)
    await pilot.press("enter")


async def test_a_note_on_an_hour_leads_back_to_it(opened: Opened) -> None:
    async with opened() as pilot:
        await go_to(pilot, "2015-01-20T13")
        await note(pilot, "it begins here [bold] \x1b")
        await until_shown(pilot, "noted; ' opens the notebook")
        await go_to(pilot, "2015-01-19T23")
        await pilot.press("apostrophe")
        await until_shown(pilot, "it begins here [bold]")
        await assert_shown(pilot, "Tue 20 Jan 2015 13:00")
        await pilot.press("enter")
        assert calendar(pilot).grid.cursor == FIRST.replace(day=20, hour=13)


def _unpadded(screen: str) -> str:
    return "\n".join(line.rstrip() for line in screen.splitlines())


async def test_a_note_on_a_record_has_it_and_leads_back(opened: Opened) -> None:
    """The record is listed, and opened as a tree below the list."""
    async with opened(size=(120, 40)) as pilot:
        await go_to(pilot, "2015-01-20T13")
        opened_hour = await preview(pilot)
        await pilot.press("j", "j", "j")
        await note(pilot, "look at this one")
        await pilot.press("q", "apostrophe")
        page = on(pilot, NotebookPage)
        await assert_shown(pilot, "record 4 of Tue 20 Jan 2015 13:00")
        assert '"n": 3' in page.list.entries[0].text
        await until(pilot, lambda: "the first records" in shown(pilot) and " n  3\n" in _unpadded(shown(pilot)))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, PreviewPage))
        back = preview_of(pilot)
        await until(pilot, lambda: back.ended and back.listing.current == 3)
        assert back.page.hour == opened_hour.page.hour


async def test_a_gap_can_have_a_note(opened: Opened) -> None:
    async with opened() as pilot:
        await go_to(pilot, f"{GAP:%Y-%m-%dT%H}")
        await note(pilot, "the archiver was down")
        await pilot.press("g", "apostrophe", "enter")
        assert calendar(pilot).grid.cursor == GAP


async def test_a_scan_is_in_it_and_its_extract_opens(opened: Opened) -> None:
    async with opened() as pilot:
        await pilot.press("s")
        page = on(pilot, ScanPage)
        await start_scan(pilot)
        await until(pilot, lambda: page.over)
        await pilot.press("apostrophe")
        await until_shown(pilot, "40 records match, in 40 records of 1 hour")
        await assert_shown(pilot, "hourscope scan")
        await pilot.press("enter")
        await until_shown(pilot, "extract of")


async def test_a_comparison_is_in_it(opened: Opened) -> None:
    async with opened() as pilot:
        await pilot.press("d")
        page = on(pilot, DiffPage)
        await until(pilot, lambda: page._answer is not None and page._answer.final)
        await pilot.press("apostrophe")
        await until_shown(pilot, "what changed")
        await assert_shown(pilot, "hourscope diff")


async def test_it_is_written_and_copied(opened: Opened, tmp_path: Path) -> None:
    async with opened() as pilot:
        await note(pilot, "one")
        await pilot.press("apostrophe", "y")
        await assert_shown(pilot, "copied, if this terminal allows it: 1 entry")
        await pilot.press("w", "ctrl+u")
        await type_text(pilot, str(tmp_path / "notes.md"))
        await pilot.press("enter")
        await until_shown(pilot, "wrote 1 entry to")
        await pilot.press("w", "ctrl+u")
        await type_text(pilot, str(tmp_path / "notes.md"))
        await pilot.press("enter")
        await until_shown(pilot, "exists; choose another name")
        assert "--force" not in shown(pilot)
    assert "> one" in (tmp_path / "notes.md").read_text()


async def test_it_is_written_without_values_that_are_not_for_others(opened: Opened, tmp_path: Path) -> None:
    async with opened() as pilot:
        await preview(pilot)
        await pilot.press("semicolon")
        await type_text(pilot, "look **here**")
        await pilot.press("enter", "apostrophe")
        await until_shown(pilot, "look **here** · record 1")
        file = tmp_path / "notes.md"
        for typed, answer_ in (
            (f"{tmp_path}/other --secret n", "--redact PATH for each field"),
            ("'open", "missing closing quote"),
        ):
            await pilot.press("w", "ctrl+u")
            await type_text(pilot, typed)
            await pilot.press("enter")
            await assert_shown(pilot, answer_)
            await pilot.press("escape")
        await pilot.press("w", "ctrl+u")
        await type_text(pilot, f"{file} --redact player.version --redact plaier")
        await pilot.press("enter")
        await assert_shown(pilot, "nothing in this notebook is at plaier")
    assert '"version":"[redacted]"' in file.read_text() and "4.1" not in file.read_text()


async def test_an_empty_one_shows_how_to_fill_it_and_a_config_turns_it_off(opened: Opened) -> None:
    config_dir().mkdir(parents=True, exist_ok=True)
    (config_dir() / "config.toml").write_text("[notebook]\nwrite = false\n")
    async with opened() as pilot:
        await note(pilot, "one")
        await assert_shown(pilot, "notebooks are off in the config")
        await pilot.press("apostrophe")
        await settled(pilot)
        await assert_shown(pilot, "This notebook is empty.")
