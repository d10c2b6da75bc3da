"""What is kept between two runs, and what a broken file does: nothing worse than a sentence."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.app.conftest import LAST, Opened, add_term, assert_shown, preview_of, settled, shown, until, until_shown
from tui.app.model.remembered import (
    MAX_TYPED,
    Left,
    StateError,
    keep_typed,
    read_left,
    read_typed,
    session_file,
    write_left,
)
from tui.config import state_dir
from tui.filter import Filter, Term

URL = "s3://bucket/events.%Y-%m-%d_%H.log.gz"
TERMS = (
    Term("match", "a == 'ü'", enabled=False),
    Term("grep", "x", negated=True),
    Term("regex", "y", ignore_case=True),
)
HOUR = datetime(2015, 1, 20, 13, tzinfo=UTC)
LEFT = Left(HOUR, Filter(TERMS, invert=True), ("player.version", "n"), (HOUR, 7))


def test_each_archive_opens_as_it_was_left() -> None:
    assert read_left(URL, UTC) == Left()
    write_left(URL, LEFT)
    write_left("/elsewhere", Left())
    assert read_left(URL, UTC) == LEFT and read_left("/elsewhere", UTC) == Left()
    berlin = read_left(URL, ZoneInfo("Europe/Berlin"))
    assert berlin.hour == LEFT.hour and berlin.hour is not None and berlin.hour.hour == 14


def test_nobody_else_can_read_it() -> None:
    write_left(URL, LEFT)
    keep_typed(("match", "secret == 'x'"))
    files = [path for path in state_dir().rglob("*") if path.is_file()]
    assert len(files) == 2 and all(path.stat().st_mode & 0o077 == 0 for path in files)
    assert session_file(URL).parent.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"hour": 7}',
        b'{"hour": "soon"}',
        b'{"filter": {"terms": [{"kind": "sql", "text": "a"}]}}',
        b'{"filter": {"terms": [{"kind": "match", "text": "a =="}]}}',
        b'{"filter": {"terms": [{"kind": "match", "text": "a", "negated": true}]}}',
        b'{"filter": 1}',
        b'{"columns": "a"}',
        b'{"line": [7]}',
        b'{"line": ["2015-01-20T13:00:00+00:00", "x"]}',
        b"[" * 100_000,
    ],
)
def test_a_broken_file_is_reported_in_one_sentence(broken: bytes) -> None:
    write_left(URL, LEFT)
    session_file(URL).write_bytes(broken)
    with pytest.raises(StateError, match="ignored") as error:
        read_left(URL, UTC)
    assert "\n" not in str(error.value)

    (kept,) = session_file(URL).parent.glob("*.broken-*")
    assert kept.read_bytes() == broken and str(kept) in str(error.value)
    assert read_left(URL, UTC) == Left()  # reported once


@pytest.mark.parametrize(
    "wrong",
    [
        {"hour": "9999-12-31T23:00:00-14:00"},
        {"hour": "2015-01-20T13:00:00"},
        {"line": ["2015-01-20T13:00:00Z", -1]},
        {"line": ["2015-01-20T13:00:00Z", 10**40]},
        {"columns": ["a", 7]},
        {"version": "x"},
        {"filter": {"terms": [{"kind": "match", "text": None}]}},
    ],
)
def test_a_value_that_cannot_be_is_broken(wrong: dict[str, object]) -> None:
    write_left(URL, LEFT)
    session_file(URL).write_text(json.dumps(json.loads(session_file(URL).read_text()) | wrong))
    with pytest.raises(StateError, match="broken and ignored"):
        read_left(URL, UTC)


def test_the_session_of_a_newer_hourscope_is_unchanged() -> None:
    write_left(URL, LEFT)
    newer = json.dumps({"version": 3, "hour": {"any": "thing"}})
    session_file(URL).write_text(newer)
    with pytest.raises(StateError, match="newer hourscope"):
        read_left(URL, UTC)
    write_left(URL, Left())
    assert session_file(URL).read_text() == newer


def test_what_was_typed_is_kept_once_and_bounded() -> None:
    for number in range(MAX_TYPED + 20):
        keep_typed(("match", f"n == `{number}`"))
    keep_typed(("grep", "foo"))
    keep_typed(("match", "n == `100`"))
    keep_typed(("match", "  "))
    typed = read_typed()
    assert len(typed) == MAX_TYPED and len(set(typed)) == MAX_TYPED
    assert typed[-2:] == [("grep", "foo"), ("match", "n == `100`")]


def test_broken_lines_of_the_history_are_left_out(tmp_path: Path) -> None:
    keep_typed(("grep", "foo"))
    path = state_dir() / "filters.jsonl"
    path.write_text('x\n["sql", "a"]\n[1]\n{}\n' + path.read_text() + json.dumps(["match", 7]) + "\n")
    assert read_typed() == [("grep", "foo")]
    before = path.read_text()
    keep_typed(("grep", "bar"))
    assert read_typed() == [("grep", "foo"), ("grep", "bar")]
    (kept,) = state_dir().glob("filters.jsonl.broken-*")
    assert kept.read_text() == before


def test_a_state_folder_that_cannot_be_written_is_reported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    with pytest.raises(StateError, match="nothing is remembered"):
        write_left(URL, LEFT)


def test_only_so_many_archives_are_remembered() -> None:
    folder = session_file(URL).parent
    folder.mkdir(parents=True)
    for number in range(400):
        (folder / f"{number:024}.json").write_text("{}")
        os.utime(folder / f"{number:024}.json", (number, number))
    write_left(URL, LEFT)
    assert len(list(folder.iterdir())) == 300 and read_left(URL, UTC) == LEFT


async def test_the_last_session_comes_back(opened: Opened) -> None:
    async with opened() as pilot:
        assert "as you left it" not in shown(pilot)
        await pilot.press("h", "h", "enter")
        page = preview_of(pilot)
        await add_term(pilot, "event == 'error'")
        page.session.columns = ("n", "player.version")
        await until_shown(pilot, "4 of 40 previewed")
        await pilot.press("j", "j")
        assert page.listing.current == 23
        await settled(pilot)
        await pilot.press("q", "q")
    async with opened() as pilot:
        left = f"{LAST - timedelta(hours=2):%a %Y-%m-%d %H:%M}"
        await assert_shown(pilot, f"as you left it: {left}", "filter -m")
        await pilot.press("enter")
        await until_shown(pilot, "4 of 40 previewed")
        await assert_shown(pilot, "1 ● event == 'error'")
        page = preview_of(pilot)
        assert page.session.columns == ("n", "player.version")
        await until(pilot, lambda: page.listing.current == 23)


async def test_the_newest_hour_is_not_restored(opened: Opened, small_archive: Path) -> None:
    async with opened() as pilot:
        await pilot.press("h", "l", "q")
    async with opened() as pilot:
        assert "as you left it" not in shown(pilot)
    assert json.loads(next(state_dir().glob("sessions/*.json")).read_text())["hour"] is None


async def test_a_broken_session_is_reported_and_the_archive_opens(opened: Opened) -> None:
    async with opened() as pilot:
        await pilot.press("h", "q")
    for path in state_dir().glob("sessions/*.json"):
        path.write_text("{")
    async with opened() as pilot:
        await assert_shown(pilot, "is broken and ignored")
        await pilot.press("enter")
        preview_of(pilot)
