"""A send as facts: the records, the destination, warnings, the receipt."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from tui.facts import Fact, Tone
from tui.nsq.destination import Destination
from tui.printable import printable
from tui.send.blocks import DamagedChunk, Unfit
from tui.send.earlier import REPEATED
from tui.send.receipt import WHAT_OK_MEANS, Receipt
from tui.send.survey import Survey
from tui.units import count, duration, plural, size, sparkline

_SHAPES = 5
_RECORD_LENGTH = _SHAPE_LENGTH = 100  # characters
_CHANNELS = 50
_NAME_LENGTH = 80  # characters of a server's name; NSQ allows 64
_VALUES = 5  # that a histogram shows
_VALUE_LENGTH = 20  # characters of a value
_BAR = 24
_BARS = 48  # of hours
_NAMED = 3  # records to name, for each kind that is left out


def plan_sentence(survey: Survey, topic: str, where: str) -> str:
    """Say what would be sent where: `288 records would go to player-replay on nsqd 10.0.3.7:4150.`"""
    if not survey.complete:
        return f"Reading what would be sent: {plural(survey.count, 'record')} so far."
    if not survey.count:
        return "There is nothing to send: no record matches."
    place = f"{topic or 'a topic'} on nsqd {where or '(which is not chosen yet)'}" if topic or where else "–"
    return f"{plural(survey.count, 'record')} would go to {place}."


def receipt_sentence(receipt: Receipt) -> str:
    """Say how a send ended: `288 records confirmed in player-replay.`"""
    if not receipt.topic:
        return f"{plural(receipt.confirmed, 'record')} written to {_where(receipt)}."
    stopped = " It was stopped before the end." if receipt.partial else ""
    return f"{plural(receipt.confirmed, 'record')} confirmed in {receipt.topic}.{stopped}"


def survey_facts(survey: Survey, description: str) -> list[Fact]:
    """Return the facts of a source: sizes, hours, the first, last and largest record, shapes, damage.

    Before a survey is complete, return only the count so far.
    """
    if not survey.complete:
        return [Fact("what", description, "strong", f"counting … {plural(survey.count, 'record')} so far")]
    facts = [Fact("what", plural(survey.count, "record"), "strong", size(survey.size)), Fact("of", description)]
    if survey.first_hour is not None and survey.last_hour is not None:
        facts.append(Fact("hours", f"{_hour(survey.first_hour)} to {_hour(survey.last_hour)}", "text", "included"))
    if survey.first is not None and survey.last is not None:
        facts.append(Fact("first", printable(survey.first, _RECORD_LENGTH), "dim"))
        facts.append(Fact("last", printable(survey.last, _RECORD_LENGTH), "dim"))
    if survey.largest is not None:
        facts.append(Fact("largest", str(survey.largest), "dim"))
    return [*facts, *shape_facts(survey), *histogram_facts(survey), *_survey_skips(survey)]


def histogram_facts(survey: Survey) -> list[Fact]:
    """Return the records by hour, as a line of bars, and by the values of one field, the most common first."""
    facts = []
    if len(survey.by_hour) > 1:
        hour, most = max(survey.by_hour, key=lambda pair: pair[1])
        facts.append(Fact("by hour", _bars(survey.by_hour), "text", f"most at {_hour(hour)}: {count(most)}"))
    return [*facts, *value_facts(survey)]


def value_facts(survey: Survey) -> list[Fact]:
    """Return the records by the values of one field, the most common first; nothing if no field is suitable."""
    facts: list[Fact] = []
    values = survey.by_value
    if values is None:
        return facts
    for at, (value, number) in enumerate(values.counts[:_VALUES]):
        bar = "━" * max(round(_BAR * number / survey.count), 1)
        name = printable(value if isinstance(value, str) else json.dumps(value), _VALUE_LENGTH)
        label, field = ("", "") if at else ("by value", printable(values.field, _NAME_LENGTH))
        share = f"{100 * number / survey.count:.0f} %" if 200 * number >= survey.count else "< 1 %"
        facts.append(Fact(label, f"{name:<{_VALUE_LENGTH}} {count(number):>9} {share:>5}  {bar}", "text", field))
    rest = survey.count - sum(number for _, number in values.counts[:_VALUES])
    if rest:
        more = len(values.counts) - _VALUES
        words = f"{plural(more, 'more value')}" if more > 0 else "without a value"
        facts.append(Fact("", f"{words:<{_VALUE_LENGTH}} {count(rest):>9}", "dim"))
    return facts


def _bars(by_hour: Sequence[tuple[datetime, int]]) -> str:
    """Draw one bar per hour, or per equal part of the range if there are more than `_BARS` hours."""
    first, last = by_hour[0][0], by_hour[-1][0]
    hours = round((last - first).total_seconds() / 3600) + 1
    width = min(hours, _BARS)
    sums = [0] * width
    for hour, number in by_hour:
        sums[round((hour - first).total_seconds() / 3600) * width // hours] += number
    return sparkline(sums)


def order_fact(survey: Survey, order: str | None, pace: float | None) -> Fact:
    """Return the order of the records, and how long the send takes at their own pace."""
    if order is None:
        return Fact("order", "as archived: by hour, key and line")
    note = ""
    if pace and survey.first_time is not None and survey.last_time is not None:
        seconds = (survey.last_time - survey.first_time) / 1_000_000 / pace
        note = f"pace {pace:g}: it takes {duration(seconds)} or longer"
    return Fact("order", f"by hour and {printable(order, _NAME_LENGTH)}", "text", note)


def _survey_skips(survey: Survey) -> list[Fact]:
    """Return the records that will not be sent, and the parts that could not be read."""
    oversize = f" too large for nsqd: {survey.skipped[0]}" if survey.skipped else ""
    unfit = f" without a projected value: {survey.unfit[0]}" if survey.unfit else ""
    return [
        *_skips(
            (survey.blank, "blank line", ""),
            (survey.unfit_count, "record", unfit),
            (survey.skipped_count, "record", oversize),
            (survey.repeats, "record", ", copies of earlier ones"),
        ),
        *_damage(survey.damaged),
    ]


def _skips(*kinds: tuple[int, str, str]) -> list[Fact]:
    return [Fact("skipped", f"{plural(number, noun)}{words}", "you") for number, noun, words in kinds if number]


def _damage(damaged: Sequence[DamagedChunk]) -> list[Fact]:
    facts = [Fact("damaged", str(chunk), "trouble") for chunk in damaged[:_NAMED]]
    more = len(damaged) - _NAMED
    return [*facts, Fact("", f"and {plural(more, 'more part')}", "trouble")] if more > 0 else facts


def shape_facts(survey: Survey) -> list[Fact]:
    """Return the different sets of keys, the most common first, and the others as differences from it."""
    shapes = survey.shapes
    facts = [
        Fact("" if index else "shapes", f"{count(shape.count)} × {printable(shape.words(shapes[0]), _SHAPE_LENGTH)}")
        for index, shape in enumerate(shapes[:_SHAPES])
    ]
    if len(shapes) > _SHAPES:
        rest = sum(shape.count for shape in shapes[_SHAPES:]) + survey.shapeless
        facts.append(Fact("", f"{count(rest)} × {plural(len(shapes) - _SHAPES, 'other shape')}", "dim"))
    return facts


def destination_facts(destinations: Sequence[Destination]) -> list[Fact]:
    """Return the topic at each nsqd, and its channels."""
    return [fact for destination in destinations for fact in _destination(destination)]


def _destination(destination: Destination) -> list[Fact]:
    version = f"nsqd {printable(destination.version, _NAME_LENGTH)}" if destination.version else "nsqd"
    state = f"{count(destination.depth)} waiting" if destination.exists else "which is new"
    if not destination.http:
        state = "whose depth is not known"
    elif destination.paused:
        state += ", paused"
    facts = [Fact("where", f"{version} at {destination.address}", "text", f"topic {destination.topic}, {state}")]
    for channel in destination.channels[:_CHANNELS]:
        readers = plural(len(channel.clients), "reader")
        names = f" ({printable(', '.join(channel.clients), _NAME_LENGTH)})" if channel.clients else ""
        note = f"{count(channel.depth)} waiting, {count(channel.in_flight)} in flight, {readers}{names}"
        paused = ", paused" if channel.paused else ""
        facts.append(Fact("channel", printable(channel.name, _NAME_LENGTH), "text", note + paused))
    if (more := len(destination.channels) - _CHANNELS) > 0:
        facts.append(Fact("", f"and {plural(more, 'more channel')}", "dim"))
    return facts


def warning_facts(warnings: Iterable[str]) -> list[Fact]:
    """Return the warnings about a send, a repeat first."""
    worst_first = sorted(warnings, key=lambda words: not words.startswith(REPEATED))
    return [Fact("warning", words, "trouble") for words in worst_first]


def receipt_facts(receipt: Receipt) -> list[Fact]:
    """Return the facts of a receipt: what, where, when, who, the counts, nsqd's own count, what confirmed means."""
    head = "stopped" if receipt.partial else "sent" if receipt.topic else "written"
    tone: Tone = "trouble" if receipt.partial else "good"
    amount = f"{size(receipt.bytes)} in {duration(receipt.seconds)}"
    span = f"{receipt.started:%Y-%m-%d %H:%M:%S} to {receipt.finished:%H:%M:%S} UTC"
    facts = [
        Fact(head, plural(receipt.confirmed, "record"), tone, amount),
        *([Fact("name", receipt.name, "text")] if receipt.name else []),
        Fact("of", receipt.what, "text", receipt.filter),
        Fact("to", _where(receipt), "text"),
        Fact("by", receipt.who, "dim", span),
        *([Fact("order", f"by hour and {receipt.order}", "text")] if receipt.order else []),
        *_other_counts(receipt),
        *warning_facts(receipt.warnings),
        Fact("sha256", receipt.sha256, "dim"),
    ]
    if receipt.topic:
        facts.append(_nsqd_count(receipt))
    if receipt.journal:
        facts.append(Fact("journal", receipt.journal, "dim"))
    return [*facts, Fact("confirmed", WHAT_OK_MEANS.removeprefix("confirmed "), "dim")] if receipt.topic else facts


