"""What S3 and its imitations answer when something is wrong: the cause and the remedy in one sentence, exit code 2."""

from __future__ import annotations

import gzip
import itertools
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.command import Ran, hourscope
from tests.support.scripted_s3 import Answer, Request, ScriptedS3, refused
from tui.archive import open_archive
from tui.archive import s3 as s3_module
from tui.archive.listing import Listing
from tui.archive.s3 import S3Store
from tui.archive.s3_errors import explain
from tui.archive.waits import report_waits
from tui.config import S3Options
from tui.errors import ArchiveError, KeyTakenError, OutputError

OBJECTS = {f"e.2015-01-20_{hour:02}.log": b'{"hour":%d}\n' % hour for hour in range(3)}
SCAN = ("scan", "s3://b/", "-g", "hour", "--count")


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedS3]:
    with ScriptedS3(OBJECTS) as server:
        for name, value in server.env.items():
            monkeypatch.setenv(name, value)
        yield server


def run(s3: ScriptedS3, *words: object) -> Ran:
    return hourscope(*words, env=s3.env)


def always(answer: Answer) -> Callable[[Request], Answer]:
    return lambda request: answer


def of_objects(answer: Answer) -> Callable[[Request], Answer | None]:
    return lambda request: answer if request.key else None


def sent_as(s3: ScriptedS3, request: Request, change: Callable[[bytes], bytes]) -> Answer | None:
    """The objects of the second hour are sent otherwise than they are listed."""
    usual = s3.usual(request)
    second = "_01" in request.key and request.method == "GET"
    return Answer(usual.status, change(usual.body), usual.headers) if second else None


def why(s3: ScriptedS3, answer: Answer) -> str:
    """Return the sentence for a listing whose every request gets this answer."""
    s3.answer = always(answer)
    with pytest.raises(ArchiveError) as caught:
        list(S3Store("b", S3Options(endpoint_url=s3.endpoint_url)).objects())
    assert str(caught.value).startswith("s3://b cannot be listed: ")
    return str(caught.value)


class TestClock:
    def test_the_servers_time_in_the_body(self, s3: ScriptedS3) -> None:
        more = "<ServerTime>2024-05-01T03:00:00Z</ServerTime>"
        sentence = why(s3, refused(403, "RequestTimeTooSkewed", "The difference is too large.", more))
        assert "clock is" in sentence
        assert "days ahead of the server's" in sentence
        assert "there 2024-05-01 03:00; set the clock (NTP)" in sentence

    @pytest.mark.parametrize("code", ["SignatureDoesNotMatch", "AccessDenied", "InvalidRequest"])
    def test_the_date_of_a_refusal_whose_code_does_not_mention_it(self, s3: ScriptedS3, code: str) -> None:
        theirs = datetime.now(UTC) + timedelta(hours=2, minutes=30, seconds=20)
        sentence = why(s3, refused(403, code, Date=format_datetime(theirs, usegmt=True)))
        assert "clock is 2h 30m behind the server's" in sentence

    def test_a_clock_that_is_right_is_not_blamed(self, s3: ScriptedS3) -> None:
        assert "secret key is wrong" in why(s3, refused(403, "SignatureDoesNotMatch"))

    def test_an_invalid_time(self, s3: ScriptedS3) -> None:
        more = "<ServerTime>soon</ServerTime>"
        assert "clock is wrong" in why(s3, refused(403, "RequestTimeTooSkewed", "", more, Date="never"))


class TestRegion:
    @pytest.mark.parametrize(
        "answer",
        [
            refused(400, "AuthorizationHeaderMalformed", "the region 'us-east-1' is wrong; expecting 'eu-west-1'"),
            refused(400, "AuthorizationHeaderMalformed", "malformed", "<Region>eu-west-1</Region>"),
            refused(301, "PermanentRedirect", "must be addressed", "<Endpoint>b.s3.eu-west-1.amazonaws.com</Endpoint>"),
            refused(301, "PermanentRedirect", "must be addressed", "<Endpoint>s3-eu-west-1.amazonaws.com</Endpoint>"),
            refused(400, "BadRequest", x_amz_bucket_region="eu-west-1"),
            Answer(301, b"", {"x-amz-bucket-region": "eu-west-1"}),
        ],
        ids=["expecting", "element", "endpoint", "old endpoint", "header", "no body"],
    )
    def test_it_is_named(self, s3: ScriptedS3, answer: Answer) -> None:
        assert why(s3, answer).endswith("the bucket is in another region; add --region eu-west-1")

    @pytest.mark.parametrize("region", ["x; rm -rf ~", "$(reboot)", ""])
    def test_an_invalid_region_is_not_advised(self, s3: ScriptedS3, region: str) -> None:
        sentence = why(s3, refused(301, "PermanentRedirect", "", f"<Region>{region}</Region>"))
        assert "--region" in sentence
        assert "rm -rf" not in sentence
        assert "reboot" not in sentence


