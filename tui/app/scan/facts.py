"""A scan in rows: how it is done, how far it is, how it ended."""

from __future__ import annotations

import itertools

from tui.app.model.command import shell_filter, shell_read
from tui.app.model.jobs import DONE, FAILED, RUNNING, STOPPED, JobState
from tui.app.scan.form import ScanForm
from tui.app.scan.run import ScanState
from tui.facts import Fact
from tui.scan import Estimate
from tui.scan.facts import estimate_facts, result_sentence, trouble_facts
from tui.units import count, duration, plural, size

_MARKS = 48


def headline(state: ScanState) -> Fact:
    """The answer, or how far it is."""
    if state.over:
        sentence = result_sentence(state.matches, state.matches_by_hour, state.hours)
        return Fact("", f"{sentence} This is only a part." if state.partial else sentence, "headline")
    left = f", {duration(state.remaining)} to go" if state.remaining is not None else ""
    share = int(100 * state.share)
    return Fact("", f"{plural(state.matches, 'match')} so far; {share} % of the range was read{left}.", "headline")


def expected_facts(form: ScanForm, expected: Estimate | None, trouble: str) -> list[Fact]:
    """The estimate, but for its first row, which the headline has; a scan need not wait for it."""
    if expected is None:
        return [Fact("estimate", trouble, "trouble")] if trouble else []
    remote, prices = form.power.dask is not None, form.session.config.prices
    return estimate_facts(expected, len(form.plan.chunks), prices, remote=remote)[1:]


def state_of(state: ScanState | None, failure: str) -> JobState:
    """How far it is, by the bytes that were fetched."""
    if failure:
        return JobState(FAILED, words=failure)
    if state is None:
        return JobState(RUNNING, 0.0, "starting")
    matches = plural(state.matches, "match")
    if not state.over:
        left = f" · {duration(state.remaining)} to go" if state.remaining is not None else ""
        return JobState(RUNNING, state.share, f"{matches} · {size(state.rate)}/s{left}")
    return JobState(STOPPED if state.partial else DONE, words=f"{matches} in {duration(state.seconds)}")


def state_facts(state: ScanState, hints: tuple[str, ...] = ()) -> list[Fact]:
    """The rows of a scan that runs or ran: `hints` say why nothing may have matched."""
    sizes = f"{size(state.bytes_compressed)} of gzip, {size(state.bytes_of_lines)} of lines"
    chunks = f"{count(state.chunks)} of {count(state.total_chunks)}"
    if state.skipped:
        chunks += f" · from the index: {plural(state.skipped, 'chunk')} not read"
    return [
        Fact("chunks", squeezed(state.marks, _MARKS), "text", chunks),
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
    return Fact("", "done: enter opens the extract, p publishes it, L names it", "good")


def squeezed(marks: str, width: int) -> str:
    """The marks of all chunks in at most `width` cells: of several in one cell the most telling is shown."""
    if len(marks) <= width:
        return marks
    edges = [number * len(marks) // width for number in range(width + 1)]
    return "".join(_worst(marks[a:b]) for a, b in itertools.pairwise(edges))


def _worst(group: str) -> str:
    return next(mark for mark in "!✗▸·✓-" if mark in group)


def explain(form: ScanForm) -> tuple[str, ...]:
    """The scan in plain words, and the commands that do the same, the plain shell for the first chunk included."""
    chunks = form.plan.chunks
    by_hand: tuple[str, ...] = ()
    if chunks:
        rest = f"    # and so on: {plural(len(chunks) - 1, 'chunk')} more" if len(chunks) > 1 else ""
        by_hand = (f"$ {shell_read(form.session, chunks[0].key)}{shell_filter(form.filter)}{rest}",)
    return (
        "A scan reads every chunk of the range and keeps the lines that match, byte for byte, in the order of hour, "
        "key and line. Chunks are read several at a time; those that the index knows to hold no match are not read.",
        "In the row of chunks: ✓ has matches, - has none, ! is damaged (what came before the damage counts), ▸ is "
        "being read, ✗ was cut short by stopping.",
        "Bytes of gzip are what is fetched; bytes of lines are what comes out of it.",
        "The estimate comes from the first bytes of at most 64 chunks, spread over the range; its interval holds the "
        "truth 95 times in 100.",
        "Whole hours select chunks, by the hour in their names. A range to the minute selects records by their own "
        "time, and also reads the hour after it: a record is archived after it happened.",
        *(f"$ {command}" for command in form.commands),
        *by_hand,
    )
