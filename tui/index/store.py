"""What the index knows of the chunks of one place."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui import __version__
from tui.archive import Archive, Chunk
from tui.archive.reading import Reading
from tui.archive.store import is_s3
from tui.config import cache_dir
from tui.index.counted import CountedChunk, pack_known, unpack_known
from tui.index.database import Database

if TYPE_CHECKING:  # who only scans waits for neither
    from tui.index.summary import Head, Summary

FORMAT = 7  # of a stored summary; others are ignored
WORDS_FORMAT = 3  # of a stored filter of words
_SCANS_FORMAT = f"{FORMAT} of {__version__}"  # what a scan counts depends on the filters' code: an update counts again
_AT_ONCE = 900  # keys of one question: SQLite takes 999 in its older versions
_MOST_KEPT = 5_000  # chunks whose summaries are read ahead: some 8 kB each

_SUMMARIES = "select key, etag, size, summary from summaries where format=?"
_COUNTED = "select key, etag, size, known, terms from counted where format=?"

_Row = tuple[Any, ...]


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
        self._database = Database(path)
        self.place = place
        self._folder = folder
        self._expected: dict[str, None] = {}  # keys
        self._rows: dict[object, dict[str, list[_Row]]] = {}  # of those, by what was read
        self._filters: dict[str, _Row] = {}  # of those, which chunk a filter is of
        self._holding: dict[int, set[str]] = {}  # by word, the keys of those that may hold it
        self._asked: tuple[Chunk | None, str | None] = (None, None)  # the last one, and its ETag
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
        self._expected = dict.fromkeys(_text(chunk.key) for chunk in chunks)
        self._forget_read()

    def head(self, chunk: Chunk) -> Head | None:
        """The figures of a chunk as it is now."""
        if self.is_empty("summaries"):
            return None
        from tui.index.summary import head_of

        rows = self._of(chunk, "head", _SUMMARIES, (FORMAT,), lambda row: (*row[:3], head_of(row[3])))
        return rows[0][0] if rows else None

    def summary(self, chunk: Chunk) -> Summary | None:
        """All that is known of a chunk as it is now."""
        if self.is_empty("summaries"):
            return None
        from tui.index.summary import unpacked

        few = len(self._expected) <= _MOST_KEPT
        rows = self._of(chunk, "summary", _SUMMARIES, (FORMAT,), ahead=few)
        return unpacked(rows[0][0]) if rows else None

    def summaries(self, chunks: Iterable[Chunk]) -> Iterator[tuple[Chunk, Summary | None]]:
        """The same for many, in their order."""
        left = iter(chunks)
        while some := list(islice(left, _AT_ONCE)):
            self.expect(some)
            for chunk in some:
                yield chunk, self.summary(chunk)

    def indexed(self, chunks: Iterable[Chunk]) -> set[str]:
        """The keys of those that are indexed as they are now."""
        return self._present("summaries", FORMAT, chunks)

    def put(self, chunk: Chunk, summary: Summary) -> None:
        """Remember a chunk; IndexFileError if the file cannot be written."""
        from tui.index.summary import packed

        row = (*self._about(chunk), FORMAT, packed(summary))
        self._write(lambda db: db.execute("insert or replace into summaries values (?, ?, ?, ?, ?, ?)", row))

    def may_hold(self, chunk: Chunk, word: int) -> bool:
        """May a word be in a chunk, by its hash? True also where no words are known."""
        if self.is_empty("filters"):
            return True
        key, about = _text(chunk.key), (self._etag(chunk), chunk.size)
        if key not in self._expected:
            filters, holding = self._read_words(word, [key])
            return filters.get(key) != about or key in holding
        if word not in self._holding:
            self._filters, self._holding[word] = self._read_words(word, list(self._expected))
        return self._filters.get(key) != about or key in self._holding[word]

    def _read_words(self, word: int, keys: Sequence[str]) -> tuple[dict[str, _Row], set[str]]:
        """Of the chunks with these keys: which ones the filters are of, and the keys of those that may hold a word."""
        from tui.index.words import LINES_OF_ROW, row_holds

        row = f"(({word} % lines) / {LINES_OF_ROW} << 32) + id"
        query = f"select key, etag, size, lines, bits from filters left join filter_rows on at = {row} where format=?"
        filters, holding = {}, set()
        for key, etag, size, lines, bits in self._select(query, (WORDS_FORMAT,), keys):
            filters[key] = etag, size
            if type(bits) is not bytes or row_holds(bits, word, lines):
                holding.add(key)
        return filters, holding

    def with_words(self, chunks: Iterable[Chunk]) -> set[str]:
        """The keys of those whose words are kept as they are now."""
        return self._present("filters", WORDS_FORMAT, chunks)

    def put_words(self, chunk: Chunk, words: bytes) -> None:
        """Remember the words of a chunk, packed; IndexFileError if the file cannot be written."""
        from tui.index.words import LINE, rows_of

        about = self._about(chunk)
        rows = list(rows_of(words))

        def put(db: sqlite3.Connection) -> None:
            _forget_words(db, "place=? and key=?", about[:2])
            more = (WORDS_FORMAT, len(words) // LINE, sum(map(len, rows)))
            identity = db.execute("insert into filters values (null, ?, ?, ?, ?, ?, ?, ?)", (*about, *more)).lastrowid
            places = ((number << 32) + (identity or 0) for number in range(len(rows)))
            db.executemany("insert into filter_rows values (?, ?)", zip(places, rows, strict=True))

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
            (*self._about(chunk), _SCANS_FORMAT, spelled, matches, pack_known(known))
            for chunk, known, matches in counted
        ]
        statement = "insert or replace into counted values (?, ?, ?, ?, ?, ?, ?, ?)"
        self._write(lambda db: db.executemany(statement, rows), counts=True)

    def status(self) -> Status:
        """Of this place."""
        query = "select count(*), total(length(summary)), total(size) from summaries where place=? and format=?"
        row = self._database.ask(lambda db: db.execute(query, (self.place, FORMAT)).fetchone()) or (0, 0, 0)
        query = "select count(*), total(bytes), total(size) from filters where place=? and format=?"
        words = self._database.ask(lambda db: db.execute(query, (self.place, WORDS_FORMAT)).fetchone()) or (0, 0, 0)
        return Status(*map(int, (*row, *words)))

    def drop(self) -> int:
        """Forget the place; how many chunks were known."""
        chunks = self.status().chunks

        def drop(db: sqlite3.Connection) -> None:
            db.execute("delete from summaries where place=?", (self.place,))
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
        return {chunk.key for chunk in chunks if (_text(chunk.key), self._etag(chunk), chunk.size) in known}

    def _of_scans(self, chunk: Chunk, which: str, *more: str) -> list[_Row]:
        """What earlier scans counted, and their terms."""
        if self.is_empty("counted"):
            return []
        return self._of(chunk, (which, more), f"{_COUNTED} {which}", (_SCANS_FORMAT, *more))

    def _of(
        self,
        chunk: Chunk,
        name: object,
        query: str,
        values: Sequence[object],
        read: Callable[[_Row], _Row] = lambda row: row,
        *,
        ahead: bool = True,
    ) -> list[_Row]:
        """The rows of a chunk as it is now, each without its key, ETag and size. `ahead`: those of all the expected
        chunks are read together, and kept by a name."""
        key = _text(chunk.key)
        rows = self._rows.get(name) if ahead and key in self._expected else None
        if rows is None:
            together = ahead and key in self._expected
            rows = {}
            for row in map(read, self._select(query, values, list(self._expected) if together else [key])):
                rows.setdefault(row[0], []).append(row)
            if together:
                self._rows[name] = rows
        about = self._etag(chunk), chunk.size
        return [row[3:] for row in rows.get(key, ()) if row[1:3] == about]

    def _select(self, query: str, values: Sequence[object], keys: Sequence[str]) -> Iterator[_Row]:
        """The rows of the place with these keys."""
        for start in range(0, len(keys), _AT_ONCE):
            some = keys[start : start + _AT_ONCE]
            full = f"{query} and place=? and key in ({', '.join('?' * len(some))})"
            asked = (*values, self.place, *some)
            yield from self._database.ask(partial(_fetched, full, asked)) or ()

    def _write(self, work: Callable[[sqlite3.Connection], object], *, counts: bool = False) -> None:
        self._empty.clear()
        self._forget_read()
        self._only_counted &= counts
        self._database.write(work)

    def _forget_read(self) -> None:
        self._rows, self._filters, self._holding = {}, {}, {}

    def _about(self, chunk: Chunk) -> tuple[str, str, str | None, int]:
        return self.place, _text(chunk.key), self._etag(chunk), chunk.size

    def _etag(self, chunk: Chunk) -> str | None:
        if self._folder is None:
            return chunk.etag
        if self._asked[0] is not chunk:
            try:
                changed = os.stat(f"{self._folder}/{chunk.key}").st_ctime_ns  # noqa: PTH116  (five times as fast as Path.stat)
                self._asked = chunk, f"{chunk.etag}-{changed:x}"
            except OSError:  # gone: nothing is known of it
                self._asked = chunk, None
        return self._asked[1]


def open_index(archive: Archive) -> Index:
    """The index of an archive: nothing is read or made before it is used."""
    url = archive.store.url
    folder = None if is_s3(url) else Path(url).resolve()  # however it was named
    return Index(cache_dir() / "index.sqlite", _place(str(folder or url), archive.reading), folder)


def _fetched(query: str, values: Sequence[object], db: sqlite3.Connection) -> list[_Row]:
    return db.execute(query, values).fetchall()


def _forget_words(db: sqlite3.Connection, which: str, values: Sequence[object]) -> None:
    from tui.index.words import LINES_OF_ROW

    for identity, lines in db.execute(f"select id, lines from filters where {which}", values).fetchall():
        rows = range(-(-lines // LINES_OF_ROW))
        db.executemany("delete from filter_rows where at=?", [((row << 32) + identity,) for row in rows])
    db.execute(f"delete from filters where {which}", values)


def _place(url: str, reading: Reading) -> str:
    """Chunks that are read in another way have other records."""
    return url if reading == Reading() else f"{url} {reading.records} {reading.include_damaged} {reading.max_record}"


def _spelled(terms: Sequence[str]) -> str:
    """The order of terms does not matter."""
    return json.dumps(sorted(terms))


@lru_cache
def _terms(spelled: str) -> frozenset[str]:
    return frozenset(json.loads(spelled))


def _text(key: str) -> str:
    """A key that is not UTF-8 has no text that SQLite takes."""
    return key.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