class TestPermission:
    @pytest.mark.parametrize(
        ("what", "shown"),
        [
            ("kms:Decrypt on resource: arn:aws:kms:eu:1:key/abc because no", "kms:Decrypt on arn:aws:kms:eu:1:key/abc"),
            ("s3:GetObjectVersion", "s3:GetObjectVersion"),
            ('s3express:CreateSession on resource: "arn:x" with an explicit deny', "s3express:CreateSession on arn:x"),
        ],
    )  # fmt: skip
    def test_the_one_that_s3_names(self, s3: ScriptedS3, what: str, shown: str) -> None:
        s3.answer = of_objects(refused(403, "AccessDenied", f"User: me is not authorized to perform: {what}"))
        ran = run(s3, *SCAN)
        assert (ran.code, ran.out) == (2, b"0\n")
        assert ran.err.count(f"permission denied (403): {shown} is missing") == 3

    @pytest.mark.parametrize(
        ("words", "action"),
        [
            (("ls", "s3://b/"), "s3:ListBucket"),
            (("cat", "s3://b/e.%Y-%m-%d_%H.log", "--hour", "2015-01-20T01"), "s3:GetObject"),
            (("scan", "s3://b/e.%Y-%m-%d_%H.log", "-g", "hour", "-o", "s3://b/out/"), "s3:PutObject"),
        ],
    )
    def test_otherwise_the_one_that_was_used(self, s3: ScriptedS3, words: tuple[str, ...], action: str) -> None:
        denied = {"s3:ListBucket": "", "s3:GetObject": "e.", "s3:PutObject": "out/"}[action]

        def answer(request: Request) -> Answer | None:
            writes = request.method == "PUT" or request.key.startswith("out/")
            if (
                (action == "s3:PutObject") == writes
                and request.key.startswith(denied)
                and bool(denied) == bool(request.key)
            ):
                return (
                    refused(404, "NoSuchKey")
                    if request.method in ("GET", "HEAD") and writes
                    else refused(403, "AccessDenied", "Access Denied")
                )
            return None  # fmt: skip

        s3.answer = answer
        ran = run(s3, *words)
        assert ran.code == 2
        assert f"permission denied (403); check the credentials (--profile) and that they allow {action}" in ran.err

    def test_a_token_that_has_expired(self, s3: ScriptedS3) -> None:
        assert "aws sso login --profile default" in why(
            s3, refused(400, "ExpiredToken", "The provided token has expired.")
        )


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


def test_a_server_in_trouble_is_asked_again_and_then_named(s3: ScriptedS3) -> None:
    answers = iter([Answer(502, b"<html>Bad Gateway</html>"), Answer(503, b"<html>")])
    s3.answer = lambda request: next(answers, None)
    assert run(s3, *SCAN).out == b"3\n"
    s3.answer = always(Answer(502, b"<html>Bad Gateway</html>"))
    ran = run(s3, "ls", "s3://b/")
    assert (ran.code, "the server or a proxy in front of it failed (502 Bad Gateway)" in ran.sentence) == (2, True)


def test_a_chunk_that_fails_does_not_hide_the_others(s3: ScriptedS3) -> None:
    """One of each kind; the rest is read."""
    bad = {"00": refused(403, "InvalidObjectState"), "02": Answer(200, b"<html>", {})}
    s3.answer = lambda request: bad.get(request.key[13:15])
    ran = run(s3, *SCAN)
    assert (ran.code, ran.out) == (2, b"1\n")
    glacier, page = ran.err.splitlines()
    assert "e.2015-01-20_00.log cannot be read: it is in Glacier" in glacier
    assert "e.2015-01-20_02.log cannot be read: the answer has no ETag" in page


def test_a_servers_words_reach_no_terminal(s3: ScriptedS3) -> None:
    s3.answer = always(refused(400, "Odd", "\x9b31m red \u202e"))
    assert "\\x9b31m red \\u202e" in run(s3, "ls", "s3://b/").sentence


