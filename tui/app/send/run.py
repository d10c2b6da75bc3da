"""A send for the screen: the survey of its records, the check of its destination, and the core's events."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from textual.message import Message

from tui.app.model.cargo import Cargo
from tui.app.send.order import Order
from tui.config import journals_dir
from tui.errors import HourscopeError
from tui.history.entries import send_entry
from tui.history.notebook import Notebook
from tui.history.send_log import SendWork, recorded_send
from tui.send import (
    Control,
    Destination,
    Earlier,
    NsqTarget,
    Plan,
    SendEvent,
    Sent,
    Source,
    Survey,
    check_destinations,
    configured_target,
    earlier_sends,
    outgoing,
    send_to_file,
    send_to_nsq,
    surveying,
)
from tui.send import survey as survey_source
from tui.send.preparation import Preparation, prepare
from tui.shell import shell_join


@dataclass
class SendSurveyed(Message):
    """The survey of a send's records, as far as they have been read."""

    source: Source
    survey: Survey


@dataclass
class Checked(Message):
    """The state of an order's destination, and the earlier send to resume; or `trouble`.

    `warnings`: about the destination and about earlier sends of the same records.
    """

    order: Order
    target: NsqTarget | None = None
    destinations: tuple[Destination, ...] = ()
    earlier: Earlier | None = None
    warnings: tuple[str, ...] = ()
    trouble: str = ""


@dataclass(frozen=True)
class Kept:
    """What the history records of a send: the command line, the archive's URL and notebook. `report` gets a sentence if
    that fails."""

    words: tuple[str, ...]
    url: str
    notebook: Notebook
    report: Callable[[str], object]


@dataclass
class SendMoved(Message):
    """A send made progress or ended."""

    event: SendEvent


def counting(cargo: Cargo) -> Iterator[SendSurveyed]:
    """Survey the records to send. Raises HourscopeError if they cannot be read."""
    source = cargo.open()
    for survey in surveying(outgoing(source, Plan())):
        yield SendSurveyed(source, survey)


def check(order: Order, source: Source | None, survey: Survey) -> Checked:
    """Ask the destination for its state; with a source, also look for earlier sends of the same records."""
    try:
        target, unanswered = configured_target(order.way, order.topic)
        destinations = check_destinations(target)
        earlier, warnings = None, (*unanswered, *(words for there in destinations for words in there.warnings))
        if source is not None:
            prepared = prepared_order(order, source, target, destinations)
            earlier = prepared.resumed
            warnings = (*unanswered, *prepared.warnings(survey)) if survey.complete else warnings
    except HourscopeError as error:
        return Checked(order, trouble=str(error))
    return Checked(order, target, destinations, earlier, tuple(dict.fromkeys(warnings)))


def run(checked: Checked, source: Source, survey: Survey, control: Control, kept: Kept) -> Iterator[SendEvent]:
    """Send the surveyed records to the checked topic or to a file, and record the send in the history."""
    for event in _send(checked, source, survey, control, kept):
        if isinstance(event, Sent):
            kept.notebook.add(send_entry(event.receipt, shell_join(kept.words)), kept.report)
        yield event


def _send(checked: Checked, source: Source, survey: Survey, control: Control, kept: Kept) -> Iterator[SendEvent]:
    order, target = checked.order, checked.target
    if order.out or target is None:
        events: Iterator[SendEvent] = send_to_file(source, order.out, control=control)
        yield from recorded_send(
            events, SendWork(source, kept.words, out=order.out, name=order.name, url=kept.url), kept.report
        )
        return
    prepared = prepared_order(order, source, target, checked.destinations)  # also finds the journal of this page
    survey = surveyed_again(prepared, survey)
    prepared, warnings = prepared.checked(survey), prepared.warnings(survey)
    with prepared.journal(survey, again=True) as journal:  # the page has shown the repeat and asked for the topic
        events = send_to_nsq(
            prepared.source,
            target,
            journal=journal,
            options=prepared.options,
            control=control,
            surveyed=survey,
            warnings=warnings,
        )
        resume = (*(word for word in kept.words if word != "--again"), "--resume", "--yes")
        work = SendWork(prepared.source, kept.words, resume, journal.path, name=order.name, url=kept.url)
        yield from recorded_send(events, work, kept.report)


def prepared_order(order: Order, source: Source, target: NsqTarget, destinations: Sequence[Destination]) -> Preparation:
    """Prepare the send of an order. A stopped send of the same records is resumed."""
    folder = journals_dir()
    same = earlier_sends(folder, source, target.topic)
    resume = bool(same) and not same[-1].finished
    return prepare(folder, source, target, destinations, order.options(source), resume=resume)


def surveyed_again(prepared: Preparation, survey: Survey) -> Survey:
    """Return the survey for the final plan. Records are read again only if the plan skips or reorders some."""
    plan, largest = prepared.source.plan, survey.largest
    leaves_out = plan is not None and plan.max_message is not None and largest and largest.size > plan.max_message
    if plan is None or not (plan.unique or plan.order or leaves_out):
        return survey
    return survey_source(prepared.source, max_message=prepared.limits.largest, start=prepared.start, shapes=False)
