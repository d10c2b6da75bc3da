"""Writing the sample archive into a folder, chunk by chunk."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import pairwise
from pathlib import Path

from tui.demo.members import member, torn_member
from tui.demo.records import blocks
from tui.demo.spec import ChunkPlan, SampleSpec, plan_sample
from tui.errors import OutputError

_UPLOAD_DELAY_SECONDS = 62 * 60
"""Seconds from the start of an hour to its upload: the file's modification time, like a bucket's upload time."""


@dataclass(frozen=True)
class SampleChunk:
    """A written chunk. `records` and `bytes` count what can be decoded, without the loss of a torn member."""

    key: str
    path: Path
    hour: datetime
    records: int
    bytes: int
    bytes_compressed: int


def write_sample(folder: Path, spec: SampleSpec, jobs: int = 1) -> Iterator[SampleChunk]:
    """Write the archive with `jobs` processes; yield each chunk once it is written, in order of time.

    The same spec gives the same bytes. Files are replaced whole or not at all; other files in the folder stay.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make the folder {folder}: {error.strerror}; choose another with --dir") from error
    write = partial(_write_chunk, folder, spec)
    if jobs <= 1:
        yield from map(write, plan_sample(spec))
        return
    # Not with fork, because the caller may have threads (the explorer has).
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        yield from pool.map(write, plan_sample(spec))


def _write_chunk(folder: Path, spec: SampleSpec, plan: ChunkPlan) -> SampleChunk:
    path = folder / plan.key
    part = folder / f".{plan.key}.{os.getpid()}.part"
    records = size = 0
    try:
        try:
            with part.open("wb") as out:
                for count, length, packed in _members(spec, plan):
                    records, size = records + count, size + length
                    out.write(packed)
                compressed = out.tell()
            uploaded = plan.hour.timestamp() + _UPLOAD_DELAY_SECONDS
            os.utime(part, (uploaded, uploaded))
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}") from error
    return SampleChunk(plan.key, path, plan.hour, records, size, compressed)


def _members(spec: SampleSpec, plan: ChunkPlan) -> Iterator[tuple[int, int, bytes]]:
    """Yield (records, bytes, gzip member) for every member of the chunk."""
    parts = ((len(lines), b"\n".join(lines) + b"\n") for lines in blocks(spec, plan))
    if plan.torn:
        yield from _torn(plan.records, parts)
        return
    for number, (count, data) in enumerate(parts):
        if plan.empty_member and number == 1:
            yield 0, 0, member(b"")
        yield count, len(data), member(data)


def _torn(planned: int, parts: Iterator[tuple[int, bytes]]) -> Iterator[tuple[int, int, bytes]]:
    # A crash two thirds into the hour: whole members, then a torn one.
    records = 0
    for (count, data), (_, lost) in pairwise(parts):
        records += count
        if records > planned * 2 // 3:
            yield count, len(data), torn_member(data, lost)
            return
        yield count, len(data), member(data)
