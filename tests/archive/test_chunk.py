"""A chunk is a compact row, and gives back what it was made of."""

import pickle
import sys
from datetime import UTC, datetime, timedelta, timezone

import pytest

from tui.archive.chunk import Chunk

HOUR = datetime(2015, 1, 20, 13, tzinfo=UTC)
MD5 = "9e107d9d372bb6826bd81d3542a419d6"


@pytest.mark.parametrize("etag", [MD5, f"{MD5}-38", MD5.upper(), "e", "", "sixteen-bytes-xx", "é\udcff", "W/abc"])
def test_every_etag_is_given_back(etag: str) -> None:
    assert Chunk("k", HOUR, 1, etag, HOUR).etag == etag


@pytest.mark.parametrize("key", ["", "a/b.gz", "é\udcff\n", "k" * 1024])
@pytest.mark.parametrize("etag", [MD5, "", "e" * 70_000])
def test_every_key_is_given_back(key: str, etag: str) -> None:
    chunk = Chunk(key, HOUR, 1, etag, HOUR)
    assert (chunk.key, chunk.etag) == (key, etag)


@pytest.mark.parametrize("size", [0, 1, 5 << 40, (1 << 63) - 1])
def test_every_size_is_given_back(size: int) -> None:
    assert Chunk("k", HOUR, size, MD5, HOUR).size == size


@pytest.mark.parametrize(
    "uploaded",
    [
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2015, 1, 20, 14, 5, tzinfo=timezone(timedelta(hours=5, minutes=30))),
    ],
)
def test_every_upload_is_given_back_to_the_microsecond(uploaded: datetime) -> None:
    assert Chunk("k", HOUR, 1, MD5, uploaded).uploaded == uploaded


def test_chunks_are_equal_by_what_they_say() -> None:
    one, other = (Chunk("k", HOUR, 1, MD5, HOUR, "GLACIER", "t", "h", "-000001", True) for _ in range(2))
    assert one == other == pickle.loads(pickle.dumps(one))
    assert hash(one) == hash(other)
    assert (one.storage_class, one.topic, one.host, one.rev, one.restored) == ("GLACIER", "t", "h", "-000001", True)
    assert one != Chunk("k", HOUR, 1, MD5, HOUR, "GLACIER", "t", "h", "-000001")
    named = one.of("u", "i")
    assert (named.topic, named.host, named.rev, named.size) == ("u", "i", "-000001", 1)


def test_a_million_chunks_take_little_memory() -> None:
    chunk = Chunk("k", HOUR, 1 << 30, MD5, HOUR, topic="t")
    own = [getattr(chunk, name) for name in ("_packed",)]
    assert sys.getsizeof(chunk) + sum(map(sys.getsizeof, own)) <= 128, "with its key, beside an hour that many share"
    assert chunk._shared is Chunk("other", HOUR, 2, "e", HOUR, topic="t")._shared
