"""docs/benchmarks.md: the table, the machine, what is not reached."""

from __future__ import annotations

import os
import platform
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from tests.benchmarks.chart import Bar, draw
from tests.benchmarks.contests import Contest
from tests.benchmarks.measure import Contestant

_OURS = ("hourscope", "isal", "stringzilla", "msgspec", "jmespath", "boto3")

_HEAD = """# Benchmarks

    make bench

measures `hourscope scan … --count`, as it is typed, beside the tools that one would use instead, and writes this page.
It makes its own data, gets what tools it can, and takes about ten minutes; `python -m tests.benchmarks --help` says
what can be changed.

![GB of lines a second](benchmarks.svg)

Every run is a fresh process with its start-up in it, theirs as ours. Contestants take turns for {rounds} rounds (two or
three for the slowest), with the files in the page cache; the figures are medians, with the fastest and the slowest run.
Ratios are theirs / ours: 2 means that hourscope takes half the time. *CPU* is the work of all processors together, but
for a server's. An answer that differs from most others' fails the row. A run of more than half a second during which
strangers use more than a tenth of the machine is repeated, while patience lasts; of {runs} runs {noisy} stayed so.
"""


def write(
    folder: Path, contests: Sequence[Contest], versions: Mapping[str, str], noisy: int, rounds: int, seconds: float
) -> None:
    """Write benchmarks.md and benchmarks.svg into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    runs = sum(len(contestant.runs) for contest in contests for contestant in contest.contestants)
    text = [_HEAD.format(rounds=rounds, noisy=noisy or "none", runs=runs)]
    text += _summary(contests)
    for contest in contests:
        text += _section(contest)
    text += ["## Machine\n", *_machine(versions, seconds), ""]
    (folder / "benchmarks.md").write_text("\n".join(text))
    (folder / "benchmarks.svg").write_text(draw(list(_bars(contests))))


def wrong(contest: Contest) -> list[str]:
    """The contestants whose answer is not the one that most give."""
    answers = {c.name: c.answer for c in contest.contestants if c.runs and c.answers}
    right, _ = Counter(answers.values()).most_common(1)[0] if answers else ("", 0)
    return [name for name, answer in answers.items() if answer != right]


def _summary(contests: Sequence[Contest]) -> Iterator[str]:
    """What was to be shown, and what is."""
    yield "## In short\n"
    yield "| work | against | theirs / ours | at least | |"
    yield "|---|---|--:|--:|---|"
    for contest in contests:
        for rival in contest.rivals:
            if rival.runs and contest.ours.runs:
                ratio, need, mark = _verdict(contest, rival, rival.seconds / contest.ours.seconds)
                if need or mark.startswith("**"):
                    yield f"| {contest.title} | {rival.name} | {ratio} | {need} | {mark} |"
        if contest.ideal and contest.ours.runs:
            ratio, need, mark = _ideal_verdict(contest, contest.ideal)
            yield f"| {contest.title} | the ideal | {ratio} | {need} | {mark} |"
    yield ""


def _section(contest: Contest) -> Iterator[str]:
    data = contest.data
    yield f"## {contest.title}\n"
    answer = contest.ours.answer
    share = int(answer) / data.records if answer.isdigit() else 0
    size = f"{data.bytes / 1e6:,.0f} MB of lines ({data.bytes_compressed / 1e6:,.0f} MB of gzip)"
    if data.chunks > 1:
        yield f"{contest.work.format(share=share)}; {data.chunks} chunks, {data.records:,} records, {size}\n"
    else:
        yield f"{contest.work}\n"
    yield "| | seconds | min–max | MB/s of lines | CPU, s | answer | theirs / ours | at least | |"
    yield "|---|--:|--:|--:|--:|--:|--:|--:|---|"
    for contestant in contest.contestants:
        yield _row(contest, contestant)
    if contest.ideal:
        yield _ideal(contest)
    yield ""


def _row(contest: Contest, contestant: Contestant) -> str:
    if not contestant.runs:
        return f"| {contestant.name} | left out: {contestant.failure} | | | | | | | |"
    seconds = contestant.seconds
    runs = [run.seconds for run in contestant.runs]
    speed = f"{contest.data.bytes / seconds / 1e6:,.0f}" if contest.data.chunks > 1 else ""
    cells = [f"{seconds:.3g}", f"{min(runs):.3g}–{max(runs):.3g}", speed, f"{contestant.cpu:.2f}", contestant.answer]
    if contestant is not contest.ours and contest.ours.runs:
        cells += _verdict(contest, contestant, seconds / contest.ours.seconds)
    else:
        cells += ["", "", ""]
    return f"| {contestant.name} | {' | '.join(cells)} |"


def _ideal(contest: Contest) -> str:
    if not contest.ours.runs or contest.ideal is None:
        return ""
    cells = [f"{contest.ideal:.3g}", "", "", "", "", *_ideal_verdict(contest, contest.ideal)]
    return f"| the ideal: GETs × latency / connections, and nothing else | {' | '.join(cells)} |"


def _ideal_verdict(contest: Contest, ideal: float) -> list[str]:
    ratio, need = ideal / contest.ours.seconds, contest.required["ideal"]
    return [f"{ratio:.2f}", f"{need:.2f}", _mark(ratio, need)]


def _verdict(contest: Contest, contestant: Contestant, ratio: float) -> list[str]:
    need = contest.required.get(contestant.name)
    told = f"{ratio:.2f}" if ratio < 10 else f"{ratio:.1f}"
    if wronged := {contestant.name, contest.ours.name} & set(wrong(contest)):
        return ["", "", f"**failed**: the answer of {wronged.pop()} is wrong"]
    if need is None:
        return [told, "", ""]
    among = [c for c in contest.rivals if c.name in contest.fastest_of and c.runs]
    if contestant in among and contestant is not min(among, key=lambda c: c.seconds):
        return [told, "", "not the faster"]
    return [told, f"{need:.2g}" if need != 1 / 3 else "1/3", _mark(ratio, need)]


def _mark(ratio: float, need: float) -> str:
    return "yes" if ratio >= need else f"**no**: {ratio / need:.0%} of it"


def _bars(contests: Sequence[Contest]) -> Iterator[Bar]:
    for contest in contests:
        if contest.data.bytes < 100e6:
            continue
        shown = [c for c in contest.contestants if c.runs]
        for number, contestant in enumerate(shown):
            speed = contest.data.bytes / contestant.seconds / 1e9
            title = contest.title.strip("`").replace("`, ", ", ") if not number else ""
            yield Bar(title, contestant.name.replace("\\|", "|"), speed, ours=contestant is contest.ours)


def _machine(versions: Mapping[str, str], seconds: float) -> Iterator[str]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
    yield f"- {cores} cores of {_processor()}, {memory:.0f} GB of memory"
    yield f"- {platform.system()} {platform.release().split('-')[0]}, Python {platform.python_version()}"
    yield "- " + ", ".join(f"{name} {version(name)}" for name in _OURS)
    yield "- " + ", ".join(f"{name} {number}" for name, number in sorted(versions.items()))
    yield f"- {datetime.now(UTC):%Y-%m-%d}, {seconds / 60:.0f} minutes in all"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.processor())
