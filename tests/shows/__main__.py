"""How often `diff` names a made-up incident, and says nothing where there is none: `python -m tests.shows`."""

from __future__ import annotations

import argparse
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from tests.analysis.incidents import KINDS, incident
from tui.analysis.findings import findings
from tui.analysis.spans import suspicious


@dataclass(frozen=True)
class Outcome:
    """Was the incident among the first three findings? Were its hours right, and found without being given?"""

    kind: str
    named: bool
    exact: bool
    hours: bool


def outcome(kind: str, seed: int) -> Outcome:
    """`kind` "" is no incident: nothing must stand out."""
    made = incident(kind, seed, rate=200)
    table = made.table()
    found = findings(made.comparison(table))
    stretches = suspicious(table, 3)
    if not kind:
        return Outcome("nothing", not found, not found, not stretches)
    named = any(made.fields <= {fact.field for fact in finding.facts} for finding in found[:3])
    exact = bool(found) and (found[0].since, found[0].until) == (made.first, made.stop)
    return Outcome(kind, named, exact, any(a < made.stop and made.first < b for a, b in stretches))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.shows", description=__doc__)
    parser.add_argument("--seeds", type=int, default=100)
    seeds = parser.parse_args().seeds
    kinds = [KINDS[seed % len(KINDS)] for seed in range(seeds)]
    with ProcessPoolExecutor() as pool:
        outcomes = list(pool.map(outcome, [*kinds, *[""] * seeds], [*range(seeds), *range(seeds)]))
    for name in (*KINDS, "nothing"):
        of_kind = [one for one in outcomes if one.kind == name]
        told = Counter({field: sum(getattr(one, field) for one in of_kind) for field in ("named", "exact", "hours")})
        print(
            f"{name:<10} {len(of_kind):>4} seeds  among the first three {told['named']:>4}"
            f"  hours right {told['exact']:>4}  hours found {told['hours']:>4}"
        )


if __name__ == "__main__":
    main()
