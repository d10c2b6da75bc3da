"""Chunks that the archive does not give: named as what they are, and no reason to leave out the others."""

import gzip
import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.support.command import hourscope
from tests.support.seaweed import Seaweed
from tui.archive import open_archive
from tui.config import S3Options
from tui.filter import Filter
from tui.scan import ChunkDamaged, ChunkDone, plan_scan, run_plan

BODY = gzip.compress(b'{"n":1}\n', mtime=0)
ETAG = hashlib.md5(BODY).hexdigest()
REFUSED = {1: "InvalidObjectState", 2: "AccessDenied", 3: "NoSuchKey"}


class Cold(BaseHTTPRequestHandler):
    """The answers of S3 for a bucket of five hours, three of them unreadable (SeaweedFS reads GLACIER as any other)."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if "list-type=2" in self.path:
            self._answer(200, f"<ListBucketResult>{''.join(map(self._item, range(5)))}</ListBucketResult>".encode())
        elif code := REFUSED.get(int(self.path.partition("_")[2][:2])):
            self._answer(404 if code == "NoSuchKey" else 403, f"<Error><Code>{code}</Code></Error>".encode())
        else:
            self._answer(200, BODY)

    def _item(self, hour: int) -> str:
        place = "GLACIER" if hour == 1 else "STANDARD"
        return (
            f"<Contents><Key>e.2015-01-20_{hour:02}.gz</Key><Size>{len(BODY)}</Size><ETag>&quot;{ETAG}&quot;</ETag>"
            f"<LastModified>2015-01-20T10:00:00.000Z</LastModified><StorageClass>{place}</StorageClass></Contents>"
        )

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("ETag", f'"{hashlib.md5(body).hexdigest()}"')
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def env() -> Iterator[dict[str, str]]:
    """What reaches that bucket."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Cold)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
        "AWS_ACCESS_KEY_ID": "k",
        "AWS_SECRET_ACCESS_KEY": "s",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    server.shutdown()
    server.server_close()


def test_each_is_named_as_what_it_is(env: dict[str, str]) -> None:
    ran = hourscope("scan", "s3://cold/", "--count", env=env)
    assert (ran.code, ran.out) == (2, b"2\n")
    glacier, forbidden, gone = ran.err.splitlines()
    assert "e.2015-01-20_01.gz cannot be read: it is in Glacier and needs a restore first" in glacier
    assert "e.2015-01-20_02.gz cannot be read: permission denied (403)" in forbidden
    assert "e.2015-01-20_03.gz cannot be read: the object is gone" in gone
    assert "damaged" not in ran.err


def test_an_estimate_is_made_of_the_others(env: dict[str, str]) -> None:
    ran = hourscope("scan", "s3://cold/", "--estimate", env=env)
    assert (ran.code, ran.err) == (0, "")
    assert b"2 records of 2 chunks, 3 chunks could not be read" in ran.out
    hour = ("--from", "2015-01-20T01", "--to", "2015-01-20T02")
    assert "Glacier" in hourscope("scan", "s3://cold/", "--estimate", *hour, env=env).sentence


def test_cat_shows_why_there_is_nothing(env: dict[str, str]) -> None:
    ran = hourscope("cat", "s3://cold/", "--hour", "2015-01-20T01", env=env)
    assert (ran.code, ran.out) == (2, b"")
    assert "Glacier" in ran.sentence


def test_a_chunk_that_vanished_meanwhile(seaweed: Seaweed, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in seaweed.env.items():
        monkeypatch.setenv(name, value)
    client = seaweed.client()
    for hour in range(3):
        client.put_object(Bucket=bucket, Key=f"e.2015-01-20_{hour:02}.gz", Body=BODY)
    options = S3Options(endpoint_url=seaweed.endpoint_url)
    plan = plan_scan(open_archive(f"s3://{bucket}/", s3=options), None, None, Filter())
    client.delete_object(Bucket=bucket, Key="e.2015-01-20_01.gz")
    events = list(run_plan(plan))
    (told,) = [event for event in events if isinstance(event, ChunkDamaged)]
    assert told.unread
    assert "e.2015-01-20_01.gz cannot be read: the object is gone" in told.sentence
    assert sum(event.counts.matches for event in events if isinstance(event, ChunkDone)) == 2


def test_a_bucket_that_is_not_there_is_named_not_a_key_in_it(seaweed: Seaweed, bucket: str) -> None:
    seaweed.client().put_object(Bucket=bucket, Key="e.2015-01-20_01.gz", Body=BODY)
    ran = hourscope("scan", f"s3://{bucket}/", "-o", "s3://no-such-bucket-here/x/", env=dict(seaweed.env))
    assert ran.code == 2
    assert "s3://no-such-bucket-here cannot be listed: there is no such bucket" in ran.sentence
