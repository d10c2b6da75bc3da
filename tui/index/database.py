"""The file that the index is kept in: an SQLite database. Losing it costs time, never an answer."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from tui.archive.local import private_folder
from tui.errors import IndexFileError

_WAIT = 10.0  # seconds for another process that writes
_PAUSE = 0.01  # seconds between two tries
_SCHEMA = """
create table if not exists chunk_summaries (
    place text, key text, etag text, size integer, format integer, head blob, details blob, primary key (place, key)
) without rowid;
create table if not exists counted (
    place text, key text, etag text, size integer, format text, terms text, matches integer, known blob,
    primary key (place, key, terms)
) without rowid;
create table if not exists chunk_words (
    id integer primary key, place text, key text, etag text, size integer, format integer, lines integer, bytes integer,
    unique (place, key)
);
create table if not exists word_rows (at integer primary key, bits blob);
drop table if exists scans;
drop table if exists words;
drop table if exists summaries;
"""

T = TypeVar("T")


class Database:
    """Opened when it is first asked. Use it in one thread; processes may share the file.

    A file that is damaged or of another program is put aside, and a new one begun.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None

    def close(self, *, keep_log: bool = False) -> None:
        """`keep_log`: what was written stays in SQLite's log, which another process will put into the file: to do so
        takes longer than many an answer, for it waits for the disk."""
        if self._connection is None:
            return
        with suppress(sqlite3.Error):
            other = sqlite3.connect(f"{self._path.resolve().as_uri()}?mode=ro", uri=True) if keep_log else None
            if other is not None:  # who only reads cannot move the log, and who is not the last does not
                other.execute("select 1 from chunk_summaries limit 1").fetchone()
            self._connection.close()
            if other is not None:
                other.close()
        self._connection = None

    def ask(self, question: Callable[[sqlite3.Connection], T]) -> T | None:
        """An answer of the file; None if there is none, or it is damaged: then everything is read."""
        if self._connection is None and not self._path.exists():
            return None
        try:
            return question(self._open())
        except (sqlite3.DatabaseError, OSError):
            self.close()
            return None

    def rows(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """All rows of an answer; none if there is none."""
        return self.ask(lambda database: database.execute(query, values).fetchall()) or []

    def write(self, work: Callable[[sqlite3.Connection], object]) -> None:
        """Do all of some work, or nothing; IndexFileError if the file cannot be written."""
        for attempt in (1, 2):
            try:
                database = self._open()
                with database:
                    database.execute("begin immediate")
                    work(database)
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
                _begin(connection)
            except sqlite3.Error:
                connection.close()
                raise
            self._connection = connection
        return self._connection


def _begin(connection: sqlite3.Connection) -> None:
    """For the lock that a change of its mode takes SQLite does not wait by itself."""
    last = time.monotonic() + _WAIT
    while True:
        try:
            connection.execute("pragma journal_mode=wal")
            break
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > last:
                raise
            time.sleep(_PAUSE)
    connection.execute("pragma synchronous=normal")
    connection.executescript(_SCHEMA)
