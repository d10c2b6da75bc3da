"""`--cache`: the second question about the same hours makes no GET."""

import os
from pathlib import Path

import pytest

from tests.support.command import hourscope
from tests.support.seaweed import Seaweed
from tui.archive import ChunkReader, open_archive
from tui.archive.cache import CachedStore
from tui.demo import SampleSpec, torn_chunk_of, write_sample

SPEC = SampleSpec(hours=24, records_per_hour=200, seed=9)


@pytest.fixture
def logs(seaweed: Seaweed, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    for _ in write_sample(tmp_path / "made", SPEC):
        pass
    (tmp_path / "made" / torn_chunk_of(SPEC)).unlink()
    seaweed.upload_folder(tmp_path / "made", bucket, "logs/")
    for name, value in seaweed.env.items():
        monkeypatch.setenv(name, value)
    return f"s3://{bucket}/logs/"


def test_the_second_scan_reads_nothing_from_s3(logs: str, seaweed: Seaweed) -> None:
    words = ("scan", logs, "-g", "error", "--cache", "1GB")
    first = hourscope(*words)
    assert first.code == 0
    client = seaweed.client()
    bucket = logs.removeprefix("s3://").partition("/")[0]
    kept = list(Path(os.environ["XDG_CACHE_HOME"], "hourscope", "chunks").iterdir())
    listed = client.list_objects_v2(Bucket=bucket, Prefix="logs/")["Contents"]
    assert sum(path.stat().st_size for path in kept) == sum(item["Size"] for item in listed)
    assert hourscope(*words).out == first.out
    for path in kept:
        path.write_bytes(b"")
    assert hourscope(*words).out == b"", "emptied chunks are all that is left to read: nothing is fetched"


def test_an_object_that_changed_is_fetched_again(logs: str, seaweed: Seaweed, tmp_path: Path) -> None:
    words = ("scan", logs, "-g", "changed", "--cache", "1GB", "--count")
    assert hourscope(*words).out == b"0\n"
    bucket = logs.removeprefix("s3://").partition("/")[0]
    key = "logs/" + sorted(path.name for path in (tmp_path / "made").iterdir())[0]
    seaweed.client().put_object(Bucket=bucket, Key=key, Body=b"changed\n")
    assert hourscope(*words).out == b"1\n"


def test_the_cap_holds_and_what_was_read_in_part_is_not_kept(logs: str, tmp_path: Path) -> None:
    archive = open_archive(logs)
    store = CachedStore(archive.store, tmp_path / "cache", 60_000)
    chunks = archive.catalog().chunks
    for chunk in chunks:
        with ChunkReader(store, chunk.key, etag=chunk.etag) as reader:
            for _ in reader.blocks():
                pass
        assert sum(path.stat().st_size for path in store.folder.iterdir()) <= 60_000
    kept = set(store.folder.iterdir())
    assert kept
    with ChunkReader(store, chunks[0].key, etag=chunks[0].etag):
        pass
    assert set(store.folder.iterdir()) == kept


def test_an_invalid_size(logs: str) -> None:
    ran = hourscope("scan", logs, "--cache", "much")
    assert ran.code == 2
    assert "write --cache 500kB, 64MiB or 20GB" in ran.sentence
