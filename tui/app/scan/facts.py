"""A scan in rows: its plan, its progress and its result."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from tui.app.model.command import shell_filter, shell_read
from tui.app.model.jobs import DONE, FAILED, RUNNING, STOPPED, JobState
from tui.app.model.session import Session
from tui.app.scan.form import ScanForm
from tui.app.scan.run import ScanState
from tui.archive.times import zone_name
from tui.facts import Fact, signed
from tui.scan.estimate import Estimate
from tui.scan.facts import estimate_facts, estimate_sentence, result_sentence, trouble_facts
from tui.units import count, duration, plural, size

_MARKS = 48


@dataclass(frozen=True, slots=True)
class ScanView:
    """What is known about a scan: its form, estimate, progress, failure, and hints why nothing may match."""

    form: ScanForm
    running: bool
    state: ScanState | None = None
    expected: Estimate | None = None
    unread: str = ""  # why there is no estimate
    failure: str = ""
    hints: tuple[str, ...] = ()

    def header(self, session: Session) -> list[str]:
        """Return the header's words: the archive, the range, troubles, and how much there is to read."""
        plan, state = self.form.plan, self.state
        return [
            session.name,
            f"scan {self.form.span_words} {zone_name(session.archive.zone)}",
            session.damage_words(plan.chunks),
            f"! {count(state.not_json)} not JSON" if state and state.not_json else "",
            session.left_out_words,
            plural(len(plan.chunks), "chunk"),
            size(plan.bytes_compressed),
        ]

    def facts(self) -> list[Fact]:
        """Return all rows."""
        rows = [Fact(), Fact("", self.headline, "headline"), Fact(), *self.form.facts(), Fact(), *self._rest()]
        return signed(rows)

    @property
    def headline(self) -> str:
        """The result so far, in a sentence."""
        state, expected = self.state, self.expected
        if state is not None and state.over:
            if state.damaged and not state.records and not state.skipped:
                return "Nothing could be read."
            sentence = result_sentence(state.matches, state.matches_by_hour, state.hours)
            return f"{sentence} This is a partial result." if state.partial else sentence
        if state is not None:
            left = f", {duration(state.remaining)} to go" if state.remaining is not None else ""
            return f"{plural(state.matches, 'match')} so far; {int(100 * state.share)} % of the range read{left}."
        if expected is not None:
            return estimate_sentence(expected)
        return "Reading a sample …" if self.form.plan.chunks and not self.unread else "Nothing has been read yet."

    def _rest(self) -> list[Fact]:
        if self.failure:
            fix = Fact("", "fix the range (r), the filter (/) or the place (w), then press enter", "dim")
            return [Fact("stopped", self.failure, "trouble"), fix]
        if self.state is not None:
            return state_facts(self.state, self.hints)
        word = "starting …" if self.running else "ready: enter starts it; r, /, w and P change it"
        return [*self._expected(), Fact("scan", word, "you")]

    def _expected(self) -> list[Fact]:
        """Return the estimate without its first row, which is the headline. A scan need not wait for it."""
        if self.expected is None:
            return [Fact("estimate", self.unread, "trouble")] if self.unread else []
        remote, prices = self.form.power.dask is not None, self.form.session.config.prices
        return estimate_facts(self.expected, len(self.form.plan.chunks), prices, remote=remote)[1:]


def state_of(state: ScanState | None, failure: str) -> JobState:
    """Return the job's state; its progress is by bytes fetched."""
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
    """Return the rows of a scan that runs or has ended. `hints`: why nothing may have matched."""
    sizes = f"{size(state.bytes_compressed)} gzip, {size(state.bytes_of_lines)} lines"
    speed = f"{duration(state.seconds)} · {size(state.rate)}/s"
    chunks = f"{count(state.chunks)} of {count(state.total_chunks)}"
    index = f"from the index: {plural(state.skipped, 'chunk')} not read, because no record matches"
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
        return Fact("", "running: S stops it and keeps the matches so far; q leaves and keeps it running", "you")
    if state.partial:
        publish = ", p publishes it" if state.matches else ""
        return Fact("", f"stopped: a partial result; enter opens it, R resumes{publish}", "trouble")
    if not state.matches:
        return Fact("", "done: q goes back to change the filter", "you")
    return Fact("", "done: enter opens the extract, p publishes it, L names it", "good")


def squeezed(marks: str, width: int) -> str:
    """Return the marks of all chunks in at most `width` cells; a cell for several chunks shows the most important."""
    if len(marks) <= width:
        return marks
    edges = [number * len(marks) // width for number in range(width + 1)]
    return "".join(_worst(marks[a:b]) for a, b in itertools.pairwise(edges))


def _worst(group: str) -> str:
    return next(mark for mark in "!✗▸·✓-" if mark in group)


def explain(form: ScanForm) -> tuple[str, ...]:
    """Return equivalent commands, including plain shell for the first chunk, then an explanation of scans."""
    chunks = form.plan.chunks
    by_hand: tuple[str, ...] = ()
    if chunks:
        rest = f"    # and {plural(len(chunks) - 1, 'more chunk')}" if len(chunks) > 1 else ""
        by_hand = (f"$ {shell_read(form.session, chunks[0].key)}{shell_filter(form.filter)}{rest}",)
    return (
        *(f"$ {command}" for command in form.commands),
        *by_hand,
        "A scan reads every chunk of the range and keeps the lines that match, byte for byte, ordered by hour, key "
        "and line. Chunks are read in parallel; chunks without a match according to the index are not read.",
        "In the row of chunks: ✓ has matches, - has none, ! is damaged (records before the damage count), ▸ is being "
        "read, ✗ was interrupted.",
        "Bytes of gzip are fetched; bytes of lines are the decompressed records.",
        "The estimate comes from the first bytes of at most 64 chunks, spread over the range; it is a 95 % interval.",
        "Whole hours select chunks, by the hour in their names. A range to the minute selects records by their own "
        "time, and also reads the following hour, because records are archived after they happen.",
    )
