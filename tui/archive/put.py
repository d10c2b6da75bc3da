"""A local file into a bucket: in one request or in parts, checked by SHA-256 on the way; never over another.

The checksum of an object in parts is S3's composite one: the digest of the parts' digests, and their number
(docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html). The sizes of parts follow from the
file's size alone, so the checksum of a file is the same whenever it is asked for.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from tui.archive.local import private_opener
from tui.archive.s3_features import Feature
from tui.errors import KeyTakenError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

WHOLE = 32 << 20  # up to this many bytes it is one request
PART = 8 << 20
_MAX_PARTS = 10_000
_BESIDE = 4  # parts at a time, each in memory
_FAILURES = 4  # parts that may fail before an attempt is over


CONDITION = Feature(
    "conditional puts (If-None-Match)",
    "an object that another writer puts at the same moment can be overwritten",
    {"IfNoneMatch": "*"},
)
_UNCHECKED = "an upload is checked by reading it back"


@dataclass(frozen=True, slots=True)
class Target:
    """A key to put to. `where` names it in a request; `ask` makes one without the features that the server lacks."""

    client: S3Client
    where: dict[str, Any]
    ask: Callable[[Callable[[dict[str, Any]], Any], Sequence[Feature]], Any]
    exists: Callable[[], bool]

    def refuse_taken(self) -> None:
        """In place of the condition, for a server that has none."""
        if self.exists():
            raise KeyTakenError(f"s3://{self.where['Bucket']}/{self.where['Key']} exists")


@dataclass(frozen=True, slots=True)
class UploadParts:
    """How a file is cut for its upload."""

    size: int

    @property
    def step(self) -> int:
        return self.size if self.size <= WHOLE else max(PART, -(-self.size // _MAX_PARTS))

    @property
    def offsets(self) -> range:
        return range(0, self.size, self.step) if self.size > WHOLE else range(1)


def checksum(path: Path) -> str:
    """What S3 says of an object with these bytes that `put_file` has put: base64, with `-N` for N parts."""
    with path.open("rb") as stream:
        return stream_checksum(stream, path.stat().st_size)


def stream_checksum(stream: BinaryIO, size: int) -> str:
    """The same of bytes that are read, `size` of them."""
    parts = UploadParts(size)
    digests = [_digest(stream, parts.step) for _ in parts.offsets]
    if len(digests) == 1:
        return _spell(digests[0])
    return f"{_spell(hashlib.sha256(b''.join(digests)).digest())}-{len(digests)}"


def put_file(target: Target, path: Path) -> Any:
    """Put the file unless the key is taken; returns the client's last answer, raises what the client raises.

    An upload in parts is noted beside the file, so that the next attempt, also one of another process, continues it.
    """
    parts = UploadParts(path.stat().st_size)
    if len(parts.offsets) > 1:
        return _put_parts(target, path, parts)

    def request(given: dict[str, Any]) -> Any:
        if "IfNoneMatch" not in given:
            target.refuse_taken()
        with path.open("rb") as body:
            return target.client.put_object(**target.where, Body=body, **given)

    digest = Feature("SHA-256 checksums", _UNCHECKED, {"ChecksumSHA256": checksum(path)})
    return target.ask(request, [digest, CONDITION])


def note_of(path: Path) -> Path:
    """Where the upload of a file is noted, once it has begun."""
    return path.with_name(path.name + ".upload")


def abandon(target: Target, path: Path) -> None:
    """Give up an upload in parts that was begun: its parts cost money until then."""
    if upload := _noted(path):
        target.client.abort_multipart_upload(**target.where, UploadId=upload)
    note_of(path).unlink(missing_ok=True)


def _noted(path: Path) -> str:
    """The upload that was begun, or ""; a power loss may have emptied its note."""
    note = note_of(path)
    return note.read_text(errors="replace").strip("\0") if note.exists() else ""


def _put_parts(target: Target, path: Path, parts: UploadParts) -> Any:
    client, where = target.client, target.where
    upload, there = _begun(target, path)
    failed: list[Future[Any]] = []

    def put_part(number: int, offset: int) -> Any:
        if len(failed) >= _FAILURES:  # the rest has to wait for a better moment
            return None
        with path.open("rb") as stream:
            stream.seek(offset)
            data = stream.read(parts.step)
        digest = _spell(hashlib.sha256(data).digest())
        part = there.get(number)
        if part is None or not _is(part, data, digest):
            part = target.ask(
                lambda given: client.upload_part(**where, UploadId=upload, PartNumber=number, Body=data, **given),
                [_composite({"ChecksumSHA256": digest})],
            )
        return {"PartNumber": number, "ETag": part["ETag"], "ChecksumSHA256": digest}

    with ThreadPoolExecutor(_BESIDE, thread_name_prefix="put") as pool:
        puts = [pool.submit(put_part, number, offset) for number, offset in enumerate(parts.offsets, 1)]
        for put in puts:
            put.add_done_callback(lambda done: failed.append(done) if done.exception() else None)
    if failed and not note_of(path).exists():  # nobody can continue it
        client.abort_multipart_upload(**where, UploadId=upload)
    answer = _complete(target, upload, [put.result() for put in (*failed, *puts)])
    note_of(path).unlink(missing_ok=True)
    return answer


def _composite(arguments: dict[str, Any]) -> Feature:
    return Feature("composite SHA-256 checksums", _UNCHECKED, arguments)


def _complete(target: Target, upload: str, parts: list[dict[str, Any]]) -> Any:
    plain = [{name: part[name] for name in ("PartNumber", "ETag")} for part in parts]

    def request(given: dict[str, Any]) -> Any:
        if "IfNoneMatch" not in given:
            target.refuse_taken()
        given = {"MultipartUpload": {"Parts": plain}} | given
        return target.client.complete_multipart_upload(**target.where, UploadId=upload, **given)

    return target.ask(request, [_composite({"MultipartUpload": {"Parts": parts}}), CONDITION])


def _begun(target: Target, path: Path) -> tuple[str, dict[int, Any]]:
    """The upload that was noted, and its parts by number; a new one if there is none, or if S3 knows it no longer."""
    client, where = target.client, target.where
    if upload := _noted(path):
        try:
            pages = client.get_paginator("list_parts").paginate(**where, UploadId=upload)
            return upload, {part["PartNumber"]: part for page in pages for part in page.get("Parts", ())}
        except client.exceptions.ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] not in (403, 404):
                raise
    upload = target.ask(
        lambda given: client.create_multipart_upload(**where, **given), [_composite({"ChecksumAlgorithm": "SHA256"})]
    )["UploadId"]
    try:
        with open(note_of(path), "w", encoding="utf-8", opener=private_opener) as note:
            note.write(upload)
    except OSError:  # the disk is full, where this upload will make room: all parts have to go in one attempt
        note_of(path).unlink(missing_ok=True)
    return upload, {}


def _is(part: Any, data: bytes, digest: str) -> bool:
    """Is a part that is there already this one? Some servers list no checksum; the ETag is then the MD5."""
    if kept := part.get("ChecksumSHA256"):
        return bool(kept == digest)
    return bool(part["ETag"].strip('"') == hashlib.md5(data, usedforsecurity=False).hexdigest())


def _digest(stream: BinaryIO, count: int) -> bytes:
    digest = hashlib.sha256()
    while count and (data := stream.read(min(count, 1 << 20))):
        digest.update(data)
        count -= len(data)
    return digest.digest()


def _spell(digest: bytes) -> str:
    return base64.b64encode(digest).decode("ascii")
