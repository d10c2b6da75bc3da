"""A contest: one piece of work, the contestants, and the required results."""

from __future__ import annotations

import sysconfig
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Any

from tests.shows.benchmarks import tools
from tests.shows.benchmarks.data import Data
from tests.shows.benchmarks.measure import Contestant

HOURSCOPE = quote(str(Path(sysconfig.get_path("scripts")) / "hourscope"))
OURS = "hourscope"
NOWHERE = "needle-that-is-nowhere"
_QUERY = f"{tools.PYTHON} {quote(str(Path(__file__).with_name('query.py')))}"


@dataclass(frozen=True)
class Figure:
    """A measured figure and its requirement. `score`: at least 1 is enough; None without a requirement."""

    work: str
    against: str
    need: str
    value: str
    score: float | None
    of: str = ""  # the contestant, if only the worst of several is shown


@dataclass(frozen=True)
class Need:
    """The required speed of our contestant relative to the fastest rival: a minimum of their time / ours, or a maximum
    of our time / theirs."""

    work: str
    against: str
    ours: Contestant
    theirs: Sequence[Contestant]
    at_least: float = 0
    at_most: float = 0

    @property
    def rival(self) -> Contestant | None:
        return min((c for c in self.theirs if c.runs), key=lambda c: c.seconds, default=None)

    @property
    def shown_at(self) -> Contestant | None:
        """The contestant whose row shows the requirement."""
        return self.ours if self.at_most else self.rival

    def figure(self, wrong: Sequence[Contestant]) -> Figure:
        """Return the measured figure; `wrong`: contestants with wrong answers."""
        rival = self.rival
        need = f"≤ {_short(self.at_most)}" if self.at_most else f"≥ {_short(self.at_least)}"
        if rival is None or not self.ours.runs:
            value, score = "not measured", 0.0
        elif any(contestant in (self.ours, rival) for contestant in wrong):
            value, score = "wrong answer", 0.0
        else:
            ratio = rival.seconds / self.ours.seconds
            value, score = _short(ratio), ratio / (self.at_least or 1)
            if self.at_most:
                value, score = _short(1 / ratio), self.at_most * ratio
        against = self.against or self.theirs[0].name
        return Figure(self.work, against, need, value, score, self.ours.question)


@dataclass(frozen=True)
class Contest:
    """Contestants that take turns on the same data. Answers to the same question must agree.

    `schema`: the kind of records. `about`: text for all contests with this title; `work`: text for this one. `prepare`:
    commands that run first, unmeasured. `figures`: further figures after the run.
    """

    title: str
    schema: str
    data: Data
    contestants: Sequence[Contestant]
    needs: Sequence[Need] = ()
    about: str = ""
    work: str = ""
    prepare: Sequence[str] = ()
    figures: Callable[[], Iterable[Figure]] = tuple
    charted: bool = False

    def wrong(self) -> list[Contestant]:
        """Return contestants whose answer differs from the majority or between runs, and ours that failed."""
        failed = [c for c in self.contestants if c.failure and c.name.startswith(OURS)]
        for question in dict.fromkeys(c.question for c in self.contestants):
            asked = [c for c in self.contestants if c.question == question and c.runs and c.answers]
            votes = Counter(c.answer for c in asked)
            failed += [c for c in asked if 2 * votes[c.answer] <= len(asked) or not c.answer.isdigit()]
        return failed

    def all_figures(self) -> Iterator[Figure]:
        wrong = self.wrong()
        yield from (need.figure(wrong) for need in self.needs)
        if all(contestant.runs for contestant in self.contestants):
            yield from self.figures()


def ours(words: str, name: str = OURS, question: str = "", **more: Any) -> Contestant:
    """Return a scan of ours; its answer is the number of matches. `more`: fields of Contestant."""
    return Contestant(name, f"{HOURSCOPE} scan {words} --count", question=question, **more)


def in_turns(name: str, data: Data, command: str, needs: Sequence[str], **more: Any) -> Contestant:
    """Return a pipeline per chunk, two at a time; `%` is the chunk."""
    return Contestant(name, f"ls {data.files} | xargs -P2 -I% {command}", needs, **more)


def duckdb(sql: str, question: str, **more: Any) -> Contestant:
    return Contestant("DuckDB", query("duckdb", sql), ("duckdb",), question, **more)


def chdb(data: Data, condition: str, question: str) -> Contestant:
    sql = f"SELECT count() FROM file('{data.files}', LineAsString) WHERE {condition}"
    return Contestant("chDB", query("chdb", sql), ("chdb",), question)


def query(engine: str, sql: str) -> str:
    return f"{_QUERY} {engine} {quote(sql)}"


def typed(data: Data, columns: str) -> str:
    """Return the data as a DuckDB table in the fastest way: without `records`, it detects a column's type slowly."""
    return f"read_json('{data.files}', format='newline_delimited', records=true, columns={{{columns}}}, filename=true)"


def column(path: str, kind: str) -> str:
    """Return the column that `path` needs: `a.b` → `a:'STRUCT(b KIND)'`."""
    name, *inner = path.split(".")
    for part in reversed(inner):
        kind = f"STRUCT({part} {kind})"
    return f"{name}:'{kind}'"


def _short(ratio: float) -> str:
    if ratio < 0.1:
        return f"1/{1 / ratio:.0f}"
    return f"{ratio:.2f}".rstrip("0").rstrip(".") if ratio < 10 else f"{ratio:.1f}".removesuffix(".0")
