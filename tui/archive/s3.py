"""A bucket as a store: the only module that knows boto3.

A body that breaks in mid-stream is resumed by Range with If-Match (RFC 9110 §13.1.1, §14.2): boto3
retries requests, not bodies.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import boto3
import botocore
import botocore.config
import botocore.exceptions as aws
import botocore.session
from botocore.hooks import HierarchicalEmitter
from botocore.utils import parse_timestamp

from tui import __version__
from tui.archive.chunk import StoredObject
from tui.archive.collection import uncollected
from tui.archive.credentials import FAILED as UNUSABLE
from tui.archive.credentials import UNFORESEEN, resolve
from tui.archive.credentials import mfa_device as mfa_device
from tui.archive.local import temporary_error
from tui.archive.put import abandon, checksum, put_file, stream_checksum
from tui.archive.s3_answers import (
    ForeignAnswerError,
    check_written,
    checked_etag,
    refuse_foreign_answer,
    stored_object,
)
from tui.archive.s3_errors import ENDPOINT, FAILED, explain
from tui.archive.waits import Waits
from tui.config import S3Options
from tui.errors import ArchiveError, ConfigError, KeyTakenError, OutputError, reason

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_RESUMES = 5  # broken bodies in a row without a single new byte
_SPOOL = 8 << 20
_CONNECTIONS = 64
_TAKEN = ("PreconditionFailed", "ConditionalRequestConflict", "412")

_BODY_ERRORS = (
    aws.IncompleteReadError,
    aws.ReadTimeoutError,
    aws.ResponseStreamingError,
    aws.ConnectionError,
    OSError,
)


@cache
@uncollected()
def _client(options: S3Options) -> S3Client:
    """One client a process and set of options; boto3's clients are thread-safe."""
    try:
        hooks = HierarchicalEmitter()  # here, and not at the client, so that it comes before botocore's own
        hooks.register_first("before-parse.s3.*", refuse_foreign_answer)
        core = botocore.session.Session(event_hooks=hooks, profile=options.profile)
        core.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=_timestamp)
        session = boto3.session.Session(botocore_session=core, profile_name=options.profile, region_name=options.region)
    except UNUSABLE as error:
        raise ConfigError(_about_client(error, options)) from error
    resolve(core, options)
    try:
        return _made(session, options)
    except UNUSABLE as error:
        raise ConfigError(_about_client(error, options)) from error


def _made(session: boto3.session.Session, options: S3Options) -> S3Client:
    unsigned = {"signature_version": botocore.UNSIGNED} if options.no_sign_request else {"signature_version": "s3v4"}
    config = botocore.config.Config(
        max_pool_connections=_CONNECTIONS,
        retries={"mode": "standard", "max_attempts": 5},
        connect_timeout=10,
        read_timeout=60,
        response_checksum_validation="when_required",  # gzip and zstd check themselves, and TLS the rest
        user_agent=f"hourscope/{__version__} botocore/{botocore.__version__}",  # its own is put together each time
        s3={"addressing_style": "path"} if options.endpoint_url or session_endpoint() else None,
        **cast(Any, unsigned),
    )
    return session.client("s3", endpoint_url=options.endpoint_url, config=config)


def _about_client(error: Exception, options: S3Options) -> str:
    """What is wrong with the options, the AWS_* variables or AWS's config files."""
    match error:
        case aws.InvalidRegionError():
            region = options.region or error.kwargs.get("region_name", "")
            return f"'{region}' is not an AWS region; write --region as us-east-1"
        case aws.ProfileNotFound():
            known = botocore.session.Session().available_profiles
            others = f"there are {', '.join(known)}" if known else "there is none"
            name = error.kwargs.get("profile")
            return f"AWS profile '{name}' does not exist ({others}); check --profile, AWS_PROFILE and ~/.aws/config"
        case aws.ConfigParseError():
            path = error.kwargs.get("path")
            form = "[profile NAME] sections of lines NAME = VALUE, each name once"
            return f"AWS: {path} cannot be parsed; it must hold {form}"
        case aws.BotoCoreError():
            about = " ".join(str(error).split()).rstrip(".")
            return f"AWS: {about}; see --profile and --region, or the AWS_* variables"
        case OSError():
            return f"AWS: {error.filename or 'a config file'} cannot be read: {reason(error)}"
        case ValueError() if "endpoint" in str(error).lower() or "IPv6" in str(error):
            return f"'{options.endpoint_url or session_endpoint()}' is not an endpoint; {ENDPOINT}"
        case _:
            return f"AWS: {type(error).__name__}: {error}; see the AWS_* variables and ~/.aws/config"


