"""Findings in words: their kind, the filter that selects them, a line for each, and the answer in one sentence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from statistics import median

from tui.analysis.facts import RecordFact, spell_number
from tui.analysis.question import Answer, LocatedFinding, TimeRange
from tui.analysis.surprise import FEW
from tui.archive.times import spell_time
from tui.units import count, plural

_VOLUME = 0.5  # of a value's excess must be an excess of all records, for it to be a change of volume
_FEW_HOURS = 2  # needed to know what is usual for an hour of the week or day
_SPREAD = 3.0  # times the median deviation: beyond that, the number of records is unusual
_TWICE = 2.0  # times the usual number of records, or less than the usual divided by it, is worth a sentence
_LONGEST = 100  # characters of a value in a sentence


def kind_of(located: LocatedFinding, answer: Answer) -> str:
    """Return `value`, `pattern`, `number`, `volume`, `new` or `gone`; the first condition decides."""
    fact, moved = located.finding.facts[0], located.finding.shift
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
    return "volume" if _adds_records(located, answer) else "value"


def _adds_records(located: LocatedFinding, answer: Answer) -> bool:
    """True if the finding added records to the usual ones, rather than replacing some."""
    here, usual, spread = _volume(answer, located.target.ranges)
    if usual is None or here - usual <= spread:
        return False
    target = [at for at, hour in enumerate(answer.hours) if _within(hour, located.target.ranges)]
    of_finding = sum(located.by_hour[at] for at in target) - located.finding.shift.there * usual
    return of_finding > 0 and here - usual > _VOLUME * of_finding


def _volume(answer: Answer, ranges: Sequence[TimeRange]) -> tuple[float, float | None, float]:
    """Return the records of some hours, how many are usual there (None if unknown), and how much that varies."""
    target = [at for at, hour in enumerate(answer.hours) if _within(hour, ranges)]
    inside = set(target)
    of_hour: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for at, hour in enumerate(answer.hours):
        if at not in inside:
            for name in _names(hour):
                of_hour[name].append(answer.sizes[at])
    usual = {name: median(sizes) for name, sizes in of_hour.items() if len(sizes) >= _FEW_HOURS or not name}

    def expected(at: int) -> float:
        return next(usual[name] for name in _names(answer.hours[at]) if name in usual)

    here = sum(answer.sizes[at] for at in target)
    if not usual or not target:
        return here, None, 0.0
    total = sum(map(expected, target))
    off = [
        abs(answer.sizes[at] / expected(at) - 1) for at in range(len(answer.hours)) if at not in inside and expected(at)
    ]
    return here, total, _SPREAD * median(off) * total if off else 0.0


def _names(hour: datetime) -> tuple[tuple[int, ...], ...]:
    """Return the keys by which hours are alike, the most specific first."""
    return (hour.weekday(), hour.hour, hour.minute), (hour.hour, hour.minute), ()


def _within(hour: datetime, ranges: Sequence[TimeRange]) -> bool:
    return any(start <= hour < stop for start, stop in ranges)


def where_of(facts: Sequence[RecordFact]) -> dict[str, object]:
    """Return the conditions by field, as in `diff --json`."""
    where: dict[str, object] = {}
    for fact in facts:
        where[fact.field] = fact.condition
    return where


def filter_of_finding(located: LocatedFinding) -> str:
    """Return the JMESPath that selects the finding's records."""
    return " && ".join(fact.expression for fact in located.finding.facts)


def words_of(fact: RecordFact) -> str:
    """Return a fact in words: `status 500`, `latency_ms > 812.4`, `no bytes`."""
    if fact.kind == "missing":
        return f"no {fact.field}"
    if fact.kind == "field":
        return f"field {fact.field}"
    if fact.kind in ("above", "below"):
        return f"{fact.field} {'>' if fact.kind == 'above' else '<'} {spell_number(fact.value)}"
    return f"{fact.field} {text_of(fact.value)}"


def text_of(value: object) -> str:
    """Return a value as text, shortened if it is long."""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def name_of(located: LocatedFinding) -> str:
    """Return all conditions of a finding in words."""
    return " · ".join(map(words_of, located.finding.facts))


