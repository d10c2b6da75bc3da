"""What a preview fetches of a bucket's chunk: little at first, and more as somebody reads on."""

from __future__ import annotations

import gzip
import random
import re
from collections.abc import Iterator

import pytest

from tests.support.scripted_s3 import ScriptedS3
from tui.app.preview.feed import EVERYTHING, Demand, Rested, read_hour
from tui.app.records.store import HourRecords
from tui.archive import open_archive
from tui.archive.streams import FIRST_RANGE
from tui.config import S3Options

RECORDS = 6000


@pytest.fixture(scope="module")
def body() -> bytes:
    """About 3 MB that gzip cannot make smaller."""
    source = random.Random(5)
    return gzip.compress(
        b"".join(b'{"n":%d,"x":"%s"}\n' % (n, source.randbytes(500).hex().encode()) for n in range(RECORDS))
    )


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch, body: bytes) -> Iterator[ScriptedS3]:
    with ScriptedS3({"e.2015-01-20_00.log.gz": body, "e.2015-01-20_01.log.gz": gzip.compress(b"{}\n")}) as server:
        for name, value in server.env.items():
            monkeypatch.setenv(name, value)
        yield server


def ranges(s3: ScriptedS3) -> list[tuple[int, int]]:
    """The first byte of each GET of an object, and the byte after its last."""
    asked = [request.headers.get("range", "") for request in s3.requests if request.key and request.method == "GET"]
    return [
        (int(match[1]), int(match[2]) + 1) for header in asked if (match := re.fullmatch(r"bytes=(\d+)-(\d+)", header))
    ]


def test_the_first_screen_takes_one_range_and_the_rest_follows(s3: ScriptedS3, body: bytes) -> None:
    archive = open_archive("s3://b/", s3=S3Options(endpoint_url=s3.endpoint_url))
    chunk = archive.catalog().chunks[0]
    demand, records = Demand(), HourRecords()
    events = read_hour(archive, (chunk,), demand, records)
    assert any(isinstance(event, Rested) for event in events)
    assert ranges(s3) == [(0, FIRST_RANGE)]
    assert 100 < len(records) < RECORDS
    demand.more(EVERYTHING)
    for _ in events:
        pass
    assert len(records) == RECORDS
    asked = ranges(s3)
    assert [start for start, _ in asked[1:]] == [stop for _, stop in asked[:-1]], "each begins where the last one ended"
    assert asked[-1][1] >= len(body) > asked[-1][0]
