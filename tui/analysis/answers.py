"""Findings in words: their kind, the filter that selects them, one line each, and the sentence that is the answer."""

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

_VOLUME = 0.5  # of the excess of a value must be excess of the whole hours
_FEW_HOURS = 2  # that tell what is usual for an hour
_SPREAD = 3.0  # times the median deviation: more records than that are more than usual
_TWICE = 2.0  # as many records as usual, or as few
_LONGEST = 100  # characters of a value in a sentence


def kind_of(located: LocatedFinding, answer: Answer) -> str:
    """`value`, `pattern`, `number`, `volume`, `new` or `gone`, by the first condition."""
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
    """Are there more records because of it, rather than others of the same number?"""
    here, usual, spread = _volume(answer, located.target.ranges)
    if usual is None or here - usual <= spread:
        return False
    target = [at for at, hour in enumerate(answer.hours) if _within(hour, located.target.ranges)]
    of_finding = sum(located.by_hour[at] for at in target) - located.finding.shift.there * usual
    return of_finding > 0 and here - usual > _VOLUME * of_finding


def _volume(answer: Answer, ranges: Sequence[TimeRange]) -> tuple[float, float | None, float]:
    """The records of some hours, how many are usual there (None if nobody knows), and how much that varies."""
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
    whole = sum(map(expected, target))
    off = [
        abs(answer.sizes[at] / expected(at) - 1) for at in range(len(answer.hours)) if at not in inside and expected(at)
    ]
    return here, whole, _SPREAD * median(off) * whole if off else 0.0


def _names(hour: datetime) -> tuple[tuple[int, ...], ...]:
    """What hours are alike in, the most in the first."""
    return (hour.weekday(), hour.hour, hour.minute), (hour.hour, hour.minute), ()


def _within(hour: datetime, ranges: Sequence[TimeRange]) -> bool:
    return any(start <= hour < stop for start, stop in ranges)


def where_of(facts: Sequence[RecordFact]) -> dict[str, object]:
    """The conditions by field, as `diff --json` has them; a second one of a field gets a name of its own."""
    where: dict[str, object] = {}
    for fact in facts:
        where[fact.field] = fact.condition
    return where


def filter_of_finding(located: LocatedFinding) -> str:
    """The JMESPath that selects the records."""
    return " && ".join(fact.expression for fact in located.finding.facts)


def words_of(fact: RecordFact) -> str:
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
    text = str(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def name_of(located: LocatedFinding) -> str:
    """All conditions of a finding."""
    return " · ".join(map(words_of, located.finding.facts))


def share(number: float) -> str:
    """A share in percent, as exact as it is worth."""
    if number == 0:
        return "0"
    percent = 100 * number
    return f"{percent:.0f} %" if percent >= 10 else f"{percent:.1f} %" if percent >= 0.1 else f"{percent:.2g} %"


def line_of(located: LocatedFinding) -> str:
    """One finding: sign, name, share here and there, hours."""
    moved = located.finding.shift
    sign = "new" if moved.there == 0 else "▲" if moved.score > 0 else "▼"
    hours = f"{spell_time(located.since)} to {spell_time(located.until)}"
    return f"{sign:<3} {name_of(located)}  {share(moved.here)}, usually {share(moved.there)}  {hours}"


def headline(answer: Answer) -> str:
    """The sentence that is the answer."""
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
    """Why nothing could be compared; empty if something was."""
    if not answer.target.records:
        kind = " that is a JSON object" if answer.not_objects else ""
        return f"Nothing was compared: these hours hold no record{kind}."
    if answer.baseline.ranges and not answer.baseline.records:
        return f"Nothing was compared: {_hours(answer.baseline.ranges)} hold no such record."
    hours = sum(1 for size in answer.sizes if size)
    if not answer.baseline.records and hours <= FEW:
        return f"Nothing was compared: of {plural(hours, 'hour')} with records none can be told from the others."
    return ""


def volume_sentence(answer: Answer) -> str:
    """That the hours hold far more records than usual, or far fewer; empty if they do not."""
    if not answer.baseline.records or not (answer.exact or answer.indexed):
        return ""
    here, usual, spread = _volume(answer, answer.target.ranges)
    if not usual or abs(here - usual) <= spread or usual / _TWICE < here < usual * _TWICE:
        return ""
    times = f"{here / usual:.1f}x as many as usual" if here > usual else f"{100 * here / usual:.0f} % of the usual"
    return f"These hours hold {plural(round(here), 'record')}, {times}."


def companions(answer: Answer) -> str:
    """What always comes with the first finding, as a sentence; empty if nothing does."""
    also = answer.findings[0].finding.also if answer.findings else ()
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
    left_out = f" · {plural(answer.not_objects, 'record')} left out: no JSON objects" if answer.not_objects else ""
    return f"{against} · {how}{left_out}"


def _hours(ranges: Sequence[TimeRange]) -> str:
    hours = round(sum((stop - start).total_seconds() for start, stop in ranges) / 3600)
    if len(ranges) > 1 and len({(start.hour, stop - start) for start, stop in ranges}) == 1:
        return f"the same hours of {plural(len(ranges), 'other day')}"
    return plural(hours, "other hour")
