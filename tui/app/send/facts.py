"""A send in rows: what, where, how far, and the receipt."""

from __future__ import annotations

from collections.abc import Sequence

from tui.app.send.order import Order
from tui.facts import Fact, Tone
from tui.printable import printable
from tui.send import Control, Destination, Earlier, Receipt, Sending, Survey
from tui.send.earlier import REPEATED
from tui.units import count, duration, plural, size

_BAR = 40
_SHAPES = 3


def what_facts(title: str, survey: Survey, *, brief: bool = False) -> list[Fact]:
    """What will be sent, counted by reading it; `brief`: without a look at the records."""
    if not survey.complete:
        return [Fact("what", title, "strong", f"counting … {plural(survey.count, 'record')} so far")]
    hours = ""
    if survey.first_hour and survey.last_hour:
        same = survey.first_hour.date() == survey.last_hour.date()
        hours = f" · {survey.first_hour:%a %Y-%m-%d %H:00} to {survey.last_hour:{'' if same else '%a %Y-%m-%d '}%H:59}"
    facts = [
        Fact("what", f"{plural(survey.count, 'record')} · {size(survey.size)}{hours}", "strong"),
        Fact("of", title),
    ]
    if survey.first is not None and survey.last is not None and not brief:
        facts += [Fact("first", printable(survey.first, 400), "dim"), Fact("last", printable(survey.last, 400), "dim")]
    facts += [] if brief else _shapes(survey)
    facts += [Fact("!! damaged", each.key, "trouble", f"{each.reason}; all else counts") for each in survey.damaged[:2]]
    if survey.unfit_count:
        facts.append(Fact("! mind", f"{plural(survey.unfit_count, 'record')} left out: {survey.unfit[0]}", "you"))
    return facts


def _shapes(survey: Survey) -> list[Fact]:
    """The different sets of keys, the commonest first; of the others what they have more or less."""
    shown = survey.shapes[:_SHAPES]
    facts = [
        Fact("" if at else "shapes", f"{count(shape.count)} × {printable(shape.words(shown[0]), 200)}", "text")
        for at, shape in enumerate(shown)
    ]
    rest = len(survey.shapes) - len(shown)
    if rest:
        facts[-1] = Fact("", facts[-1].text, "text", f"and {plural(rest, 'shape')} more")
    return facts


def where_facts(
    order: Order,
    destinations: Sequence[Destination],
    earlier: Earlier | None,
    warnings: Sequence[str],
    survey: Survey,
    *,
    asking: bool,
) -> list[Fact]:
    """Where it goes, what is there now, and what speaks against it."""
    if order.out:
        return [Fact("into", order.out, "strong", "a file: it appears whole or not at all")]
    there = order.where
    facts = [
        Fact("nsqd", there or "–", "strong" if there else "dim", order.about if there else "press a"),
        Fact("topic", order.topic or "–", "strong" if order.topic else "dim", "" if order.topic else "press t"),
    ]
    if asking:
        return [*facts, Fact("", "asking nsqd what is there …", "dim")]
    for destination in destinations[:3]:
        facts += _there(destination, several=len(destinations) > 1)
    facts += [Fact("! mind", words, "trouble" if words.startswith(REPEATED) else "you") for words in warnings]
    return [*facts, *_too_large(order, destinations, survey), *_earlier(earlier)]


def _there(destination: Destination, *, several: bool) -> list[Fact]:
    """The topic at one nsqd, and its channels."""
    facts: list[Fact] = []
    if destination.http:
        waiting = f"{count(destination.depth)} waiting in the topic"
        state = waiting if destination.exists else "the topic is not there yet"
        name = f"nsqd {destination.version} at {destination.address}" if several else f"nsqd {destination.version}"
        facts.append(Fact("there", name, "text", state))
    for channel in destination.channels[:4]:
        readers = plural(len(channel.clients), "reader")
        about = f"{count(channel.depth)} waiting · {count(channel.in_flight)} in flight · {readers}"
        facts.append(Fact("channel", channel.name, "text", about + (" · paused" if channel.paused else "")))
    return facts


def _too_large(order: Order, destinations: Sequence[Destination], survey: Survey) -> list[Fact]:
    """A record that nsqd would refuse is shown before, and can be left out."""
    limit = min((destination.limits.max_message for destination in destinations), default=None)
    if limit is None or survey.largest is None or survey.largest.size <= limit:
        return []
    if order.skip_oversize:
        return [Fact("left out", f"records larger than nsqd takes ({size(limit)}), and named in the receipt", "you")]
    words = f"{survey.largest} is larger than nsqd takes ({size(limit)}): l leaves such records out"
    return [Fact("! mind", words, "trouble")]


