"""The interface of a store, and the function that opens one."""

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
        """The location as a user would type it: `s3://bucket` or a path."""

    @property
    def place(self) -> str:
        """The identity for caches: independent of how it was named, different for a bucket of this name elsewhere."""

    def objects(self, prefix: str = "") -> Iterator[StoredObject]:
        """Yield every object whose key begins with `prefix`, in no particular order."""

    def pages(self, prefix: str = "", delimiter: str = "") -> Iterator[ListPage]:
        """Yield the same objects page by page. With a delimiter, keys that contain it after the prefix are grouped
        into common prefixes, as in S3's ListObjectsV2. A store may also return such keys whole."""

    def stat(self, key: str) -> StoredObject | None:
        """Return one object as a listing would; None if it does not exist."""

    def open(self, key: str, *, start: int = 0, etag: str | None = None) -> BinaryIO:
        """Open a raw byte stream from `start`. ArchiveError if the object is gone, ReplacedError if it was replaced."""

    def stepwise(self, first: int = FIRST_RANGE) -> Store:
        """Return the same store for readers that may stop early: objects are fetched in ranges as they are read."""

    def create(self, key: str, *, overwrite: bool = False) -> AbstractContextManager[BinaryIO]:
        """Open a stream whose bytes become the object `key` whole or not at all. OutputError if it already exists."""

    def put(self, key: str, path: Path) -> None:
        """Store a local file as `key`, whole or not at all, with a checksum. KeyTakenError if the key exists."""

    def holds(self, key: str, path: Path) -> bool | None:
        """True if the object has the size and checksum of a local file; None if it does not exist."""

    def delete(self, key: str) -> None:
        """Remove an object, if it exists."""

    def renew(self) -> None:
        """Drop credentials and connections; the next request loads and opens new ones."""


def is_s3(location: str) -> bool:
    """True for an S3 location, False for a folder. ArchiveError for `gs://…` or `S3://…`, which cannot be a folder."""
    if advice := foreign_scheme(location):
        raise ArchiveError(f"{printable(location, 200)} cannot be reached: {advice}")
    return location.startswith(S3_SCHEME)


_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):/{1,2}(.*)", re.IGNORECASE | re.DOTALL)
_S3_NAMES = ("s3", "s3a", "s3n")  # the last two are Hadoop's and Spark's
_S3_ENDPOINTS = {"gs": "https://storage.googleapis.com", "gcs": "https://storage.googleapis.com"}


def foreign_scheme(location: str) -> str:
    """Return advice for a location with another scheme, such as `gs://bucket`; "" for a folder or `s3://`."""
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
    """Open the store at a root: `s3://bucket` or a folder. A folder must exist; a bucket is not contacted yet."""
    if is_s3(root):
        with uncollected():
            from tui.archive.s3 import S3Store  # boto3 takes 0.2 s to import, so import it only when needed

        bucket = root.removeprefix(S3_SCHEME).strip("/")
        if not bucket or "/" in bucket:
            raise ArchiveError(f"'{root}' has no bucket name; write s3://BUCKET/PREFIX")
        return S3Store(bucket, options or S3Options())
    from tui.archive.folder import FolderStore

    return FolderStore(Path(root))
