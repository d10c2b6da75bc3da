"""The source of a send: records in order of hour, key and line, as blocks that each pass reads again."""

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
    """The records of a source that a send leaves out, and their order; a resumed send keeps its first run's plan.

    `max_message`: leave out records larger than this many bytes; None: leave out none. `unique`: leave out records
    that occurred before in the same send. `order`: the path of the time by which to order the records of an hour;
    None: the order of the archive.
    """

    max_message: int | None = None
    unique: bool = False
    order: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Records that can be read repeatedly, with the same result.

    `identity` is a digest of everything that determines the records (keys, ETags, filter, range; or path, size and time
    of a file): sources with the same identity hold the same records. `place` is where they come from in a canonical
    form, the resolved path or the URL and the range of hours; it does not depend on the contents, and is empty for
    records in memory. `open` begins a pass. `timed` gives the same source with the records' times at a path; None if
    that is impossible. `spelled`: the identity in journals of 0.1.0, by the folder as named. `unwrapped` and `plan` are
    set once the records are messages; see messages.py.
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
        """A short description: the filter or, without one, the name of the archive or file."""
        if self.filter != Filter().describe():
            return self.filter
        return self.description.partition(": ")[0].rstrip("/").rpartition("/")[2]


def file_source(path: Path, filter_: Filter | None = None, reading: Reading | None = None) -> Source:
    """Return the records of a file; its compression is detected from its first bytes. SendError if it is unreadable."""
    try:
        status = path.stat()
        path.open("rb").close()
    except OSError as error:
        raise SendError(
            f"{path} cannot be read: {reason(error)}; SOURCE must be an extract, a file of lines or an archive"
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
    """Return the matching records of an archive's chunks, in order of hour and key. An extract is an archive.

    `known`: by key, the chunks that are not read because no record in them matches.
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
    """Return the source with `timed` set; times without an offset are in `zone`."""
    return replace(source, timed=lambda path: replace(source, open=lambda: blocks(Within(path, None, None, zone))))


def _timed(blocks: Iterator[SourceBlock], within: Within | None) -> Iterator[SourceBlock]:
    """Yield the blocks of one chunk, with the records' times if `within` is set."""
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
        if last is None:  # records before the first time get that time
            start = microseconds(block.hour) if block.hour is not None else 0
            last = next((time for time in moments if time is not None), start)
        times: list[int] = []
        for time in moments:
            last = last if time is None else time
            times.append(last)
        yield replace(block, times=times, no_time=moments.count(None))


def _known_blocks(chunk: Chunk, known: Known) -> Iterator[SourceBlock]:
    """Yield the block that reading a chunk without a match would give."""
    for part in known.damage:
        damage = DamagedChunk(chunk.key, part.start, part.stop, part.reason, part.doubtful)
        yield SourceBlock(chunk.key, chunk.hour, [], (), damaged=damage)
    unread = known.counts.not_json + known.counts.unparsed
    yield SourceBlock(chunk.key, chunk.hour, [], (), blank=known.counts.blank, not_json=unread)


def _unusual(reading: Reading) -> tuple[str, ...]:
    """Return what the reading options add to an identity: nothing for the defaults, as in older journals."""
    return () if reading == Reading() else (repr(reading),)


def _root(archive: Archive) -> str:
    """Return its bucket or folder in a canonical form."""
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
    """Make one pass over a chunk. Damage is a block without records, not an error: everything sound is sent.

    Doubtful records are never sent. If some were already yielded, the pass ends with DoubtfulGiven, and later passes
    are `careful`: they leave such records out.
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
    """The records to send from a block of `count` records: their lines, and their numbers in the block, from 0.

    It waits until its member is checked, and holds no object per record to save memory.
    """

    joined: bytes
    numbers: Sequence[int]
    count: int
    blank: int
    not_json: int = 0

    def block(self, key: str, hour: datetime | None, first_line: int) -> SourceBlock:
        """Split the lines into a SourceBlock."""
        records = self.joined.split(b"\n")
        records.pop()  # the empty text after the last newline
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
            joined = block.lines()  # before the count, because it leaves out data that is not a record
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
