"""The send: what, where, how; the topic's name typed to confirm; progress; the receipt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.worker import get_current_worker

from tui.app.command import send_command
from tui.app.facts import Fact
from tui.app.messages import Checked, Counted, Failed, SendMoved
from tui.app.ordering import Cargo, Order
from tui.app.screens.page import Page
from tui.app.send_facts import how_facts, progress_facts, receipt_facts, what_facts, where_facts
from tui.app.session import Session
from tui.app.widgets.board import Board
from tui.config import state_dir
from tui.errors import HourscopeError
from tui.send import (
    Control,
    Destination,
    Earlier,
    Journal,
    NsqTarget,
    Receipt,
    SendEvent,
    Sending,
    Sent,
    Source,
    Survey,
    check_destination,
    earlier_sends,
    parse_rate,
    send_to_file,
    send_to_nsq,
    surveying,
)
from tui.units import plural, size


class SendPage(Page):
    """Nothing is sent before the topic's name was typed. space pauses, esc stops; both keep the books."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "start", "send", id="send-start"),
        Binding("d", "address", "nsqd", id="send-nsqd", priority=True),
        Binding("t", "topic", "topic", id="send-topic", priority=True),
        Binding("o", "out", "file instead", id="send-file", priority=True),
        Binding("r", "rate", "rate", id="send-rate", priority=True),
        Binding("m", "depth", "depth ceiling", id="send-depth", priority=True),
        Binding("c", "canary", "canary", id="send-canary"),
        Binding("space", "pause", "pause/go on", id="send-pause"),
    ]
    title_of_help = "The send"
    ASKING = frozenset({"address", "topic", "out", "rate", "depth"})

    def __init__(self, session: Session, cargo: Cargo) -> None:
        super().__init__()
        self.session = session
        self.cargo = cargo
        only = [spec.nsqd_tcp_address for spec in session.config.nsq.values()]
        self.order = Order(address=only[0] if len(only) == 1 else "")
        self.board = Board(id="send")
        self.source: Source | None = None
        self.survey = Survey()
        self.destination: Destination | None = None
        self.earlier: Earlier | None = None
        self.progress: Sending | None = None
        self.receipt: Receipt | None = None
        self.control: Control | None = None
        self._failed = ""

    def contents(self) -> list[Widget]:
        return [self.board]

    def on_mount(self) -> None:
        self._tell()
        self.run_worker(self._count, thread=True, exit_on_error=False, group="count")

    @property
    def running(self) -> bool:
        return self.control is not None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "pause":
            return self.running
        if action in ("start", "canary") or action in self.ASKING:
            return not self.running and self.receipt is None and bool(super().check_action(action, parameters))
        return True

    # Workers.

    def _count(self) -> None:
        worker = get_current_worker()
        try:
            source = self.cargo.open()
            for found in surveying(source):
                if worker.is_cancelled:
                    return
                self.post_message(Counted(source, found))
        except HourscopeError as error:
            self.post_message(Failed(str(error)))

    def _check(self, target: NsqTarget, source: Source | None) -> None:
        try:
            found = check_destination(target)
        except HourscopeError as error:
            self.post_message(Failed(str(error)))
            return
        earlier = earlier_sends(state_dir() / "journals", source, target.topic) if source else ()
        self.post_message(Checked(found, earlier[-1] if earlier else None))

    def _send(self, source: Source, order: Order, control: Control) -> None:
        try:
            with self.explorer.jobs.running(control.stop):
                for event in self._events(source, order, control):
                    self.post_message(SendMoved(event))
        except HourscopeError as error:
            self.post_message(Failed(str(error)))

    def _events(self, source: Source, order: Order, control: Control) -> Iterator[SendEvent]:
        if order.target is None:
            yield from send_to_file(source, order.out, control=control)
            return
        folder = state_dir() / "journals"
        resume = self.earlier is not None and not self.earlier.finished
        begin = Journal.resume if resume else Journal.start
        with begin(folder, source, order.target) as journal:
            yield from send_to_nsq(
                source, order.target, journal=journal, options=order.options(), control=control, surveyed=self.survey
            )

    # What they tell.

    def on_counted(self, message: Counted) -> None:
        first = self.source is None
        self.source, self.survey = message.source, message.survey
        if first:
            self._look()
        self._tell()

    def on_checked(self, message: Checked) -> None:
        self.destination, self.earlier = message.destination, message.earlier
        self._tell()

    def on_send_moved(self, message: SendMoved) -> None:
        if isinstance(message.event, Sent):
            self.receipt, self.control = message.event.receipt, None
        else:
            self.progress = message.event
        self._tell()

    def on_failed(self, message: Failed) -> None:
        message.prevent_default().stop()
        self.control = None
        self._failed = message.sentence
        self._tell()

    # Where and how.

    def action_address(self) -> None:
        known = next(iter(self.session.config.nsq.values()), None)
        value = self.order.address or (known.nsqd_tcp_address if known else "127.0.0.1:4150")
        self.prompt.ask("nsqd at HOST:PORT (its TCP):", lambda text: self._set(address=text.strip(), out=""), value)

    def action_topic(self) -> None:
        self.prompt.ask("topic:", lambda text: self._set(topic=text.strip(), out=""), self.order.topic)

    def action_out(self) -> None:
        self.prompt.ask(
            "file (.gz, .zst or plain); empty for NSQ:", lambda text: self._set(out=text.strip()), self.order.out
        )

    def action_rate(self) -> None:
        self.prompt.ask(
            "records a second (500, 2k), or bytes (5MB); empty for no limit:", self._set_rate, self.order.rate
        )

    def _set_rate(self, text: str) -> None:
        try:
            if text.strip():
                parse_rate(text.strip())
        except HourscopeError as error:
            self.say(str(error), bad=True)
            return
        self._set(rate=text.strip())

    def action_depth(self) -> None:
        value = str(self.order.max_depth or "")
        self.prompt.ask("pause while the topic is deeper than; empty for no ceiling:", self._set_depth, value)

    def _set_depth(self, text: str) -> None:
        word = text.strip().replace(",", "")
        if word and not (word.isascii() and word.isdigit() and int(word)):
            self.say(f"'{word}' is no number of messages", bad=True)
            return
        self._set(max_depth=int(word) if word else None)

    def action_canary(self) -> None:
        self._set(canary=not self.order.canary)

    def _set(self, **changes: object) -> None:
        self.order = replace(self.order, **changes)  # type: ignore[arg-type]
        self._look()
        self._tell()

    def _look(self) -> None:
        """Ask nsqd what is there, as soon as there is somebody to ask."""
        self._failed, self.destination, self.earlier = "", None, None
        if target := self.order.target:
            source = self.source
            job = lambda: self._check(target, source)  # noqa: E731
            self.run_worker(job, thread=True, exit_on_error=False, group="check", exclusive=True)

    # Sending.

    def action_start(self) -> None:
        order = self.order
        if self.source is None or not self.survey.complete:
            self.say("still counting what will be sent; a moment")
        elif not self.survey.count:
            self.say("there is nothing to send: no record matches")
        elif order.out:
            self._begin()
        elif order.target is None:
            self.say("say where first: d for nsqd, t for the topic, or o for a file")
        elif self.destination is None:
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
        self.control, self._failed = control, ""
        self.run_worker(lambda: self._send(source, order, control), thread=True, exit_on_error=False, group="send")
        self._tell()

    def action_pause(self) -> None:
        if self.control is not None:
            (self.control.resume if self.control.paused else self.control.pause)()

    def interrupt(self) -> bool:
        if self.control is None:
            return False
        self.control.stop()
        self.say("stopping: what is in flight still gets its answer")
        return True

    def action_leave(self) -> None:
        if not self.interrupt():
            super().action_leave()

    def on_unmount(self) -> None:
        if self.control is not None:
            self.control.stop()

    # What is shown.

    @property
    def _command(self) -> str:
        return send_command(self.session, self.cargo.words, self.order.words())

    def _tell(self) -> None:
        found, order = self.survey, self.order
        self.header.show(
            self.cargo.title,
            f"send to {order.out or order.topic or '…'}",
            plural(found.count, "record"),
            size(found.size),
        )
        facts = [Fact(), *what_facts(self.cargo.title, found), Fact()]
        facts += [*where_facts(order, self.destination, self.earlier, asking=self._asking), *how_facts(order), Fact()]
        facts += [Fact("command", self._command, "command"), Fact(), *self._state()]
        self.board.show(facts)
        self.refresh_bindings()

    @property
    def _asking(self) -> bool:
        return self.order.target is not None and self.destination is None and not self._failed

    def _state(self) -> list[Fact]:
        if self.receipt is not None:
            return receipt_facts(self.receipt)
        if self._failed:
            return [Fact("refused", self._failed, "trouble"), Fact("", "change what is wrong, then enter", "dim")]
        if self.control is not None:
            return progress_facts(self.progress or Sending(), self.control)
        if not self.survey.complete:
            return [Fact("", "reading what would be sent; nothing is sent yet", "you")]
        if not self.survey.count:
            return [Fact("", "there is nothing to send: no record matches", "you")]
        if self.order.out:
            return [Fact("", "ready: enter writes the file", "you")]
        if self.order.target is None:
            return [Fact("", "where to? d for nsqd, t for the topic, or o for a file", "you")]
        return [Fact("", "ready: enter asks for the topic's name, then sends", "you")]

    def explanation(self) -> tuple[str, ...]:
        return (
            "Records go out in order, in batches; each batch counts once nsqd has answered OK. The journal on disk "
            "says what arrived, so a send that was stopped goes on there; at most what was in flight can arrive twice.",
            "OK means that nsqd has the record in its memory or on its disk.",
            f"$ {self._command}",
        )
