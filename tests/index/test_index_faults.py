"""Builds of the index that end badly, or run side by side: never a wrong answer, and the next build completes them."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.index.test_index import build, planned, scanned, write
from tests.index.test_index import counted as count_of
from tests.support.command import hourscope
from tui.analysis.counting import Counting
from tui.filter import parse_filter
from tui.index import Index

CHUNKS = 12
RECORDS = [[{"k": f"k{n % (hour + 2)}", "id": f"v-{hour:02}{n:06}"} for n in range(3000)] for hour in range(CHUNKS)]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    write(tmp_path / "a", RECORDS)
    return tmp_path


def environment(place: Path) -> dict[str, str]:
    return {**os.environ, "XDG_CACHE_HOME": str(place / "cache"), "XDG_STATE_HOME": str(place / "state")}


def rebuilt(place: Path) -> int:
    """Build the rest of it: chunks that are in it then."""
    ran = hourscope("index", place / "a", "--ids", "--jobs", "1", "--json", env=environment(place))
    return int(json.loads(ran.out)["ids"]["indexed"])


def started(place: Path, *words: str, before: str = "") -> subprocess.Popen[str]:
    command = ["bash", "-c", f'{before} exec "$@"', "-", sys.executable, "-m", "tui", *words]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, env=environment(place), text=True, **pipes)


def building(place: Path, before: str = "") -> subprocess.Popen[str]:
    return started(place, "index", str(place / "a"), "--ids", "--jobs", "1", "--json", before=before)


def counted(place: Path) -> dict[str, Any]:
    """The answer of a count, and of a look-up of an id, whose results are known."""
    ran = hourscope("count", place / "a", "--by", "k", "--jobs", "1", "--json", env=environment(place))
    summary = json.loads(ran.out)
    expected: dict[str, int] = {}
    for record in (record for hour in RECORDS for record in hour):
        expected[record["k"]] = expected.get(record["k"], 0) + 1
    assert {row["values"][0]: row["count"] for row in summary["rows"]} == expected, ran.err
    assert hourscope("scan", place / "a", "-w", "-g", "v-03000007", "--count", env=environment(place)).out == b"1\n"
    return summary["read"]


def kept(place: Path) -> int:
    """Chunks that are in the index."""
    try:
        with sqlite3.connect(f"file:{place}/cache/hourscope/index.sqlite?mode=ro", uri=True, timeout=5) as database:
            return int(database.execute("select count(*) from chunk_words").fetchone()[0])
    except sqlite3.OperationalError:  # none yet
        return 0


def test_a_build_that_is_killed_leaves_what_it_had_and_the_next_one_does_the_rest(place: Path) -> None:
    one = building(place)
    while kept(place) < 3:
        assert one.poll() is None, one.communicate()
        time.sleep(0.01)
    one.send_signal(signal.SIGKILL)
    one.communicate(timeout=30)
    done = kept(place)
    assert counted(place)["chunks"] <= CHUNKS - done
    assert rebuilt(place) == CHUNKS
    assert counted(place)["chunks"] == 0


def test_two_builds_at_once_build_the_same(place: Path) -> None:
    for one in [building(place), building(place)]:
        out, err = one.communicate(timeout=60)
        assert one.returncode == 0, err
        assert json.loads(out)["indexed"] == CHUNKS
    assert kept(place) == CHUNKS
    assert counted(place)["chunks"] == 0


@pytest.mark.parametrize("blocks", [0, 40], ids=["nothing", "the first chunks"])
def test_a_disk_that_is_full_is_one_sentence_and_no_wrong_answer(place: Path, blocks: int) -> None:
    one = building(place, before=f"ulimit -f {blocks};")  # files of so many kB: a write beyond that fails
    _, err = one.communicate(timeout=60)
    assert one.returncode == 2
    assert len(err.splitlines()) == 1, err
    assert "index.sqlite cannot be written: " in err
    counted(place)
    assert rebuilt(place) == CHUNKS
    assert counted(place)["chunks"] == 0


def test_a_cache_that_cannot_be_written_does_not_end_a_scan(place: Path) -> None:
    words = ("scan", str(place / "a"), "-g", "v-03000007", "--count")
    scan = started(place, *words, before="ulimit -f 0;")
    assert scan.communicate(timeout=60)[0] == "1\n"
    assert scan.returncode == 0


@pytest.mark.parametrize("share", [n / 16 for n in range(1, 16)])
def test_whatever_is_damaged_in_the_file_no_answer_is_wrong(built: bytes, tmp_path: Path, share: float) -> None:
    """What is read from it is as it was stored, or it is not used."""
    write(tmp_path / "a", RECORDS[:4])
    data, at = bytearray(built), int(len(built) * share)
    data[at : at + 700] = bytes(byte ^ 0x55 for byte in data[at : at + 700])
    (tmp_path / "index.sqlite").write_bytes(data)
    with Index(tmp_path / "index.sqlite", "here") as index:
        result, _ = count_of(planned(tmp_path / "a"), Counting(("k",)), index)
        assert sum(row.count for row in result.rows) == 4 * 3000
        for hour in range(4):
            plan = planned(tmp_path / "a", parse_filter(grep=[f"v-{hour:02}000007"], words=True))
            assert scanned(plan, index).matches == 1


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of an index of the first hours."""
    folder = tmp_path_factory.mktemp("built")
    write(folder / "a", RECORDS[:4])
    with Index(folder / "index.sqlite", "here") as index:
        build(index, planned(folder / "a"), words=True)
    with sqlite3.connect(folder / "index.sqlite") as database:
        database.execute("pragma wal_checkpoint(truncate)")
    return (folder / "index.sqlite").read_bytes()
