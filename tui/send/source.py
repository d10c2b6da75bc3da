"""What is sent: records in order by hour, key and line, as blocks that are read again for every pass."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from tui.archive import Archive, Block, Chunk, ChunkReader, Damage, Reading
from tui.archive.block import block_of
from tui.archive.folder import FolderStore
from tui.archive.forms import LINES
from tui.archive.reader import DoubtfulGiven
from tui.archive.store import Store, is_s3
from tui.archive.times import spell_hour
from tui.errors import SendError, reason
from tui.filter import Filter
from tui.filter.event_time import microseconds
from tui.filter.within import Within
from tui.scan import Known
from tui.send.blocks import DamagedChunk, SourceBlock, as_lines
from tui.units import plural


@dataclass(frozen=True, slots=True)
class Plan:
    """Which records of a source a send leaves out; a resumed send keeps to the plan of its first run.

    `max_message`: leave out records larger than this many bytes; None leaves out none. `unique`: leave out records
    that occurred before in the same send. `order`: the path of the records' time, by which those of an hour are
    ordered; None: the order of the archive.
    """

    max_message: int | None = None
    unique: bool = False
    order: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Records that can be read more than once, always the same.

    `identity` is a digest of what the records are made of (keys, ETags, filter, range; or path, size and time of a
    file): a source of the same identity holds the same records. `place` is where they come from, however it was
    spelled: the resolved path or the URL, and the range of hours; it stays when the contents change. Empty for records
    that come from memory. `open` begins a pass. `timed` gives the same source with the times of the records,
    which are at a path; None where it cannot. `spelled`: the identity in journals of 0.1.0, by the folder as named.
    `unwrapped` and `plan` are set once the records are messages, see messages.py.
    """

    description: str
    identity: str
    filter: str
    open: Callable[[], Iterator[SourceBlock]]
    place: str = ""
    plan: Plan | None = None
    unwrapped: bool = False
    timed: Callable[[str], Source] | None = None
    spelled: str = ""

    @property
    def identities(self) -> tuple[str, ...]:
        """All that may name it in a journal."""
        return (self.identity, self.spelled) if self.spelled else (self.identity,)

    @property
    def label(self) -> str:
        """In a few words: the filter or, where there is none, the name of the archive or file."""
        if self.filter != Filter().describe():
            return self.filter
        return self.description.partition(": ")[0].rstrip("/").rpartition("/")[2]


def file_source(path: Path, filter_: Filter | None = None, reading: Reading | None = None) -> Source:
    """The records of a file, compressed or not by its first bytes. SendError if it cannot be read."""
    try:
        status = path.stat()
        path.open("rb").close()
    except OSError as error:
        raise SendError(
            f"{path} cannot be read: {reason(error)}; give an extract, a file of lines or an archive"
        ) from error
    store, chosen = FolderStore(path.parent), filter_ or Filter()
    careful: set[str] = set()
    how = reading or Reading()

    def blocks(within: Within | None = None) -> Iterator[SourceBlock]:
        return _timed(_chunk_blocks(store, path.name, None, chosen, how, careful), within)

    file = (str(path.resolve()), status.st_size, status.st_mtime_ns)
    digest = digest_of("file", *file, chosen.describe(), *chosen.lists, *_unusual(how))
    source = Source(str(path), digest, chosen.describe(), blocks, str(path.resolve()))
    return _timeable(source, blocks, UTC)


def archive_source(
    archive: Archive,
    chunks: Iterable[Chunk],
    filter_: Filter | None = None,
    known: Mapping[str, Known] | None = None,
) -> Source:
    """The records of an archive's chunks that match, by hour, then key. An extract is an archive.

    `known`: by key, the chunks that are not read, as no record of them matches.
    """
    chosen = filter_ or Filter()
    ordered = sorted(chunks, key=lambda chunk: chunk.order)
    what = [f"{chunk.key} {chunk.etag} {chunk.size}" for chunk in ordered]
    how = (chosen.describe(), *chosen.lists, *_unusual(archive.reading))
    digest, spelled = (digest_of("archive", root, *how, *what) for root in (_root(archive), archive.store.url))
    hours = sorted({chunk.hour for chunk in ordered})
    span = f", {spell_hour(hours[0])} to {spell_hour(hours[-1])}" if hours else ""
    description = f"{archive.url}: {plural(len(ordered), 'chunk')}{span}"

    careful: set[str] = set()  # chunks in which a large member is damaged

    def blocks(within: Within | None = None) -> Iterator[SourceBlock]:
        for chunk in ordered:
            if known and chunk.key in known:
                yield from _known_blocks(chunk, known[chunk.key])
                continue
            records = _chunk_blocks(archive.store, chunk.key, chunk, chosen, archive.reading, careful)
            yield from _timed(records, within)

    place = f"{_root(archive)}/{archive.layout.pattern}{span}"
    source = Source(description, digest, chosen.describe(), blocks, place, spelled=spelled)
    return _timeable(source, blocks, archive.zone)


