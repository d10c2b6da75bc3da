"""Read ListObjectsV2 page by page, from S3 and from compatible servers.

Their pages may repeat keys of earlier pages, ignore the delimiter, or lead back to themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from tui.archive.chunk import ListPage, StoredObject
from tui.archive.s3_answers import ForeignAnswerError

_IDLE_PAGES = 100  # pages in a row without anything new; S3 itself sends a few where much was deleted
_LARGEST = 1 << 60  # bytes; an S3 object has at most 5 TiB


def listed_pages(ask: Callable[[dict[str, str]], Any]) -> Iterator[ListPage]:
    """Yield the pages of a listing, each key and each common prefix once.

    `ask` makes one request, with the continuation token if there is one. Raises what `ask` raises, and
    ForeignAnswerError for an endless listing.
    """
    token, tokens = "", {""}
    seen: set[str] = set()
    idle = 0
    while True:
        answer = ask({"ContinuationToken": token} if token else {})
        page = _fresh(answer, seen)
        idle = 0 if page.objects or page.prefixes else idle + 1
        yield page
        if not answer.get("IsTruncated"):
            return
        token = str(answer.get("NextContinuationToken") or "")
        if not token:
            raise ForeignAnswerError("the listing breaks off: the server has more pages but sends no token for them")
        if token in tokens or idle >= _IDLE_PAGES:
            raise ForeignAnswerError("the listing breaks off: the server gives the same page again and again")
        tokens.add(token)


def _fresh(answer: Any, seen: set[str]) -> ListPage:
    """Return the page without keys and prefixes of earlier pages."""
    objects = []
    for item in answer.get("Contents", ()):
        if item["Key"] not in seen:
            seen.add(item["Key"])
            objects.append(stored_object(item))
    prefixes = [entry["Prefix"] for entry in answer.get("CommonPrefixes", ()) if entry["Prefix"] not in seen]
    seen.update(prefixes)
    return ListPage(tuple(objects), tuple(prefixes), last=not answer.get("IsTruncated"))


def stored_object(item: Any) -> StoredObject:
    """Parse an entry of a listing."""
    return StoredObject(
        item["Key"],
        _size(item["Size"]),
        item["ETag"].strip('"'),
        item["LastModified"].astimezone(UTC),
        item.get("StorageClass", "STANDARD"),
        _is_restored(item.get("RestoreStatus") or {}),
    )


def _size(size: int) -> int:
    if not 0 <= size <= _LARGEST:
        raise ValueError(f"{size} is not a size")
    return size


def _is_restored(status: Any) -> bool:
    """True if a restored copy of an archived object can be read, by ListObjectsV2's RestoreStatus."""
    if status.get("IsRestoreInProgress"):
        return False
    expires = status.get("RestoreExpiryDate")
    return bool(expires and expires > datetime.now(UTC))


def head_object(key: str, answer: Any) -> StoredObject:
    """Parse HeadObject's answer. Once restored, `x-amz-restore` is `ongoing-request="false", expiry-date="…"`."""
    return StoredObject(
        key,
        _size(answer["ContentLength"]),
        answer["ETag"].removeprefix("W/").strip('"'),
        answer["LastModified"].astimezone(UTC),
        answer.get("StorageClass", "STANDARD"),
        'ongoing-request="false"' in answer.get("Restore", ""),
    )
