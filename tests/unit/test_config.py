"""The config file: what it may say, and the sentence for each way to say it wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui.config import ArchiveSpec, NsqSpec, S3Options, cache_dir, config_dir, load_config, state_dir
from tui.errors import ConfigError

WHOLE = """
[archives.media]
url = "s3://media-archive/events.%Y-%m-%d_%H.log.gz"
timezone = "Europe/Berlin"
profile = "prod"
region = "eu-central-1"
endpoint_url = "http://127.0.0.1:9000"
request_payer = true

[archives.public]
url = "s3://public"
no_sign_request = true

[archives.here]
url = "/var/archive"

[nsq.prod]
nsqd_tcp_address = "nsqd.example.com:4150"

[filters]
errors = "event == 'error'"

[keys]
quit = "ctrl+q"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_missing_file_is_an_empty_config(tmp_path: Path) -> None:
    config = load_config(tmp_path / "config.toml")
    assert (config.archives, config.nsq, config.filters, config.keys) == ({}, {}, {}, {})


def test_everything_that_a_file_can_say(tmp_path: Path) -> None:
    config = load_config(written(tmp_path, WHOLE))
    assert config.archives["media"] == ArchiveSpec(
        "s3://media-archive/events.%Y-%m-%d_%H.log.gz",
        "Europe/Berlin",
        S3Options("prod", "eu-central-1", "http://127.0.0.1:9000", request_payer=True),
    )
    assert config.archives["public"] == ArchiveSpec("s3://public", None, S3Options(no_sign_request=True))
    assert config.archives["here"] == ArchiveSpec("/var/archive")
    assert config.nsq == {"prod": NsqSpec("nsqd.example.com:4150")}
    assert config.filters == {"errors": "event == 'error'"}
    assert config.keys == {"quit": "ctrl+q"}


def test_it_is_read_from_the_xdg_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "hourscope").mkdir()
    written(tmp_path / "hourscope", "[archives.a]\nurl = '/a'\n")
    assert load_config().archives["a"].url == "/a"


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("[archives.a]\nurl = nothing", "line 2"),
        ("[archives.a]\n", "archives.a.url"),
        ("[archives.a]\nurl = ''", "archives.a.url"),
        ("[archives.a]\nurl = 5", "archives.a.url"),
        ("[archives.a]\nurl = '/a'\ntimezone = 1", "archives.a.timezone"),
        ("[archives.a]\nurl = '/a'\nprofile = ['x']", "archives.a.profile"),
        ("[archives]\na = '/a'", "[archives.prod]"),
        ("archives = 1", "[archives]"),
        ("[nsq.a]\n", "nsq.a.nsqd_tcp_address"),
        ("[filters]\na = 1", "filters.a"),
        ("filters = 'x'", "[filters]"),
        # A flag in quotes must not be taken for "off": a person who wrote it wants it on.
        ("[archives.a]\nurl = '/a'\nno_sign_request = 'yes'", "archives.a.no_sign_request"),
        ("[archives.a]\nurl = '/a'\nrequest_payer = 1", "archives.a.request_payer"),
    ],
)
def test_a_wrong_file_is_one_line_that_names_the_place(tmp_path: Path, text: str, where: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    sentence = str(caught.value)
    assert str(path) in sentence
    assert where in sentence
    assert "\n" not in sentence


def test_a_file_that_is_not_utf_8_or_not_a_file(tmp_path: Path) -> None:
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe")
    for path in (binary, tmp_path):
        with pytest.raises(ConfigError, match="cannot be read"):
            load_config(path)


def test_options_overlay_only_where_they_say_something() -> None:
    config = S3Options(profile="prod", region="eu-west-1", request_payer=True)
    typed = S3Options(region="us-east-1", no_sign_request=True)
    assert config.overlaid(typed) == S3Options("prod", "us-east-1", None, no_sign_request=True, request_payer=True)
    assert config.overlaid(S3Options()) == config


@pytest.mark.parametrize(
    ("variable", "folder", "default"),
    [
        ("XDG_CONFIG_HOME", config_dir, ".config"),
        ("XDG_STATE_HOME", state_dir, ".local/state"),
        ("XDG_CACHE_HOME", cache_dir, ".cache"),
    ],
)
def test_the_xdg_folders(monkeypatch: pytest.MonkeyPatch, variable: str, folder: object, default: str) -> None:
    assert callable(folder)
    monkeypatch.setenv(variable, "/elsewhere")
    assert folder() == Path("/elsewhere/hourscope")
    for ignored in ("", "relative/folder"):  # the XDG specification: a relative path is invalid
        monkeypatch.setenv(variable, ignored)
        assert folder() == Path.home() / default / "hourscope"
