"""Builds of the index that end badly, or run side by side: never a wrong answer, and the next build completes them."""

from __future__ import annotations

import json
import os
import pty
import shlex
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.index.indexed import build, planned, scanned, write
from tests.index.indexed import counted as count_of
from tests.support.command import hourscope
from tui.analysis.counting import Counting
from tui.analysis.known import remembered
from tui.filter import parse_filter
from tui.index import Index
from tui.index.database import Database
from tui.index.words import hash_of
from tui.scan import run_plan

CHUNKS = 12
RECORDS = [[{"k": f"k{n % (hour + 2)}", "id": f"v-{hour:02}{n:06}"} for n in range(3000)] for hour in range(CHUNKS)]
ID = "v-03000007"
SMALL = [hour[:200] for hour in RECORDS[:4]]


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
def test_whatever_is_damaged_in_the_file_no_answer_is_wrong(
    small: Path, built: bytes, tmp_path: Path, share: float
) -> None:
    """What is read from it is as it was stored, or it is not used."""
    data, at = bytearray(built), int(len(built) * share)
    data[at : at + 700] = bytes(byte ^ 0x55 for byte in data[at : at + 700])
    (tmp_path / "index.sqlite").write_bytes(data)
    with Index(tmp_path / "index.sqlite", "here") as index:
        result, _ = count_of(planned(small), Counting(("k",)), index)
        assert sum(row.count for row in result.rows) == 4 * 200
        for hour in range(4):
            plan = planned(small, parse_filter(grep=[f"v-{hour:02}000007"], words=True))
            assert scanned(plan, index).matches == 1


@pytest.mark.parametrize(
    "change",
    [
        f"""update or replace counted set terms='["-g {ID}"]'""",  # the terms of a scan that matched nothing
        "update or replace counted set terms='['",
        "update counted set matches=0",
        "update counted set known=cast(replace(cast(known as text), '200', '201') as blob)",
        "update counted set known='text'",
        "update or replace chunk_summaries set key=replace(key, '_02', '_03')",
        "update chunk_words set lines=1",
        "update chunk_words set lines=-3",
        "update chunk_words set lines='x'",
        "update word_rows set bits=(select bits from word_rows where at=1)",  # the words of another chunk
        "update word_rows set bits='x'",
    ],
)
def test_a_row_is_used_only_as_it_was_stored(small: Path, built: bytes, tmp_path: Path, change: str) -> None:
    """SQLite does not notice another byte in a column."""
    (tmp_path / "index.sqlite").write_bytes(built)
    filters = [parse_filter(grep=[text], words=words) for text, words in (("no", False), (ID, False), (ID, True))]
    with Index(tmp_path / "index.sqlite", "here") as index:
        for filter_ in filters[:2]:
            plan = planned(small, filter_)
            for _ in remembered(run_plan(plan, jobs=1, count_only=True, exact=True), index, filter_):
                pass
    with sqlite3.connect(tmp_path / "index.sqlite") as database:
        assert database.execute(change).rowcount
    with Index(tmp_path / "index.sqlite", "here") as index:
        found = [scanned(planned(small, filter_), index) for filter_ in filters]
        assert [(totals.matches, totals.counts.records) for totals in found] == [(0, 800), (1, 800), (1, 800)]
        build(index, planned(small), words=True)  # it can be replaced
        assert scanned(planned(small, filters[2]), index).skipped == 3


@pytest.mark.parametrize("at", [0, 20, 47], ids=["another kind of file", "impossible pages", "a later format"])
def test_a_file_that_sqlite_refuses_is_replaced(small: Path, built: bytes, tmp_path: Path, at: int) -> None:
    (tmp_path / "index.sqlite").write_bytes(built[:at] + b"\xff" + built[at + 1 :])
    plan = planned(small, parse_filter(grep=["v-03000007"], words=True))
    with Index(tmp_path / "index.sqlite", "here") as index:
        assert scanned(plan, index).matches == 1
        build(index, planned(small), words=True)
        assert scanned(plan, index).skipped == 3


def test_a_query_that_fails_proves_nothing_once_another_succeeds(
    small: Path, built: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "index.sqlite").write_bytes(built)
    plan, one, other = planned(small), hash_of(ID.encode()), hash_of(b"nosuch")
    with Index(tmp_path / "index.sqlite", "here") as index:
        index.expect(plan.chunks)
        with monkeypatch.context() as patch:
            patch.setattr(Database, "rows", lambda *_: [])  # as if the file were locked
            assert all(index.may_hold(chunk, one) for chunk in plan.chunks)
        assert not any(index.may_hold(chunk, other) for chunk in plan.chunks)
        assert index.may_hold(plan.chunks[3], one)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of the first hours: its chunks are those in the index, and change no more."""
    folder = tmp_path_factory.mktemp("small")
    write(folder, SMALL)
    return folder


@pytest.fixture(scope="module")
def built(small: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of its index."""
    path = tmp_path_factory.mktemp("built") / "index.sqlite"
    with Index(path, "here") as index:
        build(index, planned(small), words=True)
        assert count_of(planned(small), Counting(("k",)), index)[1].skipped == len(SMALL)
    with sqlite3.connect(path) as database:
        database.execute("pragma wal_checkpoint(truncate)")
    return path.read_bytes()


