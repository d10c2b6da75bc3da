"""What a plan decides before anything is read: threads or processes."""

from __future__ import annotations

import gzip
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tui.archive import Chunk, open_archive
from tui.filter import Filter, parse_filter
from tui.scan import Counts, Known, Matches, ScanPlan, plan_scan, run_plan
from tui.scan.excerpt import Excerpt

MB = 10**6


@pytest.fixture(autouse=True)
def cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine of four cores."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3}, raising=False)


@pytest.fixture
def plan(tmp_path: Path) -> ScanPlan:
    for hour in range(3):
        lines = b'{"code": 5003}\n{"code": 200}\n' * (hour + 1)
        (tmp_path / f"events.2015-01-20_{hour:02}.log.gz").write_bytes(gzip.compress(lines))
    return plan_scan(open_archive(str(tmp_path)), None, None, parse_filter(grep=["5003"]))


def with_bytes(plan: ScanPlan, stored: int) -> ScanPlan:
    """The same plan of larger chunks, as far as the listing says."""
    size = stored // len(plan.chunks)
    return replace(plan, chunks=tuple(Chunk(c.key, c.hour, size, c.etag, c.uploaded) for c in plan.chunks))


@pytest.mark.parametrize(
    ("chosen", "stored", "processes"),
    [
        pytest.param(parse_filter(grep=["5003"]), 100 * MB, False, id="a search of little"),
        pytest.param(parse_filter(grep=["5003"]), 1000 * MB, True, id="a search of much"),
        pytest.param(parse_filter(match=["code == `5003`"]), 1 * MB, False, id="an expression, of little"),
        pytest.param(
            parse_filter(match=["code == `5003`"]), 100 * MB, True, id="an expression: Python for each record"
        ),
        pytest.param(
            Filter(), 1000 * MB, False, id="every record: to hand them over would take as long as to read them"
        ),
    ],
)
def test_processes_are_started_where_threads_would_wait_longer(
    plan: ScanPlan, chosen: Filter, stored: int, processes: bool
) -> None:
    assert replace(with_bytes(plan, stored), filter=chosen).wants_processes is processes


def test_two_threads_search_as_fast_as_two_processes(plan: ScanPlan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
    assert not with_bytes(plan, 1000 * MB).wants_processes
    assert replace(with_bytes(plan, 100 * MB), filter=parse_filter(match=["code == `5003`"])).wants_processes


def test_fields_of_each_match_are_work_for_processes(plan: ScanPlan) -> None:
    assert replace(with_bytes(plan, 100 * MB), excerpt=Excerpt(fields="code")).wants_processes


def test_a_search_by_processes_gives_the_same_records_in_the_same_order(plan: ScanPlan) -> None:
    def records(of: ScanPlan) -> bytes:
        return b"".join(event.lines for event in run_plan(of, jobs=2) if isinstance(event, Matches))

    much = with_bytes(plan, 1000 * MB)
    assert much.wants_processes
    assert not plan.wants_processes
    assert records(much) == records(plan) == b'{"code": 5003}\n' * 6
    assert plan.chunks[0].hour == datetime(2015, 1, 20, tzinfo=UTC)


def test_what_is_known_of_much_needs_no_processes(plan: ScanPlan, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise AssertionError("processes were started")

    monkeypatch.setattr("tui.scan.engine.processes", refused)
    large, small = with_bytes(plan, 3000 * MB).chunks[:2], plan.chunks[2:]
    mixed = replace(plan, chunks=(*large, *small))
    assert mixed.wants_processes
    known = {chunk.key: Known(Counts()) for chunk in large}
    events = list(run_plan(mixed, jobs=2, known=lambda chunk, _: known.get(chunk.key)))
    assert sum(event.lines.count(b"\n") for event in events if isinstance(event, Matches)) == 3
