"""Before every record is kept, or more than 10 GB is read, a person at a terminal is asked; a script is not."""

from __future__ import annotations

import gzip
import os
import sys
from pathlib import Path

import pytest

from tests.support.command import hourscope
from tests.support.terminal import start_in_terminal
from tui.archive import open_archive
from tui.index import open_index
from tui.index.counted import Head
from tui.index.summary import Details, FieldSummary, Summary


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    folder = tmp_path / "archive"
    folder.mkdir()
    (folder / "events.2015-01-20_13.log.gz").write_bytes(gzip.compress(b'{"a":1}\n' * 10))
    return folder


def at_a_terminal(answer: str, *words: object) -> tuple[int, str]:
    """Run a command in its own terminal and answer its question; return the exit code and the output."""
    process, terminal = start_in_terminal([sys.executable, "-m", "tui", *words])
    shown = b""
    while True:
        try:
            piece = os.read(terminal, 4096)
        except OSError:  # the child has ended
            break
        if not piece:
            break
        shown += piece
        if b"read all of it?" in shown and answer:
            os.write(terminal, f"{answer}\n".encode())
            answer = ""
    os.close(terminal)
    return process.wait(), shown.decode(errors="replace")


@pytest.mark.parametrize(("answer", "code", "made"), [("n", 130, False), ("y", 0, True)])
def test_a_person_is_asked_with_an_estimate_before_every_record_is_kept(
    archive: Path, tmp_path: Path, answer: str, code: int, made: bool
) -> None:
    ended, shown = at_a_terminal(answer, "scan", archive, "-o", tmp_path / "all.jsonl")
    assert "read all of it?" in shown and "10" in shown
    assert (ended, (tmp_path / "all.jsonl").exists()) == (code, made)


def test_with_a_filter_nobody_is_asked(archive: Path, tmp_path: Path) -> None:
    assert at_a_terminal("n", "scan", archive, "-g", "a", "-o", tmp_path / "all.jsonl")[0] == 0


def test_a_script_is_not_asked(archive: Path, tmp_path: Path) -> None:
    assert hourscope("scan", archive, "-o", tmp_path / "all.jsonl").code == 0


@pytest.fixture
def much(archive: Path) -> Path:
    """A chunk of 12 GB, nearly all of it a hole in the file."""
    with (archive / "events.2015-01-20_14.log").open("wb") as file:
        file.write(b'{"a":1}\n')
        file.truncate(12 << 30)
    return archive


@pytest.mark.parametrize(
    "words",
    [("scan", "--count"), ("count",), ("send", "-o", "out.jsonl", "--dry-run")],
    ids=lambda words: words[0],
)
def test_before_ten_gigabytes_are_read_a_person_is_asked(
    much: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    """What the index knows is not read, and does not count."""
    monkeypatch.chdir(tmp_path)
    command, *options = (*words, "-m", "a == `1`")
    ended, shown = at_a_terminal("n", command, much, *options)
    assert (ended, "read all of it?" in shown) == (130, True)
    archive = open_archive(str(much))
    with open_index(archive) as index:
        summary = Summary(Head(records=1), Details({"a": FieldSummary(1, values={"2": 1})}))
        index.put(archive.catalog().chunks[-1], summary)
    ended, shown = at_a_terminal("n", command, much, *options)
    assert (ended, "read all of it?" in shown) == (0, False)
