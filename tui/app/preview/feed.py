"""What works for a preview behind its screen: a reader that rests when enough is there, and a judge that follows it."""

from __future__ import annotations

from functools import partial

from textual.screen import Screen
from textual.worker import get_current_worker

from tui.app.messages import ChunkTorn, Judged, ReadingPaused, RecordsRead
from tui.app.preview.judging import judge
from tui.app.preview.reading import EVERYTHING, MORE_RECORDS, Appetite, Limit, Rested, read_hour
from tui.app.preview.records import HourRecords, RecordsGone
from tui.archive import Archive, Chunk
from tui.errors import HourscopeError
from tui.filter import Filter
from tui.scan import ChunkDamaged, ChunkDone, Progress


class Feed:
    """Workers of `screen`: they iterate the core and post to it what comes. Ends with `stop`."""

    def __init__(self, screen: Screen[None], archive: Archive, chunks: tuple[Chunk, ...]) -> None:
        self._screen = screen
        self._archive = archive
        self._chunks = chunks
        self._appetite = Appetite()
        self._judging: Filter | None = None
        self.records = HourRecords()

    def start(self) -> None:
        self._screen.run_worker(self._read, thread=True, exit_on_error=False, group="read")

    def stop(self, *, keep: bool) -> None:
        """For good. The records are gone, unless somebody is to `keep` them for as long as they are of use to him."""
        self._appetite.stop()
        if not keep:
            self.records.discard()

    def more(self, *, everything: bool) -> None:
        """Read on: some more, or to the hour's end."""
        self._appetite.more(EVERYTHING if everything else len(self.records) + MORE_RECORDS)

    def rest(self) -> bool:
        """Read no more for now; False if nothing was being read."""
        busy = not self._appetite.met(len(self.records))
        self._appetite.enough()
        return busy

    def judge(self, wanted: Filter, start: int) -> None:
        """Judge from `start` on. A judge at work goes on by itself, unless its filter is another."""
        if wanted is not self._judging:
            self._judging = wanted
            job = partial(self._judge, wanted, start)
            self._screen.run_worker(job, thread=True, exit_on_error=False, group="judge", exclusive=True)

    def judged(self, message: Judged) -> None:
        """A judgement has come; the last one is the judge's end."""
        if message.found.last and message.filter is self._judging:
            self._judging = None

    def _read(self) -> None:
        trouble, limit = "", None
        try:
            for event in read_hour(self._archive, self._chunks, self._appetite, self.records):
                if isinstance(event, Progress | ChunkDone):
                    self._screen.post_message(RecordsRead())
                elif isinstance(event, ChunkDamaged):
                    self._screen.post_message(ChunkTorn(event))
                elif isinstance(event, Limit):
                    limit = event
                elif isinstance(event, Rested):
                    self._screen.post_message(ReadingPaused(ended=False))
        except HourscopeError as error:
            trouble = str(error)
        self._screen.post_message(ReadingPaused(ended=True, trouble=trouble, limit=limit))

    def _judge(self, wanted: Filter, start: int) -> None:
        worker = get_current_worker()
        try:
            for found in judge(wanted, self.records, start):
                if worker.is_cancelled:
                    return
                if found is not None:
                    self._screen.post_message(Judged(wanted, found))
        except RecordsGone:
            return  # and so is the screen