READ_ONLY = 'mount --bind "$XDG_CACHE_HOME" "$XDG_CACHE_HOME" && mount -o remount,ro,bind "$XDG_CACHE_HOME"'
# root without capabilities is refused as any other user is
UNPRIVILEGED = ["setpriv", "--inh-caps=-all", "--bounding-set=-all"]


def ways(way: str, place: Path) -> list[str]:
    """The words in front of a command that then cannot write the cache of a place; skip the test without rights."""
    cache = place / "cache" / "hourscope"
    if way == "file system":
        words = ["unshare", "--map-root-user", "--mount", "sh", "-c", f'{READ_ONLY} && exec "$@"', "-"]
    else:
        (cache / "index.sqlite").chmod(0o400)
        cache.chmod(0o500 if way == "folder" else 0o700)
        words = UNPRIVILEGED if os.geteuid() == 0 else []
    ran = subprocess.run([*words, "true"], env=environment(place), capture_output=True, check=False)
    if ran.returncode != 0:
        pytest.skip(f"this machine does not allow {shlex.join(words)}")
    return words


@pytest.mark.parametrize("way", ["file system", "folder", "file"])
def test_an_index_that_cannot_be_written_is_read(place: Path, way: str) -> None:
    """A cache on a read-only file system, or another user's: no chunk that it knows is read, and nothing is written."""
    assert rebuilt(place) == CHUNKS
    cache = place / "cache" / "hourscope"
    before = {path.name: path.stat().st_mtime_ns for path in cache.iterdir()}
    words = ways(way, place)

    def ran(*command: str) -> tuple[int, str, str]:
        full = [*words, sys.executable, "-m", "tui", *command]
        end = subprocess.run(full, env=environment(place), capture_output=True, text=True, check=False)
        return end.returncode, end.stdout, end.stderr

    archive = str(place / "a")
    code, out, err = ran("count", archive, "--by", "k", "--json")
    assert (code, json.loads(out)["read"]["chunks"], err) == (0, 0, "")
    code, out, err = ran("scan", archive, "-w", "-g", ID, "--count", "--json")
    assert (code, json.loads(out.splitlines()[-1])["chunks_skipped"], err) == (0, CHUNKS - 1, "")
    write(place / "b", SMALL)
    for command in (["index", str(place / "b")], ["index", archive, "--drop"]):
        code, out, err = ran(*command)
        assert (code, out, len(err.splitlines())) == (2, "", 1)
        assert "index.sqlite cannot be written: " in err
    assert {path.name: path.stat().st_mtime_ns for path in cache.iterdir()} == before
    assert kept(place) == CHUNKS


def test_that_the_index_cannot_be_written_is_said_once_and_only_to_a_person(place: Path) -> None:
    assert rebuilt(place) == CHUNKS
    words = [*ways("file", place), sys.executable, "-m", "tui", "scan", str(place / "a"), "-g", ID, "--count"]
    screen, terminal = pty.openpty()
    scan = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=terminal, env=environment(place))
    os.close(terminal)
    shown = bytearray()
    with suppress(OSError):  # EIO at the end
        while data := os.read(screen, 1 << 16):
            shown += data
    assert scan.wait() == 0
    os.close(screen)
    assert shown.count(b"can only be read: it is used, and nothing is added to it") == 1


def test_an_index_on_a_full_disk_is_read(place: Path) -> None:
    """SQLite needs files beside it to open it as usual."""
    assert rebuilt(place) == CHUNKS
    count = started(place, "count", str(place / "a"), "--by", "k", "--json", before="ulimit -f 0;")
    out, err = count.communicate(timeout=60)
    assert (json.loads(out)["read"]["chunks"], err) == (0, "")


def test_an_index_in_use_by_another_process_is_read_with_what_that_one_wrote(place: Path) -> None:
    """What is still in SQLite's log is read, too, if its files are there."""
    assert rebuilt(place) == CHUNKS
    other = sqlite3.connect(place / "cache" / "hourscope" / "index.sqlite", isolation_level=None)
    other.execute("delete from chunk_summaries where key like '%_03%'")
    words = ways("folder", place)
    full = [*words, sys.executable, "-m", "tui", "count", str(place / "a"), "--by", "k", "--json"]
    out = subprocess.run(full, env=environment(place), capture_output=True, check=True).stdout
    assert json.loads(out)["read"]["chunks"] == 1
    other.close()
