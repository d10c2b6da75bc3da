"""Answers that are not S3's: web pages, redirects, broken listings, objects that were replaced."""

from __future__ import annotations

import gzip
import itertools
from collections.abc import Callable

import pytest

from tests.cli.s3_answers import SCAN, always, of_objects, run, sent_as, why
from tests.support.scripted_s3 import Answer, Request, ScriptedS3

FOREIGN = [
    (b"<html><body>Sign in to use this network</body></html>", "a web page"),
    (b"\xef\xbb\xbf\n<!DOCTYPE html><head><title>Hotel \x1b[31mWiFi</title>", "a web page, 'Hotel \x1b[31mWiFi',"),
    (b"<html><br>not well-formed", "a web page"),
    (b'{"error": "unauthorized"}', "JSON"),
    (b"Access blocked by policy 12", "text, 'Access blocked by policy 12',"),
    (b'<?xml version="1.0"?><rss version="2.0"></rss>', "other XML"),
]  # fmt: skip


class TestForeignAnswers:
    @pytest.mark.parametrize("status", [200, 403, 404, 407])
    @pytest.mark.parametrize(("body", "kind"), FOREIGN)
    def test_they_are_neither_an_empty_listing_nor_a_missing_permission(
        self, s3: ScriptedS3, body: bytes, kind: str, status: int
    ) -> None:
        sentence = why(s3, Answer(status, body))
        assert f"the answer ({status}) is {kind} and not from S3" in sentence
        assert "--endpoint-url and the proxy (HTTPS_PROXY)" in sentence

    @pytest.mark.parametrize(
        "body",
        [b"<!-- -->" * 100_000, b"<!--" * 100_000, b"<title>" + b" " * 100_000, b"<title" * 50_000, b"<" * 100_000],
        ids=["comments", "open comments", "blanks", "titles", "brackets"],
    )
    def test_one_that_is_made_to_be_looked_at_for_ever(self, s3: ScriptedS3, body: bytes) -> None:
        assert "and not from S3" in why(s3, Answer(200, body))

    def test_an_empty_answer_is_not_an_empty_listing(self, s3: ScriptedS3) -> None:
        assert "the answer (200) is empty and not from S3" in why(s3, Answer(200))

    @pytest.mark.parametrize("body", [body for body, _ in FOREIGN])
    def test_a_page_in_place_of_a_chunk_is_not_a_chunk(self, s3: ScriptedS3, body: bytes) -> None:
        s3.answer = of_objects(Answer(200, body))
        ran = run(s3, *SCAN)
        assert (ran.code, ran.out) == (2, b"0\n")
        assert ran.err.count("has no ETag, so it is not from S3") == 3

    def test_an_object_replaced_since_the_listing_is_read_as_it_is_now(self, s3: ScriptedS3) -> None:
        """A server that does not heed If-Match."""
        now = Answer(200, b'{"hour":99}\n', {"ETag": '"other"', "Last-Modified": "Wed, 21 Jan 2015 10:00:00 GMT"})
        s3.answer = of_objects(now)
        ran = run(s3, *SCAN)
        assert (ran.code, ran.out, ran.err) == (0, b"3\n", "")

    @pytest.mark.parametrize("pack", [bytes, gzip.compress])
    @pytest.mark.parametrize("command", [SCAN, ("send", "s3://b/", "-o", "-")])
    def test_an_object_that_is_longer_than_it_was_listed_is_named(
        self, s3: ScriptedS3, command: tuple[str, ...], pack: Callable[[bytes], bytes]
    ) -> None:
        """Under the same ETag: whoever sends it does not send what was listed."""
        s3.objects = {key: pack(body) for key, body in s3.objects.items()}
        s3.answer = lambda request: sent_as(s3, request, lambda body: body * 2)
        ran = run(s3, *command)
        assert ran.code == 2
        size = len(s3.objects[sorted(s3.objects)[1]])
        assert f"_01.log was listed with {size} bytes but is longer now; list the archive again" in ran.err
        assert ran.out == (b"2\n" if command == SCAN else b'{"hour":0}\n')

    def test_an_object_that_is_shorter_than_it_was_listed_is_damaged(self, s3: ScriptedS3) -> None:
        s3.objects = {key: body * 2 for key, body in s3.objects.items()}
        s3.answer = lambda request: sent_as(s3, request, lambda body: body[: len(body) // 2])
        ran = run(s3, *SCAN)
        assert (ran.code, ran.out) == (2, b"5\n")
        assert "_01.log, bytes 11 to 22: it ends before the 22 bytes that were listed" in ran.err

    def test_an_object_that_is_replaced_all_the_time_is_named(self, s3: ScriptedS3) -> None:
        tags = itertools.count()

        def answer(request: Request) -> Answer | None:
            headers = {"ETag": f'"{next(tags)}"', "Last-Modified": "Wed, 21 Jan 2015 10:00:00 GMT"}
            return Answer(200, b'{"hour":99}\n', headers) if request.key else None

        s3.answer = answer
        ran = run(s3, *SCAN)
        assert (ran.code, ran.out) == (2, b"0\n")
        assert ran.err.count("the object was replaced meanwhile") == 3

    def test_a_page_that_takes_an_upload_has_not_kept_it(self, s3: ScriptedS3) -> None:
        s3.answer = lambda request: Answer(200) if request.method == "PUT" else None
        ran = run(s3, *SCAN[:-1], "-o", "s3://b/out/")
        assert ran.code == 2
        assert "s3://b/out/manifest.json cannot be written: the answer has no ETag" in ran.sentence

    def test_a_listing_that_breaks_off(self, s3: ScriptedS3) -> None:
        body = s3.usual(Request("GET", "", {}, {})).body.replace(b"false", b"true")
        assert "the listing breaks off" in why(s3, Answer(200, body))

    @pytest.mark.parametrize("lost", [b"<Size>11</Size>", b"<ETag>", b"2015-01-21T10:00:00.000Z"])
    def test_a_listing_with_a_hole_in_it(self, s3: ScriptedS3, lost: bytes) -> None:
        body = s3.usual(Request("GET", "", {}, {})).body
        assert lost in body
        ran_on = body.replace(lost, b"<Size>many</Size>" if b"Size" in lost else b"")
        s3.answer = always(Answer(200, ran_on))
        ran = run(s3, "ls", "s3://b/")
        assert ran.code == 2
        assert "s3://b cannot be listed" in ran.sentence


class TestRedirects:
    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_to_itself(self, s3: ScriptedS3, status: int) -> None:
        sentence = why(s3, Answer(status, b"", {"Location": f"{s3.endpoint_url}/b?list-type=2"}))
        assert f"it is redirected to {s3.endpoint_url}, which S3 does not do" in sentence

    def test_to_a_login_page(self, s3: ScriptedS3) -> None:
        page = Answer(302, b"<html>Moved</html>", {"Location": "https://login.example.com/?back=x"})
        assert "it is redirected to https://login.example.com, which S3 does not do" in why(s3, page)

    def test_from_region_to_region(self, s3: ScriptedS3) -> None:
        """Each answer names another region than the one before."""
        count = iter(range(1000))
        s3.answer = lambda request: Answer(307, b"", {"x-amz-bucket-region": f"eu-west-{next(count) % 9 + 1}"})
        ran = run(s3, "ls", "s3://b/")
        assert ran.code == 2
        assert "add --region eu-west-" in ran.sentence
