"""A folder as a store: its listing, its keys, what cannot be read."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.archive.stores import everything, fill, keys
from tui.archive.folder import FolderStore
from tui.archive.store import open_store
from tui.archive.writer import names_folder
from tui.cli import run
from tui.errors import ArchiveError, OutputError


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
