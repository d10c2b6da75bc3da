"""Validate answers of S3, and explain those of a proxy, a login page or another server."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, cast
from urllib.parse import urlsplit

import botocore.exceptions as aws
from botocore.utils import parse_timestamp

CHECK = "log in to this network if it requires that, and check --endpoint-url and the proxy (HTTPS_PROXY)"
_NO_ETAG = "the answer has no ETag, so it is not from S3; check --endpoint-url and the proxy (HTTPS_PROXY)"
TOO_MANY_REQUESTS = 429
_HEAD_BYTES = 4096  # of a body that are examined
# No part of these can match what the next part can, so hostile bodies cannot make them backtrack.
_ROOT = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--(?:(?!-->).)*-->\s*)*<(?:[\w.-]+:)?(\w+)", re.S)
_TITLE = re.compile(rb"<title[^>]*>([^<]*)<", re.I)


class ForeignAnswerError(Exception):
    """The answer is not S3's; `str()` describes it."""


class OtherObjectError(ForeignAnswerError):
    """The object is not the one that was listed."""


def refuse_foreign_answer(operation_model: Any, response_dict: Mapping[str, Any], **_: object) -> None:
    """Refuse answers that are not S3's, which would pass as an empty listing or a redirect (`before-parse.s3.*` hook).

    Raises ForeignAnswerError. Server errors (5xx) are left to botocore, which retries.
    """
    status, headers, body = (response_dict[name] for name in ("status_code", "headers", "body"))
    streamed = bool(operation_model.has_streaming_output) and status < 300
    root = match[1] if not streamed and (match := _ROOT.match((body or b"")[:_HEAD_BYTES])) else b""
    from_s3 = root == b"Error" or root.endswith((b"Result", b"Result1", b"LocationConstraint"))
    if (
        operation_model.name == "ListObjectsV2"
        and status < 300
        and from_s3
        and root not in (b"Error", b"ListBucketResult")
    ):
        raise ForeignAnswerError(f"the answer ({status}) is a {root.decode()}, not a listing; check --endpoint-url")
    if 300 <= status < 400 and status != 304:
        if from_s3 or "x-amz-bucket-region" in headers:
            return
        if operation_model.name.startswith("Head"):  # no body to examine; botocore would ask for the region again
            error = {"Error": {"Code": str(status)}, "ResponseMetadata": _metadata(status, headers)}
            raise aws.ClientError(cast(Any, error), operation_model.name)
        raise ForeignAnswerError(redirected(str(headers.get("location", ""))))
    if status < 500 and status != TOO_MANY_REQUESTS and not streamed:
        if body and not from_s3:
            raise ForeignAnswerError(f"the answer ({status}) is {_kind(body)} and not from S3; {CHECK}")
        if not body and operation_model.name.startswith("List") and status < 300:
            raise ForeignAnswerError(f"the answer ({status}) is empty and not from S3; {CHECK}")


def _metadata(status: int, headers: Mapping[str, Any]) -> dict[str, Any]:
    return {"HTTPStatusCode": status, "HTTPHeaders": dict(headers)}


def redirected(location: str) -> str:
    origin = "://".join(urlsplit(location)[:2]) if "://" in location else location
    to = f" to {origin}" if origin else ""
    return f"it is redirected{to}, which S3 does not do; check --endpoint-url (https?) and the proxy (HTTPS_PROXY)"


def _kind(body: bytes) -> str:
    """Describe a body for the user."""
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:_HEAD_BYTES]
    if (title := _TITLE.search(start)) and (words := b" ".join(title[1].split())):
        return f"a web page, '{words[:80].decode('utf-8', 'replace')}',"
    if b"<html" in start.lower() or start.lower().startswith(b"<!doctype html"):
        return "a web page"
    if start.startswith((b"{", b"[")):
        return "JSON"
    if start.startswith(b"<"):
        return "other XML"
    return f"text, '{start[:60].decode('utf-8', 'replace')}',"


def timestamp(text: str) -> datetime:
    """Parse a time in an answer. botocore's parser (dateutil) would take half of the time of a listing."""
    in_header = not text[:1].isdigit()
    try:
        return parsedate_to_datetime(text) if in_header else datetime.fromisoformat(text)
    except ValueError:
        return parse_timestamp(text)


def checked_etag(answer: Any, start: int, etag: str | None) -> str:
    """Return the ETag of an answer to a GET; raise an error for another object, or another first byte."""
    if "ETag" not in answer:
        raise ForeignAnswerError(_NO_ETAG)
    given = str(answer["ETag"]).removeprefix("W/").strip('"')
    if etag and given != etag:
        raise OtherObjectError("the object was replaced meanwhile; list the archive again")
    if start and not str(answer.get("ContentRange", "")).startswith(f"bytes {start}-"):
        raise ForeignAnswerError(
            f"the server ignores Range: it sends the object from its first byte, not from byte {start:,}"
        )
    return given


def range_stop(answer: Any) -> int | None:
    """Return the end of an answer's body, if the object continues after it (Content-Range, RFC 9110 §14.4)."""
    match = re.fullmatch(r"bytes \d+-(\d+)/(\d+)", str(answer.get("ContentRange", "")))
    return int(match[1]) + 1 if match and int(match[1]) + 1 < int(match[2]) else None


def length_of(answer: Any) -> int:
    """Return the size of an object from the answer to a HEAD (None: the object does not exist)."""
    if not (answer and "ContentLength" in answer):
        raise ForeignAnswerError("the server does not send its length; check --endpoint-url and the proxy")
    return int(answer["ContentLength"])


def check_written(answer: Any) -> None:
    """Check the answer to a PUT: S3 returns the object's ETag, a proxy that only returns 200 does not."""
    if "ETag" not in answer:
        raise ForeignAnswerError(_NO_ETAG)
