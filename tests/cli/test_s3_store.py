"""A bucket as a store, on a real S3 server, over connections that break."""

from __future__ import annotations

import gzip
import random
import re
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Self

import pytest

from tests.support.process import HOST
from tests.support.seaweed import Seaweed
from tui.archive import ChunkReader, Damage, open_archive
from tui.archive import s3 as s3_module
from tui.archive.s3 import S3Store
from tui.archive.store import open_store
from tui.archive.streams import FIRST_RANGE
from tui.config import S3Options
from tui.errors import ArchiveError, ConfigError, OutputError
from tui.filter import parse_filter
from tui.scan import ChunkDamaged, ChunkStarted, Matches, open_extract, plan_scan, run_plan

pytestmark = pytest.mark.s3

BODY = random.Random(1).randbytes(3_000_000)


@pytest.fixture(autouse=True)
def _credentials(seaweed: Seaweed, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The environment of a user of the server. A client remembers what it was answered, so each test has its own."""
    for name, value in seaweed.env.items():
        monkeypatch.setenv(name, value)
    s3_module.client.cache_clear()
    yield
    s3_module.client.cache_clear()


@pytest.fixture
def store(bucket: str) -> S3Store:
    return S3Store(bucket, S3Options())


def put(seaweed: Seaweed, bucket: str, *keys: str, body: bytes = b"x") -> None:
    client = seaweed.client()
    for key in keys:
        client.put_object(Bucket=bucket, Key=key, Body=body)


class TestListing:
    def test_an_object_has_key_size_etag_and_time(self, seaweed: Seaweed, store: S3Store) -> None:
        put(seaweed, store.bucket, "logs/a b+ü.gz", body=b"12345")
        (item,) = store.objects()
        assert (item.key, item.size) == ("logs/a b+ü.gz", 5)
        assert '"' not in item.etag
        assert item.uploaded.tzinfo is UTC
        assert abs(item.uploaded - datetime.now(UTC)) < timedelta(minutes=5)
        assert store.url == f"s3://{store.bucket}"

    def test_a_prefix_need_not_end_where_a_folder_does(self, seaweed: Seaweed, store: S3Store) -> None:
        put(seaweed, store.bucket, "e.2015-01-20", "e.2015-01-21", "e/x", "f")
        assert sorted(item.key for item in store.objects("e.2015-01-2")) == ["e.2015-01-20", "e.2015-01-21"]
        assert sorted(item.key for item in store.objects("e")) == ["e.2015-01-20", "e.2015-01-21", "e/x"]
        assert list(store.objects("nothing")) == []

    def test_more_objects_than_a_page_holds(self, seaweed: Seaweed, store: S3Store) -> None:
        keys = [f"many/{number:04}" for number in range(1100)]
        client = seaweed.client()
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(lambda key: client.put_object(Bucket=store.bucket, Key=key, Body=b""), keys))
        assert sorted(item.key for item in store.objects("many/")) == keys

    def test_a_prefix_that_is_not_a_folder_excludes_other_keys(self, seaweed: Seaweed, bucket: str) -> None:
        """`s3://bucket/ev` was asked for: what begins otherwise is not in it, whatever layout is found."""
        put(seaweed, bucket, "ev-a.2015-01-20_13.log", "evolve.2015-01-20_13.log", "orders.2015-01-20_13.log")
        chunks = open_archive(f"s3://{bucket}/ev").catalog().chunks
        assert [chunk.key for chunk in chunks] == ["ev-a.2015-01-20_13.log", "evolve.2015-01-20_13.log"]


class TestReading:
    def test_from_any_byte(self, seaweed: Seaweed, store: S3Store) -> None:
        put(seaweed, store.bucket, "a", body=BODY)
        with store.open("a") as stream:
            assert stream.read() == BODY
        with store.open("a", start=1_000_000) as stream:
            assert stream.read() == BODY[1_000_000:]

    def test_an_object_that_was_replaced_since_the_listing_is_refused(self, seaweed: Seaweed, store: S3Store) -> None:
        put(seaweed, store.bucket, "a", body=b"old")
        (item,) = store.objects()
        store.open("a", etag=item.etag).close()
        put(seaweed, store.bucket, "a", body=b"new")
        with pytest.raises(ArchiveError, match=rf"s3://{store.bucket}/a cannot be read: the object was replaced"):
            store.open("a", etag=item.etag)

    def test_an_object_that_is_gone(self, store: S3Store) -> None:
        with pytest.raises(ArchiveError, match=rf"s3://{store.bucket}/nothing cannot be read: the object is gone"):
            store.open("nothing")

    def test_an_empty_object_is_reported(self, seaweed: Seaweed, store: S3Store) -> None:
        put(seaweed, store.bucket, "a", body=b"")
        with ChunkReader(store, "a") as reader:
            (item,) = filter(None, reader.results(lambda: lambda block: block.records()))
        assert isinstance(item, Damage)
        assert item.reason == "the object is empty (0 bytes)"


class TestCreating:
    def test_an_object_appears_when_it_is_whole(self, store: S3Store) -> None:
        with store.create("deep/a") as stream:
            stream.write(BODY)
            assert list(store.objects()) == []
        with store.open("deep/a") as stream:
            assert stream.read() == BODY

    def test_it_does_not_appear_when_the_writer_fails(self, store: S3Store) -> None:
        with pytest.raises(ValueError, match="mine"), store.create("a") as stream:
            stream.write(b"half")
            raise ValueError("mine")
        assert list(store.objects()) == []

    def test_what_exists_is_replaced_only_if_it_may_be(self, store: S3Store) -> None:
        with store.create("a") as stream:
            stream.write(b"first")
        with pytest.raises(OutputError, match=rf"s3://{store.bucket}/a exists.*--force"), store.create("a") as stream:
            stream.write(b"second")
        with store.open("a") as body:
            assert body.read() == b"first"
        with store.create("a", overwrite=True) as stream:
            stream.write(b"third")
        with store.open("a") as body:
            assert body.read() == b"third"

    def test_what_came_while_it_was_written_is_not_replaced(self, store: S3Store) -> None:
        with pytest.raises(OutputError, match="exists"), store.create("a") as mine:
            mine.write(b"mine")
            with store.create("a") as theirs:
                theirs.write(b"theirs")
        with store.open("a") as body:
            assert body.read() == b"theirs"

    def test_deleting_a_missing_object_succeeds(self, seaweed: Seaweed, store: S3Store) -> None:
        put(seaweed, store.bucket, "a")
        store.delete("a")
        store.delete("a")
        assert list(store.objects()) == []


HEADERS_ONLY = 0


class BreakingProxy:
    """A TCP proxy that cuts the answers to some GETs of an object after so many bytes of their body.

    `cuts` holds, for one GET after the other, where its body breaks off; those after the last pass whole. `requests`
    are the GETs as they came.
    """

    def __init__(self, port: int, path: str, cuts: list[int]) -> None:
        self._port = port
        self._path = path.encode()
        self._cuts = cuts
        self._listener = socket.create_server((HOST, 0))
        self.requests: list[str] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    @property
    def ranges(self) -> list[str]:
        """The Range of each GET, empty where it asked for the whole object."""
        return [match[1] if (match := re.search(r"(?im)^range: (\S+)", text)) else "" for text in self.requests]

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        """One request after the other of a connection; requests have no bodies here."""
        with suppress(OSError), client, socket.create_connection((HOST, self._port)) as server:
            while True:
                request = _until(client, b"\r\n\r\n")
                if not request:
                    return
                cut = self._cut_of(request)
                server.sendall(request)
                head = _until(server, b"\r\n\r\n")
                length = int((re.search(rb"(?i)content-length: (\d+)", head) or [b"", b"0"])[1])
                client.sendall(head)
                left = length if cut is None else min(cut, length)
                while left > 0:
                    piece = server.recv(min(left, 65536))
                    client.sendall(piece)
                    left -= len(piece)
                if cut is not None and cut < length:
                    return

    def _cut_of(self, request: bytes) -> int | None:
        if not request.startswith(b"GET " + self._path):
            return None
        self.requests.append(request.decode())
        return self._cuts.pop(0) if self._cuts else None


def _until(sock: socket.socket, end: bytes) -> bytes:
    """Read the head of a request byte by byte, because what follows is not ours."""
    data = b""
    while not data.endswith(end):
        byte = sock.recv(1)
        if not byte:
            return b""
        data += byte
    return data


class TestBrokenConnections:
    @pytest.mark.parametrize(
        "cuts",
        [
            [1_000_000],
            [1_000_000, 700_000, 1],
            [HEADERS_ONLY],
            [HEADERS_ONLY, 5, HEADERS_ONLY, HEADERS_ONLY],
            [2_999_999],
        ],
    )
    def test_a_body_that_breaks_off_is_resumed_where_it_broke(
        self, seaweed: Seaweed, bucket: str, cuts: list[int]
    ) -> None:
        put(seaweed, bucket, "a", body=BODY)
        with BreakingProxy(seaweed.port, f"/{bucket}/a", list(cuts)) as proxy:
            store = S3Store(bucket, S3Options(endpoint_url=proxy.url))
            with store.open("a") as stream:
                assert stream.read() == BODY
        assert len(proxy.requests) == len(cuts) + 1
        starts = [int(text.removeprefix("bytes=").removesuffix("-")) for text in proxy.ranges[1:] if text]
        assert starts == sorted(starts)
        assert all(start <= sum(cuts) for start in starts)
        assert max(starts, default=0) >= sum(cuts) - 65536 * len(cuts)  # little is fetched twice
        assert all("if-match:" in request.lower() for request in proxy.requests[1:])

    def test_a_chunk_is_read_over_it_as_if_nothing_had_been(self, seaweed: Seaweed, bucket: str) -> None:
        noise = random.Random(2)
        lines = [b'{"n": %d, "x": "%x"}' % (n, noise.getrandbits(256)) for n in range(20_000)]
        put(seaweed, bucket, "a.gz", body=gzip.compress(b"\n".join(lines) + b"\n"))
        with BreakingProxy(seaweed.port, f"/{bucket}/a.gz", [200_000, 1, 300_000]) as proxy:
            store = S3Store(bucket, S3Options(endpoint_url=proxy.url))
            with ChunkReader(store, "a.gz") as reader:
                assert [record for block in reader.blocks() for record in block.records()] == lines
        assert len(proxy.requests) == 4

    def test_an_object_that_is_replaced_meanwhile_is_not_glued_together(self, seaweed: Seaweed, bucket: str) -> None:
        put(seaweed, bucket, "a", body=BODY)
        with (
            BreakingProxy(seaweed.port, f"/{bucket}/a", [1_000_000]) as proxy,
            S3Store(bucket, S3Options(endpoint_url=proxy.url)).open("a") as stream,
        ):
            stream.read(1000)
            put(seaweed, bucket, "a", body=BODY[::-1])
            with pytest.raises(ArchiveError, match="replaced meanwhile"):
                while stream.read(100_000):
                    pass

    def test_a_record_that_never_comes_is_given_up_with_its_place(self, seaweed: Seaweed, bucket: str) -> None:
        put(seaweed, bucket, "a", body=BODY)
        with (
            BreakingProxy(seaweed.port, f"/{bucket}/a", [1_000_000, *[HEADERS_ONLY] * 50]) as proxy,
            S3Store(bucket, S3Options(endpoint_url=proxy.url)).open("a") as stream,
            pytest.raises(ArchiveError, match=rf"s3://{bucket}/a broke off \d times at byte [\d,]+"),
        ):
            while stream.read(100_000):
                pass
        assert len(proxy.requests) < 20


class TestInRanges:
    """A reader that may stop early fetches an object in ranges that grow."""

    def test_no_more_is_requested_than_is_read(self, seaweed: Seaweed, bucket: str) -> None:
        put(seaweed, bucket, "a", body=BODY)
        with BreakingProxy(seaweed.port, f"/{bucket}/a", []) as proxy:
            store = S3Store(bucket, S3Options(endpoint_url=proxy.url)).stepwise()
            with store.open("a") as stream:
                assert stream.read(1000) == BODY[:1000]
                assert proxy.ranges == [f"bytes=0-{FIRST_RANGE - 1}"]
                assert stream.read() == BODY[1000:]
            starts = [int(text.removeprefix("bytes=").partition("-")[0]) for text in proxy.ranges]
            assert starts == [0, FIRST_RANGE, 2 * FIRST_RANGE]
            with store.open("a", start=2_000_000) as stream:
                assert stream.read() == BODY[2_000_000:]

    def test_a_range_that_breaks_off_resumes_where_it_broke(self, seaweed: Seaweed, bucket: str) -> None:
        put(seaweed, bucket, "a", body=BODY)
        with (
            BreakingProxy(seaweed.port, f"/{bucket}/a", [500_000, 100]) as proxy,
            S3Store(bucket, S3Options(endpoint_url=proxy.url)).stepwise().open("a") as stream,
        ):
            assert stream.read() == BODY
        begun = [(int(start), int(stop) + 1 - int(start)) for start, stop in (r[6:].split("-") for r in proxy.ranges)]
        assert begun[:3] == [(start, FIRST_RANGE) for start in (0, 500_000, 500_100)]

    def test_an_empty_object_has_no_range(self, seaweed: Seaweed, store: S3Store) -> None:
        put(seaweed, store.bucket, "a", body=b"")
        with store.stepwise().open("a") as stream:
            assert stream.read() == b""


class TestSentences:
    """What went wrong, where, and what to do: one line each."""

    def sentence(self, bucket: str, options: S3Options | None = None) -> str:
        with pytest.raises(ArchiveError) as caught:
            list(S3Store(bucket, options or S3Options()).objects())
        assert "\n" not in str(caught.value)
        assert str(caught.value).startswith(f"s3://{bucket} cannot be listed: ")
        return str(caught.value)

    def test_no_such_bucket(self) -> None:
        assert "no such bucket; check its name and --endpoint-url" in self.sentence("no-such-bucket-at-all")

    def test_a_key_that_is_not_known(self, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "nobody")
        assert "(403); check --profile" in self.sentence(bucket)

    def test_a_secret_that_is_wrong(self, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2-but-wrong")
        sentence = self.sentence(bucket)
        assert "the secret key is wrong (403); check --profile or AWS_SECRET_ACCESS_KEY" in sentence
        assert "hunter2" not in sentence

    def test_nobody_at_all(self, bucket: str) -> None:
        assert "permission denied (403)" in self.sentence(bucket, S3Options(no_sign_request=True))

    def test_an_endpoint_that_is_not_there(self, bucket: str) -> None:
        url = f"http://{HOST}:1"
        assert f"{url} does not answer; check --endpoint-url" in self.sentence(bucket, S3Options(endpoint_url=url))

    def test_an_endpoint_of_the_environment_that_is_not_there(
        self, bucket: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{HOST}:1")
        assert f"http://{HOST}:1 does not answer" in self.sentence(bucket)

    def test_what_cannot_be_made_a_client_of(self, bucket: str) -> None:
        for options in (S3Options(profile="nobody"), S3Options(endpoint_url="nonsense")):
            with pytest.raises(ConfigError):
                list(S3Store(bucket, options).objects())

    def test_a_write_that_is_refused_is_an_output_error(self, bucket: str) -> None:
        store = S3Store(bucket, S3Options(no_sign_request=True))
        refused = pytest.raises(OutputError, match=rf"s3://{bucket}/a cannot be written: permission denied \(403\)")
        with refused, store.create("a") as stream:
            stream.write(b"x")

    def test_an_invalid_bucket_name(self) -> None:
        with pytest.raises(ArchiveError, match="cannot be listed"):
            list(open_store("s3://B@d_bucket!").objects())


class TestAnArchive:
    def test_it_is_scanned_into_an_extract_beside_it(self, seaweed: Seaweed, bucket: str) -> None:
        for hour in range(5):
            for host in ("web01", "web02"):
                text = b"".join(b'{"n": %d, "hour": %d}\n' % (n, hour) for n in range(100))
                name = f"logs/events.{host}-000000.2015-01-20_{hour:02}.log.gz"
                put(seaweed, bucket, name, body=gzip.compress(text))
        archive = open_archive(f"s3://{bucket}/logs/")
        assert archive.layout.pattern == "logs/{topic}.{host}{rev}.%Y-%m-%d_%H.log.gz"
        plan = plan_scan(archive, None, None, parse_filter(match=["n == `42`"]))
        out = f"s3://{bucket}/out/"
        for event in run_plan(plan, extract=open_extract(out, plan)):
            assert not isinstance(event, ChunkDamaged)
        extract = open_archive(out)
        assert not extract.detected
        again = plan_scan(extract, None, None, parse_filter())
        lines = b"".join(event.lines for event in run_plan(again) if isinstance(event, Matches))
        assert lines == b"".join(b'{"n": 42, "hour": %d}\n' % hour for hour in range(5) for _ in range(2))
        resumed = list(run_plan(plan, extract=open_extract(out, plan, resume=True)))
        assert not [event for event in resumed if isinstance(event, ChunkStarted)]
        with pytest.raises(OutputError, match="--resume"):
            open_extract(out, plan)
        assert open_archive(f"s3://{bucket}/logs/").catalog().chunks == plan.chunks  # the source is untouched

    def test_a_range_lists_only_its_prefixes(self, seaweed: Seaweed, bucket: str) -> None:
        put(seaweed, bucket, *(f"2015/01/{day:02}/13.log" for day in range(1, 29)))
        with BreakingProxy(seaweed.port, f"/{bucket}?", []) as proxy:
            archive = open_archive(f"s3://{bucket}/%Y/%m/%d/%H.log", s3=S3Options(endpoint_url=proxy.url))
            start = datetime(2015, 1, 10, 13, tzinfo=UTC)
            catalog = archive.catalog(start, start + timedelta(hours=1))
        assert [chunk.key for chunk in catalog.chunks] == ["2015/01/10/13.log"]
        asked = re.findall(r"prefix=([^&\s]*)", "\n".join(proxy.requests))
        assert asked == ["2015%2F01%2F10%2F13.log"]
