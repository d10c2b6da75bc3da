"""A folder as a store, and files that appear whole or not at all."""

from __future__ import annotations

import errno
import gzip
import os
import stat
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
import zstandard

from tui.archive.folder import FolderStore
from tui.archive.local import atomic_file
from tui.archive.store import open_store
from tui.archive.writer import file_of_lines, names_folder, object_of_lines
from tui.cli import run
from tui.errors import ArchiveError, OutputError

LINES = b"".join(b'{"n": %d}\n' % n for n in range(20_000))


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "store")


def fill(store: FolderStore, *keys: str) -> None:
    for key in keys:
        path = store.folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(key.encode())


def keys(store: FolderStore, prefix: str = "") -> list[str]:
    return sorted(item.key for item in store.objects(prefix))


def everything(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())


class TestListing:
    def test_keys_are_paths_and_hidden_folders_are_not_entered(self, store: FolderStore) -> None:
        fill(store, "a.gz", "b/c/d.gz", ".DS_Store", "b/.part", ".git/config")
        assert keys(store) == [".DS_Store", "a.gz", "b/.part", "b/c/d.gz"]

    @pytest.mark.parametrize(
        ("make", "why"),
        [
            (lambda path: path.symlink_to("nowhere"), "link to a file that does not exist"),
            (lambda path: path.symlink_to(path.name), "link to a file that does not exist"),
            (os.mkfifo, "not a file"),
            (os.mkdir, "it is a folder"),
        ],
        ids=["dangling", "loop", "pipe", "folder"],
    )
    def test_what_has_a_files_name_but_is_not_one_is_listed_and_refused(
        self, store: FolderStore, make: Callable[[Path], None], why: str
    ) -> None:
        fill(store, "2015/a.gz")
        make(store.folder / "2015/b.gz")
        assert keys(store) == keys(store, "2015/") == ["2015/a.gz", "2015/b.gz"]
        item = store.stat("2015/b.gz")
        assert item and item.size == 0
        with pytest.raises(ArchiveError, match=why):
            store.open("2015/b.gz", etag=item.etag)

    @pytest.mark.parametrize(
        ("prefix", "expected"),
        [
            ("e.2015-01", ["e.2015-01-20", "e.2015-01-21"]),
            ("logs/", ["logs/x", "logs/y/z"]),
            ("logs/y", ["logs/y/z"]),
            ("lo", ["logs/x", "logs/y/z", "lonely"]),
            ("nowhere/at/all", []),
            ("", ["e.2015-01-20", "e.2015-01-21", "logs/x", "logs/y/z", "lonely"]),
        ],
    )
    def test_a_prefix_is_of_the_key_not_of_the_folder(
        self, store: FolderStore, prefix: str, expected: list[str]
    ) -> None:
        fill(store, "e.2015-01-20", "e.2015-01-21", "logs/x", "logs/y/z", "lonely")
        assert keys(store, prefix) == expected

    def test_an_object_has_size_and_time_and_its_etag_changes_with_either(self, store: FolderStore) -> None:
        fill(store, "a")
        os.utime(store.folder / "a", (1_421_758_800, 1_421_758_800))
        (before,) = store.objects()
        assert (before.size, before.uploaded) == (1, datetime(2015, 1, 20, 13, tzinfo=UTC))
        os.utime(store.folder / "a", (1_421_758_801, 1_421_758_801))
        (touched,) = store.objects()
        (store.folder / "a").write_bytes(b"aa")
        os.utime(store.folder / "a", (1_421_758_800, 1_421_758_800))
        (grown,) = store.objects()
        assert len({before.etag, touched.etag, grown.etag}) == 3

    def test_links_to_files_are_followed(self, store: FolderStore) -> None:
        fill(store, "a")
        (store.folder / "link").symlink_to("a")
        assert [(item.key, item.size) for item in store.objects()] == [("a", 1), ("link", 1)]

    def test_only_folders_that_the_prefix_can_match_are_walked(
        self, store: FolderStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Looking for one manifest must not read the directory of every hour of ten years."""
        fill(store, "2015/01/20/13.gz", "2016/01/20/13.gz", "manifest.json")
        seen: list[str] = []
        scandir = os.scandir
        with monkeypatch.context() as patch:  # what removes the test's folder looks into it, too
            patch.setattr(os, "scandir", lambda path: seen.append(os.fspath(path)) or scandir(path))
            assert keys(store, "manifest.json") == ["manifest.json"]
            assert [Path(path) for path in seen] == [store.folder]
            seen.clear()
            assert keys(store, "2015/01") == ["2015/01/20/13.gz"]
            assert not any("2016" in path for path in seen)

    def test_a_path_that_is_not_a_folder_is_reported(self, store: FolderStore) -> None:
        with pytest.raises(ArchiveError, match="is not a folder"):
            list(store.objects())


class TestReading:
    def test_from_any_byte(self, store: FolderStore) -> None:
        fill(store, "abcdef")
        with store.open("abcdef", start=2) as stream:
            assert stream.read() == b"cdef"

    @pytest.mark.parametrize("key", ["nothing", "folder"])
    def test_a_file_that_cannot_be_read_is_reported_in_one_sentence(self, store: FolderStore, key: str) -> None:
        fill(store, "folder/a")
        with pytest.raises(ArchiveError, match=f"{key} cannot be read: ") as caught:
            store.open(key)
        assert "Errno" not in str(caught.value)

    def test_a_chunk_that_was_replaced_since_the_listing_is_refused(self, store: FolderStore) -> None:
        """As S3 does with If-Match: what is read is what was listed, or nothing."""
        fill(store, "a")
        (item,) = store.objects()
        store.open("a", etag=item.etag).close()
        (store.folder / "a").write_bytes(b"other")
        with pytest.raises(ArchiveError, match="replaced"):
            store.open("a", etag=item.etag)


class TestKeysThatLeadOut:
    """A key may come from a bucket that somebody else writes. It never names a file outside of the folder."""

    @pytest.mark.parametrize("key", ["../escaped", "a/../../escaped", "/escaped", "a/b/../../../escaped"])
    def test_they_are_refused(self, tmp_path: Path, key: str) -> None:
        store = FolderStore(tmp_path / "store")
        fill(store, "a/b/c")
        victim = tmp_path / "escaped"
        victim.write_bytes(b"precious")
        key = f"{tmp_path}{key}" if key.startswith("/") else key
        with pytest.raises(ArchiveError):
            store.open(key)
        with pytest.raises(OutputError), store.create(key, overwrite=True) as stream:
            stream.write(b"evil")
        with pytest.raises((ArchiveError, OutputError)):
            store.delete(key)
        assert victim.read_bytes() == b"precious"
        assert everything(tmp_path) == ["escaped", "store/a/b/c"]

    def test_two_dots_in_a_name_are_fine(self, store: FolderStore) -> None:
        with store.create("a..b/..c.gz") as stream:
            stream.write(b"x")
        with store.open("a..b/..c.gz") as stream:
            assert stream.read() == b"x"


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


class TestPlaces:
    def test_what_names_a_folder(self, tmp_path: Path) -> None:
        assert names_folder("new/")
        assert names_folder(str(tmp_path))
        assert names_folder("s3://bucket/prefix/")
        assert not names_folder("new.jsonl.gz")
        assert not names_folder(str(tmp_path / "new"))

    @pytest.mark.parametrize("root", ["s3://", "s3:///", "s3://bucket/prefix"])
    def test_a_store_of_s3_needs_a_bucket_and_only_that(self, root: str) -> None:
        with pytest.raises(ArchiveError, match="has no bucket name"):
            open_store(root)

    def test_a_folder_is_a_store(self, tmp_path: Path) -> None:
        assert open_store(str(tmp_path)) == FolderStore(tmp_path)
        assert open_store(str(tmp_path)).url == str(tmp_path)


@pytest.mark.parametrize("inside", ["part-0", "2015-01-20_15.json.gz", ".DS_Store", "deep/er/x.json.gz"])
@pytest.mark.parametrize("place", ["", "x/"])
def test_a_folder_in_the_place_of_a_chunk_is_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], place: str, inside: str
) -> None:
    """Where it falls into the range; it may hold anything."""
    for hour in range(10, 20):
        path = tmp_path / f"{place}2015-01-20_{hour}.json.gz"
        path = path / inside if hour == 14 else path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b'{"n":1}\n')
    for layout in ([], ["--layout", f"{place}%Y-%m-%d_%H.json.gz"]):
        for span, matches in (([], 9), (["13", "15"], 1), (["14", "15"], 0), (["15", "18"], 3)):
            times = [f"2015-01-20T{hour}" for hour in span]
            words = ["--from", times[0], "--to", times[1]] if times else []
            code = run(["scan", str(tmp_path), "-g", "n", "--count", *words, *layout])
            out, err = capsys.readouterr()
            holds = "15" not in span[:1]
            assert (code, int(out)) == (2 if holds else 0, matches)
            assert ("2015-01-20_14.json.gz cannot be read: it is a folder; move it away" in err) == holds
