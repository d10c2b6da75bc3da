"""Reading a sample of an archive's chunks: bounded in number, bytes and memory, from the first hour to the last."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from tui.archive import Archive, Block, Chunk, ChunkReader, Damage
from tui.archive.codec import promised
from tui.archive.forms import LINES, Unchosen
from tui.archive.json_values import is_json
from tui.archive.streams import ReadCancelled
from tui.checks import Check
from tui.errors import HourscopeError
from tui.filter.compiled import MAX_PARSED
from tui.scan.tally import misread
from tui.units import count, duration, plural, size

_SAMPLE_CHUNKS = 9
_COMPRESSED_BYTES = 64 << 20  # to read in total
_INFLATED_BYTES = 1 << 30
_NAMED_CHUNKS = 3  # chunks that a sentence names


@dataclass(slots=True)
class _ChunkCounts:
    """The number of records in one chunk: all, those that are not JSON, and those too large to parse."""

    records: int = 0
    bad: int = 0
    large: int = 0

    def add(self, block: Block) -> None:
        with block.view() as view:
            for start, stop in block.spans():
                self.records += 1
                if stop - start > MAX_PARSED:
                    self.large += 1
                elif not is_json(bytes(view[start:stop])):
                    self.bad += 1


@dataclass(slots=True)
class _SampledChunks:
    """The results of reading some chunks; `stored` is the number of compressed bytes read."""

    stored: int = 0
    counts: dict[str, _ChunkCounts] = field(default_factory=dict)
    plain: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    unchosen: Counter[Unchosen] = field(default_factory=Counter)
    of_lines: int = 0  # chunks of several lines

    def having(self, what: Callable[[_ChunkCounts], int]) -> tuple[int, list[str]]:
        """Return the number of such records, and the keys of their chunks."""
        affected = {key: number for key, counts in self.counts.items() if (number := what(counts))}
        return sum(affected.values()), list(affected)


def check_chunks(archive: Archive, chunks: Sequence[Chunk]) -> Iterator[Check]:
    """Check for empty chunks in the whole range, and read a sample. Failures come last."""
    empty = [chunk.key for chunk in chunks if not chunk.size]
    if empty:
        holds = "chunk holds" if len(empty) == 1 else "chunks hold"
        says = f"{count(len(empty))} {holds} no bytes, not even those of an empty gzip file: {_some(empty)}"
        yield Check("empty chunks", "failed", f"{says}; upload them again from their source")
    readable = [chunk for chunk in chunks if chunk.size and not chunk.needs_restore]
    if not readable:
        return
    began, sample = time.monotonic(), _SampledChunks()
    spread = _spread(readable)
    for index, chunk in enumerate(spread):
        try:
            _read(archive, chunk, sample, (_COMPRESSED_BYTES - sample.stored) // (len(spread) - index))
        except HourscopeError as error:
            sample.failures.append(f"{chunk.key}: {error}")
    records = plural(sum(counts.records for counts in sample.counts.values()), "record")
    read = f"{records} of {count(len(sample.counts))} of {plural(len(chunks), 'chunk')} ({size(sample.stored)})"
    says = f"read {read} in {duration(time.monotonic() - began)}; hourscope verify reads all"
    yield Check("reading", "ok", says)
    yield from _findings(sample)


def _spread(chunks: Sequence[Chunk]) -> list[Chunk]:
    """Return the first, the last, and some evenly spaced ones in between."""
    count = min(_SAMPLE_CHUNKS, len(chunks))
    if count == 1:
        return [chunks[-1]]
    return [chunks[round(index * (len(chunks) - 1) / (count - 1))] for index in range(count)]


def _read(archive: Archive, chunk: Chunk, sample: _SampledChunks, share: int) -> None:
    """Read `share` stored bytes of a chunk, or more to locate damage. Raises ArchiveError."""
    passes, failures = 0, len(sample.failures)

    def begin() -> Callable[[Block], None]:
        nonlocal passes
        passes += 1  # the second pass reads the sound parts around the damage
        sample.counts[chunk.key] = _ChunkCounts()
        return sample.counts[chunk.key].add

    def enough() -> bool:
        limit = share if passes < 2 else _COMPRESSED_BYTES
        return reader.bytes_compressed >= limit or reader.bytes >= _INFLATED_BYTES // _SAMPLE_CHUNKS

    with ChunkReader(
        archive.store, chunk.key, etag=chunk.etag, size=chunk.size, reading=archive.reading, cancelled=enough
    ) as reader:
        try:
            for item in reader.results(begin):
                if isinstance(item, Damage):
                    sample.failures.append(f"{chunk.key}, {item}")
        except ReadCancelled:
            if passes > 1:
                at = f"before byte {count(reader.bytes_compressed)}"
                sample.failures.append(f"{chunk.key} is damaged {at}; hourscope verify reports where")
        finally:
            sample.stored += min(reader.bytes_compressed, chunk.size)
        if reader.unchosen:
            sample.unchosen[reader.unchosen] += 1
        elif reader.form == LINES and sample.counts[chunk.key].records > 1:
            sample.of_lines += 1
        if len(sample.failures) == failures and not reader.codec and promised(chunk.key):
            sample.plain.append(chunk.key)


def _findings(sample: _SampledChunks) -> Iterator[Check]:
    if sample.plain:
        says = f"plain text with the name of a compressed file: {_some(sample.plain)}"
        yield Check("reading", "warning", f"{says}; other tools may not read it")
    large, keys = sample.having(lambda counts: counts.large)
    if large:
        says = f"{plural(large, 'record')} larger than {MAX_PARSED >> 20} MiB in {_some(keys)}"
        yield Check("reading", "warning", f"{says}: -m cannot match them")
    bad, keys = sample.having(lambda counts: counts.bad)
    if bad:
        of = plural(sum(counts.records for counts in sample.counts.values()), "record")
        says = f"{count(bad)} of {of} are not JSON, in {_some(keys)}: only -g and -e can match them"
        yield Check("reading", "warning", says)
    for failure in [*misread(sample.unchosen, sample.of_lines), *sample.failures]:
        yield Check("reading", "failed", failure)


def _some(keys: Sequence[str]) -> str:
    """`a, b, c and 4 more`."""
    more = f" and {count(len(keys) - _NAMED_CHUNKS)} more" if len(keys) > _NAMED_CHUNKS else ""
    return ", ".join(keys[:_NAMED_CHUNKS]) + more
