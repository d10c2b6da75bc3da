"""Reading a sample of an archive's chunks: bounded in number, bytes and memory, from the first hour to the last."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import msgspec

from tui.archive import Archive, Chunk, ChunkReader, Damage
from tui.checks import Check
from tui.errors import ArchiveError, HourscopeError
from tui.filter.compiled import NotJsonError
from tui.units import count, duration, plural, size

_CHUNKS = 9
_COMPRESSED_BYTES = 64 << 20  # read of all of them together
_INFLATED_BYTES = 1 << 30
_PARSED_BYTES = 8 << 20  # of a record; a longer one is not parsed
_HEAD_BYTES = 512
_NAMED = 3  # chunks that a sentence names
_MAGIC = {".gz": b"\x1f\x8b", ".zst": b"\x28\xb5\x2f\xfd", ".bz2": b"BZh", ".xz": b"\xfd7zXZ"}
_SKIPPABLE = {".zst": b"\x2a\x4d\x18"}  # the end of the magic of a zstd frame that holds no data
_HTML = (b"<!doctype html", b"<html")
_RAW = msgspec.json.Decoder(msgspec.Raw)


@dataclass(slots=True)
class _Sample:
    """What reading some chunks has shown. `failures` are sentences, the others are counts of records, by chunk."""

    chunks: int = 0
    records: int = 0
    stored: int = 0
    bad: dict[str, int] = field(default_factory=dict)
    long: dict[str, int] = field(default_factory=dict)
    uncompressed: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def check_chunks(archive: Archive, chunks: Sequence[Chunk]) -> Iterator[Check]:
    """Chunks without a byte, wherever they are, and what a sample shows. Failures come last."""
    yield from _sizes(chunks)
    readable = [chunk for chunk in chunks if chunk.size and not chunk.needs_restore]
    if not readable:
        return
    began, sample = time.monotonic(), _Sample()
    spread = _spread(readable)
    for index, chunk in enumerate(spread):
        share = len(spread) - index
        try:
            _read(archive, chunk, sample, (_COMPRESSED_BYTES - sample.stored) // share, _INFLATED_BYTES // len(spread))
        except (HourscopeError, Damage) as error:
            sample.failures.append(f"{chunk.key}: {error}")
    of = f"{plural(sample.chunks, 'chunk')} of {count(len(chunks))}"
    says = f"{plural(sample.records, 'record')} in {of} ({size(sample.stored)}) in {duration(time.monotonic() - began)}"
    yield Check("reading", "ok", f"read {says}; hourscope verify reads all of them")
    yield from _findings(sample)


def _sizes(chunks: Sequence[Chunk]) -> Iterator[Check]:
    empty = [chunk.key for chunk in chunks if not chunk.size]
    if empty:
        holds = "chunk holds" if len(empty) == 1 else "chunks hold"
        says = f"{count(len(empty))} {holds} no bytes: {_some(empty)}; not even an empty gzip file is that short"
        yield Check("empty chunks", "failed", f"{says}: upload them again from where they came from")


def _spread(chunks: Sequence[Chunk]) -> list[Chunk]:
    """The first, the last, and some in between, evenly."""
    most = min(_CHUNKS, len(chunks))
    if most == 1:
        return [chunks[-1]]
    return [chunks[round(index * (len(chunks) - 1) / (most - 1))] for index in range(most)]


def _read(archive: Archive, chunk: Chunk, sample: _Sample, compressed: int, inflated: int) -> None:
    """Read a chunk, at most so many bytes of it. ArchiveError or Damage if it cannot be read, or is not a chunk."""
    _look_at_head(archive, chunk, sample)
    sample.chunks += 1
    with ChunkReader(archive.store, chunk.key, etag=chunk.etag) as reader:
        try:
            for block in reader:
                with block.view() as view:
                    for start, stop in block.spans():
                        sample.records += 1
                        if stop - start > _PARSED_BYTES:
                            sample.long[chunk.key] = sample.long.get(chunk.key, 0) + 1
                        elif not _is_json(bytes(view[start:stop])):
                            sample.bad[chunk.key] = sample.bad.get(chunk.key, 0) + 1
                if reader.bytes_compressed >= compressed or reader.bytes >= inflated:
                    break
        finally:
            sample.stored += reader.bytes_compressed


def _look_at_head(archive: Archive, chunk: Chunk, sample: _Sample) -> None:
    """ArchiveError if the first bytes are those of something that is never a chunk."""
    with archive.store.open(chunk.key, etag=chunk.etag) as stream:
        head = stream.read(_HEAD_BYTES)
    if not head.strip(b"\0"):
        raise ArchiveError("it begins with zeros: a disk or an upload has lost what was written; upload it again")
    if head.removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith(_HTML):
        raise ArchiveError("it is an HTML page, such as the error page of a proxy, and not a chunk; upload it again")
    suffix = PurePosixPath(chunk.key).suffix.lower()
    if (magic := _MAGIC.get(suffix)) and not head.startswith(magic) and head[1:4] != _SKIPPABLE.get(suffix):
        sample.uncompressed.append(chunk.key)


def _findings(sample: _Sample) -> Iterator[Check]:
    if sample.uncompressed:
        says = f"not compressed in spite of the name: {_some(sample.uncompressed)}; hourscope reads it as it is"
        yield Check("reading", "warning", f"{says}, other tools may not")
    if sample.long:
        says = f"{plural(sum(sample.long.values()), 'record')} of more than 8 MiB in {_some(list(sample.long))}"
        yield Check("reading", "warning", f"{says}: -m does not parse those")
    if sample.bad:
        bad = f"{count(sum(sample.bad.values()))} of {plural(sample.records, 'record')}"
        says = f"{bad} are not JSON, in {_some(list(sample.bad))}: only -g and -e can find those"
        yield Check("reading", "warning", says)
    for failure in sample.failures:
        yield Check("reading", "failed", failure)


def _some(keys: Sequence[str]) -> str:
    """`a, b, c and 4 more`."""
    more = f" and {count(len(keys) - _NAMED)} more" if len(keys) > _NAMED else ""
    return ", ".join(keys[:_NAMED]) + more


def _is_json(record: bytes) -> bool:
    """Checked without making its objects, which would take many times the memory of the record."""
    from tui.filter.jmespath import load  # `--help` starts without jmespath

    try:
        _RAW.decode(record)
    except (msgspec.DecodeError, RecursionError):
        try:
            load(record)  # which also takes lone surrogates
        except NotJsonError:
            return False
    return True
