"""Find duplicates among very many records, by their bytes, in bounded memory and with one temporary file.

A record is identified by its fingerprint. Fingerprints are collected in buckets by their first byte, each in memory up
to 256 KiB, then in a temporary file that all buckets share. Each bucket is sorted separately at the end, so only one
bucket must fit into memory.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from hashlib import blake2b
from itertools import islice, pairwise
from types import TracebackType
from typing import IO

from tui.archive.local import temporary_error

FINGERPRINT = 16  # bytes; among 10^12 records, the probability of any collision is 10^-15, even for hostile records
_PLACE_BYTES = 4  # bytes of the chunk's number
_ENTRY = FINGERPRINT + _PLACE_BYTES
_BUCKETS = 256
_IN_MEMORY = _ENTRY * 13_107  # bytes of a bucket: 64 MiB in all
# bytes of entries that are sorted at once: about 15 MB as Python objects, and a tenth of a second
SORTED_BYTES = 4 << 20


def fingerprint(record: bytes | memoryview) -> bytes:
    """Return the BLAKE2b hash of the record's bytes, for which collisions cannot be constructed."""
    return blake2b(record, digest_size=FINGERPRINT).digest()


class Fingerprints:
    """Collects fingerprints per chunk, by the chunk's number in reading order, and counts copies. A context manager.

    OutputError if the folder for temporary files is full.
    """

    def __init__(self, folder: str | None = None) -> None:
        self._folder = folder
        self._buckets = _Buckets(folder)
        self._dropped: set[int] = set()

    def __enter__(self) -> Fingerprints:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._buckets.close()

    def add(self, chunk: int, fingerprints: bytes) -> None:
        """Add the concatenated fingerprints of some records of a chunk."""
        place = chunk.to_bytes(_PLACE_BYTES, "big")
        entries = (fingerprints[i : i + FINGERPRINT] + place for i in range(0, len(fingerprints), FINGERPRINT))
        self._buckets.spread(entries, 0)

    def drop(self, chunk: int) -> None:
        """Drop the fingerprints of a chunk. Its number must not be used again."""
        self._dropped.add(chunk)

    def copies(self) -> Counter[int]:
        """Count the records in each chunk that also occur earlier, in an earlier chunk or in the same one."""
        copies: Counter[int] = Counter()
        for number in range(_BUCKETS):
            self._count(self._buckets, number, 1, copies)
        return copies

    def _entries(self, buckets: _Buckets, number: int) -> Iterator[bytes]:
        entries = buckets.entries(number)
        return (entry for entry in entries if _place(entry) not in self._dropped) if self._dropped else entries

    def _count(self, buckets: _Buckets, number: int, depth: int, copies: Counter[int]) -> None:
        if depth == FINGERPRINT:  # all are equal, in the order of the chunks
            copies.update(islice(map(_place, self._entries(buckets, number)), 1, None))
            return
        if buckets.size(number) > SORTED_BYTES:
            smaller = _Buckets(self._folder)
            try:
                smaller.spread(self._entries(buckets, number), depth)
                for part in range(_BUCKETS):
                    self._count(smaller, part, depth + 1, copies)
            finally:
                smaller.close()
            return
        for one, other in pairwise(sorted(self._entries(buckets, number))):
            if one[:FINGERPRINT] == other[:FINGERPRINT]:
                copies[_place(other)] += 1


class _Buckets:
    """Buckets of entries by the value of one byte. A bucket's newest entries are in memory, the others in a file."""

    def __init__(self, folder: str | None) -> None:
        self._folder = folder
        self._newest = [bytearray() for _ in range(_BUCKETS)]
        self._places: list[list[int]] = [[] for _ in range(_BUCKETS)]  # of pieces of _IN_MEMORY bytes in the file
        self._file: IO[bytes] | None = None
        self._end = 0

    def spread(self, entries: Iterable[bytes], digit: int) -> None:
        """Put each entry into the bucket with the value of its byte number `digit`."""
        newest = self._newest
        for entry in entries:
            bucket = newest[entry[digit]]
            bucket += entry
            if len(bucket) >= _IN_MEMORY:
                self._write(entry[digit])

    def size(self, number: int) -> int:
        """Return the size of a bucket in bytes."""
        return len(self._places[number]) * _IN_MEMORY + len(self._newest[number])

    def entries(self, number: int) -> Iterator[bytes]:
        """Yield the entries of a bucket in the order of their addition."""
        for place in self._places[number]:
            assert self._file
            yield from _cut(os.pread(self._file.fileno(), _IN_MEMORY, place))
        yield from _cut(self._newest[number])

    def close(self) -> None:
        if self._file:
            with suppress(OSError):  # a full disk; the data is no longer needed
                self._file.close()

    def _write(self, number: int) -> None:
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(buffering=0, dir=self._folder)  # noqa: SIM115
            data = memoryview(self._newest[number])
            while data:
                written = os.pwrite(self._file.fileno(), data, self._end)
                self._end += written
                data = data[written:]
        except OSError as error:
            raise temporary_error(error) from error
        self._places[number].append(self._end - _IN_MEMORY)
        self._newest[number] = bytearray()


def _place(entry: bytes) -> int:
    return int.from_bytes(entry[FINGERPRINT:], "big")


def _cut(data: bytes | bytearray) -> Iterator[bytes]:
    for i in range(0, len(data), _ENTRY):
        yield bytes(data[i : i + _ENTRY])
