"""How an archive is named: on the command line, in the config, and in the command lines that hourscope prints."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tui.archive import open_archive
from tui.archive.location import command_line, command_words, locate, locate_place
from tui.archive.s3 import S3Store
from tui.config import ArchiveSpec, Config, S3Options
from tui.errors import ArchiveError
from tui.filter import parse_filter

MEDIA = ArchiveSpec("s3://media/logs/", "Europe/Berlin", S3Options("prod", request_payer=True), "%Y/%m/%d/%H.log.gz")
CONFIG = Config(Path("config.toml"), {"media": MEDIA})
HOUR = datetime(2015, 3, 29, 1, tzinfo=ZoneInfo("Europe/Berlin"))


def test_a_name_is_kept_and_leads_to_its_location_in_the_config() -> None:
    location = locate("media", CONFIG)
    assert (location.title, location.words) == ("media", ("media",))
    assert (location.url, location.timezone, location.layout, location.s3) == (
        MEDIA.url,
        MEDIA.timezone,
        MEDIA.layout,
        MEDIA.s3,
    )


def test_options_beside_a_name_win_and_are_spelled() -> None:
    location = locate("media", CONFIG, timezone="UTC", layout="x.%Y%m%d%H", s3=S3Options("test", region="eu-west-1"))
    assert (location.timezone, location.layout) == ("UTC", "x.%Y%m%d%H")
    assert location.s3 == S3Options("test", "eu-west-1", request_payer=True)
    options = ["--timezone", "UTC", "--layout", "x.%Y%m%d%H", "--profile", "test", "--region", "eu-west-1"]
    assert command_words("ls", location) == ["hourscope", "ls", "media", *options]


def test_every_option_that_reaches_an_archive_is_spelled() -> None:
    s3 = S3Options("p", "r", "http://127.0.0.1:1", no_sign_request=True, request_payer=True)
    words = command_words("ls", locate("s3://b/x", CONFIG, timezone="Asia/Tokyo", layout="x.%Y%m%d%H", s3=s3))
    assert words[2:7] == ["s3://b/x", "--timezone", "Asia/Tokyo", "--layout", "x.%Y%m%d%H"]
    assert words[7:] == [
        *("--profile", "p", "--region", "r", "--endpoint-url", "http://127.0.0.1:1"),
        *("--no-sign-request", "--request-payer"),
    ]


def test_times_are_hours_of_the_archive_and_the_rest_follows() -> None:
    filter_ = parse_filter(grep=["it's"], match=["event == 'error' && code == `5003`"])
    line = command_line("scan", locate("/a b", CONFIG), HOUR, None, [*filter_.arguments(), "-o", "out dir/"])
    assert shlex.split(line) == [
        *("hourscope", "scan", "/a b", "--from", "2015-03-29T01", "-g", "it's"),
        *("-m", "event == 'error' && code == `5003`", "-o", "out dir/"),
    ]


@pytest.mark.parametrize("name", ["-x", "--help"])
def test_a_folder_that_looks_like_an_option_is_still_a_folder(name: str) -> None:
    assert command_words("ls", locate(name, CONFIG))[2] == f"./{name}"
    assert command_words("send", name)[2] == f"./{name}"


def test_a_place_is_not_taken_for_a_name() -> None:
    place = locate_place("media", CONFIG, MEDIA.s3)
    assert (place.url, place.words, place.s3) == ("./media", ("./media",), S3Options())
    assert locate_place("s3://out/x/", CONFIG, MEDIA.s3).words == (
        "s3://out/x/",
        "--profile",
        "prod",
        "--request-payer",
    )


class TestLayout:
    """`--layout` overrides what would be detected, what a url holds, and what a manifest says."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        for name in ("a.2015-01-20_13.log", "b.2015-01-20_14.log"):
            (tmp_path / name).write_text("{}\n")
        return tmp_path

    def keys(self, url: object, layout: str) -> list[str]:
        archive = open_archive(str(url), layout=layout)
        assert not archive.detected
        return [chunk.key for chunk in archive.catalog().chunks]

    def test_instead_of_a_detected_one(self, folder: Path) -> None:
        assert self.keys(folder, "b.%Y-%m-%d_%H.log") == ["b.2015-01-20_14.log"]

    def test_instead_of_that_of_the_url(self, folder: Path) -> None:
        assert self.keys(folder / "a.%Y-%m-%d_%H.log", "b.%Y-%m-%d_%H.log") == ["b.2015-01-20_14.log"]

    def test_one_that_fits_nothing_is_reported_with_what_exists(self, folder: Path) -> None:
        with pytest.raises(ArchiveError, match=r"does not fit any key .*a\.2015-01-20_13\.log"):
            self.keys(folder, "c.%Y-%m-%d_%H.log")

    @pytest.mark.parametrize(
        ("url", "layout", "pattern"),
        [
            ("s3://b", "x.%Y%m%d%H", "x.%Y%m%d%H"),
            ("s3://b/logs/", "x.%Y%m%d%H", "logs/x.%Y%m%d%H"),
            ("s3://b/logs", "x.%Y%m%d%H", "logs/x.%Y%m%d%H"),
            ("s3://b/logs/", "logs/x.%Y%m%d%H", "logs/x.%Y%m%d%H"),
            ("s3://b/events.", "events.%Y%m%d%H", "events.%Y%m%d%H"),
            ("s3://b/100%/", "x.%Y%m%d%H", "100%%/x.%Y%m%d%H"),
            ("s3://b/logs/%Y/y.%m%d%H", "x.%Y%m%d%H", "logs/x.%Y%m%d%H"),
        ],
    )
    def test_it_is_of_keys_below_the_place_or_of_whole_keys(
        self, url: str, layout: str, pattern: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(S3Store, "stat", lambda store, key: None)  # there is no manifest
        archive = open_archive(url, layout=layout, s3=S3Options(region="us-east-1"))
        assert (archive.layout.pattern, archive.zone) == (pattern, UTC)
