"""docs/reliability.md: a section for each show, after the hand-written part.

A run of some shows leaves the sections of the others unchanged.
"""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from tests.shows.soak.show import Check, Result, Table

_HEAD = """# Reliability

    make soak

runs the shows below on real servers (nsqd 1.3.0) and rewrites their sections; it takes about 20 minutes.
`python -m tests.shows.soak NAME…` runs some of them and rewrites only their sections. Each section says what was done,
what was measured, what is required, and where and when it ran. The command exits with 1 if a requirement is not met.
"""
_SECTION = re.compile(r"^## ([\w-]+): ", re.MULTILINE)


def write(page: Path, order: Sequence[str], fresh: dict[str, str]) -> None:
    """Put the new sections (by the show's name) into the page, in the given order; the text above them stays."""
    text = page.read_text() if page.exists() else _HEAD
    sections = _read(text) | fresh
    known = [sections[name] for name in order if name in sections]
    first = _SECTION.search(text)
    head = text[: first.start()] if first else text
    page.write_text("\n".join([head.rstrip() + "\n", *known]))


def section(name: str, result: Result, seconds: float) -> str:
    """Return a show's section as Markdown."""
    return "\n".join([f"## {name}: {result.title}", "", *_body(result), _footer(name, seconds), ""])


def broken(name: str, error: Exception, seconds: float) -> str:
    """Return the section of a show that did not finish."""
    why = str(error).strip().splitlines() or [""]
    return f"## {name}: **broke off**\n\n{type(error).__name__}: {why[0]}\n\n{_footer(name, seconds)}\n"


def _read(text: str) -> dict[str, str]:
    names = [section[1] for section in _SECTION.finditer(text)]
    bodies = _SECTION.split(text)[2::2]
    return {name: f"## {name}: {body.rstrip()}\n" for name, body in zip(names, bodies, strict=True)}


def _body(result: Result) -> Iterator[str]:
    yield f"{result.how}\n"
    yield "| | measured | needed | |"
    yield "|---|--:|--:|---|"
    yield from map(_row, result.checks)
    yield ""
    if result.table:
        yield from _figures(result.table)
    if result.remark:
        yield f"{result.remark}\n"


def _row(check: Check) -> str:
    return f"| {check.what} | {check.measured} | {check.needed} | {'yes' if check.held else '**no**'} |"


def _figures(table: Table) -> Iterator[str]:
    yield f"| {' | '.join(table.columns)} |"
    yield f"|---|{('--:|' if table.numbers else '---|') * (len(table.columns) - 1)}"
    yield from (f"| {' | '.join(row)} |" for row in table.rows)
    yield ""


def _footer(name: str, seconds: float) -> str:
    cores = len(os.sched_getaffinity(0))
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
    machine = f"{cores} cores of {_processor()}, {memory:.0f} GB, {platform.system()}"
    made_of = f"Python {platform.python_version()}, hourscope {version('hourscope')}, pynsq {version('pynsq')}"
    when = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {seconds:.0f} s"
    return f"*`python -m tests.shows.soak {name}`: {when}; {machine}; {made_of}*"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.processor())
