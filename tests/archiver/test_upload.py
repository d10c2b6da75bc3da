"""From the spool into the archive: revisions count up, nothing is overwritten, nothing goes too soon."""

import errno
import gzip
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tui.archive.store import Store
from tui.archiver.folder import spooled
from tui.archiver.options import ArchiverOptions, TopicSource, destination
from tui.archiver.spool import Spool
from tui.archiver.upload import Uploader
from tui.errors import OutputError

HOUR = datetime(2026, 11, 23, 13, tzinfo=UTC)

KEY = "events.web01-00000{}.2026-11-23_13.log.gz"


def options(archive: object, spool: Path, **more: bool) -> ArchiverOptions:
    source = TopicSource("events", "archive", ("127.0.0.1:4150",))
    return ArchiverOptions(destination(str(archive)), source, spool, "web01", **more)  # type: ignore[arg-type]


def spool_a_file(folder: Path, lines: bytes) -> None:
    folder.mkdir(exist_ok=True)
    spool = Spool(folder)
    spool.append(HOUR, [lines])
    spool.close()


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: gzip.decompress(path.read_bytes()) for path in sorted(folder.iterdir())}


def test_revisions_count_up_past_those_that_exist(tmp_path: Path) -> None:
    out, spool = tmp_path / "out", tmp_path / "spool"
    said: list[str] = []
    for number in range(3):
        spool_a_file(spool, b"%d\n" % number)
        uploader = Uploader(options(out, spool), said.append)  # each time as after a restart
        assert uploader.once()
    assert contents(out) == {KEY.format(n): b"%d\n" % n for n in range(3)}
    assert spooled(spool, UTC) == []
    assert said == [f"uploaded {KEY.format(n)} (39 B)" for n in range(3)]


def test_equal_files_are_both_kept(tmp_path: Path) -> None:
    """Two messages of the same bytes are two messages."""
    out, spool = tmp_path / "out", tmp_path / "spool"
    spool_a_file(spool, b"same\n")
    (file,) = spooled(spool, UTC)
    bytes_ = file.path.read_bytes()
    uploader = Uploader(options(out, spool), print)
    assert uploader.once()
    file.path.write_bytes(bytes_)
    assert Uploader(options(out, spool), print).once()
    assert list(contents(out).values()) == [b"same\n", b"same\n"]


class _Store:
    """A store in which a step fails once, before or after it takes effect."""

    def __init__(self, inner: Store, step: str, *, done: bool) -> None:
        self._inner, self._step, self._done, self._failed = inner, step, done, False

    def __getattr__(self, name: str) -> object:
        method = getattr(self._inner, name)
        if name != self._step:
            return method

        def fails_once(*words: object) -> object:
            if not self._failed:
                self._failed = True
                if self._done:
                    method(*words)
                raise OutputError("the answer was lost")
            return method(*words)

        return fails_once


@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("step", ["put", "holds"])
def test_an_upload_whose_end_was_not_seen_is_done_once(tmp_path: Path, step: str, done: bool) -> None:
    out, spool = tmp_path / "out", tmp_path / "spool"
    spool_a_file(spool, b"message\n")
    given = options(out, spool)
    object.__setattr__(given.archive, "store", _Store(given.archive.store, step, done=done))
    uploader = Uploader(given, print)
    assert not uploader.once()
    assert "the answer was lost" in uploader.state.trouble
    assert len(spooled(spool, UTC)) == 1
    assert Uploader(given, print).once()  # as after a restart
    assert contents(out) == {KEY.format(0): b"message\n"}
    assert spooled(spool, UTC) == []


def test_another_archivers_key_is_never_overwritten(tmp_path: Path) -> None:
    """Another archiver of the same host and topic uploads between the query and the put."""
    out, spool = tmp_path / "out", tmp_path / "spool"
    spool_a_file(spool, b"ours\n")
    given = options(out, spool)
    inner = given.archive.store

    class Racing:
        def put(self, key: str, path: Path) -> None:
            if key == KEY.format(0):
                (out / key).write_bytes(gzip.compress(b"theirs\n"))
            inner.put(key, path)

        def __getattr__(self, name: str) -> object:
            return getattr(inner, name)

    object.__setattr__(given.archive, "store", Racing())
    assert Uploader(given, print).once()
    assert contents(out) == {KEY.format(0): b"theirs\n", KEY.format(1): b"ours\n"}


