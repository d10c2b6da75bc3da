"""Beyond the hour of a preview: the next hour with a match, found in a thread, and the newest hour as it grows."""

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
    """Where the next match is: `hour`, `passed` hours on; None as long as it is sought, and where (`ended`) none is."""

    step: int
    hour: datetime | None
    passed: int
    ended: bool = False
    unread: int = 0  # hours of which not all could be read


@dataclass
class Newer(Message):
    """The archive was listed again."""

    catalog: Catalog
    usual: Usual


def seek(session: Session, hour: datetime, step: int, filter_: Filter) -> Iterator[Sought]:
    """The first hour after `hour` (`step` 1) or before it (-1) with a match; reports on the way.

    Hours of an extract's or the index's known counts are passed over unread; the others are read up to the first match.
    To be run in a worker: one that is cancelled ends it.
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
                chunks = [chunk for chunk in session.chunks(here) if known(chunk, filter_) is None]
                answers = [_has_match(session, chunk, matcher, lambda: worker.is_cancelled) for chunk in chunks]
                unread += None in answers
                if True in answers:
                    yield Sought(step, here, passed, ended=True, unread=unread)
                    return
            if time.monotonic() - reported > _INTERVAL_SECONDS:
                reported = time.monotonic()
                yield Sought(step, None, passed)
            here = session.hour_beside(here, step)
    yield Sought(step, None, passed, ended=True, unread=unread)


def _has_match(session: Session, chunk: Chunk, matcher: Matcher, cancelled: Callable[[], bool]) -> bool | None:
    """Does a record match? None if none does of those that can be read, and not all can."""
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
