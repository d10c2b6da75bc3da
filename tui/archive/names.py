"""Keys as names of files: a bucket takes 1,024 bytes of any kind, a file's name 255."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator

_NAME_BYTES = 255  # NAME_MAX of every usual file system
_HASHED = 16  # hexadecimal digits of SHA-256 that stand for what was cut out of a name


def short_key(key: str, fits: Callable[[str], bool], bucket_bytes: int | None = None) -> str | None:
    """A key whose parts are short enough to be names of files: what is too long is cut, a hash stands in its place.

    With `bucket_bytes` it is a key of a bucket that takes so many bytes of it as a whole.

    The cut is made where `fits` holds for the result (that it still names its hour), as far behind as it can be. The
    key itself if it is short enough; None if there is no such cut. Different keys have different results.
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


def _shortened(name: str, most: int) -> Iterator[str]:
    """A name of more than `most` bytes, cut at every place, from its end on."""
    mark = hashlib.sha256(os.fsencode(name)).hexdigest()[:_HASHED]
    sizes = [len(os.fsencode(char)) for char in name]
    excess = sum(sizes) + _HASHED - most
    cut, stop = 0, len(name)  # the bytes from `start` to `stop`, which are as few as are enough
    for start in reversed(range(len(name))):
        cut += sizes[start]
        while cut - sizes[stop - 1] >= excess:
            stop -= 1
            cut -= sizes[stop]
        if cut >= excess:
            yield name[:start] + mark + name[stop:]
