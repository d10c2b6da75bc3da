"""Records as columns and bits: whatever their shapes, learned or not, the same values and the same counts."""

from __future__ import annotations

import json
import pickle
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tui.analysis.columns import MISSING, Columns, Learner
from tui.analysis.observed import Observed, observe_lines
from tui.analysis.table import table_of

SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from(["", "a", "ä\n", "b 12 c", 1.5]))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["x", "y z"]), inner)),
    max_leaves=6,
)
RECORDS = st.lists(st.dictionaries(st.sampled_from(["a", "b", "", 'q"']), VALUES, max_size=3), max_size=5)


def lines(records: list[Any]) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def cells(columns: Columns) -> dict[Any, Any]:
    """The values of each record at each path, null and none alike."""
    by_path: dict[Any, Any] = {}
    for path, column in columns.cells.items():
        numbers = column.records if column.records is not None else range(len(column.values))
        pairs = zip(numbers, column.values, strict=True)
        by_path[path] = Counter((n, type(v), v) for n, v in pairs if v is not None and v is not MISSING)
    return {path: values for path, values in by_path.items() if values}


@given(RECORDS, RECORDS)
def test_a_learner_reads_what_looking_at_each_record_reads(first: list[Any], second: list[Any]) -> None:
    learner = Learner()
    learner.columns(lines(first))
    for records in (first, second, first):
        made = learner.columns(lines(records))
        assert (made.records, made.not_objects) == (len(records), 0)
        assert cells(made) == cells(Learner().columns(lines(records)))


def test_a_record_that_is_not_an_object_is_counted_and_left_out() -> None:
    learner = Learner()
    for _ in range(2):
        made = learner.columns(b'{"a": 1}\n[1]\nno json\n{"a": 2}\n')
        assert (made.records, made.not_objects) == (2, 2)


def test_a_learner_that_is_sent_to_another_process_begins_anew() -> None:
    learner = Learner()
    learner.columns(b'{"a": 1}\n')
    assert pickle.loads(pickle.dumps(learner)).columns(b'{"b": 1}\n').records == 1


@settings(max_examples=20)
@given(st.lists(st.tuples(st.integers(0, 3), RECORDS), min_size=1, max_size=3), st.integers(1, 2))
def test_bits_and_counts_of_facts_agree(hours: list[tuple[int, list[Any]]], times: int) -> None:
    learner, parts = Learner(), []
    for at, records in sorted(hours, key=lambda pair: pair[0]):
        part = Observed()
        for _ in range(times * 3):  # as the blocks of a chunk
            part.merge(observe_lines(lines(records), learner))
        parts.append((datetime(2024, 3, 1, tzinfo=UTC) + timedelta(hours=at), part))
    table = table_of(parts, UTC)
    records = table.every_record
    assert records.sizes == [hour.records for hour in table.hours]
    for fact, hits in table.hits.items():
        counted = records.by_hour(records.mask(fact))
        if "*" in fact.field and fact.kind == "pattern":  # two items of a record may have one pattern
            assert all(count <= hit for count, hit in zip(counted, hits, strict=True))
        else:
            assert counted == hits


def test_many_values_have_codes_of_two_bytes() -> None:
    records = [{"v": f"v{n % 700}x{'y' * (n % 7)}", "w": n % 3} for n in range(7_000)]
    part = observe_lines(lines(records), Learner())
    table = table_of([(datetime(2024, 3, 1, tzinfo=UTC), part)], UTC)
    masks = table.every_record
    counts = {fact.value: masks.mask(fact).bit_count() for fact in table.hits if fact.field == "w"}
    assert counts == {0: 2334, 1: 2333, 2: 2333}
    assert all(masks.mask(fact).bit_count() == sum(hits) for fact, hits in table.hits.items())
