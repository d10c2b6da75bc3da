"""What the index knows of the chunks of one place."""

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
from tui.index.rows import AT_ONCE, Row, Rows, key_text

if TYPE_CHECKING:  # who only scans waits for neither
    from tui.index.summary import Summary

FORMAT = 7  # of a stored summary; others are ignored
WORDS_FORMAT = 3  # of a stored filter of words
_SCANS_FORMAT = f"{FORMAT} of {__version__}"  # what a scan counts depends on the filters' code: an update counts again
_MOST_KEPT = 5_000  # chunks whose summaries are read ahead: some 8 kB each

_HEADS = "select key, etag, size, head from chunk_summaries where format=?"
_SUMMARIES = "select key, etag, size, head, details from chunk_summaries where format=?"
_COUNTED = "select key, etag, size, known, terms from counted where format=?"


@dataclass(frozen=True, slots=True)
class Status:
    """How many chunks of a place are indexed, the bytes of the index for them, and of the chunks themselves; and how
    many of them with their words, with the bytes of those and of their chunks."""

    chunks: int
    bytes: int
    stored: int
    with_words: int = 0
    words_bytes: int = 0
    words_stored: int = 0


class Index:
    """Summaries of the chunks of one place, by key, ETag and size. Use it in one thread; processes may share the file.

    Of files in a `folder` also the time of their last change of any kind counts: `cp -p`, `rsync -t` and `touch` set
    the time that their ETag stands for.
    """

    def __init__(self, path: Path, place: str, folder: Path | None = None) -> None:
        self.place = place
        self._database = Database(path)
        self._rows = Rows(self._database, place, folder)
        self._kept: dict[str, list[object]] = {}  # of expected chunks: of which of them words are kept
        self._holding: dict[int, set[str]] = {}  # by word, the keys of those that may hold it
        self._empty: dict[str, bool] = {}  # tables that have no row of the place
        self._only_counted = True  # was nothing else written?

    def __enter__(self) -> Index:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._database.close(keep_log=self._only_counted)

    def expect(self, chunks: Iterable[Chunk]) -> None:
        """These are the chunks that will be asked about: what is known of them is read together, ten times as fast."""
        self._forget_read()
        self._rows.expected = dict.fromkeys(key_text(chunk.key) for chunk in chunks)

    def head(self, chunk: Chunk) -> Head | None:
        """The figures of a chunk as it is now."""
        if self.is_empty("chunk_summaries"):
            return None
        rows = self._rows.of(chunk, "head", _HEADS, (FORMAT,))
        return unpack_head(rows[0][0]) if rows else None

    def summary(self, chunk: Chunk) -> Summary | None:
        """All that is known of a chunk as it is now."""
        if self.is_empty("chunk_summaries"):
            return None
        from tui.index.summary import unpacked

        few = len(self._rows.expected) <= _MOST_KEPT
        rows = self._rows.of(chunk, "summary", _SUMMARIES, (FORMAT,), ahead=few)
        return unpacked(*rows[0]) if rows else None

    def summaries(self, chunks: Iterable[Chunk]) -> Iterator[tuple[Chunk, Summary | None]]:
        """The same for many, in their order."""
        left = iter(chunks)
        while some := list(islice(left, AT_ONCE)):
            self.expect(some)
            for chunk in some:
                yield chunk, self.summary(chunk)

    def indexed(self, chunks: Iterable[Chunk]) -> set[str]:
        """The keys of those that are indexed as they are now."""
        return self._present("chunk_summaries", FORMAT, chunks)

    def put(self, chunk: Chunk, summary: Summary) -> None:
        """Remember a chunk; IndexFileError if the file cannot be written."""
        from tui.index.summary import packed

        row = (self.place, *self._rows.about(chunk), FORMAT, pack_head(summary.head), packed(summary))
        self._write(lambda db: db.execute("insert or replace into chunk_summaries values (?, ?, ?, ?, ?, ?, ?)", row))

    def may_hold(self, chunk: Chunk, word: int) -> bool:
        """May a word be in a chunk, by its hash? True also where no words are known."""
        if self.is_empty("chunk_words"):
            return True
        key, *about = self._rows.about(chunk)
        if key not in self._rows.expected:
            kept, holding = self._read_words(word, [key])
            return kept.get(key) != about or key in holding
        if word not in self._holding:
            self._kept, self._holding[word] = self._read_words(word, list(self._rows.expected))
        return self._kept.get(key) != about or key in self._holding[word]

    def _read_words(self, word: int, keys: Sequence[str]) -> tuple[dict[str, list[object]], set[str]]:
        """Of the chunks with these keys: which of them the kept words are of, and those that may hold a word."""
        from tui.index.words import LINES_OF_ROW, row_holds

        row = f"(({word} % lines) / {LINES_OF_ROW} << 32) + id"
        query = f"select key, etag, size, lines, bits from chunk_words left join word_rows on at = {row} where format=?"
        kept, holding = {}, set()
        for key, etag, size, lines, bits in self._rows.select(query, (WORDS_FORMAT,), keys):
            kept[key] = [etag, size]
            if type(bits) is not bytes or row_holds(bits, word, lines):
                holding.add(key)
        return kept, holding

    def with_words(self, chunks: Iterable[Chunk]) -> set[str]:
        """The keys of those whose words are kept as they are now."""
        return self._present("chunk_words", WORDS_FORMAT, chunks)

    def put_words(self, chunk: Chunk, words: bytes) -> None:
        """Remember the words of a chunk, packed; IndexFileError if the file cannot be written."""
        from tui.index.words import LINE, rows_of

        about = self.place, *self._rows.about(chunk)
        rows = list(rows_of(words))

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
        """What a scan of the chunk with these terms counted; None if there was none."""
        spelled = _spelled(terms)
        for data, *_ in self._of_scans(chunk, "and terms=?", spelled):
            return unpack_known(data)
        return None

    def without_match(self, chunk: Chunk) -> Iterator[tuple[frozenset[str], CountedChunk]]:
        """The terms of earlier scans that matched no record of the chunk, and what those counted."""
        for data, terms in self._of_scans(chunk, "and matches=0"):
            if (known := unpack_known(data)) is not None:
                yield _terms(terms), known

    def put_known(self, terms: Sequence[str], counted: Iterable[tuple[Chunk, CountedChunk, int]]) -> None:
        """Remember what a scan counted in some chunks, and how many records matched."""
        spelled = _spelled(terms)
        rows = [
            (self.place, *self._rows.about(chunk), _SCANS_FORMAT, spelled, matches, pack_known(known))
            for chunk, known, matches in counted
        ]
        statement = "insert or replace into counted values (?, ?, ?, ?, ?, ?, ?, ?)"
        self._write(lambda db: db.executemany(statement, rows), counts=True)

    def status(self) -> Status:
        """Of this place."""
        sums = "count(*), total(length(head) + length(details)), total(size)"
        query = f"select {sums} from chunk_summaries where place=? and format=?"
        row = self._database.ask(lambda db: db.execute(query, (self.place, FORMAT)).fetchone()) or (0, 0, 0)
        query = "select count(*), total(bytes), total(size) from chunk_words where place=? and format=?"
        words = self._database.ask(lambda db: db.execute(query, (self.place, WORDS_FORMAT)).fetchone()) or (0, 0, 0)
        return Status(*map(int, (*row, *words)))

    def drop(self) -> int:
        """Forget the place; how many chunks were known."""
        chunks = self.status().chunks

        def drop(db: sqlite3.Connection) -> None:
            db.execute("delete from chunk_summaries where place=?", (self.place,))
            db.execute("delete from counted where place=?", (self.place,))
            _forget_words(db, "place=?", (self.place,))

        self._write(drop)
        return chunks

    def is_empty(self, table: str) -> bool:
        """Is nothing of the place in a table? Asked once: a scan of many chunks asks about each of them."""
        if table not in self._empty:
            query = f"select 1 from {table} where place=? limit 1"
            self._empty[table] = self._database.ask(lambda db: db.execute(query, (self.place,)).fetchone()) is None
        return self._empty[table]

    def _present(self, table: str, format_: int, chunks: Iterable[Chunk]) -> set[str]:
        query = f"select key, etag, size from {table} where place=? and format=?"
        known = set(self._database.ask(lambda db: db.execute(query, (self.place, format_)).fetchall()) or [])
        return {chunk.key for chunk in chunks if self._rows.about(chunk) in known}

    def _of_scans(self, chunk: Chunk, which: str, *more: str) -> list[Row]:
        """What earlier scans counted, and their terms."""
        if self.is_empty("counted"):
            return []
        return self._rows.of(chunk, (which, more), f"{_COUNTED} {which}", (_SCANS_FORMAT, *more))

    def _write(self, work: Callable[[sqlite3.Connection], object], *, counts: bool = False) -> None:
        self._empty.clear()
        self._forget_read()
        self._only_counted &= counts
        self._database.write(work)

    def _forget_read(self) -> None:
        self._rows.read.clear()
        self._kept, self._holding = {}, {}


def open_index(archive: Archive) -> Index:
    """The index of an archive: nothing is read or made before it is used."""
    place = archive.store.place
    folder = None if is_s3(archive.store.url) else Path(place)
    return Index(cache_dir() / "index.sqlite", _place(place, archive.reading), folder)


def _forget_words(db: sqlite3.Connection, which: str, values: Sequence[object]) -> None:
    from tui.index.words import LINES_OF_ROW

    for identity, lines in db.execute(f"select id, lines from chunk_words where {which}", values).fetchall():
        rows = range(-(-lines // LINES_OF_ROW))
        db.executemany("delete from word_rows where at=?", [((row << 32) + identity,) for row in rows])
    db.execute(f"delete from chunk_words where {which}", values)


def _place(place: str, reading: Reading) -> str:
    """Chunks that are read in another way have other records."""
    if reading == Reading():
        return place
    return f"{place} {reading.records} {reading.include_damaged} {reading.max_record}"


def _spelled(terms: Sequence[str]) -> str:
    """The order of terms does not matter."""
    return json.dumps(sorted(terms))


@lru_cache
def _terms(spelled: str) -> frozenset[str]:
    return frozenset(json.loads(spelled))
