"""The index of the chunks of one place."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from tui import __version__
from tui.archive import Archive, Chunk
from tui.archive.reading import Reading
from tui.archive.store import is_s3
from tui.config import cache_dir
from tui.index.counted import CountedChunk, Head, pack_head, pack_known, unpack_head, unpack_known
from tui.index.database import Database
from tui.index.rows import AT_ONCE, ChunkRows, key_text

if TYPE_CHECKING:  # slow to import; a scan may not need it
    from tui.index.summary import Summary

FORMAT = 9  # of stored summaries; other formats are ignored
WORDS_FORMAT = 4  # of stored Bloom filters of words
_SCANS_FORMAT = f"{FORMAT} of {__version__}"  # a scan's counts depend on the filters' code, so updates discard them
_MAX_KEPT = 5_000  # chunks whose summaries are read ahead, at about 8 kB each

_HEADS = "select key, etag, size, head from chunk_summaries where format=?"
_SUMMARIES = "select key, etag, size, head, details from chunk_summaries where format=?"
_COUNTED = "select key, etag, size, known, terms, matches from counted where format=?"


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """How many chunks of a place are indexed, their bytes in the index, and the bytes of the chunks themselves; then
    the same for the chunks indexed with words."""

    chunks: int
    bytes: int
    stored: int
    with_words: int = 0
    words_bytes: int = 0
    words_stored: int = 0


class Index:
    """Summaries of the chunks of one place, by key, ETag and size. Use it in one thread; processes may share the file.

    For files in a `folder`, the time of the last change of any kind (ctime) must also match, because `cp -p`,
    `rsync -t` and `touch` set the modification time, from which their ETag is made.
    """

    def __init__(self, path: Path, place: str, folder: Path | None = None) -> None:
        self.place = place
        self._database = Database(path)
        self._rows = ChunkRows(self._database, place, folder)
        self._lacking: dict[int, dict[str, list[object]]] = {}  # by word, the expected chunks without it
        self._empty: dict[str, bool] = {}  # by table, True if it has no row of the place
        self._only_counted = True  # False once anything but counts was written

    def __enter__(self) -> Index:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._database.close(keep_log=self._only_counted)

    @property
    def read_only(self) -> str:
        """The path of the index if it was only opened to be read, because it cannot be written; else an empty text."""
        return str(self._database.path) if self._database.read_only else ""

    def check_writable(self) -> None:
        """Raise IndexFileError if the file cannot be written."""
        self._database.write(lambda _: None)

    def expect(self, chunks: Iterable[Chunk]) -> None:
        """Announce the chunks that will be queried: their rows are then read together, ten times as fast."""
        self._forget_read()
        self._rows.expected = dict.fromkeys(key_text(chunk.key) for chunk in chunks)

    def head(self, chunk: Chunk) -> Head | None:
        """Return the figures of a chunk as it is now, or None."""
        if self.is_empty("chunk_summaries"):
            return None
        rows = self._rows.of(chunk, "head", _HEADS, (FORMAT,))
        return unpack_head(rows[0][0], *self._rows.about(chunk)) if rows else None

    def summary(self, chunk: Chunk) -> Summary | None:
        """Return the summary of a chunk as it is now, or None."""
        if self.is_empty("chunk_summaries"):
            return None
        from tui.index.summary import unpacked

        few = len(self._rows.expected) <= _MAX_KEPT
        rows = self._rows.of(chunk, "summary", _SUMMARIES, (FORMAT,), ahead=few)
        return unpacked(*rows[0], *self._rows.about(chunk)) if rows else None

    def summaries(self, chunks: Iterable[Chunk]) -> Iterator[tuple[Chunk, Summary | None]]:
        """Yield chunks, in order, with their summaries."""
        left = iter(chunks)
        while some := list(islice(left, AT_ONCE)):
            self.expect(some)
            for chunk in some:
                yield chunk, self.summary(chunk)

    def indexed(self, chunks: Iterable[Chunk]) -> set[str]:
        """Return the keys of the chunks that are indexed as they are now."""
        return self._present("chunk_summaries", FORMAT, chunks)

    def put(self, chunk: Chunk, summary: Summary) -> None:
        """Store a chunk's summary; IndexFileError if the file cannot be written."""
        from tui.index.summary import packed

        about = self._rows.about(chunk)
        row = (self.place, *about, FORMAT, pack_head(summary.head, *about), packed(summary, *about))
        self._write(lambda db: db.execute("insert or replace into chunk_summaries values (?, ?, ?, ?, ?, ?, ?)", row))

    def may_hold(self, chunk: Chunk, word: int) -> bool:
        """True if a chunk may hold the word with this hash, or its words are not known."""
        if self.is_empty("chunk_words"):
            return True
        key, *about = self._rows.about(chunk)
        if key not in self._rows.expected:
            return self._read_lacking(word, [key]).get(key) != about
        if word not in self._lacking:
            self._lacking[word] = self._read_lacking(word, list(self._rows.expected))
        return self._lacking[word].get(key) != about

    def _read_lacking(self, word: int, keys: Sequence[str]) -> dict[str, list[object]]:
        """Return, by key, the ETag and size of the chunks whose stored words lack a word."""
        from tui.index.words import LINES_OF_ROW, row_holds

        row = f"(({word} % lines) / {LINES_OF_ROW} << 32) + id"
        query = f"select key, etag, size, lines, bits from chunk_words left join word_rows on at = {row} where format=?"
        return {
            key: [etag, size]
            for key, etag, size, lines, bits in self._rows.select(query, (WORDS_FORMAT,), keys)
            if not row_holds(bits, word, lines, key, etag, size)
        }

    def with_words(self, chunks: Iterable[Chunk]) -> set[str]:
        """Return the keys of the chunks whose words are indexed as they are now."""
        return self._present("chunk_words", WORDS_FORMAT, chunks)

    def put_words(self, chunk: Chunk, words: bytes) -> None:
        """Store the packed words of a chunk; IndexFileError if the file cannot be written."""
        from tui.index.words import LINE, rows_of

        about = self.place, *self._rows.about(chunk)
        rows = list(rows_of(words, *about[1:]))

        def put(db: sqlite3.Connection) -> None:
            _forget_words(db, "place=? and key=?", about[:2])
            more = (WORDS_FORMAT, len(words) // LINE, sum(map(len, rows)))
            identity = db.execute(
                "insert into chunk_words values (null, ?, ?, ?, ?, ?, ?, ?)", (*about, *more)
            ).lastrowid
            places = ((number << 32) + (identity or 0) for number in range(len(rows)))
            db.executemany("insert into word_rows values (?, ?)", zip(places, rows, strict=True))

        self._write(put)

    def known(self, chunk: Chunk, terms: Sequence[str]) -> CountedChunk | None:
        """Return the counts of an earlier scan of the chunk with these terms; None if there was none."""
        asked = _spelled(terms)
        return next(
            (known for spelled, _, known in self._earlier(chunk, "and terms=?", asked) if spelled == asked), None
        )

    def without_match(self, chunk: Chunk) -> Iterator[tuple[frozenset[str], CountedChunk]]:
        """Yield the terms and counts of earlier scans that matched no record of the chunk."""
        for spelled, matches, known in self._earlier(chunk, "and matches=0"):
            if matches == 0:
                yield _terms(spelled), known

    def put_known(self, terms: Sequence[str], counted: Iterable[tuple[Chunk, CountedChunk, int]]) -> None:
        """Store what a scan counted in some chunks, and how many records matched."""
        spelled = _spelled(terms)
        rows = []
        for chunk, known, matches in counted:
            about = self._rows.about(chunk)
            sealed = pack_known(known, *about, spelled, matches)
            rows.append((self.place, *about, _SCANS_FORMAT, spelled, matches, sealed))
        statement = "insert or replace into counted values (?, ?, ?, ?, ?, ?, ?, ?)"
        self._write(lambda db: db.executemany(statement, rows), counts=True)

    def status(self) -> IndexStatus:
        """Return the status of this place."""
        sums = "count(*), total(length(head) + length(details)), total(size)"
        query = f"select {sums} from chunk_summaries where place=? and format=?"
        row = self._database.ask(lambda db: db.execute(query, (self.place, FORMAT)).fetchone()) or (0, 0, 0)
        query = "select count(*), total(bytes), total(size) from chunk_words where place=? and format=?"
        words = self._database.ask(lambda db: db.execute(query, (self.place, WORDS_FORMAT)).fetchone()) or (0, 0, 0)
        return IndexStatus(*map(int, (*row, *words)))

    def drop(self) -> int:
        """Delete everything about the place; return how many chunks were indexed."""
        chunks = self.status().chunks

        def drop(db: sqlite3.Connection) -> None:
            db.execute("delete from chunk_summaries where place=?", (self.place,))
            db.execute("delete from counted where place=?", (self.place,))
            _forget_words(db, "place=?", (self.place,))

        self._write(drop)
        return chunks

    def is_empty(self, table: str) -> bool:
        """True if a table has no row of the place; cached, because a scan checks it for each chunk."""
        if table not in self._empty:
            query = f"select 1 from {table} where place=? limit 1"
            self._empty[table] = self._database.ask(lambda db: db.execute(query, (self.place,)).fetchone()) is None
        return self._empty[table]

    def _present(self, table: str, format_: int, chunks: Iterable[Chunk]) -> set[str]:
        query = f"select key, etag, size from {table} where place=? and format=?"
        known = set(self._database.ask(lambda db: db.execute(query, (self.place, format_)).fetchall()) or [])
        return {chunk.key for chunk in chunks if self._rows.about(chunk) in known}

    def _earlier(self, chunk: Chunk, which: str, *more: str) -> Iterator[tuple[str, int, CountedChunk]]:
        """Yield the terms, matches and counts of earlier scans of a chunk. If the file is damaged, also other rows."""
        if self.is_empty("counted"):
            return
        about = self._rows.about(chunk)
        for data, terms, matches in self._rows.of(chunk, (which, more), f"{_COUNTED} {which}", (_SCANS_FORMAT, *more)):
            if (known := unpack_known(data, *about, terms, matches)) is not None:
                yield terms, matches, known

    def _write(self, work: Callable[[sqlite3.Connection], object], *, counts: bool = False) -> None:
        self._empty.clear()
        self._forget_read()
        self._only_counted &= counts
        self._database.write(work)

    def _forget_read(self) -> None:
        self._rows.read.clear()
        self._lacking = {}


def open_index(archive: Archive) -> Index:
    """Return the index of an archive; no file is opened or created before it is used."""
    place = archive.store.place
    folder = None if is_s3(archive.store.url) else Path(place)
    return Index(cache_dir() / "index.sqlite", _place(place, archive.reading), folder)


def _forget_words(db: sqlite3.Connection, which: str, values: Sequence[object]) -> None:
    from tui.index.words import LINES_OF_ROW, MOST_LINES

    query = f"select id, lines from chunk_words where {which} and typeof(lines) = 'integer'"
    for identity, lines in db.execute(query, values).fetchall():
        rows = range(-(-min(lines, MOST_LINES) // LINES_OF_ROW))  # a damaged file may hold any number
        db.executemany("delete from word_rows where at=?", [((row << 32) + identity,) for row in rows])
    db.execute(f"delete from chunk_words where {which}", values)


def _place(place: str, reading: Reading) -> str:
    """Return the place's name, with the options for reading if they change which records chunks have."""
    if reading == Reading():
        return place
    return f"{place} {reading.records} {reading.include_damaged} {reading.max_record}"


def _spelled(terms: Sequence[str]) -> str:
    """Return terms as one text, independent of their order."""
    return json.dumps(sorted(terms))


@lru_cache
def _terms(spelled: str) -> frozenset[str]:
    return frozenset(json.loads(spelled))
