"""What is wrong with an archive or an hour is in the header of its screens, and in full in their explanation."""

from __future__ import annotations

import gzip
import json
import logging
from pathlib import Path

from tests.app.conftest import (
    FIRST,
    TORN,
    Opened,
    add_term,
    answer,
    assert_shown,
    calendar,
    go_to,
    on,
    preview,
    settled,
    shown,
    until,
    until_shown,
)
from tui.app.scan.screen import ScanPage


def header(text: str) -> str:
    return text.splitlines()[0]


async def test_keys_that_a_detected_layout_leaves_out(opened: Opened, tmp_path: Path) -> None:
    for hour in range(8):
        (tmp_path / f"events.2015-01-20_{hour:02}.log.gz").write_bytes(gzip.compress(b"{}\n"))
    (tmp_path / "events.old.gz").write_bytes(gzip.compress(b"{}\n"))
    async with opened(str(tmp_path), (140, 40)) as pilot:
        await until(pilot, lambda: "! 1 key left out" in header(shown(pilot)))
        (sentence,) = [words for words in calendar(pilot).explanation() if words.startswith("left out 1 key")]
        assert "such as events.old.gz; to list them: hourscope ls " in sentence and "--json" in sentence
        await pilot.press("s")
        await settled(pilot)
        await until(pilot, lambda: "! 1 key left out" in header(shown(pilot)))


async def test_a_chunk_far_from_all_others(opened: Opened, tmp_path: Path) -> None:
    for day in ("1970-01-01", "2015-01-20", "2015-01-21"):
        (tmp_path / f"events.{day}_00.log.gz").write_bytes(gzip.compress(b"{}\n"))
    async with opened(str(tmp_path), (140, 40)) as pilot:
        await until(pilot, lambda: "! 1 far chunk" in header(shown(pilot)))
        assert any("check the writer's clock" in words for words in calendar(pilot).explanation())


async def test_records_that_are_not_json_and_what_they_are(opened: Opened, tmp_path: Path) -> None:
    lines = b'plain text\n{"broken": \n' + b"".join(json.dumps({"n": n}).encode() + b"\n" for n in range(5))
    (tmp_path / "events.2015-01-20_13.log.gz").write_bytes(gzip.compress(lines))
    async with opened(str(tmp_path), (140, 40)) as pilot:
        page = await preview(pilot)
        assert "not JSON" not in header(shown(pilot))  # nothing has asked for it
        await add_term(pilot, "n >= `0`")
        await until_shown(pilot, "5 of 7 previewed")
        await until(pilot, lambda: "! 2 not JSON (text, 1 broken JSON)" in header(shown(pilot)) and page.whole)


async def test_a_chunk_that_is_not_given_leaves_the_rest_of_its_hour(opened: Opened, tmp_path: Path) -> None:
    for host in ("web01", "web02", "web03"):
        path = tmp_path / f"events.{host}-000000.{FIRST:%Y-%m-%d_%H}.log.gz"
        path.write_bytes(gzip.compress(b'{"host": "%s"}\n' % host.encode()))
    async with opened(str(tmp_path), (140, 40)) as pilot:
        (tmp_path / f"events.web02-000000.{FIRST:%Y-%m-%d_%H}.log.gz").unlink()
        page = await preview(pilot)
        assert [json.loads(record)["host"] for record in page.records] == ["web01", "web03"]
        await until(pilot, lambda: "! 1 damaged" in header(shown(pilot)) and not page.whole)
        await assert_shown(pilot, "No such file")


async def test_a_scan_without_a_match_says_why(opened: Opened) -> None:
    async with opened() as pilot:
        await pilot.press("s")
        page = on(pilot, ScanPage)
        page.session.filter = page.form.filter
        await pilot.press("slash", "ctrl+u", *"n == '3'")
        await pilot.press("enter", "enter")
        await until(pilot, lambda: page.over and bool(page.hints))
        text = " ".join(shown(pilot).split())
        assert "No record matches." in text and "n is a number here" in text and "n == `3`" in text


async def test_what_a_bucket_makes_us_wait_for_is_on_the_screen(opened: Opened) -> None:
    async with opened() as pilot:
        logging.getLogger("tui.archive").warning("waiting for s3://b/k: no data for 3 s")
        await until_shown(pilot, "waiting for s3://b/k: no data for 3 s")


async def test_an_hour_that_cannot_be_read_says_why_below_the_calendar(opened: Opened, tmp_path: Path) -> None:
    for hour in (13, 14):
        (tmp_path / f"events.2015-01-20_{hour}.log.gz").write_bytes(gzip.compress(b'{"n": 1}\n'))
    async with opened(str(tmp_path), (140, 40)) as pilot:
        await until_shown(pilot, "Tue 20 14:00  1 record")
        (tmp_path / "events.2015-01-20_13.log.gz").unlink()
        await pilot.press("h")
        await until_shown(pilot, "Tue 20 13:00  ! cannot be read")
        await assert_shown(pilot, "No such file", "x explains it")
        await until(pilot, lambda: "! 1 damaged" in header(shown(pilot)))


async def test_the_first_records_of_a_torn_hour_are_not_called_all_of_them(opened: Opened) -> None:
    async with opened() as pilot:
        await go_to(pilot, f"{TORN:%Y-%m-%dT%H}")
        await until_shown(pilot, "the first 20 records · ! 1 chunk damaged")
        await until(pilot, lambda: "! 1 damaged" in header(shown(pilot)))


async def test_a_scan_of_chunks_that_cannot_be_read_never_says_that_nothing_matches(
    opened: Opened, tmp_path: Path
) -> None:
    path = tmp_path / "events.2015-01-20_13.log.gz"
    path.write_bytes(gzip.compress(b'{"n": 1}\n'))
    async with opened(str(tmp_path), (140, 40)) as pilot:
        path.unlink()
        await pilot.press("s")
        page = on(pilot, ScanPage)
        await answer(pilot, "slash", "n == `1`")
        await pilot.press("enter")
        await until(pilot, lambda: page.over)
        await assert_shown(pilot, "Nothing could be read.", "No such file", "enter opens it, R resumes")
        assert "No record matches" not in shown(pilot) and "p publishes" not in shown(pilot)


async def test_at_80_columns_the_header_omits_sizes_before_trouble(opened: Opened) -> None:
    async with opened(size=(80, 24)) as pilot:
        await go_to(pilot, f"{TORN:%Y-%m-%dT%H}")
        await until(pilot, lambda: "··" in header(shown(pilot)) and "! 1 damaged" in header(shown(pilot)))
        assert "kB" not in header(shown(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: "20:00–21:00" in header(shown(pilot)) and "! 1 damaged" in header(shown(pilot)))
