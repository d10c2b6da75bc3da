"""Notebook entries for scans, counts, comparisons, sends, and notes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from msgspec import structs

from tui.analysis.answers import companions, filter_of_finding, headline, line_of, source_of
from tui.analysis.count import Counted
from tui.analysis.counting import Counting
from tui.analysis.question import Answer
from tui.archive.times import ceil_hour, spell_hour
from tui.filter import Filter
from tui.history.extracts import ExtractLine
from tui.history.log import Reporter
from tui.history.notebook import RECORDS, Entry, Notebook, Spot
from tui.history.stopped import Unfinished
from tui.scan import Matches, ScanEvent, ScanPlan, Totals
from tui.send import Receipt
from tui.send.facts import receipt_facts
from tui.units import plural, size, sparkline

_COLUMNS = 72  # of a sparkline


def noted_scan(
    events: Iterator[ScanEvent],
    plan: ScanPlan,
    command: str,
    out: str,
    notebook: Notebook,
    report: Reporter,
    *,
    exact: bool = True,
) -> Iterator[ScanEvent]:
    """Pass the events on; add a notebook entry at the end. `out` is the extract or file, empty for stdout.

    `exact`: every record is counted.
    """
    totals = Totals()
    first: list[bytes] = []
    try:
        for event in events:
            totals.add(event)
            if isinstance(event, Matches) and len(first) < RECORDS:
                first += event.first(RECORDS - len(first)).records()
            yield event
    finally:
        notebook.add(_scan_entry(plan, totals, first, command, out, exact=exact), report)


def _scan_entry(
    plan: ScanPlan, totals: Totals, first: Sequence[bytes], command: str, out: str, *, exact: bool
) -> Entry:
    counts = totals.counts
    stopped = totals.chunks + totals.skipped < len(plan.chunks) or totals.partial
    verb, end = "matches" if counts.matches == 1 else "match", ", stopped before the end" if stopped else ""
    rows = [f"{plural(totals.chunks, 'chunk')} read, {size(counts.bytes_compressed)}, {size(counts.bytes)} of lines"]
    if counts.matches and (line := hours_line(dict(totals.matches_by_hour))):
        rows.append(line)
    spot = _span(plan.start, plan.stop, plan.filter)
    spot = structs.replace(spot, hour=_first_hour(totals) or spot.start, out=out or None)
    damaged = {event.chunk.key: event.damage.reason for event in totals.damaged}
    trouble = [f"{key} is damaged: {why}" for key, why in list(damaged.items())[:3]]
    trouble += [f"and {plural(len(damaged) - 3, 'more damaged chunk')}"] if len(damaged) > 3 else []
    of = f"{plural(counts.records, 'record')} of " if exact else ""
    headline_ = f"{plural(counts.matches, 'record')} {verb}, in {of}{plural(plan.hours, 'hour')}{end}"
    return Entry("scan", headline_, spot, command, rows, first, [*trouble, *totals.warnings()])


def count_entry(plan: ScanPlan, counting: Counting, counted: Counted, rows: Sequence[str], command: str) -> Entry:
    """Return the entry of a count; `rows` are the printed table."""
    by = f" by {', '.join(counting.by)}" if counting.by else ""
    spot = _span(plan.start, plan.stop, plan.filter)
    fields = (*counting.by, *((counting.stats,) if counting.stats else ()))
    return Entry(
        "count",
        f"{plural(counted.records, 'record')}{by}",
        Spot(hour=spot.start, start=spot.start, stop=spot.stop, filter=spot.filter, fields=fields),
        command,
        rows,
    )


def diff_entry(answer: Answer, filter_: Filter, command: str) -> Entry:
    """Return the entry of a comparison: the answer as a sentence, and the findings."""
    first = answer.findings[0] if answer.findings else None
    spot = Spot(
        hour=spell_hour(first.since) if first else None,
        start=spell_hour(first.since) if first else None,
        stop=spell_hour(ceil_hour(first.until)) if first else None,
        filter=(*filter_.arguments(), *(("-m", filter_of_finding(first)) if first else ())),
    )
    rows = [*filter(None, (companions(answer), source_of(answer))), *map(line_of, answer.findings[:10])]
    return Entry("what changed", headline(answer), spot, command, rows)


def send_entry(receipt: Receipt, command: str) -> Entry:
    """Return the entry of a send: its receipt."""
    where = (
        f"in {receipt.topic}"
        if receipt.topic
        else f"to {Path(receipt.where[0]).name}"
        if receipt.where
        else "to a file"
    )
    state = "confirmed" if receipt.topic else "written"
    stopped = ", stopped before the end" if receipt.partial else ""
    rows = [
        fact.line
        for fact in receipt_facts(receipt)
        if fact.text and fact.label not in ("confirmed", "warning", "damaged")
    ]
    trouble = [*receipt.warnings, *map(str, receipt.damaged[:3])]
    sentence = f"{plural(receipt.confirmed, 'record')} {state} {where}{stopped}"
    return Entry("send", sentence, Spot(), command, rows, (), trouble)


def resumed_entry(job: Unfinished, command: str, words: Sequence[str], *, finished: bool) -> Entry:
    """Return the entry of a job that was resumed from home: its progress, and its last output."""
    done = "confirmed" if job.kind == "send" else "read"
    state = "resumed" if finished else "resumed, stopped before the end"
    spot = Spot()
    if isinstance(job.of, ExtractLine):
        line = job.of
        words = (f"{plural(line.matches, 'match')} in {plural(line.records, 'record')}", *words)
        spot = Spot(hour=line.start, start=line.start, stop=line.stop, filter=line.filter, out=line.place)
    return Entry(job.kind, f"{state}: {job.progress} {done}", spot, command, words)


def note_entry(text: str, subject: str, spot: Spot, record: bytes | None = None) -> Entry:
    """Return the entry of a note about an hour, a record or a finding, which `subject` names."""
    return Entry("note", subject, spot, records=[record] if record is not None else [], note=text)


def hours_line(matches: dict[datetime, int]) -> str:
    """Return a sparkline of matches by hour, with its first and last hour."""
    if len(matches) < 2:
        return ""
    hours = sorted(matches)
    first, last = hours[0], hours[-1]
    span = int((last - first).total_seconds() // 3600) + 1
    width = min(span, _COLUMNS)
    heights = [0] * width
    for hour, number in matches.items():
        heights[int((hour - first).total_seconds() // 3600) * width // span] += number
    return f"{spell_hour(first)} {sparkline(heights)} {spell_hour(last)}"


def _first_hour(totals: Totals) -> str | None:
    hours = [hour for hour, number in totals.matches_by_hour.items() if number]
    return spell_hour(min(hours)) if hours else None


def _span(start: datetime | None, stop: datetime | None, filter_: Filter) -> Spot:
    return Spot(
        start=spell_hour(start) if start else None,
        stop=spell_hour(stop) if stop else None,
        filter=tuple(filter_.arguments()),
    )
