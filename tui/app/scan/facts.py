"""A scan in rows: how far it is, what it found, how it ended."""

from __future__ import annotations

import itertools

from tui.app.model.hours import Selection
from tui.app.scan.form import Power
from tui.app.scan.run import DAMAGED, ScanState
from tui.archive.times import spell_hour, zone_name
from tui.archive.writer import names_folder
from tui.config import Prices
from tui.facts import Fact
from tui.filter import Filter
from tui.scan import Estimate, ScanPlan
from tui.units import count, dollars, duration, plural, size

_MARKS = 48
_COMMANDS = 3


def plan_facts(plan: ScanPlan, hours: Selection, out: str, power: Power) -> list[Fact]:
    """What will be read, by what, and where it goes."""
    zone, weight = zone_name(plan.archive.zone), size(plan.bytes_compressed)
    span = hours.span
    amount = f"{count(plan.hours)} h · {plural(len(plan.chunks), 'chunk')} · {weight}"
    if len(hours.ranges) > 1:
        amount = f"{len(hours.ranges)} ranges · {plan.hours} h · {plural(len(plan.chunks), 'chunk')}"
    extract = "an extract: it opens, filters and sends like any archive"
    facts = [
        Fact(
            "hours",
            f"{spell_hour(span.start)} to {spell_hour(span.stop)} {zone}",
            "strong",
            amount,
        ),
        Fact("filter", plan.filter.describe(), "strong"),
        Fact("into", out, "text", extract if names_folder(out) else "one file of lines"),
    ]
    jobs = plural(power.jobs, "chunk") + " at a time" if power.jobs else ""
    if power.dask:
        facts.append(Fact("on", f"the Dask cluster of {power.dask}", "text", jobs))
    elif jobs:
        facts.append(Fact("on", f"this machine, {jobs}"))
    return facts


def command_facts(commands: list[str]) -> list[Fact]:
    """The command line that does the same; one a range."""
    shown = [Fact("" if at else "command", words, "command") for at, words in enumerate(commands[:_COMMANDS])]
    rest = len(commands) - len(shown)
    return [*shown, Fact("", f"and {plural(rest, 'more command')}, one a range (x)", "dim")] if rest else shown


def estimate_facts(estimate: Estimate, prices: Prices, *, remote: bool) -> list[Fact]:
    """What the scan will find, take and cost, as a sample tells. `remote`: on a cluster, whose speed is not known."""
    about = "" if estimate.exact else "about "
    took = duration(max(estimate.seconds, 0.1))
    sure = "counted" if estimate.exact else f"95 %: {count(estimate.low)} to {count(estimate.high)}"
    facts = [
        Fact(
            "estimate",
            f"{about}{plural(estimate.matches, 'match')}",
            "strong",
            f"{sure}, of {about}{plural(estimate.records, 'record')}",
        ),
        Fact(
            "time",
            f"about {took}" + (" on this machine" if remote else ""),
            "text",
            f"as the sample went: {plural(estimate.sampled, 'record')} of {plural(estimate.sampled_chunks, 'chunk')}",
        ),
    ]
    if estimate.requests:
        asking = f"{dollars(estimate.request_dollars)} for {plural(estimate.requests, 'request')}"
        leaving = f"{dollars(estimate.transfer_dollars)} more to leave AWS"
        facts.append(Fact("cost", f"{asking} · {leaving}", "text", f"{prices.source}, {prices.date}"))
    return facts


def state_facts(state: ScanState, filter_: Filter) -> list[Fact]:
    """The rows of a scan that runs or ran."""
    chunks = f"{count(state.chunks)} of {count(state.total_chunks)}"
    read = f"{size(state.bytes_compressed)} of {size(state.total_bytes)} of gzip"
    facts = [
        Fact("chunks", squeezed(state.marks, _MARKS), "text", chunks),
        Fact("read", read, "text", _speed(state)),
        Fact("matches", count(state.matches), "strong", f"in {plural(state.records, 'record')}"),
    ]
    if state.not_json:
        facts.append(Fact("! not JSON", plural(state.not_json, "record"), "you", "no JMESPath term matches these"))
    damaged = list(state.damaged.items())
    facts += [Fact(f"{DAMAGED} damaged", key, "trouble", f"{why}; what came before counts") for key, why in damaged[:1]]
    if len(damaged) > 1:
        facts[-1] = Fact(f"{DAMAGED} damaged", plural(len(damaged), "chunk"), "trouble", damaged[0][0] + " and others")
    return [*facts, _end(state, filter_)]


def _speed(state: ScanState) -> str:
    left, lines = state.remaining, f"{size(state.bytes_of_lines)} of lines"
    time = f"{duration(left)} to go" if left is not None else duration(state.seconds)
    return f"{size(state.rate)}/s · {time} · {lines}"


def _end(state: ScanState, filter_: Filter) -> Fact:
    if not state.over:
        return Fact("", "running: S stops it and keeps what it found; q leaves it running", "you")
    if state.partial:
        return Fact("", "stopped: this is a part only; enter opens it, R resumes, p publishes it", "trouble")
    if not state.matches:
        return Fact("", f"done: no record matches {filter_.describe()}; q goes back to change it", "you")
    return Fact("", "done: enter opens what was found, p publishes it", "good")


def squeezed(marks: str, width: int) -> str:
    """The marks of all chunks in at most `width` cells: of several in one cell the most telling is shown."""
    if len(marks) <= width:
        return marks
    edges = [number * len(marks) // width for number in range(width + 1)]
    return "".join(_worst(marks[a:b]) for a, b in itertools.pairwise(edges))


def _worst(group: str) -> str:
    return next(mark for mark in "!✗▸·✓-" if mark in group)
