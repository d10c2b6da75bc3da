"""The S3 store: the only module that uses boto3."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import boto3
import botocore
import botocore.config
import botocore.exceptions as aws
import botocore.session
from botocore.hooks import HierarchicalEmitter

from tui import __version__
from tui.archive.chunk import ListPage, StoredObject
from tui.archive.collection import uncollected
from tui.archive.credentials import UNFORESEEN, UNUSABLE, resolve
from tui.archive.credentials import mfa_device as mfa_device
from tui.archive.local import temporary_error
from tui.archive.put import CONDITION, Target, abandon, checksum, put_file, stream_checksum
from tui.archive.s3_answers import (
    ForeignAnswerError,
    OtherObjectError,
    check_written,
    checked_etag,
    length_of,
    range_stop,
    refuse_foreign_answer,
    timestamp,
)
from tui.archive.s3_body import Body, GetAnswer
from tui.archive.s3_errors import FAILED, error_code, explain, explain_client, session_endpoint
from tui.archive.s3_features import Feature, Missing, patiently
from tui.archive.s3_listing import head_object, listed_pages
from tui.archive.streams import FIRST_RANGE
from tui.archive.waits import Waits, report
from tui.config import S3Options
from tui.errors import ArchiveError, ConfigError, DeniedError, KeyTakenError, OutputError, ReplacedError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_SPOOL = 8 << 20
_CONNECTIONS = 64
_TAKEN = ("PreconditionFailed", "ConditionalRequestConflict", "412")
_OVERWRITE = "; choose another name or add --force"
_RESTORE_UNKNOWN = "objects in Glacier are treated as not restored"
_LISTED_WHOLE = "its archives are listed whole"


@cache
@uncollected()
def client(options: S3Options) -> S3Client:
    """Return the client for these options, one per process. boto3's clients are thread-safe."""
    try:
        hooks = HierarchicalEmitter()  # here, not on the client, so that it runs before botocore's own hooks
        hooks.register_first("before-parse.s3.*", refuse_foreign_answer)
        core = botocore.session.Session(event_hooks=hooks, profile=options.profile)
        core.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=timestamp)
        session = boto3.session.Session(botocore_session=core, profile_name=options.profile, region_name=options.region)
    except UNUSABLE as error:
        raise ConfigError(explain_client(error, options)) from error
    resolve(core, options)
    try:
        return _made(session, options)
    except UNUSABLE as error:
        raise ConfigError(explain_client(error, options)) from error


def _made(session: boto3.session.Session, options: S3Options) -> S3Client:
    unsigned = {"signature_version": botocore.UNSIGNED} if options.no_sign_request else {"signature_version": "s3v4"}
    config = botocore.config.Config(
        max_pool_connections=_CONNECTIONS,
        retries={"mode": "standard", "max_attempts": 5},
        connect_timeout=10,
        read_timeout=60,
        request_checksum_calculation="when_required",  # several servers refuse the checksums that boto3 adds
        response_checksum_validation="when_required",  # gzip, zstd and TLS have their own checksums
        user_agent=f"hourscope/{__version__} botocore/{botocore.__version__}",  # botocore rebuilds its own each time
        s3={"addressing_style": "path"} if options.endpoint_url or session_endpoint() else None,
        **cast(Any, unsigned),
    )
    return session.client("s3", endpoint_url=options.endpoint_url, config=config)


def sign_in(options: S3Options) -> None:
    """Get the credentials now, and ask for an MFA code if one is needed, before a screen is drawn.

    Raises ConfigError with one sentence.
    """
    client(options)


@cache
def missing_features() -> Missing:
    """Return the process's record of features that servers lack."""
    return Missing(report)


@cache
def _waits() -> Waits:
    """Return the process's record of pending requests."""
    return Waits()


