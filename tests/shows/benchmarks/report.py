"""docs/benchmarks.md: requirements and results, a table for each contest, the machine."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import groupby
from pathlib import Path

from tests.shows.benchmarks.chart import Bar, draw
from tests.shows.benchmarks.contest import OURS, Contest, Figure
from tests.shows.benchmarks.measure import Contestant

_PACKAGES = ("hourscope", "isal", "stringzilla", "hyperscan", "msgspec", "jmespath", "boto3")

_HEAD = """# Benchmarks

    make bench

measures the `hourscope` command against the tools that one would use instead, and writes this page. It generates its
data and installs the tools that it can. On two quiet cores it takes 15 to 20 minutes. The slow parts are indexing the
month (four minutes) and generating the data, both of which are kept for the next run; reading the month without its
index, building smaller indexes, `jq`, `zgrep` and the loop of `s3cmd`, which run once each; and the many filters.
`python -m tests.shows.benchmarks --only TITLE` measures one section, and writes it to `.cache/bench/only`.

![GB of lines a second](benchmarks.svg)

There are two kinds of records: *demo*, those of `hourscope demo`, and *orders*, which are synthetic: deep objects,
lists of objects, escapes. The *month* is 720 hourly chunks of both.

Every run is a new process, and its start-up counts. Our cache is empty unless a row says "indexed".
Contestants take turns for {rounds}, the slowest for fewer, with the files in the page cache. The figures are medians,
with the fastest and the slowest run. *CPU* is the time of all processors together, without servers. A *ratio* is the
time of the row divided by the time of the first row with the same question, or the figure in the last column. Answers
to the same question must agree, or the row fails. A run of more than half a second is repeated if other processes use
more than a tenth of the machine meanwhile, up to a limit; {noisy} of {runs} runs were still disturbed.
"""

_SUMMARY = """## In short

`≥` is the minimum of their time / ours: 2 means that hourscope takes half the time. `≤` is the maximum of our time /
theirs. A row for several filters shows the worst of them.

| work | against | needed | demo | orders |
|---|---|---|---|---|"""


@dataclass(frozen=True)
class Page:
    """The content of the page. `noisy`: runs disturbed by other processes; `seconds`: total time."""

    contests: Sequence[Contest]
    versions: Mapping[str, str]
    noisy: int
    rounds: int
    seconds: float


def write(folder: Path, page: Page) -> None:
    """Write benchmarks.md and benchmarks.svg into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    runs = sum(len(contestant.runs) for contest in page.contests for contestant in contest.contestants)
    rounds = f"{page.rounds} rounds" if page.rounds > 1 else "one round"
    text = [_HEAD.format(rounds=rounds, noisy=page.noisy or "none", runs=runs), _SUMMARY]
    text += [*_summary(page.contests), ""]
    for title, contests in groupby(page.contests, lambda contest: contest.title):
        tables = list(contests)
        text += [f"## {title}\n", *([f"{tables[0].about}\n"] if tables[0].about else [])]
        text += [line for contest in tables for line in _table(contest)]
    text += ["## Machine\n", *_machine(page), ""]
    (folder / "benchmarks.md").write_text("\n".join(text))
    (folder / "benchmarks.svg").write_text(draw(list(_bars(page.contests))))


def _summary(contests: Sequence[Contest]) -> Iterator[str]:
    """Yield a row per requirement, in the order of the contests."""
    rows: dict[tuple[str, str, str], dict[str, list[Figure]]] = {}
    for contest in contests:
        for figure in contest.all_figures():
            if figure.score is not None:
                row = rows.setdefault((figure.work, figure.against, figure.need), {})
                row.setdefault(contest.schema, []).append(figure)
    for (work, against, need), ratio in rows.items():
        cells = [_worst(ratio[schema]) if schema in ratio else "" for schema in ("demo", "orders")]
        if "both" in ratio:
            cells = [f"both: {_worst(ratio['both'])}", ""]
        yield f"| {_cell(work)} | {_cell(against)} | {need} | {' | '.join(cells)} |"


def _worst(figures: Sequence[Figure]) -> str:
    worst = min(figures, key=lambda figure: figure.score or 0)
    of = f" ({_code(worst.of)})" if len(figures) > 1 else ""
    return _cell(f"{_verdict(worst)}{of}")


def _verdict(figure: Figure) -> str:
    return f"{figure.value}: {'yes' if (figure.score or 0) >= 1 else '**no**'}"


