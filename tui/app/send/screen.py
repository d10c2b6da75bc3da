"""The send: its records, destination and options; a confirmation by typing the topic; progress; the receipt."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from tui.app.archive_page import ArchivePage
from tui.app.job_page import JobPage
from tui.app.model.cargo import Cargo
from tui.app.model.jobs import Jobs, JobState
from tui.app.model.session import Session, place_name
from tui.app.records.peek import RecordsPane
from tui.app.requests import PlanSend
from tui.app.send.facts import EXPLANATION, SendState
from tui.app.send.order import Order
from tui.app.send.run import Checked, Kept, SendMoved, SendSurveyed, check, counting, run
from tui.app.widgets.board import Board
from tui.app.widgets.breakpoints import HIGH
from tui.app.widgets.workers import stream
from tui.archive.local import atomic_file
from tui.config import NsqSpec
from tui.facts import Fact
from tui.filter import Filter
from tui.send import Control, Receipt, Sending, Sent, Source, Survey
from tui.send.earlier import REPEATED
from tui.send.facts import receipt_markdown
from tui.shell import shell_join
from tui.units import plural, size


class SendPage(JobPage, ArchivePage):
    """A send. Nothing is sent before the topic's name is typed. space pauses, S stops; the journal is kept."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "start", "send", id="open"),
        Binding("p", "start", "send", show=False, id="send"),
        Binding("space", "pause", "pause/continue", id="pause"),
        Binding("a,d", "fill('address')", "nsqd", id="destination", priority=True),
        Binding("t", "fill('topic')", "topic", id="topic", priority=True),
        Binding("w", "write", "to a file", id="write", priority=True),
        Binding("y", "copy", "copy", id="copy"),
        Binding("r", "fill('rate')", "rate", id="rate", priority=True),
        Binding("m", "fill('depth')", "depth ceiling", id="depth", priority=True),
        Binding("o", "fill('pace')", "order, pace", show=False, id="pace", priority=True),
        Binding("c", "canary", "canary", id="canary"),
        Binding("O", "skip", "skip oversize records", show=False, id="skip-oversize"),
        Binding("L", "fill('name')", "name", id="name", priority=True),
    ]
    title_of_help = "The send"
    ASKING = ArchivePage.ASKING | {"fill", "write"}
    stopping = "stopping; waiting for in-flight batches"

    def __init__(self, session: Session, cargo: Cargo, jobs: Jobs) -> None:
        super().__init__("send", jobs)
        self.session = session
        self.cargo = cargo
        self.order = _first_order(session)
        self.source: Source | None = None
        self.survey = Survey()
        self.checked = Checked(self.order)
        self.progress: Sending | None = None
        self.receipt: Receipt | None = None
        self.control: Control | None = None
        self.board = Board(id="send")
        self.ends = RecordsPane(session.zone)

    def contents(self) -> list[Widget]:
        return [self.board, self.ends]

    def on_mount(self) -> None:
        self.set_focus(self.ends.listing)
        self.refresh_facts()
        stream(self, counting(self.cargo), "count")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "pause":
            return self.running
        if action == "again":
            return not self.running and self.receipt is not None and self.receipt.partial and self.order.to_nsq
        if action == "write":
            return not self.running and bool(super().check_action(action, parameters))
        if action in ("start", "canary", "skip", "fill"):
            return not self.running and self.receipt is None and bool(super().check_action(action, parameters))
        return super().check_action(action, parameters)

    # The records and the destination.

    def on_send_surveyed(self, message: SendSurveyed) -> None:
        first = self.source is None
        self.source, self.survey = message.source, message.survey
        if first or message.survey.complete:  # now earlier sends of these records can be found
            self._check()
        self.refresh_facts()

    def action_write(self) -> None:
        """Ask for the output file before a send; after it, for the file of the receipt."""
        if self.receipt is None:
            self.action_fill("out")
        else:
            name = f"receipt.{self.receipt.started:%Y-%m-%dT%H%M%S}.md"
            self.ask("write the receipt as Markdown to file:", self._write_receipt, name)

    def _write_receipt(self, text: str) -> str | None:
        if self.receipt is None or not text.strip():
            return None
        path = Path(text.strip()).expanduser()
        with atomic_file(path, overwrite=False) as stream:
            stream.write(receipt_markdown(self.receipt, self._command).encode("utf-8", "backslashreplace"))
        return f"the receipt is in {path}"

    def action_copy(self) -> None:
        """Copy the command; after a send, copy the receipt as Markdown."""
        if self.receipt is None:
            super().action_copy()
            return
        text = receipt_markdown(self.receipt, self._command)
        self.copy(text, "the receipt as Markdown; w writes it to a file")

    def action_fill(self, field: str) -> None:
        question, value = self.order.question(field, self.session.config)
        self.ask(question, partial(self._fill, field), value)

    def _fill(self, field: str, text: str) -> None:
        self._put(self.order.answered(field, text, self.session.config))

    def action_canary(self) -> None:
        self._put(replace(self.order, canary=not self.order.canary))

    def action_skip(self) -> None:
        self._put(replace(self.order, skip_oversize=not self.order.skip_oversize))

    def _put(self, order: Order) -> None:
        self.order = order
        self.session.sent_to = (order.way_name, order.way, order.topic)
        self._check()
        self.refresh_facts()

    def _check(self) -> None:
        """Check the destination once it is chosen."""
        self.failure = "" if self.source else self.failure  # no other destination helps if they cannot be opened
        self.checked = Checked(self.order)
        if self.order.to_nsq:
            order, source, survey = self.order, self.source, self.survey
            self.work(lambda: self.post_message(check(order, source, survey)), "check", exclusive=True)

    def on_checked(self, message: Checked) -> None:
        """Show the check, unless the order has changed meanwhile."""
        if message.order is self.order:
            self.checked, self.failure = message, message.trouble
            self.refresh_facts()

    # Sending.

    def action_start(self) -> None:
        order = self.order
        if self.state.unopened:
            self.report("these records cannot be sent; q goes back", bad=True)
        elif self.source is None or not self.survey.complete:
            self.report("still counting the records; try again in a moment")
        elif not self.survey.count:
            self.report("there is nothing to send: no record matches")
        elif order.out:
            self._begin()
        elif not order.to_nsq:
            self.report("choose a destination first: a for nsqd, t for the topic, or w for a file")
        elif self.checked.target is None:
            self.report("nsqd has not answered yet; a and t change the destination")
        else:
            self.prompt.ask(f"type the topic's name to send {plural(self.survey.count, 'record')}:", self._confirm)

    def _confirm(self, text: str) -> None:
        if text == self.order.topic:
            self._begin()
        else:
            self.report(f"that is not {self.order.topic}: nothing was sent", bad=True)

    def action_again(self) -> None:
        """Resume the stopped send; its topic has been confirmed."""
        self.receipt = self.progress = None
        self._begin()

    def _begin(self) -> None:
        if self.source is not None:
            self.control = control = Control()
            kept = Kept(self._words, self.session.location.url, self.session.notebook, self.report_later)
            self.run(partial(self._send, self.checked, self.source, self.survey, control, kept), control.stop)

    def _send(self, checked: Checked, source: Source, survey: Survey, control: Control, kept: Kept) -> None:
        for event in run(checked, source, survey, control, kept):
            self.post_message(SendMoved(event))

    def on_send_moved(self, message: SendMoved) -> None:
        if isinstance(message.event, Sent):
            self.receipt = message.event.receipt
            self.end()
        else:
            self.progress = message.event
        self.moved()

    def action_pause(self) -> None:
        if self.running and self.control is not None:
            (self.control.resume if self.control.paused else self.control.pause)()

    def refresh_job(self) -> None:
        self.job.title = f"{plural(self.survey.count, 'record')} to {self.order.out or self.order.topic}"
        self.job.about = (Fact("of", self.cargo.title), Fact("command", self._command, "command"))
        self.job.resume_command = f"{self._command} --resume" if self.order.to_nsq else ""  # else no journal
        super().refresh_job()

    def job_state(self) -> JobState:
        return self.state.of_job()

    def put_filter(self, filter_: Filter) -> str | None:
        """Plan a send of the same hours with another filter. A file or a whole extract cannot be filtered here."""
        if self.cargo.filtered is None or self.running:
            return "this send's records are fixed; / on the calendar or in the preview changes the filter before p"
        self.session.filter = filter_
        self.request(PlanSend(self.session, self.cargo.filtered(filter_), instead=self.receipt is None))
        return None

    def command(self) -> str:
        return self._command

    # What is shown.

    @property
    def _command(self) -> str:
        return shell_join(self._words)

    @property
    def _words(self) -> tuple[str, ...]:
        again = ["--again"] if any(words.startswith(REPEATED) for words in self.checked.warnings) else []
        return (*self.cargo.words, *self.order.words(), *again)

    @property
    def state(self) -> SendState:
        """The state to show."""
        control = self.control if self.running else None
        what = (self.cargo.title, self._command, self.order, self.survey, self.checked)
        return SendState(*what, self.failure, control, self.progress, self.receipt)

    def refresh_facts(self) -> None:
        """Redraw the header, the facts and the records."""
        survey, order = self.survey, self.order
        where = f"send to {order.out or order.topic or '…'}"
        self.header.show(place_name(self.cargo.title), where, plural(survey.count, "record"), size(survey.size))
        low = self.app.size.height < HIGH
        self.board.show(self.state.facts(low=low))
        self._show_records(low=low)
        self.refresh_bindings()

    def _show_records(self, *, low: bool) -> None:
        """Show the first and last record once all have been read, if there is room."""
        survey = self.survey
        ends = [record for record in (survey.first, survey.last) if record is not None][: survey.count]
        if survey.complete and ends != self.ends.records:
            self.ends.show(ends, "the first and the last record" if len(ends) > 1 else "the record")
        self.ends.display = bool(ends) and survey.complete and not low

    def situation(self) -> dict[str, object]:
        return {
            "records": self.survey.count if self.survey.complete else 0,
            "topic": self.order.topic,
            "answered": self.checked.target is not None,
            "unreachable": bool(self.order.to_nsq and self.checked.trouble),
            "confirmed": self.receipt.confirmed if self.receipt and not self.receipt.partial else 0,
        }

    def explanation(self) -> tuple[str, ...]:
        return (self.state.headline, f"$ {self._command}", *EXPLANATION)


def _first_order(session: Session) -> Order:
    """Return an order for the destination of this archive's last send, else for the config's only nsqd."""
    name, way, topic = session.sent_to
    if len(session.config.nsq) == 1 and way == NsqSpec():
        ((name, way),) = session.config.nsq.items()
        return Order(way, name)
    return Order(way, name, topic)
