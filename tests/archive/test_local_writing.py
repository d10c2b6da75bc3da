"""Files that appear whole or not at all."""

from __future__ import annotations

import errno
import gzip
import os
import stat
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import zstandard

from tests.archive.stores import everything, fill, keys
from tui.archive.folder import FolderStore
from tui.archive.local import atomic_file
from tui.archive.writer import file_of_lines, object_of_lines
from tui.errors import OutputError

LINES = b"".join(b'{"n": %d}\n' % n for n in range(20_000))


class TestWriting:
    def test_nothing_is_visible_before_the_end(self, store: FolderStore) -> None:
        with store.create("deep/down/a.gz") as stream:
            stream.write(b"half")
            stream.flush()
            assert keys(store) == []
        assert keys(store) == ["deep/down/a.gz"]
        assert everything(store.folder) == ["deep/down/a.gz"]

    def test_nothing_is_left_when_the_writer_fails(self, store: FolderStore) -> None:
        fill(store, "a")
        for error in (ValueError("mine"), KeyboardInterrupt()):
            with pytest.raises(type(error)), store.create("a", overwrite=True) as stream:
                stream.write(b"half")
                raise error
        assert everything(store.folder) == ["a"]
        assert (store.folder / "a").read_bytes() == b"a"

    def test_the_reader_of_a_file_that_is_replaced_keeps_the_old_one(self, store: FolderStore) -> None:
        fill(store, "a")
        with store.open("a") as old, store.create("a", overwrite=True) as new:
            new.write(b"new")
            assert old.read() == b"a"
        assert (store.folder / "a").read_bytes() == b"new"

    def test_what_exists_is_not_replaced_unasked(self, store: FolderStore) -> None:
        fill(store, "a")
        with pytest.raises(OutputError, match="exists; choose another name or add --force"), store.create("a"):
            raise AssertionError("it should not come to this")
        assert (store.folder / "a").read_bytes() == b"a"

    def test_nor_what_came_while_it_was_written(self, store: FolderStore) -> None:
        with pytest.raises(OutputError, match="exists"), store.create("a") as stream:
            stream.write(b"mine")
            (store.folder / "a").write_bytes(b"theirs")
        assert (store.folder / "a").read_bytes() == b"theirs"
        assert everything(store.folder) == ["a"]

    @pytest.mark.parametrize("number", [errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS])
    def test_a_file_system_without_hard_links_will_do(
        self, store: FolderStore, monkeypatch: pytest.MonkeyPatch, number: int
    ) -> None:
        """exFAT, many FUSE mounts and some network shares have none."""

        def refuse(*_: object, **__: object) -> None:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(os, "link", refuse)
        with store.create("a") as stream:
            stream.write(b"x")
        assert everything(store.folder) == ["a"]
        with pytest.raises(OutputError, match="exists"), store.create("a"):
            raise AssertionError("it should not come to this")

    def test_only_one_of_many_writers_of_a_name_wins(self, store: FolderStore) -> None:
        ready = threading.Barrier(8)

        def write(number: int) -> bool:
            try:
                with store.create("a") as stream:
                    stream.write(b"%d" % number)
                    ready.wait()
            except OutputError:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            won = [number for number, mine in enumerate(pool.map(write, range(8))) if mine]
        assert len(won) == 1
        assert (store.folder / "a").read_bytes() == b"%d" % won[0]

    def test_files_have_the_mode_that_the_umask_gives(self, store: FolderStore) -> None:
        before = os.umask(0o027)
        try:
            with store.create("a"):
                pass
        finally:
            os.umask(before)
        assert stat.S_IMODE((store.folder / "a").stat().st_mode) == 0o640

    def test_the_umask_is_never_touched(self, store: FolderStore, monkeypatch: pytest.MonkeyPatch) -> None:
        """It is the whole process's: threads that set and reset it leave each other's value behind."""

        def forbidden(mask: int) -> int:
            raise AssertionError(f"os.umask({mask:o})")

        monkeypatch.setattr(os, "umask", forbidden)
        with store.create("a"):
            pass

    def test_a_device_is_never_replaced_by_a_file(self, tmp_path: Path) -> None:
        """As root, `-o /dev/null --force` would leave a system without /dev/null."""
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        with pytest.raises(OutputError), atomic_file(pipe, overwrite=True) as stream:
            stream.write(b"x")
        assert pipe.is_fifo()

    @pytest.mark.parametrize("key", ["file/below", "folder"])
    def test_a_place_that_cannot_be(self, store: FolderStore, key: str) -> None:
        fill(store, "file", "folder/x")
        with pytest.raises(OutputError, match=r"(cannot be written|exists)"), store.create(key, overwrite=True) as out:
            out.write(b"x")
        assert everything(store.folder) == ["file", "folder/x"]

    def test_work_that_was_cut_short_may_get_another_name(self, tmp_path: Path) -> None:
        whole, partial = tmp_path / "a.gz", tmp_path / "a.partial.gz"
        partial.write_bytes(b"of an earlier run")
        with file_of_lines(whole, overwrite=False, final=lambda: partial) as stream:
            stream.write(LINES)
        assert everything(tmp_path) == ["a.partial.gz"]
        assert gzip.decompress(partial.read_bytes()) == LINES

    def test_deleting_a_missing_object_succeeds(self, store: FolderStore) -> None:
        fill(store, "a")
        store.delete("a")
        store.delete("a")
        assert keys(store) == []


@pytest.fixture
def small_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with room for 64 KiB; where one cannot be mounted, one whose disk is full when files are synced."""
    disk = tmp_path / "disk"
    disk.mkdir()
    options = ["-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    if os.geteuid() == 0 and subprocess.run(["mount", *options], capture_output=True, check=False).returncode == 0:
        try:
            yield disk
        finally:
            subprocess.run(["umount", "-l", str(disk)], check=True)
        return

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    yield disk


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.jsonl.zst"])
def test_a_full_disk_is_reported_and_leaves_nothing(small_disk: Path, name: str) -> None:
    noise = os.urandom(200_000)  # it does not get smaller by compression
    with (
        pytest.raises(OutputError, match="No space left on device; free some space") as caught,
        file_of_lines(small_disk / name, overwrite=False) as stream,
    ):
        stream.write(noise)
    assert str(small_disk / name) in str(caught.value)
    assert everything(small_disk) == []


class TestCompression:
    @pytest.mark.parametrize(
        ("name", "decompress"),
        [
            ("a.jsonl.gz", gzip.decompress),
            ("a.jsonl.zst", lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data)),
            ("a.jsonl", bytes),
            ("a.gz.txt", bytes),
        ],
    )
    @pytest.mark.parametrize("data", [LINES, b"", b"no newline"])
    def test_the_suffix_decides_how(self, tmp_path: Path, name: str, decompress: object, data: bytes) -> None:
        assert callable(decompress)
        with file_of_lines(tmp_path / name, overwrite=False) as stream:
            for start in range(0, len(data), 1000):
                stream.write(data[start : start + 1000])
        assert decompress((tmp_path / name).read_bytes()) == data

    def test_real_zcat_reads_it_and_the_same_lines_give_the_same_file(self, store: FolderStore) -> None:
        for key in ("a.gz", "b.gz"):
            with object_of_lines(store, key, overwrite=False) as stream:
                stream.write(LINES)
        assert subprocess.run(["zcat", store.folder / "a.gz"], capture_output=True, check=True).stdout == LINES
        assert (store.folder / "a.gz").read_bytes() == (store.folder / "b.gz").read_bytes()
