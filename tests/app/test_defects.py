"""Nothing ends the explorer: a handler, a key, a drawing, a worker that fails is a sentence, and all else goes on."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest
from textual.pilot import Pilot

from tests.app.conftest import (
    LAST,
    RECORDS,
    Opened,
    add_term,
    assert_shown,
    calendar,
    preview,
    preview_of,
    settled,
    shown,
    until,
)
from tui.app.calendar.screen import CalendarPage
from tui.app.preview.rows import VisibleRows
from tui.app.records.tree import JsonTree
from tui.app.scan.screen import ScanPage
from tui.app.terminal.guard import defect_words
from tui.archive.store import Store
from tui.errors import SendError


def broken(*_: object, **__: object) -> Any:
    raise KeyError("nobody foresaw this")


def sentence(pilot: Pilot[int]) -> str:
    """All of the screen, unwrapped."""
    return " ".join(shown(pilot).split())


def test_every_error_becomes_one_sentence_with_a_remedy() -> None:
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/tmp/x")
    assert defect_words(SendError("nsqd is gone; start it")) == "nsqd is gone; start it"
    assert defect_words(full) == "/tmp/x: No space left on device; free some space; then try again"
    assert "scan fewer hours" in defect_words(MemoryError())
    assert "internal error: ZeroDivisionError; " in defect_words(ZeroDivisionError())
    assert "--debug" in defect_words(KeyError("x"))


async def test_a_key_that_fails_is_reported_and_the_next_key_works(
    opened: Opened, monkeypatch: pytest.MonkeyPatch, defects: list[Exception]
) -> None:
    monkeypatch.setattr(CalendarPage, "action_range", broken, raising=False)
    monkeypatch.setattr(CalendarPage, "action_take", broken)
    async with opened() as pilot:
        await pilot.press("space")
        assert "internal error: KeyError: 'nobody foresaw this'" in sentence(pilot)
        before = calendar(pilot).session.place
        await pilot.press("h")
        assert calendar(pilot).session.place != before
        assert (await preview(pilot)).ended
    assert len(defects) == 1
    defects.clear()


async def test_a_message_handler_that_fails_does_not_make_its_screen_deaf(
    opened: Opened, monkeypatch: pytest.MonkeyPatch, defects: list[Exception]
) -> None:
    async with opened() as pilot:
        page = await preview(pilot)
        with monkeypatch.context() as patched:
            patched.setattr(VisibleRows, "add", broken)
            await add_term(pilot, "event == 'error'")
            await until(pilot, lambda: "internal error" in sentence(pilot))
        defects.clear()
        await add_term(pilot, "n > `10`")
        await until(pilot, lambda: list(page.rows.hits) == [13, 23, 33])


async def test_a_record_that_breaks_the_tree_hides_nothing_else(
    opened: Opened, monkeypatch: pytest.MonkeyPatch, defects: list[Exception]
) -> None:
    monkeypatch.setattr(JsonTree, "draw", broken)
    async with opened() as pilot:
        page = await preview(pilot)
        await assert_shown(pilot, "this line cannot be shown", "play")
        await pilot.press("j")
        assert page.listing.current == 1
        await pilot.press("q")
        calendar(pilot)
    assert defects
    defects.clear()


async def test_a_screen_that_cannot_be_made_can_be_left(
    opened: Opened, monkeypatch: pytest.MonkeyPatch, defects: list[Exception]
) -> None:
    monkeypatch.setattr(ScanPage, "on_mount", broken)
    async with opened() as pilot:
        await pilot.press("s")
        await settled(pilot)
        assert "internal error" in sentence(pilot)
        await pilot.press("q")
        calendar(pilot)
        await pilot.press("question_mark")
        await assert_shown(pilot, "The calendar")
    defects.clear()


class FailingStore:
    """A store whose objects break off with an unexpected exception."""

    def __init__(self, store: Store, error: Exception) -> None:
        self._store, self._error = store, error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def stepwise(self, first: int = 0) -> FailingStore:
        return self

    def open(self, key: str, *, start: int = 0, etag: str | None = None) -> BinaryIO:
        with self._store.open(key, start=start, etag=etag) as stream:
            first = BytesIO(stream.read(40))
        error = self._error

        class Body:
            closed = False

            def readinto(self, buffer: bytearray) -> int:
                count = first.readinto(buffer)
                if not count:
                    raise error
                return count

            def close(self) -> None:
                self.closed = True

        return cast(BinaryIO, Body())


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.EIO, os.strerror(errno.EIO)), "Input/output error"),
        (ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET)), "Connection reset by peer"),
        (ValueError("chunked body of no length"), "ValueError: chunked body of no length"),
    ],
    ids=["disk", "network", "defect"],
)
async def test_a_store_that_fails_in_mid_preview_is_a_sentence_in_the_preview(
    opened: Opened, defects: list[Exception], error: Exception, words: str
) -> None:
    async with opened() as pilot:
        session = calendar(pilot).session
        session.archive = replace(session.archive, store=cast(Store, FailingStore(session.archive.store, error)))
        page = await preview(pilot)
        await until(pilot, lambda: words in sentence(pilot) and "reading …" not in shown(pilot) and not page.whole)
        await pilot.press("q")
        assert calendar(pilot).session.place == LAST
    defects.clear()


async def test_a_worker_that_fails_is_a_sentence_and_works_again(
    opened: Opened, monkeypatch: pytest.MonkeyPatch, defects: list[Exception]
) -> None:
    async with opened() as pilot:
        page = await preview(pilot)
        with monkeypatch.context() as patched:
            patched.setattr("tui.app.filters.input.read_typed", broken)
            await pilot.press("slash")
            await until(pilot, lambda: "internal error" in sentence(pilot))
        defects.clear()
        await pilot.press("escape")
        await add_term(pilot, "n < `5`")
        await until(pilot, lambda: list(page.rows.hits) == [0, 1, 2, 3, 4])


async def test_a_full_disk_while_the_session_is_saved_is_reported_in_one_sentence(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, *_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    async with opened() as pilot:
        with monkeypatch.context() as patched:
            patched.setattr(Path, "replace", full)
            await preview(pilot)
            await pilot.press("q")
            assert "nothing is remembered: No space left on device" in sentence(pilot)
        calendar(pilot)


async def test_a_clipboard_that_fails_is_reported_in_one_sentence(
    opened: Opened, monkeypatch: pytest.MonkeyPatch, defects: list[Exception]
) -> None:
    async with opened() as pilot:
        page = await preview(pilot)
        monkeypatch.setattr(type(pilot.app), "copy_to_clipboard", broken)
        await pilot.press("y", "y")
        assert "internal error" in sentence(pilot)
        await pilot.press("G")
        assert page.listing.current == RECORDS - 1
        assert preview_of(pilot).page is page.page
    defects.clear()
