"""A send in rows: what, where, how far, and the receipt."""

from __future__ import annotations

from tui.app.facts import Fact, Tone
from tui.app.ordering import Order
from tui.printable import printable
from tui.send import Control, Destination, Earlier, Receipt, Sending, Survey
from tui.units import count, duration, plural, size

_BAR = 40


def what_facts(title: str, found: Survey) -> list[Fact]:
    """What will be sent, counted by reading it."""
    if not found.complete:
        return [Fact("what", title, "strong", f"counting … {plural(found.count, 'record')} so far")]
    hours = ""
    if found.first_hour and found.last_hour:
        hours = f" · {found.first_hour:%a %Y-%m-%d %H:00} to {found.last_hour:%a %Y-%m-%d %H:59}"
    facts = [
        Fact("what", f"{plural(found.count, 'record')} · {size(found.size)}{hours}", "strong"),
        Fact("of", title),
    ]
    if found.first is not None and found.last is not None:
        facts += [Fact("first", printable(found.first, 400), "dim"), Fact("last", printable(found.last, 400), "dim")]
    facts += [
        Fact("!! damaged", each.key, "trouble", f"{each.reason}; what came before it counts")
        for each in found.damaged[:2]
    ]
    return facts


def where_facts(order: Order, found: Destination | None, earlier: Earlier | None, *, asking: bool) -> list[Fact]:
    """Where it goes, what is there now, and what speaks against it."""
    if order.out:
        return [Fact("into", order.out, "strong", "a file: it appears whole or not at all")]
    facts = [
        Fact("nsqd", order.address or "–", "strong" if order.address else "dim", "" if order.address else "press d"),
        Fact("topic", order.topic or "–", "strong" if order.topic else "dim", "" if order.topic else "press t"),
    ]
    if asking:
        return [*facts, Fact("", "asking nsqd what is there …", "dim")]
    if found is None:
        return facts
    for channel in found.channels[:4]:
        readers = plural(len(channel.clients), "reader")
        facts.append(
            Fact(
                "channel",
                channel.name,
                "text",
                f"{count(channel.depth)} waiting · {count(channel.in_flight)} in flight · {readers}",
            )
        )
    facts += [Fact("! mind", warning, "you") for warning in found.warnings]
    if earlier is not None and earlier.finished:
        again = f"the same was sent to {earlier.topic} on {earlier.started}: {plural(earlier.confirmed, 'record')}"
        facts.append(Fact("! mind", again, "trouble"))
    elif earlier is not None:
        facts.append(
            Fact(
                "resumes",
                f"an earlier send stopped after {plural(earlier.confirmed, 'record')}: this goes on there",
                "you",
            )
        )
    return facts


def how_facts(order: Order) -> list[Fact]:
    rate = f"{order.rate} a second" if order.rate else "as fast as nsqd confirms"
    depth = f" · pauses above {count(order.max_depth)} waiting" if order.max_depth else ""
    canary = " · canary: 1, then 10, then it asks" if order.canary else ""
    return [] if order.out else [Fact("how", rate + depth + canary, "text", "r rate  m depth ceiling  c canary")]


def progress_facts(progress: Sending, control: Control) -> list[Fact]:
    """How far it is; what needs attention comes last, where the eye ends."""
    total = progress.total or 0
    done = round(_BAR * progress.confirmed / total) if total else 0
    left = f" · {duration(progress.eta)} to go" if progress.eta is not None else ""
    facts = [
        Fact("confirmed", "█" * done + "░" * (_BAR - done), "text", f"{count(progress.confirmed)} of {count(total)}"),
        Fact(
            "speed", f"{count(round(progress.rate))} a second{left}", "text", f"{count(progress.in_flight)} in flight"
        ),
    ]
    if progress.depth is not None:
        facts.append(Fact("depth", count(progress.depth)))
    if progress.asking:
        return [*facts, Fact("canary", f"{progress.note}: space goes on, esc stops", "you")]
    word = "paused: space goes on" if control.paused else "sending: space pauses, esc stops; both keep the books"
    return [*facts, Fact("", progress.note or word, "you")]


def receipt_facts(receipt: Receipt) -> list[Fact]:
    """How it ended."""
    where = receipt.topic or ", ".join(receipt.where)
    head = "stopped" if receipt.partial else "sent"
    tone: Tone = "trouble" if receipt.partial else "good"
    facts = [
        Fact(
            head,
            f"{plural(receipt.confirmed, 'record')} confirmed in {where}",
            tone,
            f"{size(receipt.bytes)} in {duration(receipt.seconds)}",
        ),
        Fact("sha256", receipt.sha256, "dim"),
    ]
    for number, words in (
        (receipt.repeated, "sent again, unanswered the first time: at most so many are there twice"),
        (receipt.skipped, "larger than nsqd takes, left out"),
        (receipt.empty, "empty, not sent"),
        (receipt.unknown, "handed over without an answer"),
    ):
        if number:
            facts.append(Fact("! mind", f"{plural(number, 'record')} {words}", "you"))
    if receipt.journal:
        facts.append(Fact("journal", receipt.journal, "text"))
    if receipt.partial and receipt.topic:
        facts.append(Fact("", "the same send, started again, goes on where this one stopped", "you"))
    return facts
