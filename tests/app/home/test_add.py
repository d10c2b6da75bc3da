"""Adding an archive: what is at a place is detected, and the config gets it without losing anything."""

from __future__ import annotations

import gzip
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.app.conftest import assert_shown, on, shown, type_text, until, until_shown
from tests.support.scripted_s3 import ScriptedS3
from tui.app.app import Explorer
from tui.app.home.add import AddPage, TypedArchive, look
from tui.app.home.screen import HomePage
from tui.config import Config, S3Options, config_dir, load_config
from tui.config_file import save_archive
from tui.errors import ConfigError

CONFIG = '# mine\n[filters]\nslow = "ms > `9`"  # keep\n\n[archives.old]\nurl = "/var/old"'


async def add_page(pilot: Pilot[int]) -> AddPage:
    await until(pilot, lambda: isinstance(pilot.app.screen, HomePage))
    await pilot.press("plus")
    return on(pilot, AddPage)


def explorer() -> Explorer:
    return Explorer(None, timezone=None, s3=S3Options(), config=load_config())


def nobody(url: str, options: S3Options) -> None:
    """An S3 archive that needs no MFA code."""


def berlin(folder: Path) -> Path:
    """Hours in the names as clocks in Berlin show them, each uploaded two minutes after its end."""
    for number in range(48):
        hour = datetime(2015, 1, 20, tzinfo=UTC) + timedelta(hours=number)
        path = folder / f"media.{hour + timedelta(hours=1):%Y-%m-%d_%H}.log.gz"
        path.write_bytes(gzip.compress(b'{"ts": "%sZ"}\n' % f"{hour:%Y-%m-%dT%H:%M:%S}".encode()))
        os.utime(path, ((hour + timedelta(minutes=62)).timestamp(),) * 2)
    return folder


async def test_a_second_without_typing_detects_layout_zone_and_access_and_enter_writes_the_config(
    tmp_path: Path,
) -> None:
    path = config_dir() / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text(CONFIG)
    async with explorer().run_test(size=(100, 30)) as pilot:
        page = await add_page(pilot)
        await type_text(pilot, str(berlin(tmp_path)))
        assert "Listing it" in shown(pilot) and not page.looked
        await until_shown(pilot, "48 chunks of 48 hours")
        await assert_shown(pilot, "media.%Y-%m-%d_%H.log.gz", "can be listed and read")
        await until_shown(pilot, "fits the upload times")
        assert page.zone.value not in ("", "UTC")
        await pilot.press("tab", "ctrl+u")
        await type_text(pilot, "old")
        await pilot.press("enter")
        await assert_shown(pilot, "there is already an archive named 'old'")
        await pilot.press("ctrl+u")
        await type_text(pilot, "media")
        await pilot.press("tab", "ctrl+u")
        await type_text(pilot, "Europe/Berlin")
        await pilot.press("enter")
        await until_shown(pilot, "media was added to the config")
        assert "media" in [item.name for item in on(pilot, HomePage).home.items]
    assert path.read_text().startswith(CONFIG)
    spec = load_config().archives["media"]
    assert (spec.url, spec.timezone, spec.layout) == (str(tmp_path), "Europe/Berlin", None)


async def test_the_cursor_is_on_what_was_added_and_its_last_days_are_shown(tmp_path: Path) -> None:
    for number in range(30):
        save_archive(config_dir() / "config.toml", f"a{number:02}", {"url": f"/var/{number}"})
    async with explorer().run_test(size=(80, 24)) as pilot:
        await add_page(pilot)
        await type_text(pilot, str(berlin(tmp_path)))
        await pilot.press("enter")
        await until_shown(pilot, "48 chunks of 48 hours")
        await pilot.press("tab", "ctrl+u")
        await type_text(pilot, "zz")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, HomePage))
        await assert_shown(pilot, "▸ zz", "Jan 2015")
        home = on(pilot, HomePage)
        assert home.list.item is not None and home.list.item.name == "zz"


async def test_what_cannot_be_read_is_not_added(tmp_path: Path) -> None:
    async with explorer().run_test(size=(80, 24)) as pilot:
        page = await add_page(pilot)
        await pilot.press("enter")
        await assert_shown(pilot, "type a folder, or s3://bucket/prefix")
        await type_text(pilot, f"{tmp_path}/nothing")
        await pilot.press("enter")
        await until_shown(pilot, "This place cannot be read.")
        await assert_shown(pilot, "does not exist")
        await pilot.press("enter")
        assert page.is_current and not (config_dir() / "config.toml").exists()
        await pilot.press("escape")
        on(pilot, HomePage)


def test_a_bucket_that_refuses_us_is_tried_without_credentials() -> None:
    with ScriptedS3({"a/events.2015-01-20_13.log": b'{"n":1}\n'}) as s3:
        looked = list(look(f"s3://b/a/ --endpoint-url {s3.endpoint_url} --region eu-north-1", nobody))[-1]
    assert looked.trouble == "" and looked.catalog is not None and len(looked.catalog.chunks) == 1
    assert looked.place.s3.region == "eu-north-1" and looked.access.startswith("can be listed and read")


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("s3://media-archive/events.%Y-%m-%d_%H.log.gz", "events"),
        ("s3://logs/api/%Y/%m/%d/%H.json.gz", "api"),
        ("/var/log archive/", "log-archive"),
        ("s3://bucket", "bucket"),
        ("/", "archive"),
    ],
)
def test_a_name_suggests_itself(words: str, name: str) -> None:
    assert TypedArchive.read(f"'{words}'").name == name


@pytest.mark.parametrize("words", ["/a --profil x", "/a --profile", "/a 'b"])
def test_options_that_are_not_known_are_refused(words: str) -> None:
    assert next(look(words, nobody)).trouble


@pytest.mark.parametrize("before", ["", CONFIG, "\n\n", "[archives]\n"])
def test_an_archive_is_appended_to_the_config(tmp_path: Path, before: str) -> None:
    path = tmp_path / "new" / "config.toml"
    path.parent.mkdir()
    path.write_text(before)
    save_archive(path, "media", {"url": 's3://b/"x"', "no_sign_request": True})
    assert path.read_text().startswith(before.rstrip())
    config = load_config(path)
    assert config.archives["media"].url == 's3://b/"x"' and config.archives["media"].s3.no_sign_request
    assert before != CONFIG or (config.filters == {"slow": "ms > `9`"} and "old" in config.archives)


@pytest.mark.parametrize("before", ["archives = {a = {url = 'b'}}\n", "a = [", "[archives.media]\nurl = 'x'\n"])
def test_a_config_that_an_archive_cannot_be_added_to_is_unchanged(tmp_path: Path, before: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(before)
    with pytest.raises(ConfigError):
        save_archive(path, "media", {"url": "/x"})
    assert path.read_text() == before and Config(path).archives == {}