def receipt_markdown(receipt: Receipt, command: str) -> str:
    """Return the receipt as Markdown: a sentence, a table, and the command line of the send."""
    rows = [
        f"| {fact.label} | {_cell(fact.text)}{f' ({_cell(fact.note)})' if fact.note else ''} |"
        for fact in receipt_facts(receipt)
    ]
    fence = "`" * max(3, max((len(run) + 1 for run in re.findall("`+", command)), default=0))
    lines = [f"## {_cell(receipt_sentence(receipt))}", "", "| | |", "|---|---|", *rows]
    return "\n".join([*lines, "", f"{fence}sh", printable(command), fence, ""])


def _cell(text: str) -> str:
    """Escape text for a Markdown table."""
    return re.sub(r"([\\`*_{}\[\]<>#|~&])", r"\\\1", printable(text))


def left_out(unfit_count: int, unfit: Sequence[Unfit], repeats: int) -> list[str]:
    """Return a sentence for each kind of record that the options of a send leave out."""
    sentences = []
    if unfit_count:
        named = ", ".join(map(str, unfit[:_NAMED])) + (" …" if unfit_count > _NAMED else "")
        sentences.append(f"{plural(unfit_count, 'record')} left out by --project: {named}")
    if repeats:
        sentences.append(f"{plural(repeats, 'record')} left out by --unique: copies of earlier ones")
    return sentences


