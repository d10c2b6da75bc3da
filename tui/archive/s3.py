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
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import boto3
import botocore
import botocore.config
import botocore.exceptions as aws
import botocore.session
from botocore.utils import parse_timestamp

from tui import __version__
from tui.archive.chunk import StoredObject
from tui.archive.put import abandon, checksum, put_file, stream_checksum
from tui.archive.store import uncollected
from tui.config import S3Options
from tui.errors import ArchiveError, ConfigError, KeyTakenError, OutputError

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
        core = botocore.session.get_session()
        core.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=_timestamp)
        session = boto3.session.Session(botocore_session=core, profile_name=options.profile, region_name=options.region)
        unsigned = (
            {"signature_version": botocore.UNSIGNED} if options.no_sign_request else {"signature_version": "s3v4"}
        )
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
    except (
        aws.ProfileNotFound,
        aws.NoRegionError,
        aws.ConfigParseError,
        aws.PartialCredentialsError,
    ) as error:
        raise ConfigError(f"AWS: {error}; see --profile and --region, or the AWS_* variables") from error
    except aws.InvalidRegionError as error:
        raise ConfigError(f"'{options.region}' is no AWS region; write --region as us-east-1") from error
    except ValueError as error:  # "Invalid endpoint: …"
        raise ConfigError(f"{error}; write --endpoint-url as http://HOST:PORT") from error


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
        pages = _client(self.options).get_paginator("list_objects_v2")
        try:
            for page in pages.paginate(Bucket=self.bucket, Prefix=prefix, **self._payer):
                for item in page.get("Contents", ()):
                    yield StoredObject(
                        item["Key"],
                        item["Size"],
                        item["ETag"].strip('"'),
                        item["LastModified"].astimezone(UTC),
                        item.get("StorageClass", "STANDARD"),
                    )
        except (aws.ClientError, aws.BotoCoreError) as error:
            raise self._sentence("be listed", prefix, error) from error

    def open(self, key: str, *, start: int = 0, etag: str | None = None) -> BinaryIO:
        return cast(BinaryIO, _Body(self, key, start, etag))

    def get(self, key: str, start: int, etag: str | None) -> tuple[Any, str]:
        """One GetObject from `start`: the body and the ETag it is of."""
        wanted: dict[str, Any] = dict(self._payer)
        if start:
            wanted["Range"] = f"bytes={start}-"
        if etag:
            wanted["IfMatch"] = f'"{etag}"'
        try:
            answer = _client(self.options).get_object(Bucket=self.bucket, Key=key, **wanted)
        except (aws.ClientError, aws.BotoCoreError) as error:
            raise self._sentence("be read", key, error) from error
        return answer["Body"], answer["ETag"].strip('"')

    @contextmanager
    def create(self, key: str, *, overwrite: bool = False) -> Iterator[BinaryIO]:
        """Spool to a temporary file, then put it: conditionally (If-None-Match: *) unless it may be overwritten."""
        with tempfile.SpooledTemporaryFile(max_size=_SPOOL) as spool:
            yield cast(BinaryIO, spool)
            spool.seek(0)
            condition: dict[str, Any] = {} if overwrite else {"IfNoneMatch": "*"}
            try:
                _client(self.options).put_object(
                    Bucket=self.bucket, Key=key, Body=cast(BinaryIO, spool), **condition, **self._payer
                )
            except aws.ClientError as error:
                if error.response["Error"]["Code"] in _TAKEN:
                    raise OutputError(f"{self.url}/{key} exists; choose another name or add --force") from error
                raise OutputError(str(self._sentence("be written", key, error))) from error
            except aws.BotoCoreError as error:
                raise OutputError(str(self._sentence("be written", key, error))) from error

    def put(self, key: str, path: Path) -> None:
        """In one request, or in parts; on condition that there is nothing (If-None-Match: *)."""
        try:
            put_file(_client(self.options), self.bucket, key, path, self._payer)
        except aws.ClientError as error:
            if error.response["Error"]["Code"] in _TAKEN:
                self._abandon(key, path)
                raise KeyTakenError(f"{self.url}/{key} exists") from error
            raise OutputError(str(self._sentence("be written", key, error))) from error
        except aws.BotoCoreError as error:
            raise OutputError(str(self._sentence("be written", key, error))) from error

    def _abandon(self, key: str, path: Path) -> None:
        try:
            abandon(_client(self.options), self.bucket, key, path, self._payer)
        except (aws.ClientError, aws.BotoCoreError) as error:
            raise OutputError(str(self._sentence("be cleared of an upload", key, error))) from error

    def holds(self, key: str, path: Path) -> bool | None:
        """By the checksum that S3 keeps with the object; a server that keeps none has to send the bytes."""
        try:
            found = _client(self.options).head_object(
                Bucket=self.bucket, Key=key, ChecksumMode="ENABLED", **self._payer
            )
        except (aws.ClientError, aws.BotoCoreError) as error:
            if isinstance(error, aws.ClientError) and error.response["Error"]["Code"] in ("404", "NoSuchKey"):
                return None
            raise self._sentence("be read", key, error) from error
        size = path.stat().st_size
        if found["ContentLength"] != size:
            return False
        if kept := found.get("ChecksumSHA256"):
            return kept == checksum(path)
        with io.BufferedReader(self.open(key)) as stream:  # type: ignore[type-var]
            return stream_checksum(cast(BinaryIO, stream), size) == checksum(path)

    def delete(self, key: str) -> None:
        try:
            _client(self.options).delete_object(Bucket=self.bucket, Key=key, **self._payer)
        except (aws.ClientError, aws.BotoCoreError) as error:
            raise self._sentence("be deleted", key, error) from error

    def renew(self) -> None:
        """boto3 reads credentials once for each client: from files, the environment, SSO, a credential process."""
        _client.cache_clear()

    def _sentence(self, verb: str, key: str, error: Exception) -> ArchiveError:
        """What went wrong, where, and what to do."""
        no_bucket = isinstance(error, aws.ClientError) and error.response["Error"]["Code"] == "NoSuchBucket"
        where = f"{self.url}/{key}" if key and not no_bucket else self.url
        return ArchiveError(f"{where} cannot {verb}: {_explain(error, self)}")