def _table(contest: Contest) -> Iterator[str]:
    yield f"{_described(contest)}\n"
    asked = any(contestant.question for contestant in contest.contestants)
    yield f"{'| ' if asked else ''}| | seconds | min–max | MB/s of lines | CPU, s | answer | ratio | needed |"
    yield f"{'|---' if asked else ''}|---|--:|--:|--:|--:|--:|--:|---|"
    wrong, before = contest.wrong(), ""
    for contestant in contest.contestants:
        question = _code(contestant.question) if contestant.question != before else ""
        before = contestant.question
        yield f"{f'| {_cell(question)} ' if asked else ''}{_row(contest, contestant, wrong)}"
    yield ""
    if all(contestant.runs for contestant in contest.contestants):
        lines = [f"- {figure.work}: {_figure(figure)}" for figure in contest.figures()]
        yield from [*lines, ""] if lines else []


def _described(contest: Contest) -> str:
    """Describe the data and the work."""
    data = contest.data
    kind = "Both kinds" if contest.schema == "both" else f"*{contest.schema.capitalize()}*"
    size = f"{data.bytes / 1e6:,.0f} MB of lines, {data.bytes_compressed / 1e6:,.0f} MB of gzip"
    chunks = f"{data.chunks} chunks, {data.records:,} records, {size}." if data.chunks > 1 else "one chunk."
    return f"{kind}: {chunks} {contest.work}".rstrip()


def _figure(figure: Figure) -> str:
    return f"{_verdict(figure)} ({figure.need})" if figure.score is not None else figure.value


def _row(contest: Contest, contestant: Contestant, wrong: Sequence[Contestant]) -> str:
    name = _cell(contestant.name)
    if not contestant.runs:
        return f"| {name} | left out: {_cell(_why(contestant))} | | | | | | |"
    seconds, runs = contestant.seconds, [run.seconds for run in contestant.runs]
    span = f"{min(runs):.3g}–{max(runs):.3g}" if len(runs) > 1 else "one run"
    speed = f"{contest.data.bytes / seconds / 1e6:,.0f}" if contest.data.chunks > 1 else ""
    answer = f"{contestant.answer} **wrong**" if contestant in wrong else contestant.answer
    shown = [need.figure(wrong) for need in contest.needs if need.shown_at is contestant]
    ratio = ", ".join(figure.value for figure in shown)
    need = ", ".join(f"{figure.need}: {'yes' if (figure.score or 0) >= 1 else '**no**'}" for figure in shown)
    if not shown:
        first = next(c for c in contest.contestants if c.question == contestant.question)
        ratio = f"{seconds / first.seconds:.2f}" if first.runs and first is not contestant else ""
    cells = [f"{seconds:.3g}", span, speed, f"{contestant.cpu:.2f}", answer, ratio, need]
    return f"| {name} | {' | '.join(cells)} |"


def _why(contestant: Contestant) -> str:
    return " ".join((contestant.missing or contestant.failure).split())


def _cell(text: str) -> str:
    """Escape `|`, which would end the cell."""
    return text.replace("|", "\\|")


def _code(text: str) -> str:
    """Format as code, with any backquotes in it."""
    if not text:
        return ""
    fence = "``" if "`" in text else "`"
    return f"{fence} {text} {fence}" if text.endswith("`") or text.startswith("`") else f"{fence}{text}{fence}"


def _bars(contests: Sequence[Contest]) -> Iterator[Bar]:
    """Yield a group of bars for each charted question."""
    for contest in contests:
        if not contest.charted or contest.schema != "demo":
            continue
        before = None
        for contestant in contest.contestants:
            if contestant.runs:
                title = contestant.question or contest.title
                speed = contest.data.bytes / contestant.seconds / 1e9
                yield Bar(title if title != before else "", contestant.name, speed, contestant.name == OURS)
                before = title


def _machine(page: Page) -> Iterator[str]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
    yield f"- {cores} cores of {_processor()}, {memory:.0f} GB of memory"
    yield f"- {platform.system()} {platform.release().split('-')[0]}, Python {platform.python_version()}"
    yield "- " + ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    yield "- " + ", ".join(f"{name} {number}" for name, number in sorted(page.versions.items()))
    yield f"- {datetime.now(UTC):%Y-%m-%d}, {page.seconds / 60:.0f} minutes in all"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.processor())
