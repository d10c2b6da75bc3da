"""Rows about the chunks of one place; the rows of many chunks are read together."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias, cast

from tui.archive import Chunk
from tui.index.database import Database

AT_ONCE = 900  # keys per query; older versions of SQLite accept 999 values

Row: TypeAlias = tuple[Any, ...]
_About: TypeAlias = tuple[str, str | None, int]


class ChunkRows:
    """`expected`: the keys of chunks that will be queried. `read`: their rows that were read, by the query's name.

    A row is valid for a chunk with the same key, ETag and size; for files in a `folder`, also with the same time of the
    last change of any kind (ctime).
    """

    def __init__(self, database: Database, place: str, folder: Path | None) -> None:
        self._database = database
        self._place = place
        self._folder = folder
        self._asked: tuple[Chunk | None, _About] = (None, ("", None, 0))  # the last chunk, and its result
        self.expected: dict[str, None] = {}
        self.read: dict[object, dict[str, list[Row]]] = {}

    def of(
        self,
        chunk: Chunk,
        name: object,
        query: str,
        values: Sequence[object],
        read: Callable[[Row], Row] = lambda row: row,
        *,
        ahead: bool = True,
    ) -> list[Row]:
        """Return the rows valid for a chunk as it is now, without key, ETag and size. `ahead`: read the rows of all
        expected chunks together, and keep them under `name`."""
        key, etag, size = self.about(chunk)
        rows = self.read.get(name) if ahead and key in self.expected else None
        if rows is None:
            together = ahead and key in self.expected
            rows = {}
            for row in map(read, self.select(query, values, list(self.expected) if together else [key])):
                rows.setdefault(row[0], []).append(row)
            if together:
                self.read[name] = rows
        return [row[3:] for row in rows.get(key, ()) if row[1] == etag and row[2] == size]

    def select(self, query: str, values: Sequence[object], keys: Sequence[str]) -> Iterator[Row]:
        """Yield the rows of the place with these keys."""
        for start in range(0, len(keys), AT_ONCE):
            some = keys[start : start + AT_ONCE]
            full = f"{query} and place=? and key in ({', '.join('?' * len(some))})"
            yield from self._database.rows(full, (*values, self._place, *some))

    def about(self, chunk: Chunk) -> _About:
        """Return key, ETag and size of a chunk as it is now; ETag None, which matches no row, if its file is gone."""
        if self._asked[0] is not chunk:
            key, etag = chunk.key, cast(str | None, chunk.etag)
            if self._folder is not None:
                try:
                    changed = os.stat(f"{self._folder}/{key}").st_ctime_ns  # noqa: PTH116  (five times as fast as Path.stat)
                    etag = f"{etag}-{changed:x}"
                except OSError:
                    etag = None
            self._asked = chunk, (key_text(key), etag, chunk.size)
        return self._asked[1]


def key_text(key: str) -> str:
    """Return a key as text for SQLite, with bytes that are not UTF-8 escaped."""
    return key if key.isascii() else key.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
