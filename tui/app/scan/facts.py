"""A scan in rows: how it is done, how far it is, how it ended."""

from __future__ import annotations

import itertools

from tui.app.scan.form import Power
from tui.app.scan.run import ScanState
from tui.archive.writer import names_folder
from tui.facts import Fact
from tui.scan.facts import result_sentence, trouble_facts
from tui.units import count, duration, plural, size

_MARKS = 48
_COMMANDS = 3


def power_facts(out: str, power: Power) -> list[Fact]:
    """Where the matches go, and what does the work."""
    extract = "an extract: it opens, filters and sends like any archive"
    facts = [Fact("into", out, "text", extract if names_folder(out) else "one file of lines")]
    jobs = plural(power.jobs, "chunk") + " at a time" if power.jobs else ""
    if power.dask:
        facts.append(Fact("on", f"the Dask cluster of {power.dask}", "text", jobs))
    elif jobs:
        facts.append(Fact("on", f"this machine, {jobs}"))
    return facts


def command_facts(commands: list[str]) -> list[Fact]:
    """The command line that does the same; one per range."""
    shown = [Fact("" if at else "command", words, "command") for at, words in enumerate(commands[:_COMMANDS])]
    rest = len(commands) - len(shown)
    return [*shown, Fact("", f"and {plural(rest, 'more command')}, one per range (x)", "dim")] if rest else shown


def headline(state: ScanState) -> Fact:
    """The answer, or how far it is."""
    if state.over:
        sentence = result_sentence(state.matches, state.matches_by_hour, state.hours)
        return Fact("", f"{sentence} This is only a part." if state.partial else sentence, "headline")
    left = f", {duration(state.remaining)} to go" if state.remaining is not None else ""
    share = int(100 * state.bytes_compressed / state.total_bytes) if state.total_bytes else 0
    return Fact("", f"{plural(state.matches, 'match')} so far; {share} % of the range was read{left}.", "headline")


def state_facts(state: ScanState, hints: tuple[str, ...] = ()) -> list[Fact]:
    """The rows of a scan that runs or ran: `hints` say why nothing may have matched."""
    sizes = f"{size(state.bytes_compressed)} of gzip, {size(state.bytes_of_lines)} of lines"
    return [
        Fact("chunks", squeezed(state.marks, _MARKS), "text", f"{count(state.chunks)} of {count(state.total_chunks)}"),
        Fact(
            "read",
            f"{plural(state.records, 'record')} · {sizes}",
            "text",
            f"{duration(state.seconds)} · {size(state.rate)}/s",
        ),
        *trouble_facts(state.damaged, state.warnings),
        *(Fact("hint" if at == 0 else "", words, "strong") for at, words in enumerate(hints)),
        _end(state),
    ]


def _end(state: ScanState) -> Fact:
    if not state.over:
        return Fact("", "running: S stops it and keeps the matches so far; q leaves it running", "you")
    if state.partial:
        return Fact("", "stopped: this is a part only; enter opens it, R resumes, p publishes it", "trouble")
    if not state.matches:
        return Fact("", "done: q goes back to change the filter", "you")
    return Fact("", "done: enter opens the extract, p publishes it", "good")


def squeezed(marks: str, width: int) -> str:
    """The marks of all chunks in at most `width` cells: of several in one cell the most telling is shown."""
    if len(marks) <= width:
        return marks
    edges = [number * len(marks) // width for number in range(width + 1)]
    return "".join(_worst(marks[a:b]) for a, b in itertools.pairwise(edges))


def _worst(group: str) -> str:
    return next(mark for mark in "!✗▸·✓-" if mark in group)
