"""Where a send goes and how fast: asked one by one, and looked at over there, before anything is sent."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import ClassVar

from textual.binding import Binding, BindingType

from tui.app.messages import Checked
from tui.app.screens.job import JobPage
from tui.app.session import Session
from tui.app.work.ordering import Order, prepared_order, read_way
from tui.config import NsqSpec
from tui.errors import HourscopeError
from tui.send import Destination, Earlier, NsqTarget, Source, Survey, check_destinations, parse_rate

_NSQD = "127.0.0.1:4150"


class OrderPage(JobPage):
    """The half of the send's page that asks. `tell` shows what has changed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d", "address", "nsqd", id="send-nsqd", priority=True),
        Binding("t", "topic", "topic", id="send-topic", priority=True),
        Binding("o", "out", "file instead", id="send-file", priority=True),
        Binding("r", "rate", "rate", id="send-rate", priority=True),
        Binding("r", "again", "resume", id="send-resume"),  # the same key: it is one or the other
        Binding("m", "depth", "depth ceiling", id="send-depth", priority=True),
        Binding("c", "canary", "canary", id="send-canary"),
        Binding("l", "skip", "leave out too large ones", show=False, id="send-skip"),
    ]
    ASKING = frozenset({"address", "topic", "out", "rate", "depth"})

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        name, way, topic = session.sent_to
        only = list(session.config.nsq.items()) if len(session.config.nsq) == 1 else []
        self.order = Order(name=only[0][0], way=only[0][1]) if only and way == NsqSpec() else Order(way, name, topic)
        self.source: Source | None = None
        self.survey = Survey()
        self.target: NsqTarget | None = None
        self.destinations: tuple[Destination, ...] = ()
        self.earlier: Earlier | None = None
        self.warnings: tuple[str, ...] = ()
        self.refusal = ""

    def tell(self) -> None:
        raise NotImplementedError

    def action_address(self) -> None:
        known = ", ".join(self.session.config.nsq)
        question = f"nsqd at HOST:PORT, lookupd=HOST:PORT{', or ' + known if known else ''}:"
        self.prompt.ask(question, self._set_way, self.order.where or next(iter(self.session.config.nsq), _NSQD))

    def _set_way(self, text: str) -> None:
        try:
            name, way = read_way(text.strip(), self.session.config)
        except HourscopeError as error:
            self.refuse(str(error))
            return
        self._set(name=name, way=way, out="")

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
            self.refuse(str(error))
            return
        self._set(rate=text.strip())

    def action_depth(self) -> None:
        value = str(self.order.max_depth or "")
        self.prompt.ask("pause while the topic is deeper than; empty for no ceiling:", self._set_depth, value)

    def _set_depth(self, text: str) -> None:
        word = text.strip().replace(",", "")
        if word and not (word.isascii() and word.isdigit() and int(word)):
            self.refuse(f"'{word}' is no number of messages")
            return
        self._set(max_depth=int(word) if word else None)

    def action_canary(self) -> None:
        self._set(canary=not self.order.canary)

    def action_skip(self) -> None:
        self._set(skip_oversize=not self.order.skip_oversize)

    def _set(self, **changes: object) -> None:
        self.order = order = replace(self.order, **changes)  # type: ignore[arg-type]
        self.session.sent_to = (order.name, order.way, order.topic)
        self.look()
        self.tell()

    def look(self) -> None:
        """Ask nsqd what is there, as soon as there is somebody to ask."""
        self.refusal, self.target, self.destinations, self.earlier, self.warnings = "", None, (), None, ()
        if self.order.to_nsq:
            check = partial(self._check, self.order, self.source, self.survey)
            self.run_worker(check, thread=True, exit_on_error=False, group="check", exclusive=True)

    def _check(self, order: Order, source: Source | None, survey: Survey) -> None:
        try:
            target, unanswered = order.target()
            found = check_destinations(target)
            earlier, warnings = None, (*unanswered, *(words for each in found for words in each.warnings))
            if source is not None:
                prepared = prepared_order(order, source, target, found)
                earlier = prepared.resumed
                warnings = (*unanswered, *prepared.warnings(survey)) if survey.complete else warnings
        except HourscopeError as error:
            self.post_message(Checked(order, trouble=str(error)))
            return
        self.post_message(Checked(order, target, found, earlier, tuple(dict.fromkeys(warnings))))

    def on_checked(self, message: Checked) -> None:
        """What was found; of an order that was changed meanwhile nothing is wanted."""
        if message.order is not self.order:
            return
        self.refusal, self.warnings = message.trouble, message.warnings
        self.target, self.destinations, self.earlier = message.target, message.destinations, message.earlier
        self.tell()
