"""The send: what, where, how; the topic's name typed to confirm; progress; the receipt."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.worker import get_current_worker

from tui.app.messages import Counted, Failed, SendMoved, refusal
from tui.app.screens.job import DONE, FAILED, PAUSED, RUNNING, STOPPED, JobState
from tui.app.screens.send_order import OrderPage
from tui.app.session import Session
from tui.app.widgets.board import LOW, Board
from tui.app.work.ordering import Cargo, Order, prepared_order, surveyed_again
from tui.app.work.send_facts import how_facts, progress_facts, receipt_facts, what_facts, where_facts
from tui.errors import HourscopeError
from tui.facts import Fact
from tui.send import (
    Control,
    NsqTarget,
    Plan,
    Receipt,
    SendEvent,
    Sending,
    Sent,
    Source,
    outgoing,
    send_to_file,
    send_to_nsq,
    surveying,
)
from tui.send.earlier import REPEATED
from tui.shell import shell_join
from tui.units import count, duration, plural, size


class SendPage(OrderPage):
    """Nothing is sent before the topic's name was typed. space pauses, S stops; both keep the books."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "start", "send", id="send-start"),
        Binding("space", "pause", "pause/go on", id="send-pause"),
    ]
    title_of_help = "The send"
    kind = "send"

    def __init__(self, session: Session, cargo: Cargo) -> None:
        super().__init__(session)
        self.cargo = cargo
        self.board = Board(id="send")
        self.progress: Sending | None = None
        self.receipt: Receipt | None = None
        self.control: Control | None = None

    def contents(self) -> list[Widget]:
        return [self.board]

    def on_mount(self) -> None:
        self.tell()
        self.run_worker(self._count, thread=True, exit_on_error=False, group="count")

    @property
    def running(self) -> bool:
        return self.control is not None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "pause":
            return self.running
        if action == "again":
            return not self.running and self.receipt is not None and self.receipt.partial and self.order.to_nsq
        if action in ("start", "canary", "skip") or action in self.ASKING:
            return not self.running and self.receipt is None and bool(super().check_action(action, parameters))
        return super().check_action(action, parameters)

    # Workers.

    def _count(self) -> None:
        worker = get_current_worker()
        try:
            source = self.cargo.open()
            for found in surveying(outgoing(source, Plan())):
                if worker.is_cancelled:
                    return
                self.post_message(Counted(source, found))
        except HourscopeError as error:
            self.post_message(Failed(str(error)))

    def _send(self, source: Source, order: Order, target: NsqTarget | None, control: Control) -> None:
        try:
            with self.explorer.jobs.running(control.stop):
                for event in self._events(source, order, target, control):
                    self.post_message(SendMoved(event))
        except HourscopeError as error:
            self.post_message(refusal(error))

    def _events(self, source: Source, order: Order, target: NsqTarget | None, control: Control) -> Iterator[SendEvent]:
        if target is None:
            yield from send_to_file(source, order.out, control=control)
            return
        prepared = prepared_order(order, source, target, self.destinations)  # this very page's journal, too
        survey = surveyed_again(prepared, self.survey)
        prepared, warnings = prepared.checked(survey), prepared.warnings(survey)
        with prepared.journal(survey, again=True) as journal:  # the page has shown the repeat, and asked for the topic
            yield from send_to_nsq(
                prepared.source,
                target,
                journal=journal,
                options=order.options(),
                control=control,
                surveyed=survey,
                warnings=warnings,
            )

    # What they tell.

    def on_counted(self, message: Counted) -> None:
        first = self.source is None
        self.source, self.survey = message.source, message.survey
        if first or message.survey.complete:  # the records are known now: were they sent before?
            self.look()
        self.tell()

    def on_send_moved(self, message: SendMoved) -> None:
        if isinstance(message.event, Sent):
            self.receipt, self.control = message.event.receipt, None
            self.hush()  # it is no longer stopping
        else:
            self.progress = message.event
        self.tell()
        self.moved()

    def on_failed(self, message: Failed) -> None:
        message.prevent_default().stop()
        self.control = None
        self.refusal = message.sentence
        self.tell()
        self.moved()

    # Sending.

    def action_start(self) -> None:
        order = self.order
        if self.source is None or not self.survey.complete:
            self.say("still counting what will be sent; a moment")
        elif not self.survey.count:
            self.say("there is nothing to send: no record matches")
        elif order.out:
            self._begin()
        elif not order.to_nsq:
            self.say("say where first: d for nsqd, t for the topic, or o for a file")
        elif self.target is None:
            self.say("nsqd did not answer yet; d and t change where it is")
        else:
            self.prompt.ask(f"type the topic's name to send {plural(self.survey.count, 'record')}:", self._confirmed)

    def _confirmed(self, text: str) -> None:
        if text != self.order.topic:
            self.say(f"that is not {self.order.topic}: nothing was sent", bad=True)
            return
        self._begin()

    def _begin(self) -> None:
        source, order, control = self.source, self.order, Control()
        if source is None:
            return
        self.control, self.refusal = control, ""
        work = partial(self._send, source, order, None if order.out else self.target, control)
        self.run_worker(work, thread=True, exit_on_error=False, group="send")
        self.begun()
        self.tell()

    def action_again(self) -> None:
        """What was stopped goes on; its topic was confirmed."""
        self.receipt, self.progress = None, None
        self._begin()

    def action_pause(self) -> None:
        if self.control is not None:
            (self.control.resume if self.control.paused else self.control.pause)()

    def interrupt(self) -> bool:
        if self.control is None:
            return False
        self.control.stop()
        self.say("stopping; waiting for in-flight batches")
        return True

    @property
    def job_title(self) -> str:
        return f"{plural(self.survey.count, 'record')} to {self.order.out or self.order.topic}"

    @property
    def resume_command(self) -> str:
        """Of a send to NSQ, which keeps a journal."""
        return f"{self._command} --resume" if self.order.to_nsq else ""

    @property
    def job_state(self) -> JobState:
        """How far it is, by the records that are confirmed."""
        if self.receipt is not None:
            words = f"{plural(self.receipt.confirmed, 'record')} confirmed in {duration(self.receipt.seconds)}"
            return JobState(STOPPED if self.receipt.partial else DONE, words=words)
        if self.refusal:
            return JobState(FAILED, words=self.refusal)
        progress, control = self.progress or Sending(), self.control
        share = progress.confirmed / progress.total if progress.total else 0.0
        asks = "asks whether to go on · " if progress.asking else ""
        words = f"{asks}{count(progress.confirmed)} confirmed · {count(round(progress.rate))} a second"
        return JobState(PAUSED if progress.asking or (control and control.paused) else RUNNING, share, words)

    def on_unmount(self) -> None:
        if self.control is not None:
            self.control.stop()

    # What is shown.

    @property
    def _command(self) -> str:
        again = ["--again"] if any(words.startswith(REPEATED) for words in self.warnings) else []
        return shell_join([*self.cargo.words, *self.order.words(), *again])

    def tell(self) -> None:
        found, order = self.survey, self.order
        self.header.show(
            self.cargo.title,
            f"send to {order.out or order.topic or '…'}",
            plural(found.count, "record"),
            size(found.size),
        )
        low = self.app.size.height < LOW
        facts = [Fact(), *what_facts(self.cargo.title, found, brief=low or self.running or self.receipt is not None)]
        if self.receipt is None:
            there = () if self.running else self.destinations
            facts += [
                Fact(),
                *where_facts(order, there, self.earlier, self.warnings, found, asking=self._asking),
                *how_facts(order),
            ]
        facts += [Fact(), Fact("command", self._command, "command"), Fact(), *self._state()]
        self.board.show(facts)
        self.refresh_bindings()

    @property
    def _asking(self) -> bool:
        return self.order.to_nsq and self.target is None and not self.refusal

    def _state(self) -> list[Fact]:
        if self.receipt is not None:
            return receipt_facts(self.receipt)
        if self.refusal:
            return [Fact("refused", self.refusal, "trouble"), Fact("", "change what is wrong, then enter", "dim")]
        if self.control is not None:
            return progress_facts(self.progress or Sending(), self.control, self.order)
        if not self.survey.complete:
            return [Fact("", "reading what would be sent; nothing is sent yet", "you")]
        if not self.survey.count:
            return [Fact("", "there is nothing to send: no record matches", "you")]
        if self.order.out:
            return [Fact("", "ready: enter writes the file", "you")]
        if not self.order.to_nsq:
            return [Fact("", "where to? d for nsqd, t for the topic, or o for a file", "you")]
        return [Fact("", "ready: enter asks for the topic's name, then sends", "you")]

    def explanation(self) -> tuple[str, ...]:
        return (
            "Records go out in order, in batches; each batch counts once nsqd has answered OK. The journal on disk "
            "says what arrived, so a send that was stopped goes on there; at most what was in flight can arrive twice.",
            "OK means that nsqd has the record in its memory or on its disk.",
            f"$ {self._command}",
        )