def _earlier(earlier: Earlier | None) -> list[Fact]:
    if earlier is None:
        return []
    records = plural(earlier.confirmed, "record")
    return [Fact("resumes", f"an earlier send stopped after {records}: this resumes it", "you")]


def how_facts(order: Order) -> list[Fact]:
    rate = f"{order.rate} a second" if order.rate else "as fast as nsqd confirms"
    depth = f" · pauses above {count(order.max_depth)} waiting" if order.max_depth else ""
    canary = " · canary: 1, then 10, then it asks" if order.canary else ""
    return [] if order.out else [Fact("how", rate + depth + canary, "text", "r rate  m depth ceiling  c canary")]


def progress_facts(progress: Sending, control: Control, order: Order) -> list[Fact]:
    """How far it is; what needs attention comes last, where the eye ends."""
    total = progress.total or 0
    share = progress.confirmed / total if total else 0.0
    done = round(_BAR * share)
    left = f" · {duration(progress.eta)} to go" if progress.eta is not None else ""
    of = f"{count(progress.confirmed)} of {count(total)} · {int(100 * share)} %" if total else count(progress.confirmed)
    unknown = f" · {count(progress.unknown)} unknown: they go out again" if progress.unknown else ""
    facts = [
        Fact("confirmed", "█" * done + "░" * (_BAR - done), "text", of),
        Fact("in flight", count(progress.in_flight) + unknown, "you" if unknown else "text"),
        Fact("speed", f"{count(round(progress.rate))} a second{left}", "text", f"{size(progress.bytes)} confirmed"),
    ]
    if progress.depth is not None:
        ceiling = f"pauses above {count(order.max_depth)}" if order.max_depth else "topic and deepest channel"
        facts.append(Fact("depth", count(progress.depth), "text", ceiling))
    if progress.asking:
        return [*facts, Fact("canary", f"{progress.note}: space goes on, S stops", "you")]
    word = "sending: space pauses, S stops (both keep the books); q leaves it running"
    return [*facts, Fact("", progress.note or ("paused: space goes on" if control.paused else word), "you")]


def receipt_facts(receipt: Receipt) -> list[Fact]:
    """How it ended."""
    head = "stopped" if receipt.partial else "sent" if receipt.topic else "written"
    tone: Tone = "trouble" if receipt.partial else "good"
    where = receipt.topic or ", ".join(receipt.where[:2])
    span = f"{receipt.started:%Y-%m-%d %H:%M:%S} to {receipt.finished:%H:%M:%S} UTC"
    facts = [
        Fact(
            head,
            f"{plural(receipt.confirmed, 'record')} confirmed in {where}",
            tone,
            f"{size(receipt.bytes)} in {duration(receipt.seconds)}",
        ),
        Fact("by", f"{receipt.who}, {span}", "dim"),
        *([Fact("at", ", ".join(receipt.where), "dim")] if receipt.topic else []),
        *_counted(receipt),
    ]
    for number, words in (
        (receipt.resumed, "sent by earlier runs, which this one resumed"),
        (receipt.repeated, "sent again, unanswered the first time: at most so many are there twice"),
        (receipt.skipped, "larger than nsqd takes, left out"),
        (receipt.unfit, "that a projection makes nothing of, left out"),
        (receipt.repeats, "left out: copies of earlier ones"),
        (receipt.blank, "blank, not sent"),
        (receipt.unknown, "handed over without an answer: resume to be sure"),
    ):
        if number:
            facts.append(Fact("! mind", f"{plural(number, 'record')} {words}", "you"))
    facts += [Fact("! mind", words, "you") for words in receipt.warnings]
    facts.append(Fact("sha256", receipt.sha256, "dim"))
    if receipt.journal:
        facts.append(Fact("journal", receipt.journal, "command"))
    if receipt.partial and receipt.topic:
        facts.append(Fact("", "R resumes it where it stopped; so does the command with --resume", "you"))
    return facts


def _counted(receipt: Receipt) -> list[Fact]:
    """What nsqd says that it took meanwhile."""
    before, after = receipt.message_count_before, receipt.message_count_after
    if before is None or after is None:
        return []
    took, sent = after - before, receipt.confirmed - receipt.resumed
    words = "as many as were confirmed"
    if took != sent:
        fewer = "fewer than were confirmed: it was restarted meanwhile, and its count began again"
        words = fewer if took < sent else "more than were confirmed: others publish there too, or some arrived twice"
    return [Fact("nsqd took", plural(took, "record"), "text" if took == sent else "you", words)]