def _explain(error: Exception, store: S3Store) -> str:
    """An AWS error as a cause and a remedy."""
    if isinstance(error, aws.ClientError):
        code = error.response.get("Error", {}).get("Code", "")
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        if region := headers.get("x-amz-bucket-region") if status in (301, 307, 400) else None:
            return f"the bucket is in another region; add --region {region}"
        if code in _CAUSES:
            return _CAUSES[code]
        if status == 403:
            return _CAUSES["AccessDenied"]
        return f"{code} {error.response.get('Error', {}).get('Message', '')}".strip()
    if isinstance(error, aws.NoCredentialsError | aws.PartialCredentialsError):
        return (
            "no AWS credentials were found; set AWS_PROFILE or --profile, or add --no-sign-request for a public bucket"
        )
    if isinstance(error, aws.EndpointConnectionError | aws.ConnectTimeoutError | aws.ConnectionClosedError):
        where = store.options.endpoint_url or session_endpoint() or "the S3 endpoint"
        return f"{where} does not answer; check --endpoint-url, --region and the network"
    return f"{error}".rstrip(".")


_CAUSES = {
    "NoSuchBucket": "there is no such bucket; check its name and --endpoint-url",
    "NoSuchKey": "the object is gone; list the archive again",
    "404": "the object is gone; list the archive again",
    "AccessDenied": "permission denied (403); check the credentials (--profile) and that they may list and get here",
    "403": "permission denied (403); check the credentials (--profile) and that they may list and get here",
    "InvalidAccessKeyId": "the access key is not known here (403); check --profile and --endpoint-url",
    "SignatureDoesNotMatch": "the secret key is wrong (403); check --profile or AWS_SECRET_ACCESS_KEY",
    "ExpiredToken": "the session token has expired; log in again (aws sso login)",
    "PreconditionFailed": "the object was replaced meanwhile; list the archive again",
    "412": "the object was replaced meanwhile; list the archive again",
    "InvalidObjectState": "it is in Glacier and needs a restore first (aws s3api restore-object)",
    "PermanentRedirect": "the bucket is in another region; give it with --region",
    "AuthorizationHeaderMalformed": "the region is wrong; give the bucket's with --region",
    "SlowDown": "S3 asks to slow down (503) and kept asking; try again with fewer --jobs",
}


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
            raise ArchiveError(f"{where} broke off {_RESUMES} times at byte {self._position:,}: {error}") from error
        self._body, _ = self._store.get(self._key, self._position, self._etag)

    def close(self) -> None:
        if not self.closed:
            self._body.close()
        super().close()
