"""What S3 and its imitations answer when something is wrong: the cause and the remedy in one sentence, exit code 2."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.cli.s3_answers import SCAN, always, of_objects, run, why
from tests.support.scripted_s3 import Answer, Request, ScriptedS3, refused
from tui.archive.s3_errors import explain
from tui.config import S3Options


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
