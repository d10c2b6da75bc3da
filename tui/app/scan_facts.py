"""A scan in rows: how far it is, what it found, how it ended."""

from __future__ import annotations

import itertools

from tui.app.facts import Fact
from tui.app.scanning import DAMAGED, ScanState
from tui.filter import Filter
from tui.units import count, duration, plural, size

_MARKS = 48


def state_facts(state: ScanState, wanted: Filter) -> list[Fact]:
    """The rows of a scan that runs or ran."""
    chunks = f"{count(state.chunks)} of {count(state.total_chunks)}"
    read = f"{size(state.bytes_compressed)} of {size(state.total_bytes)} of gzip"
    facts = [
        Fact("chunks", squeezed(state.marks, _MARKS), "text", chunks),
        Fact("read", read, "text", _speed(state)),
        Fact("matches", count(state.matches), "strong", f"in {plural(state.records, 'record')}"),
    ]
    damaged = list(state.damaged.items())
    facts += [Fact(f"{DAMAGED} damaged", key, "trouble", f"{why}; what came before counts") for key, why in damaged[:1]]
    if len(damaged) > 1:
        facts[-1] = Fact(f"{DAMAGED} damaged", plural(len(damaged), "chunk"), "trouble", damaged[0][0] + " and others")
    return [*facts, _end(state, wanted)]


def _speed(state: ScanState) -> str:
    words = f"{size(state.bytes_of_lines)} of lines · {size(state.rate)}/s"
    left = state.remaining
    return words + (f" · {duration(left)} to go" if left is not None else f" · {duration(state.seconds)}")


def _end(state: ScanState, wanted: Filter) -> Fact:
    if not state.over:
        return Fact("", "running: esc stops it and keeps what it found", "you")
    if state.partial:
        return Fact("", "stopped: this is a part only; enter opens it, r resumes, p publishes it", "trouble")
    if not state.matches:
        return Fact("", f"done: no record matches {wanted.describe()}; q goes back to change it", "you")
    return Fact("", "done: enter opens what was found, p publishes it", "good")


def squeezed(marks: str, width: int) -> str:
    """The marks of all chunks in at most `width` cells: of several in one cell the most telling is shown."""
    if len(marks) <= width:
        return marks
    edges = [number * len(marks) // width for number in range(width + 1)]
    return "".join(_worst(marks[a:b]) for a, b in itertools.pairwise(edges))


def _worst(group: str) -> str:
    return next(mark for mark in "!✗▸·✓-" if mark in group)
