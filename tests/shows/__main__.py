"""How often `diff` names a made-up incident, and nothing where there is none: `python -m tests.shows`.

Of each seed all records are compared, and beside that a sample: the first records of each hour. Without an incident
the hour of the burst may be found, which is there, but no other.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace

from tests.analysis.incidents import KINDS, Incident, incident
from tui.analysis.comparison import compare_hours
from tui.analysis.findings import findings
from tui.analysis.spans import suspicious

SAMPLED = 60  # records of an hour, of 200 or so
_HEADER = f"{'':<12}{'seeds':>6}{'in first 3':>12}{'hours right':>13}{'hours found':>13}{'and right':>11}"


@dataclass(frozen=True)
class Outcome:
    """Whether the incident was among the first three findings, and whether its hours were found correctly."""

    named: bool
    exact: bool
    hours: bool
    alone: bool


def outcomes(kind: str, seed: int) -> tuple[str, int, tuple[Outcome, Outcome]]:
    """Compare all records, and a sample. With `kind` "" there is no incident, and nothing may be found."""
    made = incident(kind, seed, rate=200)
    sample = replace(made, hours=tuple(hour[:SAMPLED] for hour in made.hours))
    return kind or "nothing", seed, (_outcome(made, kind), _outcome(sample, kind))


def _outcome(made: Incident, kind: str) -> Outcome:
    table = made.table()
    ranked = findings(made.comparison(table))
    stretches = suspicious(table, 3)
    if not kind:
        quiet = all(made.burst is not None and first <= made.burst < stop for first, stop in stretches)
        return Outcome(not ranked, not ranked, quiet, quiet)
    named = any(made.fields <= {fact.field for fact in finding.facts} for finding in ranked[:3])
    exact = bool(ranked) and (ranked[0].since, ranked[0].until) == (made.first, made.stop)
    others = [[at for at in range(len(table.hours)) if not first <= at < stop] for first, stop in stretches]
    alone = [
        finding
        for (first, stop), rest in zip(stretches, others, strict=True)
        for finding in findings(compare_hours(table, range(first, stop), rest))
    ]
    alone.sort(key=lambda finding: -finding.rank)
    return Outcome(
        named,
        exact,
        any(finding.since < made.stop and made.first < finding.until for finding in alone[:3]),
        any((finding.since, finding.until) == (made.first, made.stop) for finding in alone[:3]),
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.shows", description=__doc__)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--jobs", type=int, help="processes; one for each core")
    given = parser.parse_args()
    seeds = range(given.seeds)
    kinds = [KINDS[seed % len(KINDS)] for seed in seeds]
    with ProcessPoolExecutor(given.jobs) as pool:
        results = list(pool.map(outcomes, [*kinds, *[""] * given.seeds], [*seeds, *seeds]))
    for number, title in enumerate(("all records", f"the first {SAMPLED} of each hour")):
        print(f"{title}\n{_HEADER}")
        for name in (*KINDS, "all", "nothing"):
            of_kind = [
                result[2][number]
                for result in results
                if result[0] == name or (name == "all" and result[0] != "nothing")
            ]
            figures = [sum(getattr(one, field) for one in of_kind) for field in ("named", "exact", "hours", "alone")]
            print(f"{name:<12}{len(of_kind):>6}{figures[0]:>12}{figures[1]:>13}{figures[2]:>13}{figures[3]:>11}")
        missed = [f"{name} {seed}" for name, seed, of_seed in results if not of_seed[number].named]
        print(f"missed: {', '.join(missed) or 'none'}\n")


if __name__ == "__main__":
    main()
