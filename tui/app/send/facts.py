"""A send in rows: missing answers and progress. The other rows are in tui.send.facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tui.app.model.jobs import DONE, FAILED, PAUSED, RUNNING, STOPPED, JobState
from tui.app.send.order import BY_TIME, Order
from tui.app.send.run import Checked
from tui.facts import Fact, signed
from tui.send import Control, Destination, Earlier, Receipt, Sending, Survey
from tui.send.earlier import REPEATED
from tui.send.facts import (
    destination_facts,
    histogram_facts,
    plan_sentence,
    receipt_facts,
    receipt_sentence,
    survey_facts,
    warning_facts,
)
from tui.units import count, duration, plural, size

_BAR = 40
_RECORDS, _LOOKS, _HISTOGRAM = ("first", "last"), ("largest", "shapes"), ("by hour", "by value")  # labels of facts
EXPLANATION = (
    "Records are sent in order, in batches; a batch counts once nsqd has answered OK. The journal on disk records what "
    "arrived, so a stopped send resumes there; only records that were in flight can arrive twice.",
    "OK means that nsqd has the record in memory or on disk.",
)


@dataclass(frozen=True, slots=True)
class SendState:
    """What is known about a send: records, destination, progress (`control`: it runs), and receipt or failure."""

    title: str
    command: str
    order: Order
    survey: Survey
    checked: Checked
    failure: str = ""
    control: Control | None = None
    progress: Sending | None = None
    receipt: Receipt | None = None

    @property
    def paused(self) -> bool:
        """Whether it is paused by the user, or by a question that waits for an answer."""
        return bool(self.control and self.control.paused) or bool(self.progress and self.progress.asking)

    @property
    def unopened(self) -> bool:
        """Whether the records cannot be sent, wherever to."""
        return bool(self.failure) and not self.survey.complete

    def facts(self, *, low: bool) -> list[Fact]:
        """Return all rows. `low`: the screen has no room to show records."""
        order, checked, survey = self.order, self.checked, self.survey
        planned, runs = self.receipt is None, self.control is not None
        checks = check_facts(order, checked, survey) if planned and not runs else []
        rows = [Fact(), Fact("", self.headline, "headline"), Fact(), *checks, *([Fact()] if checks else [])]
        if self.unopened:
            rows += [Fact("of", self.title)]
        elif planned:
            asking = order.to_nsq and checked.target is None and not self.failure
            rows += what_facts(self.title, survey, low=low, planned=not runs)
            where = where_facts(order, () if runs else checked.destinations, asking=asking)
            # no key changes these now
            where = [replace(fact, note="") if runs and fact.label in ("how", "name") else fact for fact in where]
            rows += [Fact(), *where]
        elif not low and (histogram := histogram_facts(survey)):  # the receipt has the other rows
            rows += [*histogram, Fact()]
        command = [Fact(), Fact("command", self.command, "command")]
        if low or not planned:  # the next steps come first if room is short
            return signed([*rows, *self._end(), *command])
        return signed([*rows, *command, Fact(), *self._end()])

    @property
    def headline(self) -> str:
        """The result so far, in a sentence."""
        if self.receipt is not None:
            return f"{'' if self.receipt.partial else '✓ '}{receipt_sentence(self.receipt)}"
        progress, order, planned = self.progress, self.order, plural(self.survey.count, "record")
        if self.failure and self.control is None:
            confirmed = progress.confirmed if progress is not None else 0
            return f"Only {plural(confirmed, 'record')} confirmed." if confirmed else "Nothing was sent."
        if self.control is not None and progress is not None:
            left = f", {duration(progress.eta)} to go" if progress.eta is not None and not self.paused else ""
            return f"{'Paused: ' if self.paused else ''}{count(progress.confirmed)} of {planned} confirmed{left}."
        if order.out and self.survey.complete:
            return f"{planned} would be written to {order.out}."
        if not order.to_nsq and self.survey.complete and self.survey.count:
            where = (
                "in which topic?"
                if order.where
                else f"to {order.topic}, on which nsqd?"
                if order.topic
                else "where to?"
            )
            return f"{planned} to send: {where}"
        return plan_sentence(self.survey, order.topic, order.where)

    def _end(self) -> list[Fact]:
        """Return rows about what happens now, or what the user can do."""
        if self.receipt is not None:
            keys = "y copies this receipt as Markdown, w writes it"
            if self.receipt.partial and self.receipt.topic:
                keys = f"R resumes it where it stopped; so does the command with --resume. {keys}"
            return [*receipt_facts(self.receipt), Fact("", keys, "you")]
        if self.failure:
            fix = Fact("", "q goes back" if self.unopened else "fix it (a, t, w or r), then press enter", "dim")
            return [Fact("refused", self.failure, "trouble"), fix]
        if self.control is not None:
            return progress_facts(self.progress or Sending(), self.control, self.order)
        if not self.survey.complete or not self.survey.count:
            return [Fact("", "nothing is sent yet", "dim")]
        if self.order.out:
            return [Fact("", "ready: enter writes the file", "you")]
        if not self.order.to_nsq:
            return [Fact("", "where to? a for nsqd, t for the topic, or w for a file", "you")]
        return [Fact("", "ready: enter asks for the topic's name, then sends", "you")]

    def of_job(self) -> JobState:
        """Return the job's state; its progress is by confirmed records."""
        if self.receipt is not None:
            words = f"{plural(self.receipt.confirmed, 'record')} confirmed in {duration(self.receipt.seconds)}"
            return JobState(STOPPED if self.receipt.partial else DONE, words=words)
        if self.failure and self.control is None:
            return JobState(FAILED, words=self.failure)
        progress = self.progress or Sending()
        share = progress.confirmed / progress.total if progress.total else 0.0
        confirmed = f"{count(progress.confirmed)} confirmed"
        if self.paused:
            words = f"{'asks whether to continue' if progress.asking else 'paused'} · {confirmed}"
        else:
            words = f"{confirmed} · {count(round(progress.rate))} per second"
        return JobState(PAUSED if self.paused else RUNNING, share, words)


