"""The matches, time and cost of a scan: `--estimate`, and the question before a large scan."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, replace

import click

from tui.analysis.known import known_from
from tui.archive import Chunk
from tui.cli.console import EXIT_FAILED, EXIT_MATCHED, EXIT_NOTHING, print_line
from tui.config import load_config
from tui.filter import Filter
from tui.index import open_index
from tui.scan import ScanPlan
from tui.scan.estimate import estimate
from tui.scan.facts import estimate_facts
from tui.scan.plan import reasons_to_ask


def print_estimate(plan: ScanPlan, jobs: int | None, *, as_json: bool) -> int:
    """Read the sample and print the estimate. If no match is expected, even at the upper end of the interval, the exit
    code is 1, or 2 if a part of the sample could not be read."""
    prices = load_config().prices
    with open_index(plan.archive) as index:
        expected = estimate(plan, prices=prices, jobs=jobs, known=known_from(index, plan.chunks, counts_only=True))
    if as_json:
        print(json.dumps(asdict(expected)))
    else:
        for fact in estimate_facts(expected, len(plan.chunks), prices):
            print_line(fact.line)
    if expected.high:
        return EXIT_MATCHED
    return EXIT_NOTHING if expected.understood else EXIT_FAILED


def may_read(
    plan: ScanPlan,
    jobs: int | None,
    out: str = "",
    *,
    known: Callable[[Chunk, Filter], object | None] | None = None,
) -> bool:
    """Ask before reading more than 10 GB, keeping every record in `out`, or writing more than fits on the disk.

    A script is not asked. Chunks for which `known` has an answer (from the index) are not read, and do not count.
    """
    if not reasons_to_ask(plan, out) or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return True
    if known is not None:
        plan = replace(plan, chunks=tuple(chunk for chunk in plan.chunks if known(chunk, plan.filter) is None))
    if not reasons_to_ask(plan, out):
        return True
    prices = load_config().prices
    expected = estimate(plan, prices=prices, jobs=jobs)
    reasons = reasons_to_ask(plan, out, expected.matches / max(expected.records, 1))
    if not reasons:
        return True
    for fact in estimate_facts(expected, len(plan.chunks), prices):
        click.echo(fact.line, err=True)
    return click.confirm(f"{'; '.join(reasons)}: read all of it?", err=True)
