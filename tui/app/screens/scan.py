"""The scan: what will be read and where it goes, then how far it is, what it found, and when."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from tui.app.calendar.selection import Selection
from tui.app.command import scan_commands, shell_filter, shell_read
from tui.app.messages import Failed, ScanMoved, refusal
from tui.app.preview.records import FewRecords
from tui.app.screens.job import DONE, FAILED, RUNNING, STOPPED, JobState
from tui.app.screens.scan_plan import PlanPage
from tui.app.session import Session
from tui.app.widgets.board import Board
from tui.app.widgets.record_list import RecordList
from tui.app.widgets.timeline import Timeline
from tui.app.work.ordering import cargo_of_extract, cargo_of_file
from tui.app.work.scan_facts import command_facts, estimate_facts, plan_facts, state_facts
from tui.app.work.scanning import ScanState, run, snapshots
from tui.archive.location import locate_place
from tui.archive.times import zone_name
from tui.archive.writer import names_folder
from tui.errors import HourscopeError, OutputError
from tui.facts import Fact
from tui.scan import ScanPlan
from tui.units import count, duration, plural, size


class ScanPage(PlanPage):
    """Ready, running, or over. It runs on when it is left; S stops it and keeps what it found."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "start", "start", id="scan-start"),
        Binding("enter", "open", "open what was found", id="scan-open"),
        Binding("p", "send", "publish", id="send"),
    ]
    title_of_help = "The scan"
    kind = "scan"

    def __init__(self, session: Session, hours: Selection) -> None:
        super().__init__(session, hours)
        self.state: ScanState | None = None
        self.board = Board()
        self.timeline = Timeline()
        self.found = FewRecords()
        self.listing = RecordList(self.found)
        self._cancel: threading.Event | None = None
        self._begun: tuple[ScanPlan, str] | None = None

    def contents(self) -> list[Widget]:
        return [self.board, self.timeline, self.listing]

    def on_mount(self) -> None:
        self.set_focus(self.listing)
        self.estimator.ask(self.plan, self.power.jobs)
        self.tell()

    @property
    def running(self) -> bool:
        return self._cancel is not None

    @property
    def over(self) -> bool:
        return self.state is not None and self.state.over and not self.running

    # Before it runs: what, where.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        over = self.over
        if action in self.ASKING:
            return not self.running and self.state is None and bool(super().check_action(action, parameters))
        if action == "again":
            return over and self.state is not None and self.state.partial and names_folder(self.out)
        if action == "send":
            return over and self.state is not None and self.state.matches > 0
        if action == "open":
            return over
        if action == "start":
            return not self.running and not over
        return super().check_action(action, parameters)

    # Running.

    def action_start(self) -> None:
        if self.plan.chunks:  # the extract that a failure has left goes on
            self._start(resume=self._begun == (self.plan, self.out) and names_folder(self.out))
        else:
            self.say("no chunk lies in these hours; r takes others", bad=True)

    def action_open(self) -> None:
        """Open what was found as the archive that it is."""
        if self.state is None or not self.state.matches:
            self.say("nothing matched, so there is nothing to open; q goes back")
        elif not names_folder(self.out):
            self.say(f"the matches are in the file {self.out}; choose a folder/ to get an extract that opens here")
        else:
            self.explorer.open(self.out, locate_place(self.out, self.session.config, self.session.s3))

    def action_again(self) -> None:
        self._start(resume=True)

    def _start(self, *, resume: bool) -> None:
        self.estimator.drop()
        cancel = threading.Event()
        self._cancel, self.failure = cancel, ""
        self.state, self._begun = None, (self.plan, self.out)
        self.found.clear()
        plan, out, power, s3 = self.plan, self.out, self.power, self.session.s3
        jobs = self.explorer.jobs

        def work() -> None:
            try:
                with jobs.running(cancel.set):
                    for state in snapshots(plan, run(plan, out, s3, power, resume=resume, cancel=cancel)):
                        self.post_message(ScanMoved(state))
            except HourscopeError as error:
                if isinstance(error, OutputError) and self.state is None:
                    self._begun = None  # what is at that place is not ours
                self.post_message(refusal(error))

        self.run_worker(work, thread=True, exit_on_error=False, group="scan")
        self.begun()
        self.tell()

    def on_scan_moved(self, message: ScanMoved) -> None:
        self.state = state = message.state
        self.session.damage.update(state.damaged)
        self.found.extend(state.first[len(self.found) :])
        if state.over:
            self._cancel = None
            self.session.matches = dict.fromkeys(self._known(), 0) | dict(state.matches_by_hour)
        self.listing.show()
        self.tell()
        self.moved()

    def on_failed(self, message: Failed) -> None:
        message.prevent_default().stop()
        self._cancel = None
        self.failure = message.sentence
        self.tell()
        self.moved()

    def interrupt(self) -> bool:
        if self._cancel is None:
            return False
        self._cancel.set()
        self.say("stopping; what was found is kept")
        return True

    @property
    def job_title(self) -> str:
        span = self.hours.span
        terms = ", ".join(term.text for term in self.wanted.active) or "every record"
        return f"{span.start:%d %b %H:00} – {span.stop:%d %b %H:00} · {'not ' * self.wanted.invert}{terms}"

    @property
    def resume_command(self) -> str:
        """Of an extract, which keeps books."""
        return f"{self._commands[0]} --resume" if names_folder(self.out) else ""

    @property
    def job_state(self) -> JobState:
        """How far it is, by the bytes that were fetched."""
        state = self.state
        if self.failure:
            return JobState(FAILED, words=self.failure)
        if state is None:
            return JobState(RUNNING, 0.0, "starting")
        found = plural(state.matches, "match")
        if self.running:
            left = f" · {duration(state.remaining)} to go" if state.remaining is not None else ""
            share = state.bytes_compressed / state.total_bytes if state.total_bytes else 0.0
            return JobState(RUNNING, share, f"{found} · {size(state.rate)}/s{left}")
        return JobState(STOPPED if state.partial else DONE, words=f"{found} in {duration(state.seconds)}")

    def on_unmount(self) -> None:
        if self._cancel is not None:
            self._cancel.set()

    def action_send(self) -> None:
        from tui.app.screens.send import SendPage

        cargo = cargo_of_extract(self.session, self.out) if names_folder(self.out) else cargo_of_file(self.out)
        self.app.push_screen(SendPage(self.session, cargo))

    # What is shown.

    def tell(self) -> None:
        plan, span = self.plan, self.hours.span
        zone, weight = zone_name(self.session.archive.zone), size(plan.bytes_compressed)
        self.header.show(
            self.session.title,
            f"scan {span.start:%a %d %b %H:00} – {span.stop:%a %d %b %H:00} {zone}",
            plural(len(plan.chunks), "chunk"),
            weight,
        )
        facts = plan_facts(plan, self.hours, self.out, self.power)
        self.board.show([Fact(), *facts, *command_facts(self._commands), Fact(), *self._progress()])
        known = self._known()
        self.timeline.show(self.hours.hours(), self.state.matches_by_hour if self.state else {}, known)
        shown = f"the first {count(len(self.found))} matches, as they came" if self.found else ""
        self.listing.explain((shown,), "")
        self.refresh_bindings()

    @property
    def _commands(self) -> list[str]:
        return scan_commands(self.session, self.hours, self.wanted, self.out, self.power.words())

    def _known(self) -> frozenset[datetime]:
        """The hours of which every chunk was read."""
        if self.state is None:
            return frozenset()
        waiting = {chunk.hour for chunk, mark in zip(self.plan.chunks, self.state.marks, strict=True) if mark in "·▸✗"}
        return frozenset(hour for hour in self.hours.hours() if hour not in waiting)

    def _progress(self) -> list[Fact]:
        state = self.state
        if self.failure:
            return [
                Fact("stopped", self.failure, "trouble"),
                Fact("", "change what is wrong (r, /, o), then enter", "dim"),
            ]
        if state is None:
            word = "starting …" if self.running else "ready: enter starts it; r, /, o and W change it"
            return [*self._expected(), Fact("scan", word, "you")]
        return state_facts(state, self.wanted)

    def _expected(self) -> list[Fact]:
        """The estimate; until it is there, that it is being made. A scan need not wait for it."""
        if self.estimate is not None:
            remote = self.power.dask is not None
            return estimate_facts(self.estimate, self.session.config.prices, remote=remote)
        if self.unread:
            return [Fact("estimate", self.unread, "trouble")]
        return [Fact("estimate", "reading a sample …", "dim")] if self.plan.chunks and not self.running else []

    def explanation(self) -> tuple[str, ...]:
        return (
            "A scan reads every chunk of the range and keeps the lines that match, byte for byte, in the order of "
            "hour, key and line. Chunks are read several at a time.",
            "In the row of chunks: ✓ has matches, - has none, ! is damaged (what came before the damage counts), ▸ is "
            "being read, ✗ was cut short by stopping.",
            "Bytes of gzip are what is fetched; bytes of lines are what comes out of it.",
            "The estimate comes from the first bytes of at most 64 chunks, spread over the range; its interval holds "
            "the truth 95 times in 100.",
            *(f"$ {command}" for command in self._commands),
            *self._by_hand(),
        )

    def _by_hand(self) -> tuple[str, ...]:
        """The shell for the first chunk."""
        if not self.plan.chunks:
            return ()
        rest = len(self.plan.chunks) - 1
        command = shell_read(self.session, self.plan.chunks[0].key) + shell_filter(self.wanted)
        return (f"$ {command}" + (f"    # and so on: {plural(rest, 'chunk')} more" if rest else ""),)
