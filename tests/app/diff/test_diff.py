"""What changed, by keys: from the calendar to the finding, to its filter and hours, to a scan and a send of it."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.analysis.incidents import Incident, incident
from tests.analysis.test_diff import hour, write
from tests.analysis.test_diff_minutes import write as write_days
from tests.app.conftest import (
    FIRST,
    LAST,
    Opened,
    answer,
    assert_shown,
    calendar,
    on,
    preview,
    settled,
    shown,
    until,
    until_shown,
)
from tui.app.app import Explorer
from tui.app.diff import screen
from tui.app.diff.run import ChunksRead, Examples
from tui.app.diff.screen import DiffPage
from tui.app.model.heat import Overlay
from tui.app.model.hours import Hours, Selection
from tui.app.scan.screen import ScanPage
from tui.app.send.screen import SendPage
from tui.archive.chunk import Damage
from tui.config import Config, S3Options
from tui.filter import parse_filter
from tui.scan.events import ChunkDamaged


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Incident, Path]:
    """Two days with a new region in a few hours."""
    incident_ = incident("new value", 3, days=2, rate=150)
    folder = tmp_path_factory.mktemp("incident")
    write(incident_, folder)
    return incident_, folder


def explorer(folder: Path) -> Explorer:
    return Explorer(str(folder), timezone=None, s3=S3Options(), config=Config(folder / "none.toml"))


async def differences(pilot: Pilot[int], made: Incident) -> DiffPage:
    """Select the incident's hours on the calendar and ask what changed."""
    await settled(pilot)
    await answer(pilot, "colon", hour(made.first))
    await pilot.press("v", *["l"] * (made.stop - made.first - 1), "v", "d")
    page = on(pilot, DiffPage)
    assert isinstance(page, DiffPage)
    await until(pilot, lambda: page.list.length > 0)
    return page


async def test_six_keys_lead_from_the_calendar_to_the_finding(made: tuple[Incident, Path]) -> None:
    async with explorer(made[1]).run_test(size=(120, 40)) as pilot:
        await differences(pilot, made[0])
        await until_shown(pilot, "where.region me-9 is new")
        await until_shown(pilot, "where.region == 'me-9'")
        await until_shown(pilot, "latency_ms")  # the first records, in columns
        await assert_shown(pilot, "when ", "most, ")


async def test_at_160_columns_the_days_of_the_finding_and_its_first_record_are_beside_it(
    made: tuple[Incident, Path],
) -> None:
    async with explorer(made[1]).run_test(size=(200, 60)) as pilot:
        page = await differences(pilot, made[0])
        await until_shown(pilot, "│ When  most, ")
        await until_shown(pilot, 'region  "me-9"')
        hits = [number for number in page.list.current.by_hour if number] if page.list.current else []
        days = [line[120:].split() for line in shown(pilot).splitlines() if line[120:122] == "│ "]
        numbers = [int(cell) for cells in days[2:4] for cell in cells[3:] if cell.isdigit()]
        assert numbers == hits


async def test_at_24_lines_there_is_room_for_the_first_records(made: tuple[Incident, Path]) -> None:
    async with explorer(made[1]).run_test(size=(80, 24)) as pilot:
        await differences(pilot, made[0])
        await until_shown(pilot, "latency_ms")
        await assert_shown(pilot, "filter   where.region == 'me-9'", "more lines")


async def test_x_explains_the_finding_under_the_cursor(made: tuple[Incident, Path]) -> None:
    async with explorer(made[1]).run_test(size=(120, 40)) as pilot:
        await differences(pilot, made[0])
        await until_shown(pilot, "where.region me-9 is new")
        await pilot.press("x")
        await assert_shown(pilot, "in these hours are where.region me-9", "enter makes it the filter: where.region ==")