@dataclass(frozen=True, slots=True)
class S3Store:
    """The objects of a bucket; keys are whole S3 keys."""

    bucket: str
    options: S3Options
    first_range: int = 0

    @property
    def url(self) -> str:
        return f"s3://{self.bucket}"

    @property
    def place(self) -> str:
        return " ".join(filter(None, (self.url, self._endpoint)))

    @property
    def _payer(self) -> dict[str, Any]:
        return {"RequestPayer": "requester"} if self.options.request_payer else {}

    def objects(self, prefix: str = "") -> Iterator[StoredObject]:
        """Yield objects with ListObjectsV2, 1,000 keys per request."""
        for page in self.pages(prefix):
            yield from page.objects

    def pages(self, prefix: str = "", delimiter: str = "") -> Iterator[ListPage]:
        """Yield pages of ListObjectsV2, each requested when the one before was used."""
        pages = listed_pages(lambda more: self._list(prefix, delimiter, more))
        while True:
            try:
                page = next(pages, None)
            except (ForeignAnswerError, *UNFORESEEN) as error:
                raise self._sentence("be listed", prefix, error) from error
            if page is None:
                return
            yield page

    def _list(self, prefix: str, delimiter: str, more: dict[str, str]) -> Any:
        """Make one listing request, without features that the server is known to lack."""
        where = {"Bucket": self.bucket, "Prefix": prefix, **more, **self._payer}
        features = [Feature("RestoreStatus", _RESTORE_UNKNOWN, {"OptionalObjectAttributes": ["RestoreStatus"]})]
        if delimiter:
            features.append(Feature(f"the delimiter '{delimiter}'", _LISTED_WHOLE, {"Delimiter": delimiter}))
        with self._asking("be listed", prefix), _waits().on(f"the listing of {self.url}/{prefix}"):
            request = client(self.options).list_objects_v2
            return self._ask(lambda given: patiently(lambda: request(**where, **given)), features)

    def _ask(self, request: Callable[[dict[str, Any]], Any], features: Sequence[Feature]) -> Any:
        """Make a request without the features that this server is known to lack."""
        return missing_features().ask(self._endpoint or "the S3 endpoint", request, features)

    @property
    def _endpoint(self) -> str:
        return self.options.endpoint_url or session_endpoint()

    def stat(self, key: str) -> StoredObject | None:
        """HeadObject; needs s3:GetObject only. Without s3:ListBucket, a missing key is a 403."""
        with self._asking("be read", key):
            answer = self._head(key)
            return answer and head_object(key, answer)

    def _head(self, key: str, **more: Any) -> Any:
        """Return the answer to HeadObject; None if the object does not exist."""
        request = client(self.options).head_object
        with self._asking("be read", key), _waits().on(f"{self.url}/{key}"):
            try:
                return patiently(lambda: request(Bucket=self.bucket, Key=key, **more, **self._payer))
            except aws.ClientError as error:
                if error_code(error) in ("404", "NoSuchKey"):
                    return None
                raise

    def open(self, key: str, *, start: int = 0, etag: str | None = None) -> BinaryIO:
        get, where = partial(self._get, key), f"{self.url}/{key}"
        body = Body(get, where, start, etag, _waits, self._why, first_range=self.first_range)
        return cast(BinaryIO, body)

    def stepwise(self, first: int = FIRST_RANGE) -> S3Store:
        return replace(self, first_range=first)

    def _get(self, key: str, start: int, stop: int | None, etag: str | None) -> GetAnswer:
        """Make one GetObject request."""
        arguments: dict[str, Any] = dict(self._payer)
        if start or stop is not None:
            arguments["Range"] = f"bytes={start}-{'' if stop is None else stop - 1}"
        if etag:
            arguments["IfMatch"] = f'"{etag}"'
        with self._asking("be read", key), _waits().on(f"{self.url}/{key}"):
            try:
                request = client(self.options).get_object
                answer = patiently(lambda: request(Bucket=self.bucket, Key=key, **arguments))
            except aws.ClientError as error:
                if start or error_code(error) != "InvalidRange":
                    raise
                return self._get(key, 0, None, etag)  # an empty object satisfies no range
            etag_ = checked_etag(answer, start, etag)
            size = None if "ContentLength" in answer else self._size(key)
            return GetAnswer(answer["Body"], etag_, range_stop(answer), size)

    def _size(self, key: str) -> int:
        """Return the size of an object whose GET had no Content-Length."""
        return length_of(self._head(key))

    @contextmanager
    def create(self, key: str, *, overwrite: bool = False) -> Iterator[BinaryIO]:
        """Spool to a temporary file, then put it, with If-None-Match: * unless `overwrite`."""
        try:
            with tempfile.SpooledTemporaryFile(max_size=_SPOOL) as spool:
                yield cast(BinaryIO, spool)
                spool.seek(0)
                self._put(key, cast(BinaryIO, spool), overwrite=overwrite)
        except OSError as error:  # from the spool: errors from the bucket are already ArchiveErrors
            raise temporary_error(error) from error

    def _put(self, key: str, body: BinaryIO, *, overwrite: bool) -> None:
        def request(given: dict[str, Any]) -> Any:
            if not (overwrite or given) and self.stat(key) is not None:
                raise KeyTakenError(f"{self.url}/{key} exists{_OVERWRITE}")
            body.seek(0)
            return client(self.options).put_object(Bucket=self.bucket, Key=key, Body=body, **given, **self._payer)

        try:
            with self._asking("be written", key, taken=_OVERWRITE):
                check_written(self._ask(request, [] if overwrite else [CONDITION]))
        except ArchiveError as error:
            raise OutputError(str(error)) from error

    def put(self, key: str, path: Path) -> None:
        """Put the file in one request or in parts, with If-None-Match: *."""
        try:
            with self._asking("be written", key, taken=""):
                check_written(put_file(self._target(key), path))
        except KeyTakenError:
            self._abandon(key, path)
            raise
        except ArchiveError as error:
            raise OutputError(str(error)) from error

    def _abandon(self, key: str, path: Path) -> None:
        try:
            with self._asking("be cleared of an upload", key):
                abandon(self._target(key), path)
        except ArchiveError as error:
            raise OutputError(str(error)) from error

    def _target(self, key: str) -> Target:
        where = {"Bucket": self.bucket, "Key": key, **self._payer}
        return Target(client(self.options), where, self._ask, lambda: self.stat(key) is not None)

    def holds(self, key: str, path: Path) -> bool | None:
        """Compare with the checksum that S3 stores; read the object back from a server that stores none."""
        answer = self._head(key, ChecksumMode="ENABLED")
        if answer is None:
            return None
        size = path.stat().st_size
        if answer["ContentLength"] != size:
            return False
        if kept := answer.get("ChecksumSHA256"):
            return bool(kept == checksum(path))
        with io.BufferedReader(self.open(key)) as stream:  # type: ignore[type-var]
            return stream_checksum(cast(BinaryIO, stream), size) == checksum(path)

    def delete(self, key: str) -> None:
        with self._asking("be deleted", key):
            client(self.options).delete_object(Bucket=self.bucket, Key=key, **self._payer)

    @contextmanager
    def _asking(self, verb: str, key: str, *, taken: str | None = None) -> Iterator[None]:
        """Turn errors of a request into one sentence. `taken`: the advice in a KeyTakenError."""
        try:
            yield
        except FAILED as error:
            if taken is not None and error_code(error) in _TAKEN:
                raise KeyTakenError(f"{self.url}/{key} exists{taken}") from error
            raise self._sentence(verb, key, error) from error

    def renew(self) -> None:
        """Drop the clients: boto3 reads credentials (files, environment, SSO, credential process) once per client."""
        client.cache_clear()

    def _sentence(self, verb: str, key: str, error: Exception) -> ArchiveError:
        """Return the error in one sentence: what failed, where, and what to do."""
        where = f"{self.url}/{key}" if key and error_code(error) != "NoSuchBucket" else self.url
        kind: type[ArchiveError] = ArchiveError
        if isinstance(error, OtherObjectError) or (verb == "be read" and error_code(error) in _TAKEN):
            kind = ReplacedError
        elif error_code(error) in ("AccessDenied", "403"):
            kind = DeniedError
        return kind(f"{where} cannot {verb}: {self._why(error)}")

    def _why(self, error: Exception) -> str:
        return explain(error, self.options, self._endpoint)
