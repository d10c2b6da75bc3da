"""Put a local file into a bucket, in one request or in parts, verified by SHA-256; never overwrite an object.

The checksum of a multipart object is S3's composite one: the digest of the parts' digests, and their number
(docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html). The part size depends only on the
file's size, so the same file always has the same checksum.
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

WHOLE = 32 << 20  # bytes; files up to this size take one request
PART = 8 << 20
_MAX_PARTS = 10_000
_PARALLEL = 4  # parts at a time, each in memory
_FAILURES = 4  # failed parts after which an attempt ends


CONDITION = Feature(
    "conditional puts (If-None-Match)",
    "an object that another writer puts at the same moment can be overwritten",
    {"IfNoneMatch": "*"},
)
_UNCHECKED = "an upload is checked by reading it back"


@dataclass(frozen=True, slots=True)
class Target:
    """The destination key. `where` names it in a request; `ask` makes a request without features the server lacks."""

    client: S3Client
    where: dict[str, Any]
    ask: Callable[[Callable[[dict[str, Any]], Any], Sequence[Feature]], Any]
    exists: Callable[[], bool]

    def refuse_taken(self) -> None:
        """Check for an existing object, for a server without conditional puts."""
        if self.exists():
            raise KeyTakenError(f"s3://{self.where['Bucket']}/{self.where['Key']} exists")


@dataclass(frozen=True, slots=True)
class UploadParts:
    """How a file is split for its upload."""

    size: int

    @property
    def step(self) -> int:
        return self.size if self.size <= WHOLE else max(PART, -(-self.size // _MAX_PARTS))

    @property
    def offsets(self) -> range:
        return range(0, self.size, self.step) if self.size > WHOLE else range(1)


def checksum(path: Path) -> str:
    """Return the checksum that S3 reports for this file after `put_file`: base64, with `-N` for N parts."""
    with path.open("rb") as stream:
        return stream_checksum(stream, path.stat().st_size)


def stream_checksum(stream: BinaryIO, size: int) -> str:
    """Return the same checksum for `size` bytes of a stream."""
    parts = UploadParts(size)
    digests = [_digest(stream, parts.step) for _ in parts.offsets]
    if len(digests) == 1:
        return _spell(digests[0])
    return f"{_spell(hashlib.sha256(b''.join(digests)).digest())}-{len(digests)}"


def put_file(target: Target, path: Path) -> Any:
    """Put the file unless the key exists. Returns the client's last answer; raises what the client raises.

    The id of a multipart upload is stored next to the file; the next attempt, by any process, resumes it.
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
    """Return the path of the file that stores the id of a begun upload."""
    return path.with_name(path.name + ".upload")


def abandon(target: Target, path: Path) -> None:
    """Abort a multipart upload, because its parts cost money until then."""
    if upload := _noted(path):
        target.client.abort_multipart_upload(**target.where, UploadId=upload)
    note_of(path).unlink(missing_ok=True)


def _noted(path: Path) -> str:
    """Return the id of the upload that was begun, or "". A power loss may have emptied its file."""
    note = note_of(path)
    return note.read_text(errors="replace").strip("\0") if note.exists() else ""


def _put_parts(target: Target, path: Path, parts: UploadParts) -> Any:
    client, where = target.client, target.where
    upload, there = _begun(target, path)
    failed: list[Future[Any]] = []

    def put_part(number: int, offset: int) -> Any:
        if len(failed) >= _FAILURES:  # leave the rest to the next attempt
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

    with ThreadPoolExecutor(_PARALLEL, thread_name_prefix="put") as pool:
        puts = [pool.submit(put_part, number, offset) for number, offset in enumerate(parts.offsets, 1)]
        for put in puts:
            put.add_done_callback(lambda done: failed.append(done) if done.exception() else None)
    if failed and not note_of(path).exists():  # it cannot be resumed
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
    """Return the stored upload's id and its parts by number, or a new upload if there is none or it has expired."""
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
    except OSError:  # the disk is full, and this upload will free space: all parts must succeed in one attempt
        note_of(path).unlink(missing_ok=True)
    return upload, {}


def _is(part: Any, data: bytes, digest: str) -> bool:
    """True if an uploaded part has these bytes. If the server lists no checksum, the ETag is the MD5."""
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