def _timeable(source: Source, blocks: Callable[[Within], Iterator[SourceBlock]], zone: tzinfo) -> Source:
    """The source, which can give the times of its records; texts without an offset are in `zone`."""
    return replace(source, timed=lambda path: replace(source, open=lambda: blocks(Within(path, None, None, zone))))


def _timed(blocks: Iterator[SourceBlock], within: Within | None) -> Iterator[SourceBlock]:
    """The blocks of one chunk, with the times of their records if asked for."""
    if within is None:
        yield from blocks
        return
    times_of = within.times()
    last: int | None = None
    for block in blocks:
        if not block.records:
            yield block
            continue
        moments = times_of(block_of(block.records, 0))
        if last is None:  # what stands before the first time goes with it
            start = microseconds(block.hour) if block.hour is not None else 0
            last = next((time for time in moments if time is not None), start)
        times: list[int] = []
        for time in moments:
            last = last if time is None else time
            times.append(last)
        yield replace(block, times=times, no_time=moments.count(None))


def _known_blocks(chunk: Chunk, known: Known) -> Iterator[SourceBlock]:
    """What reading a chunk without a match would give."""
    for part in known.damage:
        damage = DamagedChunk(chunk.key, part.start, part.stop, part.reason, part.doubtful)
        yield SourceBlock(chunk.key, chunk.hour, [], (), damaged=damage)
    unread = known.counts.not_json + known.counts.unparsed
    yield SourceBlock(chunk.key, chunk.hour, [], (), blank=known.counts.blank, not_json=unread)


def _unusual(reading: Reading) -> tuple[str, ...]:
    """What the reading options add to an identity; nothing where there are none, as in journals before them."""
    return () if reading == Reading() else (repr(reading),)


def _root(archive: Archive) -> str:
    """Its bucket or folder; a folder has many spellings."""
    return archive.store.url if is_s3(archive.store.url) else archive.store.place


def digest_of(*parts: object) -> str:
    return hashlib.sha256("\n".join(map(str, parts)).encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _chunk_blocks(
    store: Store,
    key: str,
    listed: Chunk | None,
    filter_: Filter,
    reading: Reading,
    careful: set[str],
) -> Iterator[SourceBlock]:
    """One pass over a chunk. Damage is a block without records, not an error: everything sound counts.

    A doubtful record is never sent: where some were given already, the chunk is `careful` from then on, and the pass
    ends in DoubtfulGiven; the next one leaves them out.
    """
    line, hour = 1, listed.hour if listed else None
    etag, size = (listed.etag, listed.size) if listed else (None, None)
    try:
        with ChunkReader(store, key, etag=etag, size=size, reading=reading, careful=key in careful) as reader:
            for item in reader.results(lambda: _work(filter_), strict=True):
                if isinstance(item, Damage):
                    damage = DamagedChunk(key, item.start, item.stop, item.reason, item.doubtful)
                    yield SourceBlock(key, hour, [], (), damaged=damage)
                elif item is not None:
                    block = item.block(key, hour, line)
                    if line == 1 and item.count:
                        of_lines = reader.form == LINES and item.count > 1
                        block = replace(block, unchosen=reader.unchosen, of_lines=of_lines)
                    yield block
                    line += item.count
    except DoubtfulGiven:
        careful.add(key)
        raise
    except OSError as error:
        raise SendError(f"{key} cannot be read to its end: {reason(error)}; nothing after it was sent") from error


@dataclass(frozen=True, slots=True)
class _SelectedRecords:
    """What is sent of a block of `count` records: their bytes as lines, and their numbers in it, from 0.

    It is held back until its member is checked, so it holds no object for each record.
    """

    joined: bytes
    numbers: Sequence[int]
    count: int
    blank: int
    not_json: int = 0

    def block(self, key: str, hour: datetime | None, first_line: int) -> SourceBlock:
        """The same with a record each, once it is needed."""
        records = self.joined.split(b"\n")
        records.pop()  # behind the last newline
        numbers = self.numbers
        lines = (
            range(first_line, first_line + len(numbers))
            if isinstance(numbers, range)
            else [first_line + number for number in numbers]
        )
        return SourceBlock(key, hour, records, lines, blank=self.blank, not_json=self.not_json, joined=self.joined)


def _work(filter_: Filter) -> Callable[[Block], _SelectedRecords]:
    matcher = filter_.matcher()

    def work(block: Block) -> _SelectedRecords:
        if matcher.selects_all:
            joined = block.lines()  # before the count: it leaves out what is not a record
            return _SelectedRecords(joined, range(block.count()), block.count(), block.blank)
        before = matcher.not_json + matcher.unparsed
        matching = _matching(block, matcher.spans(block))
        return replace(matching, not_json=matcher.not_json + matcher.unparsed - before)

    return work


def _matching(block: Block, spans: Iterator[tuple[int, int]]) -> _SelectedRecords:
    records: list[bytes] = []
    numbers: list[int] = []
    counted = number = 0
    for start, end in spans:
        buffer = block.buffer  # the search may have replaced it
        number += buffer.count(b"\n", counted, start)
        counted = start
        records.append(bytes(buffer[start:end]))
        numbers.append(number)
    return _SelectedRecords(as_lines(records) if records else b"", numbers, block.count(), block.blank)
