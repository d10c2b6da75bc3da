"""A scan in rows: how it is done, how far it is, how it ended."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from tui.app.model.command import shell_filter, shell_read
from tui.app.model.jobs import DONE, FAILED, RUNNING, STOPPED, JobState
from tui.app.scan.form import ScanForm
from tui.app.scan.run import ScanState
from tui.facts import Fact, signed
from tui.scan.estimate import Estimate
from tui.scan.facts import estimate_facts, estimate_sentence, result_sentence, trouble_facts
from tui.units import count, duration, plural, size

_MARKS = 48


@dataclass(frozen=True, slots=True)
class ScanView:
    """What is known of a scan: its form, what is expected, how far it is, why it failed, why nothing may match."""

    form: ScanForm
    running: bool
    state: ScanState | None = None
    expected: Estimate | None = None
    unread: str = ""  # why there is no estimate
    failure: str = ""
    hints: tuple[str, ...] = ()

    def facts(self) -> list[Fact]:
        """All rows."""
        rows = [Fact(), Fact("", self.headline, "headline"), Fact(), *self.form.facts(), Fact(), *self._rest()]
        return signed(rows)

    @property
    def headline(self) -> str:
        """The answer, as far as it is known."""
        state, expected = self.state, self.expected
        if state is not None and state.over:
            sentence = result_sentence(state.matches, state.matches_by_hour, state.hours)
            return f"{sentence} This is only a part." if state.partial else sentence
        if state is not None:
            left = f", {duration(state.remaining)} to go" if state.remaining is not None else ""
            return f"{plural(state.matches, 'match')} so far; {int(100 * state.share)} % of the range was read{left}."
        if expected is not None:
            return estimate_sentence(expected)
        return "Reading a sample …" if self.form.plan.chunks and not self.unread else "Nothing was read yet."

    def _rest(self) -> list[Fact]:
        if self.failure:
            fix = Fact("", "fix the range (r), the filter (/) or the place (w), then press enter", "dim")
            return [Fact("stopped", self.failure, "trouble"), fix]
        if self.state is not None:
            return state_facts(self.state, self.hints)
        word = "starting …" if self.running else "ready: enter starts it; r, /, w and P change it"
        return [*self._expected(), Fact("scan", word, "you")]

    def _expected(self) -> list[Fact]:
        """The estimate, but for its first row, which the headline has; a scan need not wait for it."""
        if self.expected is None:
            return [Fact("estimate", self.unread, "trouble")] if self.unread else []
        remote, prices = self.form.power.dask is not None, self.form.session.config.prices
        return estimate_facts(self.expected, len(self.form.plan.chunks), prices, remote=remote)[1:]


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
    sizes = f"{size(state.bytes_compressed)} gzip, {size(state.bytes_of_lines)} lines"
    speed = f"{duration(state.seconds)} · {size(state.rate)}/s"
    chunks = f"{count(state.chunks)} of {count(state.total_chunks)}"
    index = f"from the index: {plural(state.skipped, 'chunk')} not read, as no record of them matches"
    return [
        *([Fact("chunks", squeezed(state.marks, _MARKS), "text", chunks)] if state.partial or not state.over else []),
        Fact("read", f"{plural(state.records, 'record')} · {sizes}", "text", speed),
        *([Fact("", index, "dim")] if state.skipped else []),
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
        *(f"$ {command}" for command in form.commands),
        *by_hand,
        "A scan reads every chunk of the range and keeps the lines that match, byte for byte, in the order of hour, "
        "key and line. Chunks are read several at a time; those that the index knows to hold no match are not read.",
        "In the row of chunks: ✓ has matches, - has none, ! is damaged (what came before the damage counts), ▸ is "
        "being read, ✗ was cut short by stopping.",
        "Bytes of gzip are what is fetched; bytes of lines are what comes out of it.",
        "The estimate comes from the first bytes of at most 64 chunks, spread over the range; its interval holds the "
        "truth 95 times in 100.",
        "Whole hours select chunks, by the hour in their names. A range to the minute selects records by their own "
        "time, and also reads the hour after it: a record is archived after it happened.",
    )