def test_archivers_of_one_name_that_put_the_same_lines_at_once_both_keep_them(tmp_path: Path) -> None:
    """The slower archiver's key exists, with content that must not look like its own file."""
    out, both = tmp_path / "out", threading.Barrier(2)

    class AtOnce:
        def __init__(self, inner: Store) -> None:
            self._inner = inner

        def put(self, key: str, path: Path) -> None:
            if key == KEY.format(0):
                both.wait(10)
            self._inner.put(key, path)

        def __getattr__(self, name: str) -> object:
            return getattr(self._inner, name)

    uploaders = []
    for spool in (tmp_path / "one", tmp_path / "two"):
        spool_a_file(spool, b"tick\n")
        given = options(out, spool, merge_hour=True)
        object.__setattr__(given.archive, "store", AtOnce(given.archive.store))
        uploaders.append(Uploader(given, print))
    with ThreadPoolExecutor(2) as threads:
        assert all(threads.map(Uploader.once, uploaders))
    assert contents(out) == {KEY.format(0): b"tick\n", KEY.format(1): b"tick\n"}


def test_a_store_that_shows_something_else_gets_a_file_once(tmp_path: Path) -> None:
    """Another revision would fail in the same way: the file is kept, and does not delay others."""
    out, spool = tmp_path / "out", tmp_path / "spool"
    spool_a_file(spool, b"odd\n")
    given = options(out, spool)
    inner = given.archive.store

    class Odd:
        def holds(self, key: str, path: Path) -> bool | None:
            return inner.holds(key, path) and key != KEY.format(0)

        def __getattr__(self, name: str) -> object:
            return getattr(inner, name)

    object.__setattr__(given.archive, "store", Odd())
    uploader = Uploader(given, print)
    for _ in range(3):
        assert not uploader.once()
    assert f"{KEY.format(0)} is not what was put there" in uploader.state.trouble
    assert list(contents(out)) == [KEY.format(0)]
    spool_a_file(spool, b"good\n")
    assert not uploader.once()
    assert contents(out) == {KEY.format(0): b"odd\n", KEY.format(1): b"good\n"}
    assert [file.rev for file in spooled(spool, UTC)] == [0]


def test_a_full_disk_has_no_room_to_merge_and_is_still_emptied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out, spool = tmp_path / "out", tmp_path / "spool"
    said: list[str] = []
    spool_a_file(spool, b"message\n")

    def full(path: Path, partial: Path) -> None:
        partial.touch()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("tui.archiver.merge.squeeze", full)
    assert Uploader(options(out, spool, merge_hour=True), said.append).once()
    assert list(contents(out).values()) == [b"message\n"]
    assert list(spool.iterdir()) == []
    assert "cannot be merged: No space left on device; it is uploaded as it is" in said[0]


def test_what_a_dead_process_left_is_repaired_merged_and_uploaded(tmp_path: Path) -> None:
    out, spool = tmp_path / "out", tmp_path / "spool"
    spool.mkdir()
    for line in (b"one\n", b"two\n"):
        Spool(spool).append(HOUR, [line])  # and never closed
    with spooled(spool, UTC)[0].path.open("ab") as torn:
        torn.write(b"\x1f\x8b\x08\0torn")
    uploader = Uploader(options(out, spool, merge_hour=True), print)
    assert uploader.once()
    assert not out.exists() or contents(out) == {}  # they may be another process's, until they are adopted
    uploader.adopt()
    assert uploader.once()
    assert sorted(contents(out).values()) == [b"one\n", b"two\n"]
    assert uploader.state.repaired == 2


def test_a_damaged_file_is_uploaded_as_it_is_and_keeps_back_no_other(tmp_path: Path) -> None:
    out, spool = tmp_path / "out", tmp_path / "spool"
    said: list[str] = []
    spool_a_file(spool, b"damaged\n")
    (file,) = spooled(spool, UTC)
    damaged = bytearray(file.path.read_bytes())
    damaged[-5] ^= 1  # in its checksum
    file.path.write_bytes(damaged)
    spool_a_file(spool, b"sound\n")
    uploader = Uploader(options(out, spool, merge_hour=True), said.append)
    assert uploader.once()
    assert (out / KEY.format(0)).read_bytes() == damaged
    assert gzip.decompress((out / KEY.format(1)).read_bytes()) == b"sound\n"
    assert "is damaged on disk" in said[0]


def test_a_file_that_cannot_be_read_keeps_back_no_other(tmp_path: Path) -> None:
    out, spool = tmp_path / "out", tmp_path / "spool"
    spool_a_file(spool, b"sound\n")
    (spool / "2026-11-23T12.00000000000000000001-0.gz").mkdir()
    uploader = Uploader(options(out, spool), print)
    assert not uploader.once()
    assert list(contents(out).values()) == [b"sound\n"]
    assert "cannot be uploaded: Is a directory" in uploader.state.trouble