def test_a_server_that_ignores_a_range_is_not_read_twice(s3: ScriptedS3) -> None:
    """The first answer breaks off in the middle; the second begins again at the first byte."""
    body = b"".join(b'{"n":%d}\n' % n for n in range(1000))
    s3.objects = {"e.2015-01-20_13.log": body}

    def answer(request: Request) -> Answer | None:
        if not request.key:
            return None
        usual = s3.usual(Request("GET", request.key, {}, {}))
        if "range" not in request.headers:
            s3.released.set()  # what stalls ends at once
            return Answer(200, usual.body, usual.headers, stall=3000)
        return usual

    s3.answer = answer
    ran = run(s3, "scan", "s3://b/", "-g", "n", "--count")
    assert ran.code == 2
    assert int(ran.out) < 1000
    assert "sends the object from its first byte, not from byte 3,000" in ran.err


BODIES = {  # each cut where it looks whole: between two lines, between two gzip members
    "plain": (b"".join(b'{"n":%d}\n' % n for n in range(10, 100)), 90),
    "gzip": (gzip.compress(b'{"n":1}\n', mtime=0) + gzip.compress(b'{"n":2}\n', mtime=0), 28),
}


@pytest.mark.parametrize("kind", BODIES)
def test_a_body_without_its_length_that_breaks_off_is_read_on(s3: ScriptedS3, kind: str) -> None:
    """Such a body ends with the connection, which looks like the end of the object."""
    body, cut = BODIES[kind]
    s3.objects = {"e.2015-01-20_13.log": body}
    s3.answer = lambda request: replace(s3.usual(request), cut=cut) if request.method == "GET" and request.key else None
    ran = run(s3, "scan", "s3://b/", "-g", "n", "--count")
    assert (ran.code, int(ran.out), ran.err) == (0, body.count(b"\n") if kind == "plain" else 2, "")
    assert len(s3.requests) > 3


def test_a_body_without_its_length_that_never_ends_is_named(s3: ScriptedS3) -> None:
    s3.objects = {"e.2015-01-20_13.log": BODIES["plain"][0]}

    def answer(request: Request) -> Answer | None:
        if request.method != "GET" or not request.key:
            return None
        return replace(s3.usual(request), cut=0 if "range" in request.headers else 90)

    s3.answer = answer
    ran = run(s3, "scan", "s3://b/", "-g", "n", "--count")
    assert ran.code == 2
    assert "broke off 5 times at byte 90" in ran.err


def test_a_whole_body_without_its_length_is_read(s3: ScriptedS3) -> None:
    s3.answer = lambda request: replace(s3.usual(request), cut=1 << 20) if request.key else None
    ran = run(s3, *SCAN)
    assert (ran.code, ran.out, ran.err) == (0, b"3\n", "")


RAW = {
    b"E_INVALID bad protocol\x1b[2J\n": "does not speak HTTP",
    b"SSH-2.0-OpenSSH_9.6\r\n": "does not speak HTTP",
    b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 300 + b"\r\n": "does not speak HTTP",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n": "does not speak HTTP",
    b"": "closes the connection without an answer",
}