def what_facts(title: str, survey: Survey, *, low: bool, planned: bool) -> list[Fact]:
    """Return rows about what will be sent, as far as there is room. The list below shows the records."""
    left_out = _RECORDS + (_LOOKS if low or not planned else ()) + (_HISTOGRAM if low and not planned else ())
    rows, label = [], ""
    for fact in survey_facts(survey, title):
        label = fact.label or label  # rows without one continue those before
        rows += [fact] if label not in left_out else []
    return rows


def where_facts(order: Order, destinations: Sequence[Destination], *, asking: bool) -> list[Fact]:
    """Return rows about the destination, its current state, and how the records are sent."""
    if order.out:
        name = Fact("name", order.name or "its time and filter", "text", "L changes it")
        return [Fact("into", order.out, "strong", "a file: written in full or not at all"), name]
    facts = [Fact("", "asking nsqd for its state …", "dim")] if asking else destination_facts(destinations)
    if not destinations or order.way_name or order.way.lookupd_http_addresses:
        about = order.about if order.where else "press a"
        facts.insert(0, Fact("nsqd", order.where or "–", "strong" if order.where else "dim", about))
    if not order.topic:
        facts.insert(1, Fact("topic", "–", "dim", "press t"))
    return [*facts, _how(order), Fact("name", order.name or "its time and filter", "text", "L changes it")]


def _how(order: Order) -> Fact:
    rate = f"{order.rate} per second" if order.rate else "as fast as nsqd confirms"
    depth = f" · pauses above {count(order.max_depth)} waiting" if order.max_depth else ""
    canary = " · canary: 1, then 10, then it asks" if order.canary else ""
    speed = f", {order.pace} times as fast" if order.pace not in ("", BY_TIME) else ""
    by_time = f" · by the records' own time{speed}" if order.pace else ""
    return Fact("how", rate + depth + by_time + canary, "text", "r rate  m ceiling  c canary  o order")


def check_facts(order: Order, checked: Checked, survey: Survey) -> list[Fact]:
    """Return the results of checks: warnings, the worst first, or that all is well."""
    facts = [*warning_facts(checked.warnings), *_too_large(order, checked.destinations, survey)]
    if checked.target is not None and survey.complete and not checked.earlier:
        if not any(words.startswith(REPEATED) for words in checked.warnings):
            facts.append(
                Fact("✓ new", "no receipt has this content: it was never sent to this topic from here", "good")
            )
        if survey.largest and not _limit_exceeded(checked.destinations, survey):
            facts.append(Fact("✓ size", f"every record fits; the largest has {size(survey.largest.size)}", "good"))
    return [*facts, *_earlier(checked.earlier)]


def _limit_exceeded(destinations: Sequence[Destination], survey: Survey) -> int | None:
    """Return the lowest limit of the nsqds if the largest record exceeds it, else None."""
    limit = min((destination.limits.max_message for destination in destinations), default=None)
    return limit if limit is not None and survey.largest is not None and survey.largest.size > limit else None


def _too_large(order: Order, destinations: Sequence[Destination], survey: Survey) -> list[Fact]:
    """Return a row about records that nsqd would refuse; they can be skipped."""
    limit = _limit_exceeded(destinations, survey)
    if limit is None:
        return []
    if order.skip_oversize:
        return [Fact("skipped", f"records above nsqd's limit ({size(limit)}); the receipt names them", "you")]
    words = f"{survey.largest} exceeds nsqd's limit ({size(limit)}): O skips such records"
    return [Fact("warning", words, "trouble")]


def _earlier(earlier: Earlier | None) -> list[Fact]:
    if earlier is None:
        return []
    records = plural(earlier.confirmed, "record")
    return [Fact("resumes", f"an earlier send stopped after {records}: this resumes it", "you")]


def progress_facts(progress: Sending, control: Control, order: Order) -> list[Fact]:
    """Return rows about the progress; what needs attention comes last."""
    total = progress.total or 0
    share = progress.confirmed / total if total else 0.0
    done = round(_BAR * share)
    of = f"{count(progress.confirmed)} of {count(total)} · {int(100 * share)} %" if total else count(progress.confirmed)
    unknown = f" · {count(progress.unknown)} unknown: they are sent again" if progress.unknown else ""
    facts = [
        Fact("confirmed", "━" * done + "─" * (_BAR - done), "text", of),
        Fact("in flight", count(progress.in_flight) + unknown, "you" if unknown else "text"),
        Fact("speed", f"{count(round(progress.rate))} per second", "text", f"{size(progress.bytes)} confirmed"),
    ]
    if progress.depth is not None:
        ceiling = f"pauses above {count(order.max_depth)}" if order.max_depth else "topic and deepest channel"
        facts.append(Fact("depth", count(progress.depth), "text", ceiling))
    if progress.asking:
        return [*facts, Fact("canary", f"{progress.note}: space continues, S stops", "you")]
    if control.paused:
        return [*facts, Fact("", "paused: space continues, S stops (the journal keeps progress)", "you")]
    words = "sending: space pauses, S stops (the journal keeps progress); q leaves and keeps it running"
    return [*facts, Fact("", progress.note or words, "you")]
