"""Matches come by hour, key and line, whatever finished first; and running totals add up."""

from __future__ import annotations

import random
import tracemalloc
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tui.archive import Chunk, Damage
from tui.scan import ChunkDamaged, ChunkDone, ChunkKept, ChunkStarted, Counts, Matches, Progress, ScanEvent, Totals
from tui.scan.order import in_order

HOUR = datetime(2015, 1, 20, tzinfo=UTC)


def chunk(number: int) -> Chunk:
    return Chunk(f"{number:03}", HOUR + timedelta(hours=number // 2), 100, "etag", HOUR)


def events_of(number: int, pieces: list[bytes]) -> list[ScanEvent]:
    mine = chunk(number)
    return [ChunkStarted(mine), *(Matches(mine, piece) for piece in pieces), ChunkDone(mine, Counts())]


@st.composite
def interleavings(draw: st.DrawFn) -> tuple[list[list[bytes]], list[ScanEvent]]:
    """The matches of some chunks, and their events in an order in which parallel jobs might report them."""
    pieces = draw(
        st.lists(st.lists(st.sampled_from([b"a\n", b"bb\nc\n", b"\n", b"d" * 3000 + b"\n"]), max_size=4), max_size=7)
    )
    waiting = [events_of(number, mine) for number, mine in enumerate(pieces)]
    jobs = draw(st.integers(1, 8))
    given: list[ScanEvent] = []
    running: list[list[ScanEvent]] = []
    while waiting or running:
        while waiting and len(running) < jobs:
            running.append(waiting.pop(0))
        chosen = draw(st.sampled_from(running))
        given.append(chosen.pop(0))
        running = [events for events in running if events]
    return pieces, given


def lines_of(events: list[ScanEvent]) -> bytes:
    return b"".join(event.lines for event in events if isinstance(event, Matches))


@given(interleavings())
def test_matches_are_in_the_order_of_the_chunks(drawn: tuple[list[list[bytes]], list[ScanEvent]]) -> None:
    pieces, events = drawn
    chunks = [chunk(number) for number in range(len(pieces))]
    ordered = list(in_order(events, chunks))
    assert [event.chunk.key for event in ordered if isinstance(event, Matches)] == [
        mine.key for mine, its in zip(chunks, pieces, strict=True) for _ in its
    ]
    assert lines_of(ordered) == b"".join(piece for its in pieces for piece in its)
    assert [e for e in ordered if not isinstance(e, Matches)] == [e for e in events if not isinstance(e, Matches)]


@given(interleavings(), st.data())
def test_what_was_found_stays_when_a_scan_is_cut_short(
    drawn: tuple[list[list[bytes]], list[ScanEvent]], data: st.DataObject
) -> None:
    pieces, events = drawn
    events = events[: data.draw(st.integers(0, len(events)))]
    ordered = list(in_order(events, [chunk(number) for number in range(len(pieces))]))
    keys = [event.chunk.key for event in ordered if isinstance(event, Matches)]
    assert keys == sorted(keys)
    assert len(lines_of(ordered)) == len(lines_of(events))


def test_nothing_but_matches_waits() -> None:
    """Progress of the last chunk is shown at once, though its matches must wait for the first chunk."""
    chunks = [chunk(0), chunk(1)]
    seen: list[ScanEvent] = []

    def telling() -> object:
        for event in events_of(1, [b"late\n"]):
            yield event
            if not isinstance(event, Matches):
                assert seen[-1] == event
        assert lines_of(seen) == b""
        yield from events_of(0, [b"early\n"])

    for event in in_order(telling(), chunks):  # type: ignore[arg-type]
        seen.append(event)  # noqa: PERF402
    assert lines_of(seen) == b"early\nlate\n"


def test_matches_of_the_chunk_whose_turn_it_is_pass_at_once() -> None:
    events = in_order(iter([*events_of(0, [b"1\n", b"2\n"])]), [chunk(0), chunk(1)])
    assert [next(events), next(events)][1] == Matches(chunk(0), b"1\n")


def test_memory_stays_bounded_when_all_wait_for_a_slow_first_chunk() -> None:
    """Two hundred chunks of almost a megabyte of matches each: on disk, not in memory."""
    lines = random.Random(1).randbytes(1000).replace(b"\n", b"?") * 950 + b"\n"
    chunks = [chunk(number) for number in range(200)]

    def events() -> object:
        yield ChunkStarted(chunks[0])
        for mine in chunks[1:]:
            yield Matches(mine, lines)
            yield ChunkDone(mine, Counts())
        yield ChunkDone(chunks[0], Counts())

    tracemalloc.start()
    try:
        total = sum(len(event.lines) for event in in_order(events(), chunks) if isinstance(event, Matches))  # type: ignore[arg-type]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert total == 199 * len(lines)
    assert peak < 64 << 20


class TestTotals:
    def test_they_add_up_whatever_the_order(self) -> None:
        totals = Totals(clock=iter([10.0, 12.5]).__next__)
        first, second = chunk(0), chunk(1)
        for event in (
            ChunkStarted(first),
            ChunkStarted(second),
            Progress(first, 10, 100, 5, 1),
            Progress(second, 20, 200, 6, 2),
            Progress(first, 30, 300, 15, 3),
        ):
            totals.add(event)
        assert (totals.bytes_compressed, totals.bytes, totals.records, totals.matches) == (50, 500, 21, 5)
        assert set(totals.running) == {"000", "001"}
        assert totals.matches_by_hour == {HOUR: 5}
        totals.add(ChunkDamaged(second, Damage(20, 25, "torn", 3)))
        totals.add(ChunkDone(second, Counts(25, 200, 6, 2, not_json=1, blank=2), form="lines", codec="gzip"))
        totals.add(ChunkDone(first, Counts(60, 600, 30, 4), partial=True))
        totals.add(ChunkKept(chunk(2), Counts(7, 70, 3, 1)))
        assert totals.running == {}
        assert totals.matches_by_hour == {HOUR: 6, HOUR + timedelta(hours=1): 1}
        assert totals.as_json() == {
            "version": 2,
            "forms": {"lines": 1},
            "chunks": 3,
            "chunks_skipped": 0,
            "hours": 2,
            "bytes_compressed": 92,
            "bytes": 870,
            "records": 39,
            "matches": 7,
            "not_json": 1,
            "blank": 2,
            "unparsed": 0,
            "no_time": 0,
            "damaged": [{"key": "001", "from": 20, "to": 25, "reason": "torn", "doubtful": 3}],
            "warnings": ["1 record is not JSON (text); only -g and -e can match them"],
            "kept": 1,
            "partial": 1,
            "seconds": 2.5,
        }

    def test_damage_is_listed_by_hour_and_key(self) -> None:
        totals = Totals()
        for number in (3, 0, 2):
            totals.add(ChunkDamaged(chunk(number), Damage(0, 0, "torn")))
        damaged = totals.as_json()["damaged"]
        assert isinstance(damaged, list)
        assert [item["key"] for item in damaged] == ["000", "002", "003"]