def _other_counts(receipt: Receipt) -> list[Fact]:
    """Return the records that were not simply sent and confirmed once."""
    kinds = (
        ("resumed", receipt.resumed, "confirmed by earlier runs of this send"),
        ("repeated", receipt.repeated, "sent again because the first answer was lost: possible duplicates"),
        ("unanswered", receipt.unknown, "sent without an answer: resume to be sure"),
    )
    return [
        *(Fact(label, f"{plural(number, 'record')} {words}", "you") for label, number, words in kinds if number),
        *_skips(
            (receipt.skipped, "record", " larger than nsqd takes"),
            (receipt.unfit, "record", " without a projected value"),
            (receipt.repeats, "record", ", copies of earlier ones"),
            (receipt.blank, "blank line", ""),
        ),
        *_damage(receipt.damaged),
    ]


def _nsqd_count(receipt: Receipt) -> Fact:
    """Compare nsqd's count of the topic with the confirmed records."""
    before, after = receipt.message_count_before, receipt.message_count_after
    if before is None or after is None:
        return Fact("nsqd", "its message_count is unknown", "dim")
    text = f"message_count {count(before)} before, {count(after)} after"
    more = after - before - (receipt.confirmed - receipt.resumed)
    if not more:
        return Fact("nsqd", text, "text", "as many as were confirmed")
    if more < 0:
        note = "fewer than were confirmed: it was restarted meanwhile, and its count began again"
    else:
        note = "more than were confirmed: others publish there too, or some arrived twice"
    return Fact("nsqd", text, "you", note)


def _where(receipt: Receipt) -> str:
    where = receipt.where
    if receipt.topic:
        return f"topic {receipt.topic} at {', '.join(where)}"
    return where[0] if len(where) == 1 else f"{where[0]} … {where[-1]} ({plural(len(where), 'file')})"


def _hour(hour: datetime) -> str:
    return f"{hour:%Y-%m-%d %H:00 %Z}"
