"""Small archives, their index, and what is counted with it and without."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from datetime import UTC
from pathlib import Path

from hypothesis import strategies as st

from tui.analysis.count import Counted, count
from tui.analysis.counting import Counting
from tui.analysis.indexing import Indexed, Indexing, keep, summaries
from tui.analysis.known import known_from
from tui.archive import open_archive
from tui.filter import Filter
from tui.index import Index
from tui.scan import ScanPlan, Totals, plan_scan, run_plan


def write(folder: Path, hours: Sequence[Sequence[object]]) -> None:
    folder.mkdir(exist_ok=True)
    for hour, records in enumerate(hours):
        lines = b"".join(
            (record if isinstance(record, bytes) else json.dumps(record).encode()) + b"\n" for record in records
        )
        (folder / f"events.2015-01-20_{hour:02}.log.gz").write_bytes(gzip.compress(lines, mtime=0))


def planned(folder: Path, filter_: Filter | None = None) -> ScanPlan:
    return plan_scan(open_archive(str(folder)), None, None, filter_ or Filter())


def build(index: Index, plan: ScanPlan, *, words: bool = False) -> None:
    for event in summaries(plan, Indexing(UTC, (), words), jobs=1):
        if isinstance(event, Indexed):
            keep(index, event)


def counted(plan: ScanPlan, counting: Counting, index: Index | None) -> tuple[Counted, Totals]:
    totals, result = Totals(), None
    for event in count(plan, counting, jobs=1, index=index):
        if isinstance(event, Counted):
            result = event
        else:
            totals.add(event)
    assert result is not None
    return result, totals


def scanned(plan: ScanPlan, index: Index | None) -> Totals:
    totals = Totals()
    known = known_from(index, counts_only=True) if index else None
    answers = [known(chunk, plan.filter) for chunk in plan.chunks] if known else []
    known = known_from(index, plan.chunks, counts_only=True) if index else None
    assert answers == ([known(chunk, plan.filter) for chunk in plan.chunks] if known else [])  # also asked one by one
    for event in run_plan(plan, jobs=1, count_only=True, exact=True, known=known):
        totals.add(event)
    return totals


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 3), st.sampled_from(["", "a", "1", "ä", "a'b"]), st.just(1.0)
)

RECORDS = st.one_of(
    st.fixed_dictionaries(
        {},
        optional={"a": st.one_of(SCALARS, st.lists(SCALARS, max_size=2)), "b": st.fixed_dictionaries({"c": SCALARS})},
    ),
    st.sampled_from([b"text", b"", b'{"a": 1', [1], 5]),
)

EXPRESSIONS = st.sampled_from(
    [
        "a == 'a'",
        "a == `1`",
        "`1` == a",
        "a == `true`",
        "b.c == 'ä'",
        "a == 'a' && b.c == `2`",
        "a == '1' || b.c == '1'",
        "a == `null`",
        "!(a == 'a')",
        "a != 'a'",
        "a[0] == 'a'",
        "b == 'a'",
        "contains(a, 'a')",
        "nosuch == 'x'",
    ]
)