async def test_minutes_are_compared_with_the_same_minutes_of_other_days(tmp_path: Path) -> None:
    write_days(tmp_path / "a", days=4)
    async with explorer(tmp_path / "a").run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        session = calendar(pilot).session
        session.time_field = "at"  # as the timeline finds it
        start = datetime(2024, 3, 3, 10, 20, tzinfo=UTC)
        session.selection = Selection.of(Hours(start, start + timedelta(minutes=20)))
        await pilot.press("d")
        page = on(pilot, DiffPage)
        await until(pilot, lambda: page.list.length > 0)
        await until_shown(pilot, "code 99 is new")
        assert "the same hours of 3 other days" in shown(pilot) and "Sun 3 Mar 2024 10:20 to 10:40" in shown(pilot)
        await until_shown(pilot, "10:20:")  # its first records
        assert "--from 2024-03-03T10:20 --to 2024-03-03T10:40" in page.command()
        await pilot.press("enter")
        assert session.selection.span == Hours(start, start + timedelta(minutes=20))


async def test_a_key_that_came_too_early_does_not_hide_the_keys_of_the_answer(
    made: tuple[Incident, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    begin, pressed = screen.compare, threading.Event()

    def compare(*given: Any, **options: Any) -> Iterator[object]:
        pressed.wait(60)
        yield from begin(*given, **options)

    monkeypatch.setattr(screen, "compare", compare)
    async with explorer(made[1]).run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await answer(pilot, "colon", hour(made[0].first))
        await pilot.press("v", *["l"] * (made[0].stop - made[0].first - 1), "v", "d", "enter")
        await until_shown(pilot, "enter does nothing here")
        pressed.set()
        await until_shown(pilot, "enter filters by it")
        assert "does nothing" not in shown(pilot) and "s scan" in shown(pilot)


async def test_enter_makes_it_the_filter_and_its_hours_the_selection(made: tuple[Incident, Path]) -> None:
    async with explorer(made[1]).run_test(size=(120, 40)) as pilot:
        await differences(pilot, made[0])
        await pilot.press("enter")
        session = calendar(pilot).session
        assert session.filter.describe() == "-m \"where.region == 'me-9'\""
        selected = session.selection.span
        assert (f"{selected.start:%Y-%m-%dT%H}", f"{selected.stop:%Y-%m-%dT%H}") == (
            hour(made[0].first),
            hour(made[0].stop),
        )


@pytest.mark.parametrize(("key", "page"), [("s", ScanPage), ("p", SendPage)])
async def test_a_finding_is_scanned_and_published_by_one_key(
    made: tuple[Incident, Path], key: str, page: type[ScanPage] | type[SendPage]
) -> None:
    async with explorer(made[1]).run_test(size=(120, 40)) as pilot:
        await differences(pilot, made[0])
        await pilot.press(key)
        assert isinstance(pilot.app.screen, page)
        await until_shown(pilot, "me-9")


async def test_damage_that_was_met_is_reported_beside_the_answer(made: tuple[Incident, Path], tmp_path: Path) -> None:
    shutil.copytree(made[1], tmp_path / "a")
    first, second, *_ = sorted((tmp_path / "a").iterdir())
    first.write_bytes(first.read_bytes()[:-40])
    second.write_bytes(b"<html>no</html>")
    async with explorer(tmp_path / "a").run_test(size=(120, 40)) as pilot:
        page = await differences(pilot, made[0])
        await until_shown(pilot, "! 2 chunks damaged")
        assert set(page.session.damage) == {first.name, second.name}
        assert "· exact · 2 chunks damaged" in shown(pilot)


async def test_damage_is_remembered_also_if_the_screen_is_left_before_the_answer(made: tuple[Incident, Path]) -> None:
    async with explorer(made[1]).run_test(size=(120, 40)) as pilot:
        page = await differences(pilot, made[0])
        chunk = page.session.catalog.chunks[0]
        page.on_chunks_read(ChunksRead(1, 9, (ChunkDamaged(chunk, Damage(0, 9, "a checksum")),)))
        await pilot.press("q")
        await until_shown(pilot, "! 1 damaged")


async def test_if_nothing_can_be_read_the_reason_is_the_answer(tmp_path: Path) -> None:
    for number in range(6):
        (tmp_path / f"events.2015-01-20_{number:02}.log.gz").write_bytes(b"<html>no</html>")
    async with explorer(tmp_path).run_test(size=(120, 40)) as pilot:
        await until_shown(pilot, "nothing selected")
        await pilot.press("M", "d")
        await until_shown(pilot, "Nothing could be read: events.2015-01-20_00.log.gz, bytes 0 to 15: ")
        assert "have no records" not in shown(pilot) and "Below are the sizes" not in shown(pilot)
        await pilot.press("i")
        await until_shown(pilot, "Nothing could be read: events.2015-01-20_00.log.gz, bytes 0 to 15: ")


async def test_without_a_finding_s_plans_a_scan_of_the_compared_hours(opened: Opened) -> None:
    async with opened() as pilot:
        await pilot.press("M", "d")
        await until_shown(pilot, "Nothing stands out.")
        await pilot.press("s")
        page = on(pilot, ScanPage)
        assert page.form.plan.start == FIRST and page.form.plan.stop == LAST + timedelta(hours=1)


async def test_n_goes_to_the_next_finding_as_long_as_there_is_one(made: tuple[Incident, Path]) -> None:
    async with explorer(made[1]).run_test(size=(120, 40)) as pilot:
        page = await differences(pilot, made[0])
        await pilot.press(*"n" * page.list.length)
        assert page.list.at == page.list.length - 1
        await until_shown(pilot, "no more findings after this one")
        await pilot.press(*"N" * page.list.length)
        await until_shown(pilot, "no more findings before this one")


async def test_hours_like_all_others_say_what_to_do(made: tuple[Incident, Path]) -> None:
    async with explorer(made[1]).run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await answer(pilot, "colon", hour(2))
        await pilot.press("d")
        await until_shown(pilot, "Nothing stands out.")
        await until_shown(pilot, "b compares with other hours")
        await until_shown(pilot, "latency_ms")  # the hour's first records
        assert "opens it" not in shown(pilot)


async def test_a_baseline_can_be_named_and_a_wrong_one_is_refused(made: tuple[Incident, Path]) -> None:
    async with explorer(made[1]).run_test(size=(120, 40)) as pilot:
        page = await differences(pilot, made[0])
        await answer(pilot, "b", "yesterday")
        await until_shown(pilot, "'yesterday' is not a range")
        await pilot.press("escape")
        await answer(pilot, "b", f"{hour(0)}..{hour(24)}")
        await until(pilot, lambda: page.list.length > 0)
        assert f"--against={hour(0)}..{hour(24)}" in page.command()


async def test_the_whole_archive_selected_asks_for_the_hours(made: tuple[Incident, Path]) -> None:
    async with explorer(made[1]).run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press("M", "d")
        await until_shown(pilot, "where.region me-9")


async def test_without_it_the_other_records_are_compared(made: tuple[Incident, Path]) -> None:
    async with explorer(made[1]).run_test(size=(120, 40)) as pilot:
        page = await differences(pilot, made[0])
        await pilot.press("minus")
        await until_shown(pilot, "Nothing stands out.")
        assert "!(where.region ==" in page.command() and not page.session.filter.active


async def test_the_examples_are_of_the_records_that_are_compared(made: tuple[Incident, Path]) -> None:
    given: list[Examples] = []

    def keep(message: object) -> None:
        if isinstance(message, Examples):
            given.append(message)

    async with explorer(made[1]).run_test(size=(120, 40), message_hook=keep) as pilot:
        await settled(pilot)
        calendar(pilot).session.filter = parse_filter(match=["latency_ms < `80`"])
        await differences(pilot, made[0])
        await until(pilot, lambda: bool(given))
    records = [json.loads(record) for record in given[-1].records]
    assert records and all(record["latency_ms"] < 80 for record in records)


async def test_d_in_the_preview_is_about_its_hour_and_the_finding_shades_the_calendar(
    made: tuple[Incident, Path],
) -> None:
    async with explorer(made[1]).run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await answer(pilot, "colon", hour(made[0].first + 1))
        await preview(pilot)
        await pilot.press("d")
        page = on(pilot, DiffPage)
        await until(pilot, lambda: page.list.length > 0)
        await until_shown(pilot, "where.region me-9 rose")
        await pilot.press("enter", "q")
        await until(pilot, lambda: calendar(pilot).overlay is Overlay.RATE)
        await until_shown(pilot, " share of where.region me-9")