def sign_in(options: S3Options) -> None:
    """Get the credentials now, with the code of an MFA device where one is needed: before a screen is drawn.

    Raises ConfigError, one sentence.
    """
    _client(options)


@cache
def _waits() -> Waits:
    """One a process: what all its requests wait for."""
    return Waits()


def _timestamp(text: str) -> datetime:
    """botocore takes dateutil, which is slow enough to be half of the time that a listing takes."""
    in_header = not text[:1].isdigit()
    try:
        return parsedate_to_datetime(text) if in_header else datetime.fromisoformat(text)
    except ValueError:
        return parse_timestamp(text)


def session_endpoint() -> str:
    """The endpoint that the environment sets, or "" (other servers rarely have a host name for each bucket)."""
    import os

    return os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or ""


@dataclass(frozen=True, slots=True)
class S3Store:
    """The objects of a bucket; keys are whole S3 keys."""

    bucket: str
    options: S3Options

    @property
    def url(self) -> str:
        return f"s3://{self.bucket}"

    @property
    def _payer(self) -> dict[str, Any]:
        return {"RequestPayer": "requester"} if self.options.request_payer else {}

    def objects(self, prefix: str = "") -> Iterator[StoredObject]:
        """ListObjectsV2, 1,000 keys a request."""
        for page in self._pages(prefix):
            try:
                found = [stored_object(item) for item in page.get("Contents", ())]
            except UNFORESEEN as error:
                raise self._sentence("be listed", prefix, error) from error
            yield from found

    def _pages(self, prefix: str) -> Iterator[Any]:
        """The answers of a listing, each asked for when the one before was used."""
        with self._asking("be listed", prefix):
            pages = iter(
                _client(self.options)
                .get_paginator("list_objects_v2")
                .paginate(Bucket=self.bucket, Prefix=prefix, **self._payer)
            )
        while True:
            with self._asking("be listed", prefix), _waits().on(f"the listing of {self.url}/{prefix}"):
                page = next(pages, None)
            if page is None:
                return
            yield page
            if page.get("IsTruncated") and not page.get("NextContinuationToken"):
                lost = ForeignAnswerError("the listing breaks off: the server says that there is more, and not where")
                raise self._sentence("be listed", prefix, lost)

    def open(self, key: str, *, start: int = 0, etag: str | None = None) -> BinaryIO:
        return cast(BinaryIO, _Body(self, key, start, etag))

    def get(self, key: str, start: int, etag: str | None) -> tuple[Any, str]:
        """One GetObject from `start`: the body and the ETag it is of."""
        wanted: dict[str, Any] = dict(self._payer)
        if start:
            wanted["Range"] = f"bytes={start}-"
        if etag:
            wanted["IfMatch"] = f'"{etag}"'
        with self._asking("be read", key), _waits().on(f"{self.url}/{key}"):
            answer = _client(self.options).get_object(Bucket=self.bucket, Key=key, **wanted)
            return answer["Body"], checked_etag(answer, start, etag)

    @contextmanager
    def create(self, key: str, *, overwrite: bool = False) -> Iterator[BinaryIO]:
        """Spool to a temporary file, then put it: conditionally (If-None-Match: *) unless it may be overwritten."""
        try:
            with tempfile.SpooledTemporaryFile(max_size=_SPOOL) as spool:
                yield cast(BinaryIO, spool)
                spool.seek(0)
                self._put(key, cast(BinaryIO, spool), {} if overwrite else {"IfNoneMatch": "*"})
        except OSError as error:  # of the spool: what the bucket raises is a sentence already
            raise temporary_error(error) from error

    def _put(self, key: str, body: BinaryIO, condition: dict[str, Any]) -> None:
        try:
            with self._asking("be written", key, taken="; choose another name or add --force"):
                answer = _client(self.options).put_object(
                    Bucket=self.bucket, Key=key, Body=body, **condition, **self._payer
                )
                check_written(answer)
        except ArchiveError as error:
            raise OutputError(str(error)) from error

    def put(self, key: str, path: Path) -> None:
        """In one request, or in parts; on condition that there is nothing (If-None-Match: *)."""
        try:
            with self._asking("be written", key, taken=""):
                check_written(put_file(_client(self.options), self.bucket, key, path, self._payer))
        except KeyTakenError:
            self._abandon(key, path)
            raise
        except ArchiveError as error:
            raise OutputError(str(error)) from error

    def _abandon(self, key: str, path: Path) -> None:
        try:
            with self._asking("be cleared of an upload", key):
                abandon(_client(self.options), self.bucket, key, path, self._payer)
        except ArchiveError as error:
            raise OutputError(str(error)) from error

    def holds(self, key: str, path: Path) -> bool | None:
        """By the checksum that S3 keeps with the object; a server that keeps none has to send the bytes."""
        try:
            with self._asking("be read", key), _waits().on(f"{self.url}/{key}"):
                found = _client(self.options).head_object(
                    Bucket=self.bucket, Key=key, ChecksumMode="ENABLED", **self._payer
                )
        except ArchiveError as error:
            cause = error.__cause__
            if isinstance(cause, aws.ClientError) and cause.response["Error"]["Code"] in ("404", "NoSuchKey"):
                return None
            raise
        size = path.stat().st_size
        if found["ContentLength"] != size:
            return False
        if kept := found.get("ChecksumSHA256"):
            return kept == checksum(path)
        with io.BufferedReader(self.open(key)) as stream:  # type: ignore[type-var]
            return stream_checksum(cast(BinaryIO, stream), size) == checksum(path)

    def delete(self, key: str) -> None:
        with self._asking("be deleted", key):
            _client(self.options).delete_object(Bucket=self.bucket, Key=key, **self._payer)

    @contextmanager
    def _asking(self, verb: str, key: str, *, taken: str | None = None) -> Iterator[None]:
        """Around a request: what goes wrong is one sentence. `taken`: what to do where a key exists (KeyTakenError)."""
        try:
            yield
        except FAILED as error:
            if taken is not None and isinstance(error, aws.ClientError) and _code(error) in _TAKEN:
                raise KeyTakenError(f"{self.url}/{key} exists{taken}") from error
            raise self._sentence(verb, key, error) from error

    def renew(self) -> None:
        """boto3 reads credentials once for each client: from files, the environment, SSO, a credential process."""
        _client.cache_clear()

    def _sentence(self, verb: str, key: str, error: Exception) -> ArchiveError:
        """What went wrong, where, and what to do."""
        no_bucket = isinstance(error, aws.ClientError) and _code(error) == "NoSuchBucket"
        where = f"{self.url}/{key}" if key and not no_bucket else self.url
        endpoint = self.options.endpoint_url or session_endpoint()
        return ArchiveError(f"{where} cannot {verb}: {explain(error, self.options, endpoint)}")


def _code(error: aws.ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


class _Body(io.RawIOBase):
    """An object's bytes; asked for again by Range where the connection broke."""

    def __init__(self, store: S3Store, key: str, start: int, etag: str | None) -> None:
        super().__init__()
        self._store = store
        self._key = key
        self._position = start
        self._body, self._etag = store.get(key, start, etag)
        self._resumes = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        while True:
            try:
                with _waits().on(f"{self._store.url}/{self._key}"):
                    data = self._body.read(len(buffer))
            except _BODY_ERRORS as error:
                self._resume(error)
                continue
            buffer[: len(data)] = data
            self._position += len(data)
            if data:
                self._resumes = 0
            return len(data)

    def _resume(self, error: Exception) -> None:
        self._body.close()
        self._resumes += 1
        if self._resumes > _RESUMES:
            where = f"{self._store.url}/{self._key}"
            why = explain(error, self._store.options, session_endpoint())
            raise ArchiveError(f"{where} broke off {_RESUMES} times at byte {self._position:,}: {why}") from error
        self._body, _ = self._store.get(self._key, self._position, self._etag)

    def close(self) -> None:
        if not self.closed:
            self._body.close()
        super().close()
