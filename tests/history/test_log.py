"""The logs of the history: for their owner only, and never spoiled by what a crash or somebody's editor left."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.history.log import (
    HistoryError,
    LogLine,
    append,
    append_or,
    history_dir,
    is_running,
    read_log,
    running_mark,
)


class Named(LogLine, frozen=True, kw_only=True):
    name: str


@pytest.fixture
def log() -> Path:
    return history_dir() / "test.jsonl"


def names(path: Path) -> list[str]:
    return [line.name for line in read_log(path, Named)]


def test_lines_come_back_in_order_from_a_file_that_only_its_owner_can_read(log: Path) -> None:
    before = os.umask(0)
    try:
        for name in ("one", "two \ud800 \x1b[31m", "three"):
            append(log, Named(name=name))
    finally:
        os.umask(before)
    assert names(log) == ["one", "two \\ud800 \x1b[31m", "three"]
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert stat.S_IMODE(log.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(b'{"version":1,"name":"to', id="cut-off"),
        pytest.param(b"\x00\xff\n", id="bytes"),
        pytest.param(b'{"version":99,"name":"newer"}\n', id="newer"),
        pytest.param(b'{"version":1,"name":7}\n', id="type"),
        pytest.param(b"[" * 100_000 + b"\n", id="deep"),
        pytest.param(b"\n\n", id="empty"),
    ],
)
def test_a_broken_line_is_skipped_and_lines_appended_after_it_are_whole(log: Path, broken: bytes) -> None:
    append(log, Named(name="before"))
    with log.open("ab") as stream:
        stream.write(broken)
    append(log, Named(name="after"))
    assert names(log) == ["before", "after"]
    assert broken.strip(b"\n") in log.read_bytes()  # a newer hourscope still finds its own


@given(st.binary(max_size=200))
def test_whatever_is_in_the_file_the_next_line_is_found(garbage: bytes) -> None:
    path = history_dir() / "any.jsonl"
    path.unlink(missing_ok=True)
    append(path, Named(name="first"))
    path.write_bytes(garbage)
    append(path, Named(name="last"))
    assert names(path)[-1] == "last"


def test_a_folder_that_cannot_be_written_is_reported_in_one_sentence(log: Path) -> None:
    history_dir().parent.mkdir(parents=True, exist_ok=True)
    history_dir().write_bytes(b"a file")
    with pytest.raises(HistoryError, match="cannot be written"):
        append(log, Named(name="one"))
    reported: list[str] = []
    append_or(reported.append, log, Named(name="one"))
    assert len(reported) == 1 and "cannot be written, so this is not listed later" in reported[0]


def test_a_mark_ends_with_its_work() -> None:
    assert not is_running("a")
    with running_mark("a"):
        assert is_running("a")
        assert not is_running("b")
    assert not is_running("a")
