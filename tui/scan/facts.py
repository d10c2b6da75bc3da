"""The plan, estimate and result of a scan as facts, which the command line prints and the explorer draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from tui.archive.times import spell_time, zone_name
from tui.config import Prices
from tui.facts import Fact
from tui.scan.estimate import Estimate
from tui.scan.events import ChunkDamaged
from tui.scan.plan import ScanPlan
from tui.units import count, dollars, duration, plural, size

_LABEL = 11  # characters
_NAMED = 3  # damaged parts that are named


def plan_facts(plan: ScanPlan) -> list[Fact]:
    """Return what will be read, and the filter. An open end is shown as `…`. The range is in hours of the chunks, or in
    times of a field of the records."""
    within = plan.filter.within
    ends = (within.start, within.stop) if within else (plan.start, plan.stop)
    start, stop = (spell_time(time) if time else "…" for time in ends)
    ranges = f"{plural(len(plan.ranges), 'range')} · " if len(plan.ranges) > 1 else ""
    amount = f"{ranges}{count(plan.hours)} h · {plural(len(plan.chunks), 'chunk')} · {size(plan.bytes_compressed)}"
    by = f"by {within.path}" if within else "by hour"
    if len(by) > _LABEL:
        start, by = f"{within.path if within else ''} {start}", "by"
    return [
        Fact(by, f"{start} to {stop} {zone_name(plan.archive.zone)}", "text", amount),
        Fact("filter", replace(plan.filter, within=None).describe(), "text"),
    ]


def estimate_sentence(estimate: Estimate) -> str:
    """Return a sentence on how many records match, by the sample."""
    if estimate.every:
        about = "" if estimate.exact else "About "
        return f"{about}{plural(estimate.records, 'record')}, all of which match."
    if estimate.exact:
        return f"{count(estimate.matches)} of {plural(estimate.records, 'record')} match."
    interval = f"95 %: {count(estimate.low)} to {count(estimate.high)}"
    return f"About {count(estimate.matches)} of {plural(estimate.records, 'record')} match ({interval})."


def estimate_facts(estimate: Estimate, chunks: int, prices: Prices, *, remote: bool = False) -> list[Fact]:
    """Return the expected matches, time and cost of a scan. `remote`: on a cluster, whose speed is unknown."""
    about = "" if estimate.exact else "about "
    interval = "counted" if estimate.exact else f"95 % between {count(estimate.low)} and {count(estimate.high)}"
    speed = "at the sample's speed" + (", on this machine" if remote else "")
    problems = [
        f"{plural(number, what)} {words}"
        for number, what, words in (
            (estimate.unread, "chunk", "could not be read"),
            (estimate.damaged, "chunk", "damaged"),
            (estimate.not_json, "record", "not JSON"),
        )
        if number
    ]
    facts = [
        Fact(
            "matches",
            f"{about}{count(estimate.matches)}",
            "strong",
            f"{interval}; of {about}{plural(estimate.records, 'record')}",
        ),
        Fact("to fetch", f"{size(estimate.bytes_compressed)} in {plural(chunks - estimate.indexed, 'chunk')}"),
        Fact("time", f"about {duration(max(estimate.seconds, 0.1))}", "text", speed),
    ]
    if estimate.indexed:
        facts.append(Fact("", f"from the index: {plural(estimate.indexed, 'chunk')} need not be read", "dim"))
    if estimate.requests:
        asked = f"{dollars(estimate.request_dollars)} for {plural(estimate.requests, 'request')}"
        leaving = f"{dollars(estimate.transfer_dollars)} to leave AWS, free within the region"
        facts.append(Fact("cost", asked, "text", leaving))
        hint = "set yours in [prices] of the config"
        facts.append(Fact("prices", f"{prices.source}, as of {prices.date}", "dim", hint))
    if not estimate.sampled_chunks and not problems:
        return facts
    sample = f"{plural(estimate.sampled, 'record')} of {plural(estimate.sampled_chunks, 'chunk')}"
    return [*facts, Fact("sample", sample, "trouble" if problems else "dim", ", ".join(problems))]


def result_sentence(matches: int, matches_by_hour: Mapping[datetime, int], hours: int) -> str:
    """Return a sentence: how many records match, in how many of the hours, and which hour has the most."""
    if not matches:
        return "No record matches."
    having = {hour: number for hour, number in matches_by_hour.items() if number}
    match = "1 record matches" if matches == 1 else f"{count(matches)} records match"
    if len(having) < 2:
        return f"{match}, in {next(iter(having)):%a %d %b %Y %H:00}." if having else f"{match}."
    most = max(having, key=lambda hour: having[hour])
    peak = f"{most:%a %d %b %H:00} has the most, {count(having[most])}"
    return f"{match}, in {count(len(having))} of {plural(hours, 'hour')}; {peak}."


def trouble_facts(damaged: Sequence[ChunkDamaged], warnings: Sequence[str]) -> list[Fact]:
    """Return damage and warnings, which anybody who reads the result must know."""
    shown = sorted(damaged, key=lambda event: event.chunk.order)[:_NAMED]
    facts = [Fact("! unread" if event.unread else "! damaged", event.sentence, "trouble") for event in shown]
    if more := len(damaged) - len(shown):
        facts.append(Fact("", f"and {plural(more, 'more damaged part')}", "trouble"))
    return [*facts, *(Fact("! note", words, "trouble") for words in warnings)]
