"""Chunks that the archive does not give: named as what they are, and no reason to leave out the others."""

import gzip
from collections.abc import Iterator

import pytest

from tests.support.command import hourscope
from tests.support.scripted_s3 import Answer, Request, ScriptedS3, refused
from tests.support.seaweed import Seaweed
from tui.archive import open_archive
from tui.config import S3Options
from tui.filter import Filter
from tui.scan import ChunkDamaged, ChunkDone, plan_scan, run_plan

BODY = gzip.compress(b'{"n":1}\n', mtime=0)
KEYS = [f"e.2015-01-20_{hour:02}.gz" for hour in range(5)]
REFUSED = {
    KEYS[1]: refused(403, "InvalidObjectState"),
    KEYS[2]: refused(403, "AccessDenied"),
    KEYS[3]: refused(404, "NoSuchKey"),
}


@pytest.fixture
def env() -> Iterator[dict[str, str]]:
    """A bucket of five hours, three of them unreadable (SeaweedFS itself ignores GLACIER)."""
    with ScriptedS3(dict.fromkeys(KEYS, BODY)) as s3:

        def answer(request: Request) -> Answer | None:
            if request.key:
                return REFUSED.get(request.key)
            key = f"<Key>{KEYS[1]}</Key>".encode()
            return Answer(200, s3.usual(request).body.replace(key, key + b"<StorageClass>GLACIER</StorageClass>"))

        s3.answer = answer
        yield s3.env


def test_each_is_named_as_what_it_is(env: dict[str, str]) -> None:
    ran = hourscope("scan", "s3://cold/", "--count", env=env)
    assert (ran.code, ran.out) == (2, b"2\n")
    lines = ran.err.splitlines()  # also of a wait for S3, on a machine with other work
    glacier, forbidden, gone = (line for line in lines if "cannot be read" in line)
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
    (damage,) = [event for event in events if isinstance(event, ChunkDamaged)]
    assert damage.unread
    assert "e.2015-01-20_01.gz cannot be read: the object is gone" in damage.sentence
    assert sum(event.counts.matches for event in events if isinstance(event, ChunkDone)) == 2


def test_a_bucket_that_is_not_there_is_named_not_a_key_in_it(seaweed: Seaweed, bucket: str) -> None:
    seaweed.client().put_object(Bucket=bucket, Key="e.2015-01-20_01.gz", Body=BODY)
    ran = hourscope("scan", f"s3://{bucket}/", "-o", "s3://no-such-bucket-here/x/", env=dict(seaweed.env))
    assert ran.code == 2
    assert "s3://no-such-bucket-here cannot be listed: there is no such bucket" in ran.sentence
