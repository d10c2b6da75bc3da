"""Shorten keys for use as file names: a key may have 1,024 bytes, a file name 255."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator

_NAME_BYTES = 255  # NAME_MAX of all common file systems
_HASHED = 16  # hexadecimal digits of SHA-256 that replace what was cut out of a name


def short_key(key: str, fits: Callable[[str], bool], bucket_bytes: int | None = None) -> str | None:
    """Shorten the parts of a key to the length of file names, replacing what is cut by a hash.

    With `bucket_bytes`, shorten the whole key to the length that a bucket accepts.

    The cut is as late as possible, and `fits` is true for the result (it still names its hour). Returns the key itself
    if it is short enough, None if no cut fits. Different keys have different results.
    """
    if bucket_bytes is not None:
        whole = len(os.fsencode(key)) <= bucket_bytes
        return key if whole else next(filter(fits, _shortened(key, bucket_bytes)), None)
    parts = key.split("/")
    for at, part in enumerate(parts):
        if len(os.fsencode(part)) > _NAME_BYTES:
            tried = ("/".join([*parts[:at], text, *parts[at + 1 :]]) for text in _shortened(part, _NAME_BYTES))
            shorter = next((text for text in tried if fits(text)), None)
            return shorter and short_key(shorter, fits)
    return key


def _shortened(name: str, limit: int) -> Iterator[str]:
    """Yield a too long name shortened to `limit` bytes, cut at every possible position from the end on."""
    mark = hashlib.sha256(os.fsencode(name)).hexdigest()[:_HASHED]
    sizes = [len(os.fsencode(char)) for char in name]
    excess = sum(sizes) + _HASHED - limit
    cut, stop = 0, len(name)  # number of bytes from `start` to `stop`, as few as possible
    for start in reversed(range(len(name))):
        cut += sizes[start]
        while cut - sizes[stop - 1] >= excess:
            stop -= 1
            cut -= sizes[stop]
        if cut >= excess:
            yield name[:start] + mark + name[stop:]
