"""Building the index of some hours: what is in it already, then the progress."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget

from tui.analysis.indexing import WordsLeftOut, build, unindexed
from tui.app.archive_page import ArchivePage
from tui.app.job_page import JobPage
from tui.app.model.hours import Selection
from tui.app.model.jobs import DONE, FAILED, RUNNING, STOPPED, Jobs, JobState
from tui.app.model.session import Session
from tui.app.widgets.board import Board, progress_fact
from tui.archive.location import command_line
from tui.archive.times import zone_name
from tui.config import cache_dir
from tui.facts import Fact, signed
from tui.filter import Filter
from tui.index import open_index
from tui.scan import ScanPlan, Totals
from tui.scan.events import ChunkDamaged
from tui.scan.facts import trouble_facts
from tui.scan.plan import reasons_to_ask
from tui.units import count, duration, plural, size

_INTERVAL_SECONDS = 0.25
_GIVES = (
    "counts, the timeline, the calendar's shades and the fields of all hours, without reading a chunk",
    "searches skip the chunks that cannot match",
)
_USED = "done: counts, fields and searches of these hours use it; q goes back"


@dataclass
class Looked(Message):
    """The chunks that are not in the index yet, if it is built with or without `ids`."""

    left: ScanPlan
    ids: bool


@dataclass
class IndexMoved(Message):
    """A build has indexed some of the chunks of its plan. `over`: it has ended, and has indexed all or was stopped."""

    plan: ScanPlan
    chunks: int
    bytes_compressed: int
    seconds: float
    damaged: tuple[ChunkDamaged, ...]
    warnings: tuple[str, ...]
    over: bool = False

    @property
    def partial(self) -> bool:
        return self.over and self.chunks < len(self.plan.chunks)

    @property
    def share(self) -> float:
        return self.bytes_compressed / self.plan.bytes_compressed if self.plan.bytes_compressed else 1.0

    @property
    def remaining(self) -> str:
        """`, 12 s to go`; empty until it is known."""
        if self.over or not self.bytes_compressed:
            return ""
        return f", {duration(self.seconds * (1 - self.share) / self.share)} to go"


class IndexPage(JobPage, ArchivePage):
    """A build of the index that is ready, running or over. It keeps running when the screen is left."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "start", "start", id="open"),
        Binding("o", "ids", "also ids", id="index-ids"),
    ]
    title_of_help = "The index"
    stopping = "stopping; the chunks that were read are indexed"

    def __init__(self, session: Session, hours: Selection, jobs: Jobs) -> None:
        super().__init__("index", jobs)
        self.session, self.hours = session, hours.whole
        self.ids = False
        self.left: ScanPlan | None = None  # the chunks that are not indexed, once that is known
        self.progress: IndexMoved | None = None
        self.board = Board()

    def contents(self) -> list[Widget]:
        return [self.board]

    def on_mount(self) -> None:
        self.set_focus(self.board)
        self._look()

    @property
    def over(self) -> bool:
        return self.progress is not None and self.progress.over and not self.running

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "again":
            return self.over and self.progress is not None and self.progress.partial
        if action in ("start", "ids"):
            return not self.running and not self.over
        return super().check_action(action, parameters)

    def put_filter(self, filter_: Filter) -> str | None:
        self.session.filter = filter_
        return "the index is of all records, whatever the filter"

    # Before the build.

    @property
    def plan(self) -> ScanPlan:
        """All chunks of the hours."""
        span = self.hours.span
        return ScanPlan(self.session.archive, span.start, span.stop, Filter(), self.hours.chunks(self.session.catalog))

    def _look(self) -> None:
        self.left = None
        self.work(partial(self._find_unindexed, self.plan, ids=self.ids), "look", exclusive=True)
        self.refresh_facts()

    def _find_unindexed(self, plan: ScanPlan, *, ids: bool) -> None:
        with open_index(plan.archive) as index:
            self.post_message(Looked(unindexed(index, plan, words=ids), ids))

    def on_looked(self, message: Looked) -> None:
        if message.ids == self.ids and not self.running:
            self.left = message.left
            self.refresh_facts()

    def action_ids(self) -> None:
        self.ids = not self.ids
        self._look()

    # Running.

    def action_start(self) -> None:
        if self.left is None:
            self.report("still looking for what is indexed already; try again in a moment")
        elif not self.left.chunks:
            self.report("all chunks of these hours are indexed" if self.plan.chunks else "there is no chunk")
        else:
            self.begin(reasons_to_ask(self.left, ""), self.action_again)

    def action_again(self) -> None:
        """Index the chunks that are not indexed."""
        self.progress = None
        cancel = threading.Event()
        self.run(partial(self._build, self.plan, self.ids, cancel), cancel.set)

    def _build(self, plan: ScanPlan, ids: bool, cancel: threading.Event) -> None:
        with open_index(plan.archive) as index:
            left = unindexed(index, plan, words=ids)
            totals, shown = Totals(), 0.0
            for event in build(index, left, words=ids, cancel=cancel):
                if not isinstance(event, WordsLeftOut):
                    totals.add(event)
                if time.monotonic() - shown >= _INTERVAL_SECONDS:
                    shown = time.monotonic()
                    self.post_message(_moved(left, totals))
        self.post_message(replace(_moved(left, totals), over=True))

    def on_index_moved(self, message: IndexMoved) -> None:
        self.progress = message
        if message.over:
            self.end()
            for event in message.damaged:
                self.session.add_damage(event)
        self.moved()

    def refresh_job(self) -> None:
        self.job.title = self.hours.words()
        self.job.about = (Fact("command", self.command(), "command"),)
        super().refresh_job()

    def job_state(self) -> JobState:
        if self.failure:
            return JobState(FAILED, words=self.failure)
        progress = self.progress
        if progress is None:
            return JobState(RUNNING, 0.0, "starting") if self.running else JobState(STOPPED)
        if not progress.over:
            return JobState(RUNNING, progress.share, self._indexed)
        return JobState(STOPPED if progress.partial else DONE, words=self._indexed)

    # What is shown.

    @property
    def _indexed(self) -> str:
        assert self.progress is not None
        progress = self.progress
        return (
            f"{count(progress.chunks)} of {plural(len(progress.plan.chunks), 'chunk')} in {duration(progress.seconds)}"
        )

    def refresh_facts(self) -> None:
        plan = self.plan
        self.header.show(
            self.session.name,
            f"index {self.hours.words()} {zone_name(self.session.archive.zone)}",
            self.session.damage_words(plan.chunks),
            self.session.left_out_words,
            plural(len(plan.chunks), "chunk"),
            size(plan.bytes_compressed),
        )
        self.board.show(signed([Fact(), Fact("", self._headline, "headline"), Fact(), *self._facts()]))
        self.refresh_bindings()

    @property
    def _headline(self) -> str:
        if self.progress is not None:
            return f"Indexed {self._indexed}{' so far' if not self.progress.over else ''}."
        if self.left is None:
            return "Looking for what is indexed already …"
        all_, left = len(self.plan.chunks), len(self.left.chunks)
        return f"{count(all_ - left)} of {plural(all_, 'chunk')} {'is' if all_ == 1 else 'are'} indexed."

    def _facts(self) -> Iterator[Fact]:
        left, progress = self.left, self.progress
        if progress is not None and not progress.over:
            yield progress_fact(progress.share, f"{size(progress.bytes_compressed)}{progress.remaining}", "read")
        elif left is not None and left.chunks and progress is None:
            yield Fact("to read", f"{size(left.bytes_compressed)} in {plural(len(left.chunks), 'chunk')}")
        ids = "indexed too: a search for an id reads only the chunks with it" if self.ids else "not indexed"
        yield Fact("ids", ids if self.ids or progress is not None else f"{ids} (o indexes them too)")
        for at, line in enumerate(_GIVES):
            yield Fact("gives" if at == 0 else "", line)
        yield Fact("kept", f"in {cache_dir()}; it can be deleted at any time")
        for line in self.command().splitlines():
            yield Fact("command", line, "command")
        yield Fact()
        if self.failure:
            yield Fact("stopped", self.failure, "trouble")
        elif progress is not None:
            yield from trouble_facts(progress.damaged, progress.warnings)
            yield self._end(progress)
        elif left is not None and not left.chunks:
            yield Fact("index", _USED, "good")
        else:
            yield Fact("index", "starting …" if self.running else "ready: enter starts it", "you")

    def _end(self, progress: IndexMoved) -> Fact:
        if not progress.over:
            return Fact("", "running: S stops it and keeps what is indexed; q leaves and keeps it running", "you")
        if progress.partial:
            return Fact("", "stopped: R indexes the rest", "trouble")
        return Fact("", _USED, "good")

    def situation(self) -> dict[str, object]:
        return {"indexed": self.over}

    def command(self) -> str:
        options = ["--ids"] if self.ids else []
        ranges = ((hours.start, hours.stop) for hours in self.hours.ranges)
        return "\n".join(command_line("index", self.session.location, *range_, options) for range_ in ranges)

    def explanation(self) -> tuple[str, ...]:
        return (
            self._headline,
            *(f"$ {line}" for line in self.command().splitlines()),
            "Each chunk is read once, and a summary of its values is kept in the cache folder. The index gives "
            f"{_GIVES[0]}; {_GIVES[1]}. With ids, a search for an id as a whole word skips all chunks without it.",
            "Chunks that are indexed and have not changed are not read again. If the index is deleted, answers stay "
            "the same, and take longer.",
        )


def _moved(plan: ScanPlan, totals: Totals) -> IndexMoved:
    counts = totals.counts
    figures = totals.chunks, counts.bytes_compressed, totals.seconds
    return IndexMoved(plan, *figures, tuple(totals.damaged), tuple(totals.warnings()))
