"""The file of the index: damaged, tampered with, of another version, shared, or not writable."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from tests.index.indexed import build, counted, planned, scanned, write
from tui.analysis.counting import Counting
from tui.analysis.indexing import Indexed, Indexing, summaries
from tui.analysis.known import remembered
from tui.archive import open_archive
from tui.cli import run
from tui.errors import IndexFileError
from tui.filter import parse_filter
from tui.index import Index, open_index
from tui.scan import run_plan


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\x00" + b"\xff" * 4000])
def test_a_damaged_file_changes_no_answer_and_is_replaced(tmp_path: Path, index: Index, content: bytes) -> None:
    write(tmp_path / "a", [[{"k": "x"}]])
    file = tmp_path / "cache" / "index.sqlite"
    file.parent.mkdir()
    file.write_bytes(content)
    result, _ = counted(planned(tmp_path / "a"), Counting(("k",)), index)
    assert [(row.plain, row.count) for row in result.rows] == [(["x"], 1)]
    build(index, planned(tmp_path / "a"))
    assert counted(planned(tmp_path / "a"), Counting(("k",)), index)[1].skipped == 1


def test_a_row_that_was_tampered_with_is_ignored(tmp_path: Path, index: Index) -> None:
    write(tmp_path / "a", [[{"k": "x"}]])
    build(index, planned(tmp_path / "a"))
    index.close()
    with sqlite3.connect(tmp_path / "cache" / "index.sqlite") as database:
        database.execute("update chunk_summaries set details = x'28b52ffd00'")
    assert counted(planned(tmp_path / "a"), Counting(("k",)), index)[1].chunks == 1


def test_what_another_version_counted_is_counted_again(tmp_path: Path, index: Index) -> None:
    """What a scan counts depends on the filters' code."""
    write(tmp_path / "a", [[{"k": "x"}]])
    plan = planned(tmp_path / "a", parse_filter(grep=["x"]))
    assert list(remembered(run_plan(plan, jobs=1, exact=True), index, plan.filter))
    assert scanned(plan, index).skipped == 1
    index.close()
    with sqlite3.connect(tmp_path / "cache" / "index.sqlite") as database:
        database.execute("update counted set format = '2 of 0.0.9'")
    assert scanned(plan, index).skipped == 0


def test_two_builders_at_once_lose_nothing(tmp_path: Path, index: Index) -> None:
    write(tmp_path / "a", [[{"k": n}] for n in range(6)])
    plan = planned(tmp_path / "a")
    other = Index(tmp_path / "cache" / "index.sqlite", "here")
    one = summaries(replace(plan, chunks=plan.chunks[:3]), Indexing(UTC), jobs=1)
    two = summaries(replace(plan, chunks=plan.chunks[3:]), Indexing(UTC), jobs=1)
    for events, into in zip((one, two) * 3, (index, other) * 3, strict=True):
        for event in events:
            if isinstance(event, Indexed):
                into.put(event.chunk, event.summary)
                break
    for events, into in ((one, index), (two, other)):
        for event in events:
            if isinstance(event, Indexed):
                into.put(event.chunk, event.summary)
    assert len(index.indexed(plan.chunks)) == 6
    other.close()


def test_a_folder_that_cannot_be_written_gives_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    index = Index(tmp_path / "file" / "index.sqlite", "here")
    write(tmp_path / "a", [[{"k": "x"}]])
    with pytest.raises(IndexFileError, match="cannot be written"):
        build(index, planned(tmp_path / "a"))


def test_the_command_builds_resumes_and_deletes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    write(tmp_path / "a", [[{"k": "x"}], [{"k": "y"}]])

    def said(*words: str) -> Any:
        assert run(list(words)) == 0
        return json.loads(capsys.readouterr().out)

    assert said("index", str(tmp_path / "a"), "--to", "2015-01-20T01", "--json", "--jobs", "1")["indexed"] == 1
    assert said("index", str(tmp_path / "a"), "--json", "--jobs", "1")["indexed"] == 2
    assert said("count", str(tmp_path / "a"), "--by", "k", "--json")["read"] == {"chunks": 0, "bytes": 0}
    assert (tmp_path / "cache" / "hourscope" / "index.sqlite").stat().st_mode & 0o077 == 0
    assert said("index", str(tmp_path / "a"), "--drop", "--json") == {"dropped": 2}
    assert said("count", str(tmp_path / "a"), "--by", "k", "--json", "--jobs", "1")["read"]["chunks"] == 2


def test_a_folder_is_the_same_place_however_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "logs", [[1, 2], [3]])
    (tmp_path / "link").symlink_to(tmp_path / "logs")
    monkeypatch.chdir(tmp_path)
    spellings = ("logs", "./logs", "logs/", "../" + tmp_path.name + "/logs", str(tmp_path / "logs"), "link")
    assert run(["index", "logs"]) == 0
    for spelling in spellings:
        archive = open_archive(spelling)
        with open_index(archive) as index:
            assert len(index.indexed(archive.catalog().chunks)) == 2, spelling