def share(number: float) -> str:
    """Format a share in percent, with more digits if it is small."""
    if number == 0:
        return "0"
    percent = 100 * number
    return f"{percent:.0f} %" if percent >= 10 else f"{percent:.1f} %" if percent >= 0.1 else f"{percent:.2g} %"


def line_of(located: LocatedFinding) -> str:
    """Return a finding as one line: sign, name, share here and there, hours."""
    moved = located.finding.shift
    sign = "new" if moved.there == 0 else "▲" if moved.score > 0 else "▼"
    hours = f"{spell_time(located.since)} to {spell_time(located.until)}"
    return f"{sign:<3} {name_of(located)}  {share(moved.here)}, usually {share(moved.there)}  {hours}"


def headline(answer: Answer) -> str:
    """Return the answer in one sentence."""
    if not answer.findings:
        return (not_compared(answer) or "Nothing stands out.") if answer.final else "Nothing stands out so far."
    best = answer.findings[0]
    moved = best.finding.shift
    if moved.there == 0:
        others = f"among {count(answer.baseline.records)} others" if answer.baseline.records else "in other hours"
        text = f"is new: {plural(moved.records, 'record')}, none {others}"
    else:
        way = "rose" if moved.score > 0 else "fell"
        text = f"{way} from {share(moved.there)} to {share(moved.here)} of the records"
    return f"{name_of(best)} {text}, {hours_in_words(best.since, best.until)}."


def not_compared(answer: Answer) -> str:
    """Return why nothing could be compared; empty if something was."""
    if not answer.target.records:
        kind = " that are JSON objects" if answer.not_objects else ""
        return f"Nothing was compared: these hours have no records{kind}."
    if answer.baseline.ranges and not answer.baseline.records:
        return f"Nothing was compared: there are no such records in {_hours(answer.baseline.ranges)}."
    hours = sum(1 for size in answer.sizes if size)
    if not answer.baseline.records and hours <= FEW:
        return f"Nothing was compared: at least {FEW + 1} hours with records are needed; found {hours}."
    return ""


def volume_sentence(answer: Answer) -> str:
    """Return a sentence if the hours hold far more records than usual, or far fewer; else an empty text."""
    if not answer.baseline.records or not (answer.exact or answer.indexed):
        return ""
    here, usual, spread = _volume(answer, answer.target.ranges)
    if not usual or abs(here - usual) <= spread or usual / _TWICE < here < usual * _TWICE:
        return ""
    times = f"{here / usual:.1f}x as many as usual" if here > usual else f"{100 * here / usual:.0f} % of the usual"
    return f"These hours have {plural(round(here), 'record')}, {times}."


def companions(answer: Answer) -> str:
    """Return a sentence about what always occurs with the first finding; empty if nothing does."""
    also = answer.findings[0].finding.also if answer.findings else ()
    return f"All of them have {', '.join(map(words_of, also))}." if also else ""


def hours_in_words(since: datetime, until: datetime) -> str:
    """Format hours as `Tue 20 Jan 2015 13:00 to 19:00`; the last day is added if it is another."""
    first = f"{since:%a} {since.day} {since:%b %Y %H:%M}"
    last = until if until.date() == since.date() else None
    return f"{first} to {until:%H:%M}" if last else f"{first} to {until:%a} {until.day} {until:%b %H:%M}"


def source_of(answer: Answer) -> str:
    """Return what the answer is based on."""
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
    left_out = f" · {plural(answer.not_objects, 'record')} left out: not JSON objects" if answer.not_objects else ""
    return f"{against} · {how}{left_out}"


def _hours(ranges: Sequence[TimeRange]) -> str:
    hours = round(sum((stop - start).total_seconds() for start, stop in ranges) / 3600)
    if len(ranges) > 1 and len({(start.hour, stop - start) for start, stop in ranges}) == 1:
        return f"the same hours of {plural(len(ranges), 'other day')}"
    return plural(hours, "other hour")
