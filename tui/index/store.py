"""Where the index is kept: one SQLite file in the cache folder. Losing it costs time, never an answer."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from tui import __version__
from tui.archive import Archive, Chunk
from tui.archive.local import private_folder
from tui.archive.reading import Reading
from tui.archive.store import is_s3
from tui.config import cache_dir
from tui.errors import IndexFileError
from tui.index.counted import CountedChunk, pack_known, unpack_known

if TYPE_CHECKING:  # who only scans waits for neither
    from tui.index.summary import Summary
    from tui.index.words import Words

FORMAT = 6  # of a stored summary; others are ignored
WORDS_FORMAT = 2  # of a stored filter of words
_WAIT = 10.0  # seconds for another process that writes
_SCHEMA = """
create table if not exists summaries (
    place text, key text, etag text, size integer, format integer, summary blob, primary key (place, key)
) without rowid;
create table if not exists counted (
    place text, key text, etag text, size integer, format text, terms text, matches integer, known blob,
    primary key (place, key, terms)
) without rowid;
drop table if exists scans;
create table if not exists words (
    place text, key text, etag text, size integer, format integer, words blob, primary key (place, key)
);
"""
_SCANS_FORMAT = f"{FORMAT} of {__version__}"  # what a scan counts depends on the filters' code: an update counts again
_BROKEN = (sqlite3.DatabaseError,)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class IndexStatus:
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

    A file that is damaged or of another program is put aside, and a new one begun.
    """

    def __init__(self, path: Path, place: str, folder: Path | None = None) -> None:
        self._path = path
        self.place = place
        self._folder = folder
        self._connection: sqlite3.Connection | None = None
        self._empty: dict[str, bool] = {}  # tables that have no row of the place

    def __enter__(self) -> Index:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def summary(self, chunk: Chunk) -> Summary | None:
        """What is known of a chunk as it is now."""
        if self.is_empty("summaries"):
            return None
        from tui.index.summary import unpacked

        query = "select summary from summaries where place=? and key=? and etag=? and size=? and format=?"
        row = self._ask(lambda db: db.execute(query, (*self._about(chunk), FORMAT)).fetchone())
        return unpacked(row[0]) if row and isinstance(row[0], bytes) else None

    def summaries(self, chunks: Iterable[Chunk]) -> Iterator[tuple[Chunk, Summary | None]]:
        """The same for many, in their order."""
        for chunk in chunks:
            yield chunk, self.summary(chunk)

    def indexed(self, chunks: Iterable[Chunk]) -> set[str]:
        """The keys of those that are indexed as they are now."""
        query = "select key, etag, size from summaries where place=? and format=?"
        rows = self._ask(lambda db: db.execute(query, (self.place, FORMAT)).fetchall()) or []
        known = set(rows)
        return {chunk.key for chunk in chunks if (_text(chunk.key), self._etag(chunk), chunk.size) in known}

    def put(self, chunk: Chunk, summary: Summary) -> None:
        """Remember a chunk; IndexFileError if the file cannot be written."""
        from tui.index.summary import packed

        row = (*self._about(chunk), FORMAT, packed(summary))
        self._write("insert or replace into summaries values (?, ?, ?, ?, ?, ?)", row)

    def words(self, chunk: Chunk) -> Words | None:
        """The words of a chunk as it is now."""
        if self.is_empty("words"):
            return None
        from tui.index.words import Words

        query = "select words from words where place=? and key=? and etag=? and size=? and format=?"
        row = self._ask(lambda db: db.execute(query, (*self._about(chunk), WORDS_FORMAT)).fetchone())
        return Words.of(row[0]) if row and isinstance(row[0], bytes) else None

    def with_words(self, chunks: Iterable[Chunk]) -> set[str]:
        """The keys of those whose words are kept as they are now."""
        query = "select key, etag, size from words where place=? and format=?"
        known = set(self._ask(lambda db: db.execute(query, (self.place, WORDS_FORMAT)).fetchall()) or [])
        return {chunk.key for chunk in chunks if (_text(chunk.key), self._etag(chunk), chunk.size) in known}

    def put_words(self, chunk: Chunk, words: bytes) -> None:
        """Remember the words of a chunk, packed; IndexFileError if the file cannot be written."""
        row = (*self._about(chunk), WORDS_FORMAT, words)
        self._write("insert or replace into words values (?, ?, ?, ?, ?, ?)", row)

    def known(self, chunk: Chunk, terms: Sequence[str]) -> CountedChunk | None:
        """What a scan of the chunk with these terms counted; None if there was none."""
        if self.is_empty("counted"):
            return None
        query = "select known from counted where place=? and key=? and etag=? and size=? and format=? and terms=?"
        row = self._ask(lambda db: db.execute(query, (*self._about(chunk), _SCANS_FORMAT, _spelled(terms))).fetchone())
        return unpack_known(row[0]) if row and isinstance(row[0], bytes) else None

    def without_match(self, chunk: Chunk) -> Iterator[tuple[frozenset[str], CountedChunk]]:
        """The terms of earlier scans that matched no record of the chunk, and what those counted."""
        if self.is_empty("counted"):
            return
        query = (
            "select terms, known from counted where place=? and key=? and etag=? and size=? and format=? and matches=0"
        )
        rows = self._ask(lambda db: db.execute(query, (*self._about(chunk), _SCANS_FORMAT)).fetchall()) or []
        for terms, data in rows:
            if (known := unpack_known(data)) is not None:
                yield frozenset(json.loads(terms)), known

    def put_known(self, terms: Sequence[str], counted: Iterable[tuple[Chunk, CountedChunk, int]]) -> None:
        """Remember what a scan counted in some chunks, and how many records matched."""
        spelled = _spelled(terms)
        rows = [
            (*self._about(chunk), _SCANS_FORMAT, spelled, matches, pack_known(known))
            for chunk, known, matches in counted
        ]
        self._write("insert or replace into counted values (?, ?, ?, ?, ?, ?, ?, ?)", *rows)

    def status(self) -> IndexStatus:
        """Of this place."""
        query = "select count(*), total(length(summary)), total(size) from summaries where place=? and format=?"
        row = self._ask(lambda db: db.execute(query, (self.place, FORMAT)).fetchone()) or (0, 0, 0)
        query = "select count(*), total(length(words)), total(size) from words where place=? and format=?"
        words = self._ask(lambda db: db.execute(query, (self.place, WORDS_FORMAT)).fetchone()) or (0, 0, 0)
        return IndexStatus(*map(int, (*row, *words)))

    def drop(self) -> int:
        """Forget the place; how many chunks were known."""
        chunks = self.status().chunks
        self._write("delete from summaries where place=?", (self.place,))
        self._write("delete from words where place=?", (self.place,))
        self._write("delete from counted where place=?", (self.place,))
        return chunks

    def is_empty(self, table: str) -> bool:
        """Is nothing of the place in a table? Asked once: a scan of many chunks asks about each of them."""
        if table not in self._empty:
            query = f"select 1 from {table} where place=? limit 1"
            self._empty[table] = self._ask(lambda db: db.execute(query, (self.place,)).fetchone()) is None
        return self._empty[table]

    def _about(self, chunk: Chunk) -> tuple[str, str, str | None, int]:
        return self.place, _text(chunk.key), self._etag(chunk), chunk.size

    def _etag(self, chunk: Chunk) -> str | None:
        if self._folder is None:
            return chunk.etag
        try:
            return f"{chunk.etag}-{os.stat(f'{self._folder}/{chunk.key}').st_ctime_ns:x}"  # noqa: PTH116  (five times as fast as Path.stat)
        except OSError:  # gone: nothing is known of it
            return None

    def _ask(self, question: Callable[[sqlite3.Connection], T]) -> T | None:
        """An answer of the file; None if there is none, or it is damaged: then everything is read."""
        if self._connection is None and not self._path.exists():
            return None
        try:
            return question(self._open())
        except (*_BROKEN, OSError):
            self.close()
            return None

    def _write(self, statement: str, *rows: tuple[object, ...]) -> None:
        self._empty.clear()
        for attempt in (1, 2):
            try:
                database = self._open()
                with database:
                    database.execute("begin")
                    database.executemany(statement, rows)
                return
            except sqlite3.OperationalError as error:  # full, locked, read-only
                self.close()
                words = f"{self._path} cannot be written: {error}; free some space, or set XDG_CACHE_HOME"
                raise IndexFileError(words) from error
            except sqlite3.DatabaseError as error:
                self.close()
                if attempt == 2:
                    raise IndexFileError(f"{self._path} cannot be written: {error}; delete it") from error
                self._put_aside()
            except OSError as error:
                raise IndexFileError(f"{self._path} cannot be written: {error.strerror}") from error

    def _put_aside(self) -> None:
        """A damaged file must not be in the way."""
        with suppress(OSError):
            self._path.rename(self._path.with_suffix(".damaged"))
        for ending in ("-wal", "-shm"):
            with suppress(OSError):
                self._path.with_name(self._path.name + ending).unlink()

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            private_folder(self._path.parent)
            if not self._path.exists():
                self._path.touch(0o600)
            connection = sqlite3.connect(self._path, timeout=_WAIT, isolation_level=None)
            try:
                connection.execute("pragma journal_mode=wal")
                connection.execute("pragma synchronous=normal")
                connection.executescript(_SCHEMA)
            except sqlite3.Error:
                connection.close()
                raise
            self._connection = connection
        return self._connection


def open_index(archive: Archive) -> Index:
    """The index of an archive: nothing is read or made before it is used."""
    url = archive.store.url
    folder = None if is_s3(url) else Path(url).resolve()  # however it was named
    return Index(cache_dir() / "index.sqlite", _place(str(folder or url), archive.reading), folder)


def _place(url: str, reading: Reading) -> str:
    """Chunks that are read in another way have other records."""
    return url if reading == Reading() else f"{url} {reading.records} {reading.include_damaged} {reading.max_record}"


def _spelled(terms: Sequence[str]) -> str:
    """The order of terms does not matter."""
    return json.dumps(sorted(terms))


def _text(key: str) -> str:
    """A key that is not UTF-8 has no text that SQLite takes."""
    return key.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
