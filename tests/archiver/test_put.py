"""How a bucket and a folder take a file: on condition, in parts, and compared afterwards."""

import base64
import errno
import os
import zlib
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.seaweed import REGION, Seaweed
from tui.archive import put
from tui.archive.s3 import S3Store
from tui.archiver.options import destination
from tui.config import S3Options
from tui.errors import ArchiveError, KeyTakenError


@pytest.fixture
def store(seaweed: Seaweed, bucket: str, monkeypatch: pytest.MonkeyPatch) -> S3Store:
    for name, value in seaweed.env.items():
        monkeypatch.setenv(name, value)
    return S3Store(bucket, S3Options(region=REGION, endpoint_url=seaweed.endpoint_url))


@pytest.mark.s3
@pytest.mark.parametrize("size", [0, 1000, 11 << 20])
def test_s3_puts_on_condition_and_compares_by_checksum(
    store: S3Store, tmp_path: Path, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(put, "WHOLE", 1 << 20)  # above it an object goes in parts, which S3 wants of 5 MB at least
    monkeypatch.setattr(put, "PART", 5 << 20)
    file, other = tmp_path / "file", tmp_path / "other"
    file.write_bytes(os.urandom(size))
    other.write_bytes(os.urandom(size) or b"1")
    assert store.holds("a/key", file) is None
    store.put("a/key", file)
    assert store.holds("a/key", file) is True
    assert store.holds("a/key", other) is False
    with pytest.raises(KeyTakenError):
        store.put("a/key", other)
    assert store.holds("a/key", file) is True


class _Client:
    """An S3 client that fails once, in one part."""

    def __init__(self, inner: object, fails: int = 2) -> None:
        self._inner, self._fails = inner, fails
        self.put: list[int] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    def upload_part(self, **words: object) -> object:
        number = words["PartNumber"]
        assert isinstance(number, int)
        self.put.append(number)
        if number == self._fails and self.put.count(number) == 1:
            raise ConnectionError("broken off")
        return self._inner.upload_part(**words)  # type: ignore[attr-defined]


@pytest.mark.s3
def test_a_multipart_upload_resumes_where_it_broke_off(
    store: S3Store, seaweed: Seaweed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(put, "WHOLE", 1 << 20)
    monkeypatch.setattr(put, "PART", 5 << 20)
    file, client = tmp_path / "file", _Client(seaweed.client())
    file.write_bytes(os.urandom(11 << 20))
    with pytest.raises(ConnectionError):
        put.put_file(replace(store._target("key"), client=client), file)
    assert put.note_of(file).exists()
    assert store.holds("key", file) is None
    put.put_file(replace(store._target("key"), client=client), file)
    assert store.holds("key", file) is True
    assert sorted(client.put) == [1, 2, 2, 3]
    assert not put.note_of(file).exists()
    assert "Uploads" not in seaweed.client().list_multipart_uploads(Bucket=store.bucket)


@pytest.mark.s3
@pytest.mark.parametrize("emptied", [b"", bytes(9)])
def test_an_upload_in_parts_begins_again_if_a_power_loss_has_emptied_its_note(
    store: S3Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, emptied: bytes
) -> None:
    monkeypatch.setattr(put, "WHOLE", 1 << 20)
    monkeypatch.setattr(put, "PART", 5 << 20)
    file = tmp_path / "file"
    file.write_bytes(os.urandom(6 << 20))
    put.note_of(file).write_bytes(emptied)
    store.put("key", file)
    assert store.holds("key", file) is True


@pytest.mark.s3
def test_an_upload_in_parts_needs_no_room_on_a_full_disk(
    store: S3Store, seaweed: Seaweed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(put, "WHOLE", 1 << 20)
    monkeypatch.setattr(put, "PART", 5 << 20)
    file = tmp_path / "file"
    file.write_bytes(os.urandom(6 << 20))

    def full(path: str, flags: int) -> int:
        Path(path).touch()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(put, "private_opener", full)
    failing = _Client(seaweed.client(), fails=1)
    with pytest.raises(ConnectionError):
        put.put_file(replace(store._target("key"), client=failing), file)
    assert "Uploads" not in seaweed.client().list_multipart_uploads(Bucket=store.bucket)  # as none can go on with it
    store.put("key", file)
    assert store.holds("key", file) is True
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.s3
def test_a_server_that_keeps_no_checksum_has_to_send_the_bytes(
    store: S3Store, seaweed: Seaweed, tmp_path: Path
) -> None:
    file, other = tmp_path / "file", tmp_path / "other"
    file.write_bytes(b"one")
    other.write_bytes(b"two")
    crc = base64.b64encode(zlib.crc32(b"one").to_bytes(4, "big")).decode()
    seaweed.client().put_object(Bucket=store.bucket, Key="key", Body=b"one", ChecksumCRC32=crc)
    assert store.holds("key", file) is True
    assert store.holds("key", other) is False


def test_what_a_folder_holds_is_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The writer may have been killed before the folder's entry was synced."""
    synced: list[Path] = []
    for module in ("local", "folder"):
        monkeypatch.setattr(f"tui.archive.{module}.sync_folder", synced.append)
    store = destination(str(tmp_path / "new" / "out")).store
    assert synced == [tmp_path / "new", tmp_path]
    for path in (tmp_path / "file", tmp_path / "new" / "out" / "key"):
        path.write_bytes(b"1")
    assert store.holds("key", tmp_path / "file") is True
    assert synced[2:] == [tmp_path / "new" / "out"]


def test_a_folder_is_a_store_of_the_same_kind(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    store = destination(str(tmp_path / "out")).store
    (tmp_path / "file").write_bytes(b"1")
    assert store.holds("a/key", tmp_path / "file") is None
    store.put("a/key", tmp_path / "file")
    assert store.holds("a/key", tmp_path / "file") is True
    with pytest.raises(KeyTakenError):
        store.put("a/key", tmp_path / "file")
    (tmp_path / "file").write_bytes(b"2")
    assert store.holds("a/key", tmp_path / "file") is False
    with pytest.raises(ArchiveError, match="points outside"):
        store.put("../key", tmp_path / "file")
