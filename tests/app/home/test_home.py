"""Home: all that was made, at once, without network, found by typing."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.app.conftest import answer, assert_shown, calendar, on, settled, shown, type_text, until, until_shown
from tests.support.command import hourscope
from tests.support.scripted_s3 import ScriptedS3
from tui.app.app import Explorer
from tui.app.home.rows import read_home
from tui.app.home.screen import HomePage
from tui.app.send.screen import SendPage
from tui.archive import open_archive
from tui.archive.location import Location
from tui.config import ArchiveSpec, Config, S3Options, load_config
from tui.history.archives import SeenArchive, _file, keep_seen, seen_archives, strip
from tui.history.extracts import extracts
from tui.history.log import history_dir
from tui.keys import SCREENS

ERRORS = ("-m", "event == 'error'")


def explorer(config: Config | None = None) -> Explorer:
    return Explorer(None, timezone=None, s3=S3Options(), config=config or load_config())


def home(pilot: Pilot[int]) -> HomePage:
    return on(pilot, HomePage)


def seen(name: str, url: str, hours_ago: int = 1) -> None:
    """As if the archive had been listed ten minutes ago."""
    import msgspec

    last = (datetime.now(UTC) - timedelta(hours=hours_ago)).replace(minute=0, second=0, microsecond=0)
    days = {f"{last - timedelta(days=back):%Y-%m-%d}": 10**6 * (1 + back % 3) for back in range(30)}
    line = SeenArchive(
        title=name,
        url=url,
        listed=(datetime.now(UTC) - timedelta(minutes=10)).isoformat(),
        first=f"{last - timedelta(days=90):%Y-%m-%dT%H}",
        last=f"{last:%Y-%m-%dT%H}",
        ended=(last + timedelta(hours=1)).isoformat(),
        size=10**9,
        hours=2160,
        lag=120.0,
        days=days,
    )
    path = _file(line)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.encode(line))


async def test_everything_is_found_by_typing_at_80x24_and_nothing_is_asked_of_a_server(
    small_archive: Path, tmp_path: Path
) -> None:
    """Ten archives, twenty extracts, fifty sends."""
    assert hourscope("scan", small_archive, "-g", "play", "--to", "2015-01-20T02", "-o", f"{tmp_path}/e00/").code == 0
    assert hourscope("send", tmp_path / "e00", "-o", tmp_path / "s00.jsonl").code == 0
    _repeat(history_dir() / "extracts.jsonl", "e00", 20, tmp_path)
    _repeat(history_dir() / "sends.jsonl", "s00", 50, None)
    with ScriptedS3({"events.2015-01-20_13.log": b"{}\n"}) as s3:
        places = {f"media-{number}": f"s3://b/{number}/events." for number in range(10)}
        config = Config(
            Path("/c.toml"), {n: ArchiveSpec(u, s3=S3Options(endpoint_url=s3.endpoint_url)) for n, u in places.items()}
        )
        for name, url in places.items():
            seen(name, url, hours_ago=100 if name == "media-3" else 1)
        async with explorer(config).run_test(size=(80, 24)) as pilot:
            await until_shown(pilot, "media-3 has no new hour since")
            assert len(home(pilot).home.items) == 10 + 1 + 20 + 50
            for typed, expected in (
                ("e17", "e17"),
                ("media-7", "media-7"),
                ("s42", "s42.jsonl"),
                ("play 2015 e05", "e05"),
            ):
                await pilot.press("slash", "ctrl+u")
                await type_text(pilot, typed)
                await until_shown(pilot, "1 of 81 found")
                await assert_shown(pilot, expected)
                await pilot.press("enter")
                assert home(pilot).list.item is not None and expected in home(pilot).list.item.text
                await pilot.press("escape")
            await until(pilot, lambda: "1 of 81 found" not in shown(pilot))
        assert s3.requests == []


def _repeat(log: Path, name: str, number: int, folder: Path | None) -> None:
    """Repeat the entries so many times under other names."""
    lines = log.read_bytes().splitlines(keepends=True)
    with log.open("ab") as stream:
        for at in range(1, number):
            other = f"{name[0]}{at:02}"
            for line in lines:
                stream.write(line.replace(name.encode(), other.encode()).replace(b'"run":"', f'"run":"{at}'.encode()))
            if folder is not None:
                shutil.copytree(folder / name, folder / other)


async def test_an_archive_is_listed_after_it_was_opened_and_opens_again(small_archive: Path) -> None:
    async with explorer().run_test(size=(120, 40)) as pilot:
        await until_shown(pilot, "demo")
        await pilot.press("o")
        await type_text(pilot, str(small_archive))
        await pilot.press("enter")
        await until_shown(pilot, "small to large")
        await pilot.press("q")
        await until_shown(pilot, small_archive.name)
        await pilot.press("k")
        await assert_shown(pilot, "last 7 days, listed just now", "Jan 2015")
        await pilot.press("enter")
        await until_shown(pilot, "small to large")
        assert len(calendar(pilot).session.catalog.hours) == 29


async def test_days_before_an_archive_began_are_not_gaps(small_archive: Path) -> None:
    async with explorer().run_test(size=(200, 60)) as pilot:
        await until_shown(pilot, "demo")
        await pilot.press("o")
        await type_text(pilot, str(small_archive))
        await pilot.press("enter")
        await until_shown(pilot, "small to large")
        await pilot.press("q", "k")
        await until_shown(pilot, "Mon 19 Jan  ━")
        assert "Sun 18 Jan" not in shown(pilot)


async def test_new_hours_of_a_folder_are_seen_behind_the_first_paint_those_of_a_bucket_when_asked(
    small_archive: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "grows"
    shutil.copytree(small_archive, folder)
    location = Location(str(folder))
    archive = open_archive(str(folder))
    keep_seen(location, archive, archive.catalog(), 1, None)
    shutil.copy(next(folder.glob("*_03.log.gz")), folder / "events.web01-000000.2015-01-21_05.log.gz")
    with ScriptedS3({"events.2015-01-20_13.log": b"{}\n"}) as s3:
        options = S3Options(region="eu-north-1", endpoint_url=s3.endpoint_url, no_sign_request=True)
        spec = ArchiveSpec("s3://b/events.", s3=options)
        seen("media", "s3://b/events.")
        async with explorer(Config(Path("/c.toml"), {"media": spec})).run_test(size=(120, 40)) as pilot:
            await until(pilot, lambda: _last(folder) == "2015-01-21T05")
            known = next(line for line in seen_archives().values() if line.url == str(folder))
            assert (known.hours, known.gaps) == (30, 2) and sum(known.week.values()) == known.size
            await settled(pilot)
            assert s3.requests == []
            await pilot.press("u")
            await until(pilot, lambda: bool(s3.requests))
            await settled(pilot)


def _last(folder: Path) -> str | None:
    return next(line.last for line in seen_archives().values() if line.url == str(folder))


async def test_archives_of_the_config_that_were_never_opened_are_listed_behind_the_first_paint(
    small_archive: Path,
) -> None:
    """Extracts in a bucket are deleted on request; nothing claims a success that did not happen."""
    with ScriptedS3({f"events.2015-01-{day}_13.log": b"{}\n" for day in range(10, 20)}) as s3:
        s3_options = S3Options(endpoint_url=s3.endpoint_url, no_sign_request=True)
        places = {
            "folder": ArchiveSpec(str(small_archive)),
            "bucket": ArchiveSpec("s3://b/events.", s3=s3_options),
            "gone": ArchiveSpec("s3://b/gone/", s3=s3_options),
            "unplugged": ArchiveSpec(f"{small_archive}-x"),
        }
        async with explorer(Config(Path("/c.toml"), places)).run_test(size=(120, 40)) as pilot:
            await until(pilot, lambda: shown(pilot).count("Jan 2015") == 1)
            assert s3.requests == []
            await assert_shown(pilot, "s3://b/gone/ · not opened yet", f"! {small_archive}-x does not exist")
            await pilot.press("u")
            await until(pilot, lambda: shown(pilot).count("Jan 2015") == 2)
            await until_shown(pilot, "gone               ! ")
            assert "every archive are listed" not in shown(pilot)


async def test_a_send_is_listed_by_the_name_that_it_was_given(small_archive: Path, tmp_path: Path) -> None:
    for words in (("--name", "case 33"), ()):
        out = tmp_path / f"out{len(words)}.jsonl"
        assert hourscope("send", small_archive, "--to", "2015-01-20T02", "-o", out, *words).code == 0
    async with explorer().run_test(size=(120, 40)) as pilot:
        await assert_shown(pilot, "✓ case 33", "to out2.jsonl · from", "✓ out0.jsonl")
        await pilot.press("tab")
        assert "R " not in shown(pilot).splitlines()[-1]


async def test_one_esc_too_many_does_not_quit() -> None:
    async with explorer().run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "demo")
        await pilot.press("escape")
        await assert_shown(pilot, "q quits")
        assert isinstance(pilot.app.screen, HomePage)


async def test_the_cursor_passes_over_headings_and_stops_at_both_ends() -> None:
    for name in ("one", "two", "three"):
        seen(name, f"s3://b/{name}/events.")
    async with explorer().run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        items = [row.item.name for row in home(pilot).list._rows if row.item]
        for keys, at in (("G", -1), ("j", -1), ("g", 0), ("k", 0), ("j", 1)):
            await pilot.press(keys)
            current = home(pilot).list.item
            assert current and current.name == items[at], keys


async def test_the_tour_begins_on_home() -> None:
    app = explorer()
    async with app.run_test(size=(100, 30)) as pilot:
        await until_shown(pilot, "t the tour: find the incident in the demo")
        await pilot.press("t")
        await until(pilot, lambda: "1 of 10" in shown(pilot), 60)
        assert app.tour is not None


def test_the_strip_is_of_the_last_thirty_days(small_archive: Path) -> None:
    archive = open_archive(str(small_archive))
    keep_seen(Location(str(small_archive)), archive, archive.catalog(), 1, None)
    (kept,) = seen_archives().values()
    assert kept.last == "2015-01-21T03" and (kept.gaps, kept.hours) == (1, 29)
    sizes = strip(kept.days, kept.last)
    assert len(sizes) == 30 and sizes[:27] == [0] * 27 and all(sizes[27:]) and sum(sizes) == kept.size
    _file(kept).write_bytes(b"{")
    assert seen_archives() == {}


async def test_an_extract_is_renamed_opened_sent_and_deleted(small_archive: Path, tmp_path: Path) -> None:
    out = tmp_path / "found"
    assert hourscope("scan", small_archive, *ERRORS, "--to", "2015-01-20T04", "-o", f"{out}/").code == 0
    async with explorer().run_test(size=(120, 40)) as pilot:
        await until_shown(pilot, "found")
        await pilot.press("tab")
        await assert_shown(pilot, "event == 'error'", "24")
        await answer(pilot, "r", "errors of Monday")
        await until_shown(pilot, "is listed as errors of Monday")
        assert [line.name for line in extracts()] == ["errors of Monday"]
        await pilot.press("p")
        await until(pilot, lambda: isinstance(pilot.app.screen, SendPage))
        page = on(pilot, SendPage)
        await until(pilot, lambda: page.survey.complete)
        assert page.survey.count == 24
        await pilot.press("q")
        header = shown(pilot).splitlines()[0]
        assert "extract of" in header and "event == 'error'" in header
        await pilot.press("x")
        await until_shown(pilot, "This is an extract: the matching records of")
        await pilot.press("q", "q")
        await answer(pilot, "delete", "no")
        await assert_shown(pilot, "nothing was deleted")
        assert out.exists()
        await answer(pilot, "delete", "delete")
        await settled(pilot)
        assert not out.exists() and extracts() == []


async def test_an_empty_home_shows_what_to_do() -> None:
    async with explorer().run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "o opens a folder or s3://bucket/prefix")
        await assert_shown(pilot, "demo")
        await pilot.press("R")
        await assert_shown(pilot, "R does nothing here")


async def test_a_history_that_cannot_be_read_is_reported_and_the_rest_is_there() -> None:
    (history_dir() / "extracts.jsonl").mkdir(parents=True)
    async with explorer().run_test(size=(120, 40)) as pilot:
        await until_shown(pilot, "extracts.jsonl cannot be read")
        await assert_shown(pilot, "demo")
    assert [item.kind for item in read_home(load_config()).items] == ["demo"]


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_its_keys_are_those_of_the_table(size: tuple[int, int]) -> None:
    async with explorer().run_test(size=size) as pilot:
        page = home(pilot)
        bound = {binding.id for node in (page, *page.query("HomeList")) for _, binding in node._bindings if binding.id}
        assert bound <= SCREENS["home"]
