"""The scan: its form and estimate, then its progress, its matches, and their timeline."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.timer import Timer
from textual.widget import Widget

from tui.app.archive_page import ArchivePage
from tui.app.job_page import JobPage
from tui.app.model.cargo import cargo_of_extract, cargo_of_file
from tui.app.model.hours import Selection
from tui.app.model.jobs import Jobs, JobState
from tui.app.model.session import Session
from tui.app.records.record_list import RecordList
from tui.app.records.store import FewRecords
from tui.app.requests import Failed, OpenArchive, PlanScan, PlanSend
from tui.app.scan.facts import ScanView, explain, state_of
from tui.app.scan.form import ScanForm
from tui.app.scan.run import Estimated, Hinted, ScanMoved, ScanState, Surveyed, estimated, run, snapshots, surveyed
from tui.app.widgets.board import Board
from tui.app.widgets.breakpoints import HIGH, HUGE, WIDE
from tui.app.widgets.chart import Chart
from tui.app.widgets.time_counts import TimeCounts
from tui.archive.writer import names_folder
from tui.facts import Fact
from tui.filter import Filter
from tui.history.extracts import ExtractLine, find_extract, rename_extract
from tui.scan import ScanPlan
from tui.scan.estimate import Estimate
from tui.scan.hints import hints_for
from tui.scan.plan import reasons_to_ask
from tui.units import plural, size

_DEBOUNCE_SECONDS = 0.2


class ScanPage(JobPage, ArchivePage):
    """A scan that is ready, running or over. It keeps running when the screen is left; S stops it, keeping matches."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "start", "start", id="open"),
        Binding("enter", "open", "open the result", id="open"),
        Binding("p", "send", "publish", id="send"),
        Binding("r,v", "fill('range')", "range", id="scan-range", priority=True),
        Binding("w", "fill('out')", "output", id="write", priority=True),
        Binding("P", "fill('power')", "workers, Dask", id="workers", priority=True),
        Binding("L", "name", "name", id="name", priority=True),
        Binding("n", "match(1)", "next match", show=False, id="next-match"),
        Binding("N", "match(-1)", "previous match", show=False, id="previous-match"),
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide"), (HUGE, "-huge")]  # noqa: RUF012
    title_of_help = "The scan"
    ASKING = ArchivePage.ASKING | {"fill", "name"}
    stopping = "stopping; the matches so far are kept"

    def __init__(self, session: Session, hours: Selection, jobs: Jobs, out: str = "") -> None:
        super().__init__("scan", jobs)
        self.session = session
        self.form = ScanForm.of(session, hours, out)
        self.state: ScanState | None = None
        self.estimate: Estimate | None = None
        self.hints: tuple[str, ...] = ()  # why nothing may have matched
        self.by_value: tuple[Fact, ...] = ()  # rows about the result
        self.unread = ""  # why the sample of the estimate could not be read
        self.board = Board()
        self.timeline = Chart(cursor=False)
        self.matches = FewRecords()
        self.listing = RecordList(self.matches)
        self._timer: Timer | None = None
        self._begun: tuple[ScanPlan, str] | None = None

    def contents(self) -> list[Widget]:
        return [Container(self.board, self.timeline, id="plan"), self.listing]

    def on_mount(self) -> None:
        self.set_focus(self.listing)
        self._ask_estimate()
        self.refresh_facts()

    @property
    def over(self) -> bool:
        return self.state is not None and self.state.over and not self.running

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        over, state = self.over, self.state
        if action == "fill":
            return not self.running and state is None and bool(super().check_action(action, parameters))
        if action == "again":
            return over and state is not None and state.partial and names_folder(self.form.out)
        if action == "name":
            return over and names_folder(self.form.out) and bool(super().check_action(action, parameters))
        if action == "send":
            return over and state is not None and state.matches > 0
        known = {"open": over, "start": not self.running and not over}
        return known.get(action, super().check_action(action, parameters))

    # Before the scan: the form and its estimate.

    def action_fill(self, field: str) -> None:
        question, value = self.form.question(field)
        self.ask(question, lambda text: self._put(self.form.answered(field, text)), value)

    def put_filter(self, filter_: Filter) -> str | None:
        """Change this scan's filter; once the scan has started, plan another one of the same hours."""
        self.session.filter = filter_
        if self.running or self.state is not None:
            self.request(PlanScan(self.session, self.form.hours))
        else:
            self._put(self.form.filtered(filter_))
        return None

    def _put(self, form: ScanForm) -> None:
        self.form = form
        self.estimate, self.failure, self.unread = None, "", ""
        self._show_matches(())
        self._ask_estimate()
        self.refresh_facts()

    def _ask_estimate(self) -> None:
        """Estimate after a short delay, unless the form changes again before that."""
        self._drop_estimate()
        if self.form.plan.chunks:
            self._timer = self.set_timer(_DEBOUNCE_SECONDS, partial(self._begin_estimate, self.form))

    def _drop_estimate(self) -> None:
        if self._timer is not None:
            self._timer.stop()
        self.workers.cancel_group(self, "estimate")

    def _begin_estimate(self, form: ScanForm) -> None:
        self.work(lambda: self.post_message(estimated(form)), "estimate", exclusive=True)

    def on_estimated(self, message: Estimated) -> None:
        if message.asked is self.form and not self.running:
            self.form, self.estimate, self.unread = message.form, message.estimate, message.trouble
            self._show_matches(message.first)
            self.refresh_facts()

    # Running.

    def action_start(self) -> None:
        form, expected = self.form, self.estimate
        if not form.plan.chunks:
            self.report("there is no chunk in these hours; r changes the range", bad=True)
        elif not form.timed:
            self.report(self.unread or "still looking for the records' time field; try again in a moment")
        else:
            share = expected.matches / expected.records if expected is not None and expected.records else 1.0
            self.begin(reasons_to_ask(form.plan, form.out, share), self._begin)

    def _begin(self) -> None:
        """Start the scan, or resume the extract that a failed start has left."""
        self._start(resume=self._begun == (self.form.plan, self.form.out) and names_folder(self.form.out))

    def action_again(self) -> None:
        self._start(resume=True)

    def _start(self, *, resume: bool) -> None:
        self._drop_estimate()
        self.state, self._begun, self.hints, self.by_value = None, (self.form.plan, self.form.out), (), ()
        self._show_matches(())
        cancel = threading.Event()
        self.run(partial(self._scan, self.form, cancel, resume=resume), cancel.set)

    def _scan(self, form: ScanForm, cancel: threading.Event, *, resume: bool) -> None:
        for state in snapshots(form.plan, run(form, self.report_later, resume=resume, cancel=cancel)):
            self.post_message(ScanMoved(state))
        plan, matched = form.plan, state.matches > 0
        if hints := hints_for(plan, matched=matched, cancelled=cancel.is_set):
            self.post_message(Hinted(plan, tuple(hint.removeprefix("hint: ") for hint in hints)))
        self.post_message(surveyed(form, state.matches))

    def on_scan_moved(self, message: ScanMoved) -> None:
        self.state = state = message.state
        self.session.add_damage(*state.damaged)
        if state.over:
            self.end()
            if self.form.moments is None:  # else the hours are scanned in part
                hours = state.known_hours(self.form.plan, self.form.hours)
                self.session.matches = dict.fromkeys(hours, 0) | dict(state.matches_by_hour)
        self._show_matches(state.first)
        self.moved()

    def on_surveyed(self, message: Surveyed) -> None:
        if message.plan is self.form.plan:
            self.by_value = message.by_value
            self.refresh_facts()

    def _show_matches(self, records: Sequence[bytes]) -> None:
        """Show more matches, or different ones."""
        same, self.matches[:] = list(records[: len(self.matches)]) == self.matches, records
        self.listing.show()
        if not same:  # choose columns again
            self.listing.show_columns(())

    def on_hinted(self, message: Hinted) -> None:
        if message.plan is self.form.plan:
            self.hints = message.hints
            self.refresh_facts()

    def on_failed(self, message: Failed) -> None:
        if message.output and self.state is None:
            self._begun = None  # that place is not this scan's output
        super().on_failed(message)

    def refresh_job(self) -> None:
        form = self.form
        self.job.title, self.job.about = form.title, tuple(form.facts())
        super().refresh_job()
        self.job.resume_command = f"{form.commands[0]} --resume" if names_folder(form.out) else ""

    def job_state(self) -> JobState:
        return state_of(self.state, self.failure)

    # Afterwards.

    def action_open(self) -> None:
        """Open the extract as an archive."""
        out = self.form.out
        if self.state is None or not self.state.matches:
            self.report("nothing matched, so there is nothing to open; q goes back")
        elif not names_folder(out):
            self.report(f"the matches are in the file {out}; only an extract (a folder/) opens here")
        else:
            self.request(OpenArchive.of_place(out, self.session.config, self.session.s3))

    def action_send(self) -> None:
        out = self.form.out
        cargo = cargo_of_extract(self.session, out) if names_folder(out) else cargo_of_file(out)
        self.request(PlanSend(self.session, cargo))

    def action_name(self) -> None:
        """Rename the extract on home; its place stays the same."""
        if (extract := find_extract(self.form.out)) is not None:
            self.ask("name of the extract:", partial(self._rename, extract), extract.name)

    def _rename(self, extract: ExtractLine, text: str) -> str:
        return f"home lists it as {rename_extract(extract, text.strip() or extract.name).name}"

    def action_match(self, step: int) -> None:
        if not self.listing.go_to_match(step):
            self.report(f"no more matches {'after' if step > 0 else 'before'} this one")

    def command(self) -> str:
        return "\n".join(self.form.commands)

    # What is shown.

    def refresh_facts(self) -> None:
        """Redraw the header, the facts and the timeline."""
        form, plan, state = self.form, self.form.plan, self.state
        view = self._view
        self.header.show(*view.header(self.session))
        self.board.show([*view.facts(), *(self.by_value if self.app.size.height >= HIGH else ())])
        if state is None and not self.running:
            self.timeline.show(TimeCounts(form.hours.hours(), self.session.hour_size, spell=size))
        else:
            known = state.known_hours(plan, form.hours) if state else frozenset()
            matches = state.matches_by_hour if state else {}
            self.timeline.show(TimeCounts(form.hours.hours(), matches, known=known, matches=True))
        number = plural(len(self.matches), "match")
        shown = f"{number} in a sample" if state is None else f"the first {number}, as found"
        self.listing.explain((shown if self.matches else "",), "")
        self.refresh_bindings()

    @property
    def _view(self) -> ScanView:
        return ScanView(self.form, self.running, self.state, self.estimate, self.unread, self.failure, self.hints)

    def situation(self) -> dict[str, object]:
        return {"scanned": self.over, "matches": self.state.matches if self.state else 0}

    def explanation(self) -> tuple[str, ...]:
        return (self._view.headline, *explain(self.form))
