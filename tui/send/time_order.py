"""`--order time`: order the records of each hour by their own time, in bounded memory.

All records of an hour are sorted together. Merging the hour's chunks while reading would require each chunk to be
nearly in order, and an extract is not: it holds one host after the other. It would also keep a connection per host open
during a paced send.
"""

from __future__ import annotations

import hashlib
import heapq
import os
import struct
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from itertools import groupby, islice
from operator import attrgetter, itemgetter
from typing import IO

from tui.archive.local import temporary_error
from tui.filter.event_time import MICROSECONDS, microseconds
from tui.send.blocks import SourceBlock, as_lines

IN_MEMORY = 64 << 20  # bytes of an hour's records to sort in memory; more go to a temporary file
_OVERHEAD_BYTES = 200  # memory of a record in Python: its tuple, time and line
_BLOCK_RECORDS = 1_000
_READ_BYTES = 256 << 10
_HEAD = struct.Struct("<qIQI")  # of a record in the file: time, number of its key, line, length
_HOUR = 3600 * MICROSECONDS

TimedRow = tuple[int, str, int, bytes]  # time in µs since 1970, key, line, record


def by_time(blocks: Iterable[SourceBlock], *, in_memory: int = IN_MEMORY) -> Iterator[SourceBlock]:
    """Yield the records of each hour in order of time; the sort is stable.

    `blocks` hold the times of their records. The yielded blocks hold the times at which the records are due: a time
    after its hour counts as the end of the hour, and a time before that of an earlier record counts as that time, so a
    wrong clock causes no delay. Blocks without records in between carry the other counts. The last block has the
    SHA-256 of the records in their original order. OutputError if the folder for temporary files is full.
    """
    digest = hashlib.sha256()
    due = 0
    for hour, group in groupby(blocks, attrgetter("hour")):
        with _Sorter(in_memory) as sorter:
            for whole in group:
                block = whole.filled()
                if block.records:
                    digest.update(block.as_lines())
                    sorter.add(block)
                yield replace(block.holding([], ()), times=())
            latest = microseconds(hour) + _HOUR if hour is not None else None
            sorted_rows = sorter.rows()
            while rows := tuple(islice(sorted_rows, _BLOCK_RECORDS)):
                block, due = _block(hour, rows, due, latest)
                yield block
    yield SourceBlock("", None, [], (), archived=digest.hexdigest())


def _block(hour: datetime | None, rows: tuple[TimedRow, ...], due: int, latest: int | None) -> tuple[SourceBlock, int]:
    times = []
    for time, *_ in rows:
        due = max(due, time if latest is None else min(time, latest))
        times.append(due)
    _, keys, lines, records = zip(*rows, strict=True)
    return SourceBlock(keys[0], hour, list(records), lines, keys=keys, times=times, joined=as_lines(records)), due


class _Sorter:
    """The records of one hour: in memory, and beyond that, in sorted runs in a temporary file."""

    def __init__(self, in_memory: int) -> None:
        self._in_memory = in_memory
        self._rows: list[TimedRow] = []
        self._size = 0
        self._keys: dict[str, int] = {}
        self._runs: list[tuple[int, int]] = []  # [start, stop) in the file
        self._file: IO[bytes] | None = None

    def __enter__(self) -> _Sorter:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            with suppress(OSError):  # from a full disk, which was reported
                self._file.close()

    def add(self, block: SourceBlock) -> None:
        keys = block.keys or [block.key] * len(block.records)
        self._rows += zip(block.times, keys, block.lines, block.records, strict=True)
        self._size += sum(map(len, block.records)) + len(block.records) * _OVERHEAD_BYTES
        if self._size > self._in_memory:
            self._write()

    def rows(self) -> Iterator[TimedRow]:
        """Yield all records, sorted."""
        self._rows.sort(key=itemgetter(0))
        runs = [self._run(start, stop) for start, stop in self._runs]
        return heapq.merge(*runs, self._rows, key=itemgetter(0)) if runs else iter(self._rows)

    def _write(self) -> None:
        self._rows.sort(key=itemgetter(0))
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile()  # noqa: SIM115
            start = self._file.tell()
            for time, key, line, record in self._rows:
                number = self._keys.setdefault(key, len(self._keys))
                self._file.write(_HEAD.pack(time, number, line, len(record)) + record)
            self._file.flush()
            self._runs.append((start, self._file.tell()))
        except OSError as error:
            raise temporary_error(error) from error
        self._rows, self._size = [], 0

    def _run(self, start: int, stop: int) -> Iterator[TimedRow]:
        assert self._file is not None
        names, descriptor = list(self._keys), self._file.fileno()
        held, at = b"", 0
        while True:
            length = _HEAD.unpack_from(held, at)[3] if len(held) - at >= _HEAD.size else 0
            end = at + _HEAD.size + length
            if end <= len(held):
                time, number, line, _ = _HEAD.unpack_from(held, at)
                yield time, names[number], line, held[at + _HEAD.size : end]
                at = end
            elif start < stop:
                piece = os.pread(descriptor, max(_READ_BYTES, end - len(held)), start)[: stop - start]
                held, at, start = held[at:] + piece, 0, start + len(piece)
            else:
                return
