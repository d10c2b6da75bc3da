"""`hourscope scan --estimate`: what a scan would find, take and cost."""

from __future__ import annotations

import json
from dataclasses import asdict

from tui.analysis.known import known_from
from tui.cli.console import EXIT_MATCHED, EXIT_NOTHING, print_line
from tui.cli.fact_lines import fact_lines
from tui.config import load_config
from tui.index import open_index
from tui.scan import ScanPlan, estimate
from tui.scan.facts import estimate_facts


def print_estimate(plan: ScanPlan, jobs: int | None, *, as_json: bool) -> int:
    """Read the sample and print; exit code 1 if not even the interval's upper end holds a match."""
    prices = load_config().prices
    with open_index(plan.archive) as index:
        expected = estimate(plan, prices=prices, jobs=jobs, known=known_from(index, counts_only=True))
    if as_json:
        print(json.dumps(asdict(expected)))
    else:
        for line in fact_lines(estimate_facts(expected, len(plan.chunks), prices)):
            print_line(line)
    return EXIT_MATCHED if expected.high else EXIT_NOTHING