@pytest.mark.parametrize("answer", RAW)
def test_an_endpoint_that_does_not_speak_http(s3: ScriptedS3, answer: bytes) -> None:
    """Such as nsqd's TCP port, or ssh's."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                with client, suppress(OSError):
                    client.recv(10_000)
                    client.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        url = f"http://user:secret@127.0.0.1:{listener.getsockname()[1]}"
        ran = hourscope("ls", "s3://b/", "--endpoint-url", url, env=s3.env)
        assert ran.code == 2
        assert (
            f"s3://b cannot be listed: {url.replace('user:secret@', '')} {RAW[answer]}; check the port" in ran.sentence
        )


def test_tls_to_a_server_without_tls(s3: ScriptedS3) -> None:
    url = s3.endpoint_url.replace("http", "https")
    ran = hourscope("ls", "s3://b/", "--endpoint-url", url, env=s3.env)
    assert f"s3://b cannot be listed: {url} does not speak TLS; check the port" in ran.sentence


@pytest.mark.parametrize(
    "url", ["127.0.0.1:9", "localhost", "ftp://x", "http://", "http://a b", "http://127.0.0.1:99999", "http://[::1:1"]
)
def test_what_is_not_an_endpoint(s3: ScriptedS3, url: str) -> None:
    for words, env in ((("--endpoint-url", url), {}), ((), {"AWS_ENDPOINT_URL": url})):
        ran = hourscope("ls", "s3://b/", *words, env={**s3.env, **env})
        assert ran.code == 2
        assert ran.sentence.endswith(f"'{url}' is not an endpoint; write --endpoint-url as http://HOST:PORT")


@pytest.mark.parametrize("name", ["b%20c", "b?x", "ü", "b:c", "arn:aws:s3:::b"])
def test_what_is_not_a_buckets_name(s3: ScriptedS3, name: str) -> None:
    sentence = run(s3, "ls", f"s3://{name}/").sentence
    assert f"s3://{name} cannot be listed: invalid bucket name; use 3 to 63 lowercase letters" in sentence


CHECK = "log in to this network if it requires that, and check --endpoint-url and the proxy (HTTPS_PROXY)"
CODES = {
    (400, "InvalidBucketName"): "the server refuses this bucket name; check it",
    (403, "RequestTimeTooSkewed"): "this machine's clock is wrong; set it (NTP)",
    (400, "RequestExpired"): "this machine's clock is wrong; set it (NTP)",
    (507, "XMinioStorageFull"): "the server's disks are full; free some space there",
    (403, "QuotaExceeded"): "the server's quota is used up; free some space there",
    (
        501,
        "NotImplemented",
    ): "the server does not support ListObjectsV2 (NotImplemented: in its words); check --endpoint-url",
    (400, "KMS.DisabledException"): "the server refuses: KMS.DisabledException: in its words; "
    "check --endpoint-url, --region and --profile",
    (400, ""): f"the server refuses: 400 in its words; {CHECK}",
    (400, "BadRequest"): f"the server refuses: BadRequest: in its words; {CHECK}",
    (405, ""): f"the server refuses: 405 in its words; {CHECK}",
    (
        500,
        "InternalError",
    ): "the server or a proxy in front of it failed (InternalError: in its words); try again later",
    (404, "NoSuchKey"): "nothing is there (404); check the bucket's name and --endpoint-url",
    (416, "InvalidRange"): "it is shorter than it was listed; list the archive again",
}


@pytest.mark.parametrize(("status", "code"), CODES)
def test_a_refusal_names_the_cause(s3: ScriptedS3, status: int, code: str) -> None:
    assert why(s3, refused(status, code, "in its words")) == f"s3://b cannot be listed: {CODES[status, code]}"


@pytest.mark.parametrize(("status", "code"), [(429, "TooManyRequests"), (429, ""), (400, "ThrottlingException")])
def test_a_server_that_throttles_by_another_name_than_s3(status: int, code: str) -> None:
    """Asked for the sentence alone, because botocore repeats such a request for half a minute."""
    answer: Any = {"Error": {"Code": code, "Message": "slow"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    sentence = explain(ClientError(answer, "GetObject"), S3Options(), "")
    assert sentence == f"the server throttles the requests ({status}); try again later, with fewer --jobs"


def test_a_refusal_without_a_word_has_no_none_in_it(s3: ScriptedS3) -> None:
    s3.answer = of_objects(refused(501, "NotImplemented"))
    ran = run(s3, *SCAN)
    assert (ran.code, ran.out) == (2, b"0\n")
    words = "cannot be read: the server does not support GetObject (NotImplemented); check --endpoint-url"
    assert ran.err.count(words) == 3
    assert why(s3, refused(400, "", "")) == f"s3://b cannot be listed: the server refuses: 400; {CHECK}"


def listing(**entry: str) -> Answer:
    usual = {"Key": "e.2015-01-20_13.log", "Size": "1", "ETag": "a", "LastModified": "2015-01-01T00:00:00Z"}
    fields = "".join(f"<{name}>{value}</{name}>" for name, value in {**usual, **entry}.items() if value)
    return Answer(200, f"<ListBucketResult><Contents>{fields}</Contents></ListBucketResult>".encode())


LISTINGS = {
    "a size that is text": (listing(Size="x"), "the answer is not a valid S3 response; log in"),
    "a size of more bytes than there are": (listing(Size="9" * 30), "the answer is not a valid S3 response; log in"),
    "a negative size": (listing(Size="-1"), "the answer is not a valid S3 response; log in"),
    "a time that is not": (listing(LastModified="yesterday"), "the answer is not a valid S3 response; log in"),
    "no ETag": (listing(ETag=""), "the answer is not a valid S3 response: it lacks 'ETag'; log in"),
    "of buckets": (Answer(200, b"<ListAllMyBucketsResult/>"), "is a ListAllMyBucketsResult, not a listing; check"),
    "the same page for ever": (
        Answer(200, b"<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>x</NextContinuationToken>"
               b"</ListBucketResult>"),
        "the listing breaks off: the server gives the same page again and again",
    ),
    "of a proxy": (Answer(407), "the proxy asks for a login (407); put user and password into HTTPS_PROXY"),
}  # fmt: skip


@pytest.mark.parametrize("kind", LISTINGS)
def test_a_listing_that_is_not_one(s3: ScriptedS3, kind: str) -> None:
    answer, words = LISTINGS[kind]
    assert words in why(s3, answer)


class TestFeatures:
    """What a server does not take is left out, and reported once."""

    @pytest.fixture
    def warnings(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
        lines: list[str] = []
        report_waits(lines.append)
        s3_module.missing_features.cache_clear()
        s3_module.client.cache_clear()
        yield lines
        s3_module.missing_features.cache_clear()
        s3_module.client.cache_clear()

    @pytest.fixture
    def store(self, s3: ScriptedS3) -> S3Store:
        return S3Store("b", S3Options(endpoint_url=s3.endpoint_url))

    @pytest.mark.parametrize("code", ["NotImplemented", "InvalidArgument"])
    def test_restore_status_and_delimiters(
        self, s3: ScriptedS3, store: S3Store, warnings: list[str], code: str
    ) -> None:
        def answer(request: Request) -> Answer | None:
            refuses = "x-amz-optional-object-attributes" in request.headers or "delimiter" in request.query
            return refused(501 if code == "NotImplemented" else 400, code) if refuses else None

        s3.answer = answer
        for _ in range(2):
            level = Listing(store).level("", "_")
            assert level is not None
            assert level.prefixes == ("e.2015-01-20_",)
        assert [line.partition(" does not support ")[2].partition(";")[0] for line in warnings] == [
            "RestoreStatus",
            "the delimiter '_'",
        ]
        assert len(s3.requests) == 5, "the second time nothing is tried that was refused"

    @pytest.mark.parametrize(
        "lacking", [("if-none-match",), ("x-amz-checksum-sha256",), ("if-none-match", "x-amz-checksum")]
    )
    def test_conditions_and_checksums_of_an_upload(
        self, s3: ScriptedS3, store: S3Store, warnings: list[str], tmp_path: Path, lacking: tuple[str, ...]
    ) -> None:
        def answer(request: Request) -> Answer | None:
            sent = [name for name in request.headers if name.startswith(lacking)]
            return refused(501, "NotImplemented") if request.method == "PUT" and sent else None

        s3.answer = answer
        (tmp_path / "file").write_bytes(b"1")
        store.put("new", tmp_path / "file")
        assert s3.objects["new"] == b"1"
        assert len(warnings) == len(lacking)
        if "if-none-match" in lacking:
            with pytest.raises(KeyTakenError):
                store.put("new", tmp_path / "file")
            with pytest.raises(OutputError, match="exists"), store.create("new") as stream:
                stream.write(b"2")
        assert s3.objects["new"] == b"1"

    def test_a_refusal_about_something_else_is_reported_unchanged(
        self, s3: ScriptedS3, store: S3Store, warnings: list[str]
    ) -> None:
        s3.answer = always(refused(400, "InvalidArgument", "the bucket is upside down"))
        with pytest.raises(ArchiveError, match="upside down"):
            list(store.objects())
        assert warnings == []

    def test_no_unrequested_checksum_is_sent(self, s3: ScriptedS3, store: S3Store) -> None:
        with store.create("new") as stream:
            stream.write(b"1")
        (put,) = [request for request in s3.requests if request.method == "PUT"]
        assert [name for name in put.headers if "checksum" in name or "trailer" in name] == []
        assert s3.objects["new"] == b"1"


def glacier(key: str, restore: str) -> bytes:
    return (
        f"<Contents><Key>{key}</Key><LastModified>2015-01-21T10:00:00.000Z</LastModified><ETag>&quot;1&quot;</ETag>"
        f"<Size>5</Size><StorageClass>GLACIER</StorageClass>{restore}</Contents>"
    ).encode()


def test_restored_objects_need_no_restore(s3: ScriptedS3) -> None:
    expires = (datetime.now(UTC) + timedelta(days=2)).isoformat(timespec="seconds").replace("+00:00", "Z")
    running = "<RestoreStatus><IsRestoreInProgress>true</IsRestoreInProgress></RestoreStatus>"
    done = (
        "<RestoreStatus><IsRestoreInProgress>false</IsRestoreInProgress>"
        f"<RestoreExpiryDate>{expires}</RestoreExpiryDate></RestoreStatus>"
    )
    rows = b"".join(glacier(f"e.2015-01-20_{hour:02}.log", restore) for hour, restore in enumerate(("", running, done)))
    s3.answer = always(
        Answer(200, b"<ListBucketResult><IsTruncated>false</IsTruncated>" + rows + b"</ListBucketResult>")
    )
    catalog = open_archive("s3://b/", s3=S3Options(endpoint_url=s3.endpoint_url)).catalog()
    assert [chunk.needs_restore for chunk in catalog.chunks] == [True, True, False]
    assert "x-amz-optional-object-attributes" in s3.requests[0].headers


def page(keys: list[str], token: str) -> Answer:
    rows = "".join(
        f"<Contents><Key>{key}</Key><LastModified>2015-01-21T10:00:00.000Z</LastModified><ETag>1</ETag><Size>5</Size>"
        "</Contents>"
        for key in keys
    )
    more = (
        f"<IsTruncated>{str(bool(token)).lower()}</IsTruncated><NextContinuationToken>{token}</NextContinuationToken>"
    )
    return Answer(200, f"<ListBucketResult>{more}{rows}</ListBucketResult>".encode())


def test_a_key_that_is_listed_twice_is_one(s3: ScriptedS3) -> None:
    pages = {"": page(["e.2015-01-20_00.log", "e.2015-01-20_01.log"], "a"), "a": page(["e.2015-01-20_01.log"], "")}
    s3.answer = lambda request: pages[request.query.get("continuation-token", "")]
    store = S3Store("b", S3Options(endpoint_url=s3.endpoint_url))
    assert [item.key for item in store.objects()] == ["e.2015-01-20_00.log", "e.2015-01-20_01.log"]


@pytest.mark.parametrize("moves", [False, True])
def test_a_listing_that_does_not_advance_ends(s3: ScriptedS3, moves: bool) -> None:
    tokens = itertools.count(1)
    s3.answer = lambda request: page(["e.2015-01-20_00.log"], f"t{next(tokens) if moves else 0}")
    with pytest.raises(ArchiveError, match="the same page again and again"):
        list(S3Store("b", S3Options(endpoint_url=s3.endpoint_url)).objects())
    assert len(s3.requests) < 200


class TestCredentialsThatMayOnlyGet:
    @pytest.fixture(autouse=True)
    def _no_listing(self, s3: ScriptedS3) -> None:
        """S3 says 403, and not 404, of a key that is not there to somebody who may not list."""

        def answer(request: Request) -> Answer | None:
            denied = not request.key or request.key not in s3.objects
            return refused(403, "AccessDenied", "Access Denied") if denied else None

        s3.answer = answer

    def test_they_read_the_key_that_a_layout_spells(self, s3: ScriptedS3) -> None:
        ran = run(s3, "cat", "s3://b/e.%Y-%m-%d_%H.log", "--hour", "2015-01-20T01")
        assert (ran.code, ran.out, ran.err) == (0, b'{"hour":1}\n', "")

    def test_a_range_reports_what_it_could_not_see(self, s3: ScriptedS3) -> None:
        words = ("--from", "2015-01-20", "--to", "2015-01-20T05", "-g", "hour", "--count")
        ran = run(s3, "scan", "s3://b/e.%Y-%m-%d_%H.log", *words)
        assert (ran.code, ran.out) == (0, b"3\n")
        assert "2 hours may have a chunk that these credentials may not read" in ran.sentence

    def test_no_key_at_all_is_a_missing_permission(self, s3: ScriptedS3) -> None:
        for layout, hour in (("e.%Y-%m-%d_%H.log", "2015-01-21T01"), ("{topic}.%Y-%m-%d_%H.log", "2015-01-20T01")):
            ran = run(s3, "cat", f"s3://b/{layout}", "--hour", hour)
            assert (ran.code, ran.out) == (2, b"")
            assert "permission denied (403)" in ran.sentence
