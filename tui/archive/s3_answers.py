"""Answers of S3 as they must be: what a proxy, a portal or another server says in its place is refused by name."""

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
_NO_ETAG = "the answer has no ETag, so it is not S3's; check --endpoint-url and the proxy (HTTPS_PROXY)"
_SLOW_DOWN = 429
_LOOKED_AT = 4096  # bytes from a body's start
# Hostile bodies must not make them backtrack: no part can match what the next one can.
_ROOT = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--(?:(?!-->).)*-->\s*)*<(?:[\w.-]+:)?(\w+)", re.S)
_TITLE = re.compile(rb"<title[^>]*>([^<]*)<", re.I)


class ForeignAnswerError(Exception):
    """Whoever answered was not S3; `str()` says what came instead."""


class OtherObjectError(ForeignAnswerError):
    """It is another object than the one that was listed."""


def refuse_foreign_answer(operation_model: Any, response_dict: Mapping[str, Any], **_: object) -> None:
    """For botocore's event `before-parse.s3.*`: an answer that S3 does not give is no empty listing and no redirect.

    Raises ForeignAnswerError. Server errors (5xx) are left alone: botocore asks again.
    """
    status, headers, body = (response_dict[name] for name in ("status_code", "headers", "body"))
    streamed = bool(operation_model.has_streaming_output) and status < 300
    root = match[1] if not streamed and (match := _ROOT.match((body or b"")[:_LOOKED_AT])) else b""
    ours = root == b"Error" or root.endswith((b"Result", b"Result1", b"LocationConstraint"))
    if (
        operation_model.name == "ListObjectsV2"
        and status < 300
        and ours
        and root not in (b"Error", b"ListBucketResult")
    ):
        raise ForeignAnswerError(f"the answer ({status}) is a {root.decode()} and not a listing; check --endpoint-url")
    if 300 <= status < 400 and status != 304:
        if ours or "x-amz-bucket-region" in headers:
            return
        if operation_model.name.startswith("Head"):  # has no body to tell by; botocore would ask for the region again
            error = {"Error": {"Code": str(status)}, "ResponseMetadata": _metadata(status, headers)}
            raise aws.ClientError(cast(Any, error), operation_model.name)
        raise ForeignAnswerError(redirected(str(headers.get("location", ""))))
    if status < 500 and status != _SLOW_DOWN and not streamed:
        if body and not ours:
            raise ForeignAnswerError(f"the answer ({status}) is {_kind(body)} and not S3's; {CHECK}")
        if not body and operation_model.name.startswith("List") and status < 300:
            raise ForeignAnswerError(f"the answer ({status}) is empty and not S3's; {CHECK}")


def _metadata(status: int, headers: Mapping[str, Any]) -> dict[str, Any]:
    return {"HTTPStatusCode": status, "HTTPHeaders": dict(headers)}


def redirected(location: str) -> str:
    origin = "://".join(urlsplit(location)[:2]) if "://" in location else location
    to = f" to {origin}" if origin else ""
    return f"it is redirected{to}, which S3 does not do; check --endpoint-url (https?) and the proxy (HTTPS_PROXY)"


def _kind(body: bytes) -> str:
    """What came, as a person would call it."""
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:_LOOKED_AT]
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
    """A time of an answer. botocore takes dateutil, whose slowness is half of the time that a listing takes."""
    in_header = not text[:1].isdigit()
    try:
        return parsedate_to_datetime(text) if in_header else datetime.fromisoformat(text)
    except ValueError:
        return parse_timestamp(text)


def checked_etag(answer: Any, start: int, etag: str | None) -> str:
    """The ETag of an answer to a GET, which must be of the object that was asked for, and from the byte on."""
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
    """Where the body of an answer ends, if the object goes on there (Content-Range, RFC 9110 §14.4)."""
    match = re.fullmatch(r"bytes \d+-(\d+)/(\d+)", str(answer.get("ContentRange", "")))
    return int(match[1]) + 1 if match and int(match[1]) + 1 < int(match[2]) else None


def length_of(answer: Any) -> int:
    """The size of an object by the answer to a HEAD; None is no answer."""
    if not (answer and "ContentLength" in answer):
        raise ForeignAnswerError("the server does not say how long it is; check --endpoint-url and the proxy")
    return int(answer["ContentLength"])


def check_written(answer: Any) -> None:
    """An answer to a PUT; S3 gives the object's ETag, a proxy that only says 200 does not."""
    if "ETag" not in answer:
        raise ForeignAnswerError(_NO_ETAG)
