"""A send in rows: the answers that are still missing, and how far it is. All else is said by tui.send.facts."""

from __future__ import annotations

from collections.abc import Sequence

from tui.app.send.order import BY_TIME, Order
from tui.app.send.run import Checked
from tui.facts import Fact
from tui.send import Control, Destination, Earlier, Sending, Survey
from tui.send.earlier import REPEATED
from tui.send.facts import destination_facts, survey_facts, warning_facts
from tui.units import count, plural, size

_BAR = 40
_RECORD_LENGTH = 400  # characters of the first and the last record
_LOOKS = ("first", "last", "largest", "shapes", "")  # facts that give way on a small screen, and while it runs


def what_facts(title: str, survey: Survey, *, brief: bool) -> list[Fact]:
    """What will be sent, counted by reading it; `brief`: without a look at the records."""
    facts = survey_facts(survey, title, record_length=_RECORD_LENGTH)
    return [fact for fact in facts if not brief or fact.label not in _LOOKS]


def where_facts(order: Order, destinations: Sequence[Destination], *, asking: bool) -> list[Fact]:
    """Where it goes, what is there now, and how it goes there."""
    if order.out:
        return [Fact("into", order.out, "strong", "a file: it appears whole or not at all")]
    facts = [Fact("", "asking nsqd what is there …", "dim")] if asking else destination_facts(destinations)
    if not destinations or order.name or order.way.lookupd_http_addresses:
        about = order.about if order.where else "press a"
        facts.insert(0, Fact("nsqd", order.where or "–", "strong" if order.where else "dim", about))
    if not order.topic:
        facts.insert(1, Fact("topic", "–", "dim", "press t"))
    return [*facts, _how(order)]


def _how(order: Order) -> Fact:
    rate = f"{order.rate} per second" if order.rate else "as fast as nsqd confirms"
    depth = f" · pauses above {count(order.max_depth)} waiting" if order.max_depth else ""
    canary = " · canary: 1, then 10, then it asks" if order.canary else ""
    speed = f", {order.pace} times as fast" if order.pace not in ("", BY_TIME) else ""
    by_time = f" · by the records' own time{speed}" if order.pace else ""
    return Fact("how", rate + depth + by_time + canary, "text", "r rate  m depth ceiling  c canary  o order")


def check_facts(order: Order, checked: Checked, survey: Survey) -> list[Fact]:
    """What speaks against it, the worst first; or that nothing does."""
    facts = [*warning_facts(checked.warnings), *_too_large(order, checked.destinations, survey)]
    facts.sort(key=lambda fact: fact.tone != "trouble")
    if checked.target is not None and survey.complete and not checked.earlier:
        if not any(words.startswith(REPEATED) for words in checked.warnings):
            facts.append(
                Fact("✓ new", "no receipt has this content: it was never sent to this topic from here", "good")
            )
        if survey.largest and not _limit_exceeded(checked.destinations, survey):
            facts.append(Fact("✓ size", f"every record fits; the largest has {size(survey.largest.size)}", "good"))
    return [*facts, *_earlier(checked.earlier)]


def _limit_exceeded(destinations: Sequence[Destination], survey: Survey) -> int | None:
    """The least limit of the nsqds, if the largest record is over it."""
    limit = min((destination.limits.max_message for destination in destinations), default=None)
    return limit if limit is not None and survey.largest is not None and survey.largest.size > limit else None


def _too_large(order: Order, destinations: Sequence[Destination], survey: Survey) -> list[Fact]:
    """A record that nsqd would refuse is shown before, and can be left out."""
    limit = _limit_exceeded(destinations, survey)
    if limit is None:
        return []
    if order.skip_oversize:
        return [Fact("skipped", f"records larger than nsqd takes ({size(limit)}), and named in the receipt", "you")]
    words = f"{survey.largest} is larger than nsqd takes ({size(limit)}): O leaves such records out"
    return [Fact("warning", words, "trouble")]


def _earlier(earlier: Earlier | None) -> list[Fact]:
    if earlier is None:
        return []
    records = plural(earlier.confirmed, "record")
    return [Fact("resumes", f"an earlier send stopped after {records}: this resumes it", "you")]


def progress_facts(progress: Sending, control: Control, order: Order) -> list[Fact]:
    """How far it is; what needs attention comes last, where the eye ends."""
    total = progress.total or 0
    share = progress.confirmed / total if total else 0.0
    done = round(_BAR * share)
    of = f"{count(progress.confirmed)} of {count(total)} · {int(100 * share)} %" if total else count(progress.confirmed)
    unknown = f" · {count(progress.unknown)} unknown: they go out again" if progress.unknown else ""
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
    word = "sending: space pauses, S stops (the journal keeps what was confirmed); q leaves it running"
    return [*facts, Fact("", progress.note or ("paused: space continues" if control.paused else word), "you")]
