"""Which of very many records are there twice, by their bytes, in bounded memory.

A record is told by its fingerprint. Fingerprints wait in buckets by their first byte, each in memory up to 256 KiB,
then in a temporary file; a bucket is sorted by itself at the end, so that the memory is that of one bucket.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from hashlib import blake2b
from itertools import islice, pairwise
from types import TracebackType
from typing import IO

FINGERPRINT = 16  # bytes: two different records of 10^12 share one with a chance of 10^-15, whoever wrote them
_PLACE = 4  # bytes that say in which chunk
_ENTRY = FINGERPRINT + _PLACE
_BUCKETS = 256
_IN_MEMORY = 1 << 18  # bytes a bucket: 64 MiB in all
_SORTED = 16 << 20  # bytes of entries that are sorted at once, about 60 MB as Python has them


def fingerprint(record: bytes | memoryview) -> bytes:
    """BLAKE2b of the record's bytes: hostile records cannot be made to collide."""
    return blake2b(record, digest_size=FINGERPRINT).digest()


NOTHING = fingerprint(b"")


class Fingerprints:
    """Add those of each chunk, by the chunk's number in the order of reading; then ask for the copies. Close it."""

    def __init__(self, folder: str | None = None) -> None:
        self._folder = folder
        self._stack = ExitStack()
        self._buckets = [self._stack.enter_context(self._bucket()) for _ in range(_BUCKETS)]

    def __enter__(self) -> Fingerprints:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def add(self, chunk: int, fingerprints: bytes) -> None:
        """The fingerprints of some records of a chunk, one behind the other."""
        place = chunk.to_bytes(_PLACE, "big")
        entries = (fingerprints[i : i + FINGERPRINT] + place for i in range(0, len(fingerprints), FINGERPRINT))
        _spread(entries, self._buckets, 0)

    def copies(self) -> Counter[int]:
        """For each chunk, how many of its records there were before: in an earlier chunk, or earlier in this one."""
        found: Counter[int] = Counter()
        for bucket in self._buckets:
            self._count(bucket, 1, found)
        return found

    def _count(self, bucket: IO[bytes], depth: int, found: Counter[int]) -> None:
        if depth == FINGERPRINT:  # all alike, in the order of the chunks
            found.update(islice(map(_place, _entries(bucket)), 1, None))
            return
        if bucket.tell() > _SORTED:
            with ExitStack() as stack:
                smaller = [stack.enter_context(self._bucket()) for _ in range(_BUCKETS)]
                _spread(_entries(bucket), smaller, depth)
                for part in smaller:
                    self._count(part, depth + 1, found)
            return
        for one, other in pairwise(sorted(_entries(bucket))):
            if one[:FINGERPRINT] == other[:FINGERPRINT]:
                found[_place(other)] += 1

    def _bucket(self) -> IO[bytes]:
        return tempfile.SpooledTemporaryFile(_IN_MEMORY, dir=self._folder)


def _spread(entries: Iterable[bytes], buckets: list[IO[bytes]], digit: int) -> None:
    for entry in entries:
        buckets[entry[digit]].write(entry)


def _place(entry: bytes) -> int:
    return int.from_bytes(entry[FINGERPRINT:], "big")


def _entries(bucket: IO[bytes]) -> Iterator[bytes]:
    bucket.seek(0)
    while piece := bucket.read(_ENTRY << 12):
        for i in range(0, len(piece), _ENTRY):
            yield piece[i : i + _ENTRY]
