"""Beyond the previewed hour: the search for the next hour with a match, and the newest hour as it grows."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from textual.message import Message
from textual.worker import get_current_worker

from tui.analysis.known import known_from
from tui.app.model.session import Session
from tui.app.model.usual import Usual
from tui.archive import Catalog, Chunk, ChunkReader, Damage
from tui.archive.streams import ReadCancelled
from tui.errors import ArchiveError
from tui.filter import Filter, Matcher
from tui.index import open_index

_INTERVAL_SECONDS = 0.5  # between two reports


@dataclass
class Sought(Message):
    """The state of a search: the next match is in `hour`, `passed` hours away. `hour` is None while the search goes on,
    and if it `ended` without a match."""

    step: int
    hour: datetime | None
    passed: int
    ended: bool = False
    unread: int = 0  # hours that could not be read in full


@dataclass
class Newer(Message):
    """The archive was listed again."""

    catalog: Catalog
    usual: Usual


def seek(session: Session, hour: datetime, step: int, filter_: Filter) -> Iterator[Sought]:
    """Find the first hour with a match after `hour` (`step` 1) or before it (-1); yield reports on the way.

    Hours whose counts are known from an extract or the index are not read; the others are read up to the first match.
    It runs in a worker and ends if the worker is cancelled.
    """
    passed = unread = 0
    reported, here, worker = time.monotonic(), session.hour_beside(hour, step), get_current_worker()
    matcher = filter_.matcher()
    with open_index(session.archive) as index:
        known = known_from(index)
        while here is not None and not worker.is_cancelled:
            passed += 1
            if session.out_of_reach(here):
                unread += 1
            else:
                asked = [(chunk, known(chunk, filter_)) for chunk in session.chunks(here)]
                chunks = [chunk for chunk, answer in asked if answer is None]
                answers = [_has_match(session, chunk, matcher, lambda: worker.is_cancelled) for chunk in chunks]
                unread += None in answers or any(answer and answer.damage for _, answer in asked)
                if True in answers:
                    yield Sought(step, here, passed, ended=True, unread=unread)
                    return
            if time.monotonic() - reported > _INTERVAL_SECONDS:
                reported = time.monotonic()
                yield Sought(step, None, passed)
            here = session.hour_beside(here, step)
    yield Sought(step, None, passed, ended=True, unread=unread)


def _has_match(session: Session, chunk: Chunk, matcher: Matcher, cancelled: Callable[[], bool]) -> bool | None:
    """Return whether a record matches; None if none does, but not all could be read."""
    archive = session.archive
    try:
        with ChunkReader(
            archive.store, chunk.key, etag=chunk.etag, cancelled=cancelled, reading=archive.reading
        ) as reader:
            sound = True
            for item in reader.results(lambda: matcher.count, hold=0):
                if isinstance(item, Damage):
                    sound = False
                elif item:
                    return True
            return False if sound else None
    except ReadCancelled:
        return False
    except ArchiveError:
        return None
