"""The receipt of a send, for a person at a terminal."""

from __future__ import annotations

from tui.send import Receipt
from tui.send.receipt import WHAT_OK_MEANS
from tui.units import count, duration, plural, size


def receipt_lines(receipt: Receipt) -> list[str]:
    """What, where, when, who, how many of each kind, and what the broker counted; to be escaped when printed."""
    done = "stopped" if receipt.partial else "sent" if receipt.topic else "written"
    where = f"topic {receipt.topic} at {', '.join(receipt.where)}" if receipt.topic else _files(receipt.where)
    lines = [
        f"{done:<8}{plural(receipt.confirmed, 'record')}, {size(receipt.bytes)}, in {duration(receipt.seconds)}",
        f"of      {receipt.what}; {receipt.filter}",
        f"to      {where}",
        f"by      {receipt.who}, {receipt.started:%Y-%m-%d %H:%M:%S} to {receipt.finished:%H:%M:%S} UTC",
        *(f"mind    {words}" for words in _mind(receipt)),
        f"sha256  {receipt.sha256}",
    ]
    if receipt.topic:
        lines += [f"nsqd    {words}" for words in _counted(receipt)]
        lines.append(f"OK      {WHAT_OK_MEANS}")
    if receipt.journal:
        lines.append(f"journal {receipt.journal}")
    return lines


def _files(where: tuple[str, ...]) -> str:
    return where[0] if len(where) == 1 else f"{where[0]} … {where[-1]} ({plural(len(where), 'file')})"


def left_out_lines(receipt: Receipt) -> list[str]:
    """The records that a file does not get, the first of them by name. Before a send to NSQ they are warnings."""
    if receipt.topic:
        return []
    lines = []
    if receipt.unfit:
        named = ", ".join(map(str, receipt.unfit_named[:3]))
        more = " …" if receipt.unfit > 3 else ""
        lines.append(f"{plural(receipt.unfit, 'record')} left out by --project: {named}{more}")
    if receipt.repeats:
        lines.append(f"{plural(receipt.repeats, 'record')} left out by --unique: copies of earlier ones")
    return lines


def _mind(receipt: Receipt) -> list[str]:
    kinds = (
        (receipt.resumed, "record", "sent by earlier runs, which this one resumed"),
        (receipt.repeated, "record", "sent again, unanswered the first time: at most so many are there twice"),
        (receipt.unknown, "record", "handed over without an answer: resume to be sure"),
        (receipt.blank, "blank line", "not sent"),
        (receipt.repeats, "record", "left out by --unique: copies of earlier ones"),
    )
    return [*(f"{plural(number, noun)} {words}" for number, noun, words in kinds if number), *receipt.warnings]


def _counted(receipt: Receipt) -> list[str]:
    before, after = receipt.message_count_before, receipt.message_count_after
    if before is None or after is None:
        return ["its message_count could not be asked"]
    words = f"message_count {count(before)} before, {count(after)} after"
    wanted = receipt.confirmed - receipt.resumed
    if after - before == wanted:
        return [words]
    if after - before < wanted:
        return [words, "it counts fewer than were confirmed: it was restarted meanwhile, and its count began again"]
    return [words, "it counts more than were confirmed: others publish there too, or some arrived twice"]
