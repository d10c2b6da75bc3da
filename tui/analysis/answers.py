"""Findings in words: their kind, the filter that selects them, one line each, and the sentence that is the answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from statistics import median

from tui.analysis.facts import Fact, spell_number
from tui.analysis.question import Answer, Found, Range
from tui.archive.times import spell_time
from tui.units import count, plural

_VOLUME = 0.5  # of the excess of a value must be excess of the whole hours


def kind_of(found: Found, answer: Answer) -> str:
    """`value`, `pattern`, `number`, `volume`, `new` or `gone`, by the first condition."""
    fact, moved = found.finding.facts[0], found.finding.shift
    if fact.kind == "missing":
        return "gone"
    if moved.here == 0:
        return "gone"
    if moved.there == 0 or fact.kind == "field":
        return "new"
    if fact.kind in ("above", "below"):
        return "number"
    if fact.kind == "pattern":
        return "pattern"
    return "volume" if _adds_records(found, answer) else "value"


def _adds_records(found: Found, answer: Answer) -> bool:
    """Are there more records because of it, rather than others of the same number?"""
    target = [at for at, hour in enumerate(answer.hours) if _within(hour, found.target.ranges)]
    others = [at for at in range(len(answer.hours)) if at not in set(target)]
    if not target or not others:
        return False
    usual = {
        hour: median(answer.sizes[at] for at in others if answer.hours[at].hour == hour)
        for hour in {answer.hours[at].hour for at in others}
    }
    overall = median(answer.sizes[at] for at in others)
    more = sum(answer.sizes[at] - usual.get(answer.hours[at].hour, overall) for at in target)
    share = found.finding.shift.there
    of_finding = sum(found.by_hour[at] - share * usual.get(answer.hours[at].hour, overall) for at in target)
    return of_finding > 0 and more > _VOLUME * of_finding


def _within(hour: datetime, ranges: Sequence[Range]) -> bool:
    return any(start <= hour < stop for start, stop in ranges)


def where_of(facts: Sequence[Fact]) -> dict[str, object]:
    """The conditions by field, as `diff --json` has them; a second one of a field gets a name of its own."""
    where: dict[str, object] = {}
    for fact in facts:
        where[fact.field] = fact.condition
    return where


def filter_of_finding(found: Found) -> str:
    """The JMESPath that selects the records."""
    return " && ".join(fact.expression for fact in found.finding.facts)


def words_of(fact: Fact) -> str:
    """`status 500`, `latency_ms > 812.4`, `no bytes`."""
    if fact.kind == "missing":
        return f"no {fact.field}"
    if fact.kind == "field":
        return f"field {fact.field}"
    if fact.kind in ("above", "below"):
        return f"{fact.field} {'>' if fact.kind == 'above' else '<'} {spell_number(fact.value)}"
    return f"{fact.field} {text_of(fact.value)}"


def text_of(value: object) -> str:
    """A value as people read it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def name_of(found: Found) -> str:
    """All conditions of a finding."""
    return " · ".join(map(words_of, found.finding.facts))


def share(number: float) -> str:
    """A share in percent, as exact as it is worth."""
    if number == 0:
        return "0"
    percent = 100 * number
    return f"{percent:.0f} %" if percent >= 10 else f"{percent:.1f} %" if percent >= 0.1 else f"{percent:.2g} %"


def line_of(found: Found) -> str:
    """One finding: sign, name, share here and there, hours."""
    moved = found.finding.shift
    sign = "new" if moved.there == 0 else "▲" if moved.score > 0 else "▼"
    hours = f"{spell_time(found.since)} to {spell_time(found.until)}"
    return f"{sign:<3} {name_of(found)}  {share(moved.here)}, usually {share(moved.there)}  {hours}"


def headline(answer: Answer) -> str:
    """The sentence that is the answer."""
    if not answer.found:
        return "Nothing stands out." if answer.final else "Nothing stands out so far."
    best = answer.found[0]
    moved = best.finding.shift
    if moved.there == 0:
        others = f"among {count(answer.baseline.records)} others" if answer.baseline.records else "in other hours"
        text = f"is new: {plural(moved.records, 'record')}, none {others}"
    else:
        way = "rose" if moved.score > 0 else "fell"
        text = f"{way} from {share(moved.there)} to {share(moved.here)} of the records"
    return f"{name_of(best)} {text}, {hours_in_words(best.since, best.until)}."


def companions(answer: Answer) -> str:
    """What always comes with the first finding, as a sentence; empty if nothing does."""
    also = answer.found[0].finding.also if answer.found else ()
    return f"All of them have {', '.join(map(words_of, also))}." if also else ""


def hours_in_words(since: datetime, until: datetime) -> str:
    """`Tue 20 Jan 2015 13:00 to 19:00`; the day once, if it is one."""
    first = f"{since:%a} {since.day} {since:%b %Y %H:%M}"
    last = until if until.date() == since.date() else None
    return f"{first} to {until:%H:%M}" if last else f"{first} to {until:%a} {until.day} {until:%b %H:%M}"


def source_of(answer: Answer) -> str:
    """What the answer was taken from."""
    ranges = answer.baseline.ranges
    against = (
        f"against {count(answer.baseline.records)} records of {_hours(ranges)}"
        if ranges
        else "each hour against all others"
    )
    if answer.indexed:
        how = f"from the index: {count(answer.indexed)} of {plural(answer.indexed, 'chunk')}, 0 read"
        how += "" if answer.exact else "; combinations from a sample"
    else:
        how = "exact" if answer.exact else f"a sample of {plural(answer.records, 'record')}: the first of each chunk"
    return f"{against} · {how}"


def _hours(ranges: Sequence[Range]) -> str:
    hours = round(sum((stop - start).total_seconds() for start, stop in ranges) / 3600)
    if len(ranges) > 1 and len({(start.hour, stop - start) for start, stop in ranges}) == 1:
        return f"the same hours of {plural(len(ranges), 'other day')}"
    return plural(hours, "other hour")
