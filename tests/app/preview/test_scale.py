"""An hour of a million records, and records of absurd size: nothing that a key does waits for them."""

from __future__ import annotations

import asyncio
import gzip
import json
import resource
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.app.conftest import Opened, Preview, assert_shown, preview_of, shown, type_text, until
from tui.app.records.outline import LARGE, parse, rows, unpack

MILLION = 1_000_000
_MEMBER = 10_000  # records
_MOVE = 0.010  # seconds of CPU
_LAG = 0.8  # seconds that the loop may be held up, on a machine with other work: half of it is seen without


@pytest.fixture(scope="module")
def million(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A chunk of a hundred members of 10,000 records."""
    folder = tmp_path_factory.mktemp("million")
    lines = b"".join(
        b'{"event": "%s", "ts": "2015-01-20T13:%02d:%02dZ", "n": %d, "visitor": {"id": "v%d"}, "text": "%s"}\n'
        % (b"error" if n % 50 == 0 else b"play", n // 60 % 60, n % 60, n, n * 7, b"x" * 120)
        for n in range(_MEMBER)
    )
    (folder / "events.2015-01-20_13.log.gz").write_bytes(gzip.compress(lines, 1) * (MILLION // _MEMBER))
    return folder


@asynccontextmanager
async def lag() -> AsyncIterator[Callable[[], float]]:
    """Return the longest time the event loop was blocked since the last call, in CPU seconds of this process.

    Of CPU, and not of the clock, so that other work of the machine does not count.
    """
    worst = 0.0

    async def look() -> None:
        nonlocal worst
        while True:
            begun = time.process_time()
            await asyncio.sleep(0.005)
            worst = max(worst, time.process_time() - begun)

    def taken() -> float:
        nonlocal worst
        longest, worst = worst, 0.0
        return longest

    task = asyncio.create_task(look())
    try:
        yield taken
    finally:
        task.cancel()


async def cost_of_a_move(page: Preview, pause: Callable[[], Awaitable[None]]) -> float:
    """Return the CPU seconds including all drawing, excluding the test's own waiting.

    The least of three: other work of the machine empties caches, which costs CPU.
    """
    return min([await _cost_of_moves(page, pause, 10) for _ in range(3)]) / 10


async def _cost_of_moves(page: Preview, pause: Callable[[], Awaitable[None]], times: int) -> float:
    spent = []
    for step in (0, 1):
        begun = time.thread_time()
        for _ in range(times):
            if step:
                page.listing.action_move(step)
            await pause()
        spent.append(time.thread_time() - begun)
    return spent[1] - spent[0]


async def previewed(pilot: Pilot[int]) -> Preview:
    await pilot.press("enter")
    page = preview_of(pilot)
    await until(pilot, lambda: len(page.records) > 0)
    return page


async def test_a_million_records_are_moved_over_filtered_and_marked(opened: Opened, million: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    async with opened(str(million)) as pilot, lag() as worst:
        page = await previewed(pilot)
        await pilot.press("G")
        await until(pilot, lambda: page.ended and page.listing.current == MILLION - 1, 60)
        await assert_shown(pilot, "1,000,000 of 1,000,000")
        assert len(page.records) == MILLION
        await pilot.press("g")
        assert await cost_of_a_move(page, pilot.pause) < _MOVE
        worst()

        await pilot.press("slash")
        await type_text(pilot, "event == 'error' || starts_with(visitor.id, 'v1')")
        page.listing.focus()
        counts: list[int] = []

        def judged() -> bool:
            counts.append(page.rows.seen)
            return page.rows.filtered and page.rows.seen == MILLION

        await until(pilot, judged, 60)
        assert len(set(counts)) > 2  # it counted while one could go on
        hits = len(page.rows.hits)
        await assert_shown(pilot, f"{hits:,} of 1,000,000 previewed")
        assert MILLION // 50 < hits < MILLION // 3
        assert await cost_of_a_move(page, pilot.pause) < _MOVE

        await pilot.press("A")
        await until(pilot, lambda: page.rows.catch_up() is False, 30)
        assert await cost_of_a_move(page, pilot.pause) < _MOVE
        page.nodes.focus()
        await pilot.press("g", "comma")
        await until(pilot, lambda: len(page.rows.marks) > 0, 30)
        assert len(page.rows.marks) in (MILLION // 50, MILLION - MILLION // 50)
        await pilot.press("space", "m", "a", "n", "N")
        assert worst() < _LAG
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert most * (1 if sys.platform == "darwin" else 1024) < 150_000_000  # the lines alone are 200 MB


def _members(count: int, text: int) -> bytes:
    inner = json.dumps({"n": [1, 2, {"deep": None}], "text": "y" * text})
    return b"{" + b", ".join(b'"field%d": %s' % (n, inner.encode()) for n in range(count)) + b"}"


HUGE: dict[str, Callable[[], bytes]] = {  # made when they are used: every worker imports this
    "one string": lambda: b'{"a": "' + b"x" * 50_000_000 + b'", "b": [1]}',
    "many objects": lambda: b'{"a": {"inside": ' + _members(300_000, 100) + b'}, "b": [1]}',
    "a long list": lambda: b'{"a": [' + b"1234567, " * 5_000_000 + b'1], "b": [1]}',
    "10,000 fields": lambda: _members(10_000, 20).replace(b"field0", b"a", 1),
    "200 levels": lambda: b'{"a":' * 200 + b"1" + b"}" * 200,
}


@pytest.mark.parametrize("kind", HUGE)
async def test_a_huge_record_opens_while_keys_still_work(opened: Opened, tmp_path: Path, kind: str) -> None:
    (tmp_path / "events.2015-01-20_13.log").write_bytes(b"{}\n" + HUGE[kind]() + b'\n{"c": 1}\n')
    async with opened(str(tmp_path)) as pilot:
        page = await previewed(pilot)
        await until(pilot, lambda: page.ended)
        async with lag() as worst:
            await pilot.press("j")
            await until(pilot, lambda: page.nodes.current is not None and page.nodes.current.path == ("a",))
            page.nodes.focus()
            for key in ("l", "j", "G", "pageup", "h", "W"):
                await pilot.press(key)
            await until(pilot, lambda: "reading …" not in shown(pilot))
            page.listing.focus()
            await pilot.press("j")
            await until(pilot, lambda: page.nodes.current is not None and page.nodes.current.path == ("c",))
            assert worst() < _LAG


def test_a_large_record_is_opened_level_by_level() -> None:
    long = "tëxt \\ \U0001f600 " * LARGE
    value = {"a": {"b": {"c": list(range(LARGE)), "d": "x"}, "e": 1.5}, "f": True, "g": long, "h": '{"i": 1}'}
    record = json.dumps(value).encode()
    parsed = parse(record)
    assert [(row.path, row.kind, row.open, row.large) for row in rows(parsed, {})] == [
        (("a",), "object", False, True),
        (("f",), "constant", None, False),
        (("g",), "string", None, True),
        (("h",), "string", False, False),
    ]
    unpack(parsed, ("a",))
    unpack(parsed, ("a", "b"))
    unpack(parsed, ("a", "b", "c"))
    by_path = {row.path: row for row in rows(parsed, {("h",): True})}
    assert by_path[("a", "b", "d")].value == "x" and by_path[("a", "e")].value == 1.5 and by_path[("f",)].value is True
    assert by_path[("g",)].value == long
    assert (
        not by_path[("a", "b", "c")].large and by_path[("a", "b", "c")].open is False
    )  # too many to be opened unasked
