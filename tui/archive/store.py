"""What a store can do, and the one place that opens one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO, Protocol

from tui.archive.chunk import ListPage, StoredObject
from tui.archive.collection import uncollected
from tui.archive.streams import FIRST_RANGE
from tui.config import S3Options
from tui.errors import ArchiveError
from tui.printable import printable

S3_SCHEME = "s3://"


class Store(Protocol):
    """A flat space of keys: a bucket or a folder. Implementations are immutable, picklable and thread-safe."""

    @property
    def url(self) -> str:
        """Where it is, as a person would type it: `s3://bucket` or a path."""

    @property
    def place(self) -> str:
        """What caches know it by: the same however it is named, and another for a bucket of that name elsewhere."""

    def objects(self, prefix: str = "") -> Iterator[StoredObject]:
        """Every object whose key begins with `prefix`, in no promised order."""

    def pages(self, prefix: str = "", delimiter: str = "") -> Iterator[ListPage]:
        """The same in the steps that the store takes. With a delimiter, keys that have it behind the prefix are cut
        there and stand for all that begin so, as in S3's ListObjectsV2; a store may also give them whole."""

    def stat(self, key: str) -> StoredObject | None:
        """What a listing would say of one key; None if there is no such object."""

    def open(self, key: str, *, start: int = 0, etag: str | None = None) -> BinaryIO:
        """A raw byte stream from `start`; ArchiveError if it is gone, ReplacedError if it is no longer `etag`."""

    def stepwise(self, first: int = FIRST_RANGE) -> Store:
        """The same, for readers that may stop early: no more of an object is fetched than they come to read."""

    def create(self, key: str, *, overwrite: bool = False) -> AbstractContextManager[BinaryIO]:
        """A stream whose bytes appear under `key` whole or not at all; OutputError if it exists already."""

    def put(self, key: str, path: Path) -> None:
        """A local file's bytes under `key`, whole or not at all, checked on the way; KeyTakenError if it exists."""

    def holds(self, key: str, path: Path) -> bool | None:
        """Is the object under `key` a local file's bytes, by size and checksum? None if there is no object."""

    def delete(self, key: str) -> None:
        """Remove an object; no error if there is none."""

    def renew(self) -> None:
        """Forget credentials and connections: the next request reads and makes them anew."""


def is_s3(location: str) -> bool:
    """Is it a place in S3, not a folder? ArchiveError for `gs://…` or `S3://…`: no folder is meant by that."""
    if advice := foreign_scheme(location):
        raise ArchiveError(f"{printable(location, 200)} cannot be reached: {advice}")
    return location.startswith(S3_SCHEME)


_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):/{1,2}(.*)", re.IGNORECASE | re.DOTALL)
_S3_NAMES = ("s3", "s3a", "s3n")  # as Hadoop and Spark write it, too
_S3_ENDPOINTS = {"gs": "https://storage.googleapis.com", "gcs": "https://storage.googleapis.com"}


def foreign_scheme(location: str) -> str:
    """Why a location such as `gs://bucket` is not one here, and what to write; "" for a folder or `s3://`."""
    match = _SCHEME.match(location)
    if match is None or location.startswith(S3_SCHEME) or Path(location).exists():
        return ""
    scheme, rest = match[1].lower(), match[2] or "BUCKET/PREFIX"
    if scheme in _S3_NAMES:
        return f"write {S3_SCHEME}{rest}"
    if scheme == "file":
        return f"write the path of the folder: {rest}"
    known = "hourscope reads folders and S3"
    if scheme in _S3_ENDPOINTS:
        return f"{known}; write {S3_SCHEME}{rest} --endpoint-url {_S3_ENDPOINTS[scheme]}"
    if scheme in ("http", "https"):
        return f"{known}; write s3://BUCKET/PREFIX, and --endpoint-url for a server other than AWS"
    return f"{known}; write a folder or s3://BUCKET/PREFIX"


def open_store(root: str, options: S3Options | None = None) -> Store:
    """The store of a root: `s3://bucket` or a folder. Nothing is read yet, but a folder must exist."""
    if is_s3(root):
        with uncollected():
            from tui.archive.s3 import S3Store  # boto3 takes 0.2 s to import: only those who need it wait

        bucket = root.removeprefix(S3_SCHEME).strip("/")
        if not bucket or "/" in bucket:
            raise ArchiveError(f"'{root}' names no bucket; write s3://BUCKET/PREFIX")
        return S3Store(bucket, options or S3Options())
    from tui.archive.folder import FolderStore

    return FolderStore(Path(root))
