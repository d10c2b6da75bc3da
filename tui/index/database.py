"""The index's file, an SQLite database. It is only a cache: losing it costs time, but no data."""

from __future__ import annotations

import errno
import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from tui.archive.local import private_folder
from tui.errors import IndexFileError, is_full

_WAIT = 10.0  # seconds to wait for another process to finish writing
_PAUSE = 0.01  # seconds between tries
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

_PRIMARY = 0xFF  # the part of SQLite's error code that is not specific
_UNWRITABLE = {
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
}

# A message about a damaged file may quote bytes of it that are not UTF-8
_DAMAGED = (sqlite3.DatabaseError, UnicodeDecodeError)

T = TypeVar("T")


class Database:
    """Opened at the first query. Use it in one thread; processes may share the file.

    A file that is damaged or not a database is renamed, and a new one is started. One that cannot be written, or whose
    disk is full, is opened only to be read: then `read_only` is true.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.read_only = False
        self._connection: sqlite3.Connection | None = None

    def close(self, *, keep_log: bool = False) -> None:
        """Close the file. `keep_log`: leave changes in SQLite's write-ahead log, for another process to move to the
        file: that waits for the disk, and would take longer than many queries."""
        if self._connection is None:
            return
        with suppress(*_DAMAGED):
            other = (
                sqlite3.connect(f"{self.path.resolve().as_uri()}?mode=ro", uri=True)
                if keep_log and not self.read_only
                else None
            )
            if other is not None:  # only the last connection to close moves the log, and a read-only one cannot
                other.execute("select 1 from chunk_summaries limit 1").fetchone()
            self._connection.close()
            if other is not None:
                other.close()
        self._connection = None

    def ask(self, question: Callable[[sqlite3.Connection], T]) -> T | None:
        """Return the result of a query; None if the file is missing or damaged, as if nothing were indexed."""
        if self._connection is None and not self.path.exists():
            return None
        try:
            return question(self._open_to_read())
        except (*_DAMAGED, OSError):
            self.close()
            return None

    def rows(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Return all rows of a query; an empty list if the file is missing or damaged."""
        return self.ask(lambda database: database.execute(query, values).fetchall()) or []

    def write(self, work: Callable[[sqlite3.Connection], object]) -> None:
        """Do some work in one transaction; IndexFileError if the file cannot be written."""
        if self.read_only:
            self.close()  # it may be possible now
        for attempt in (1, 2):
            try:
                database, self.read_only = self._open(), False
                with database:
                    database.execute("begin immediate")
                    work(database)
                return
            except _DAMAGED as error:
                self.close()
                if _is_external(error):
                    words = f"{self.path} cannot be written: {error}; free some space, or set XDG_CACHE_HOME"
                    raise IndexFileError(words) from error
                if attempt == 2:
                    raise IndexFileError(f"{self.path} cannot be written: {error}; delete it") from error
                self._rename_damaged()
            except OSError as error:
                raise IndexFileError(f"{self.path} cannot be written: {error.strerror}") from error

    def _rename_damaged(self) -> None:
        """Rename a damaged file, so a new one can be started."""
        with suppress(OSError):
            self.path.rename(self.path.with_suffix(".damaged"))
        for ending in ("-wal", "-shm"):
            with suppress(OSError):
                self.path.with_name(self.path.name + ending).unlink()

    def _open_to_read(self) -> sqlite3.Connection:
        if self._connection is None and not self.read_only:
            try:
                return self._open()
            except (sqlite3.OperationalError, OSError) as error:
                if not _forbids_writing(error):
                    raise
        if self._connection is None:
            self._connection, self.read_only = _opened_read_only(self.path), True
        return self._connection

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            private_folder(self.path.parent)
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))  # SQLite would only read it
            connection = sqlite3.connect(self.path, timeout=_WAIT, isolation_level=None)
            try:
                _begin(connection)
            except _DAMAGED:
                connection.close()
                raise
            self._connection = connection
        return self._connection


def _opened_read_only(path: Path) -> sqlite3.Connection:
    """Open a file without writing anything, not even SQLite's files beside it.

    SQLite makes these for a file in WAL mode, or refuses it, unless it is told that nobody changes it (`immutable`). If
    somebody does, pages of two versions may be read; rows have checksums, so no wrong one is used.
    """
    in_use = path.with_name(f"{path.name}-wal").exists()
    for mode in (*(["mode=ro"] if in_use else []), "mode=ro&immutable=1"):
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?{mode}", timeout=_WAIT, isolation_level=None, uri=True)
        try:
            connection.execute("select 1 from sqlite_master limit 1").fetchone()
            return connection
        except _DAMAGED as error:
            connection.close()
            if not _forbids_writing(error):
                raise
    raise sqlite3.OperationalError(f"{path} cannot be read")


def _forbids_writing(error: Exception) -> bool:
    """True if the file cannot be opened because something must be written for that, and cannot be."""
    if isinstance(error, OSError):
        return error.errno in (errno.EACCES, errno.EPERM, errno.EROFS) or is_full(error)
    return getattr(error, "sqlite_errorcode", 0) & _PRIMARY in _UNWRITABLE


def _is_external(error: Exception) -> bool:
    """True if the file may be sound: the disk is full, the file locked or read-only. "unsupported file format" and the
    like are SQLITE_ERROR."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    return isinstance(error, sqlite3.OperationalError) and code != sqlite3.SQLITE_ERROR


def _begin(connection: sqlite3.Connection) -> None:
    """Set up a connection. SQLite's timeout does not apply to the lock for a change of journal mode, so wait here."""
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
