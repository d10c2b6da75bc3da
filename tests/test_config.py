"""The config file: what it may say, and the sentence for each way to say it wrong."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.config import ArchiveSpec, NsqSpec, S3Options, cache_dir, config_dir, load_config, state_dir
from tui.config_file import save_filter
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

[nsq.cluster]
lookupd_http_address = ["l1.example.com:4161", "l2.example.com:4161"]
tls_root_ca_file = "/etc/ssl/ca.pem"

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
    assert config.nsq["prod"] == NsqSpec(("nsqd.example.com:4150",))
    assert config.nsq["prod"].nsqd_tcp_addresses == ("nsqd.example.com:4150",)
    lookupds = ("l1.example.com:4161", "l2.example.com:4161")
    assert config.nsq["cluster"] == NsqSpec((), (), lookupds, tls=True, tls_root_ca_file="/etc/ssl/ca.pem")
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
        ("[nsq.a]\nnsqd_tcp_address = 'h:1'\nlookupd_http_address = 'h:2'", "not both"),
        ("[nsq.a]\nnsqd_tcp_address = ['h:1', 2]", "nsq.a.nsqd_tcp_address"),
        ("[nsq.a]\nnsqd_tcp_address = 'h:1'\nauth_secret = 'x'", "HOURSCOPE_NSQ_AUTH_SECRET"),
        ("[nsq.a]\nnsqd_tcp_address = 'h:1'\nnsqd_tcp_adress = 'h:1'", "nsq.a.nsqd_tcp_adress is not known"),
        ("[nsq.a]\nnsqd_tcp_address = 'h:1'\ntls = 'yes'", "nsq.a.tls"),
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


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "[archives.m]\nurl = '/a'\ntime_zone = 'Europe/Berlin'",
            "archives.m.time_zone is not known (did you mean timezone?)",
        ),
        ("[archives.m]\nurl = '/a'\nTimezone = 'UTC'", "archives.m.Timezone is not known (did you mean timezone?)"),
        ("[archives.m]\nurl = '/a'\nno-sign-request = true", "(did you mean no_sign_request?)"),
        ("[archives.m]\nurl = '/a'\nxyz = 1", "archives.m.xyz is not known (known: url, timezone, layout"),
        ("[archives.m]\nurl = '/a'\n[archives.m.s3]\nprofile = 'p'", "archives.m.s3 is not known"),
        ("[archives.'a b']\nurl = '/a'\nregoin = 'x'", 'archives."a b".regoin is not known (did you mean region?)'),
        ("[keyz]\nscan = 'S'", "[keyz] is not a section (did you mean [keys]?)"),
        ("[archive.m]\nurl = '/a'", "[archive] is not a section (did you mean [archives]?)"),
        ("[filter]\na = 'b'", "(did you mean [filters]?)"),
        ("url = '/a'", "url is not known (known: [archives]"),
        ("[prices]\ntransfer_per_GB = 0.1", "prices.transfer_per_GB is not known (did you mean transfer_per_gb?)"),
        ("[prices]\nget_per_1000 = -1", "prices.get_per_1000 must be 0 or more"),
        ("[prices]\nget_per_1000 = 'much'", "prices.get_per_1000 must be a number"),
        ("[explorer]\ntheme = 'blue'", "explorer.theme must be dark or light, not 'blue'"),
        ("[explorer]\nmouse = 'on'", "explorer.mouse must be true or false"),
        ("[explorer]\nthem = 'dark'", "explorer.them is not known (did you mean theme?)"),
        ("[nsq.p]\nnsqd_tcp_address = 4150", "nsq.p.nsqd_tcp_address must be a text in quotes or a list"),
        ("[nsq.p]\nnsqd_tcp_adress = 'h:1'", "nsq.p.nsqd_tcp_adress is not known (did you mean nsqd_tcp_address?)"),
        (
            "[archives.m]\nurl = '/a'\ntimezone = 'Europe/Berln'",
            "no time zone is named 'Europe/Berln' (did you mean Europe/Berlin?)",
        ),
        ("[archives.m]\nurl = '/a'\ntimezone = 'berlin'", "(did you mean Europe/Berlin?)"),
        ("[archives.m]\nurl = '/a'\ntimezone = '../../etc/passwd'", "archives.m.timezone: no time zone is named"),
        ("[archives.m]\nurl = '/a'\ntimezone = 'UTC+6'", "archives.m.timezone: no time zone is named 'UTC+6'"),
        ("version = 2", "is written for a newer hourscope (config version 2); upgrade hourscope"),
        ("version = 'x'", "version must be a whole number"),
        ("version = true", "version must be a whole number"),
    ],
)
def test_a_misspelt_name_or_a_wrong_value_is_named_with_the_right_spelling(
    tmp_path: Path, text: str, words: str
) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert str(caught.value).startswith(str(path)) and words in str(caught.value)


def test_everything_that_is_wrong_is_named_at_once(tmp_path: Path) -> None:
    wrong = "[archives.m]\nurl = '/a'\ntime_zone = 'UTC'\n[archives.n]\nurl = 7\n[keyz]\nscan = 'S'\n"
    with pytest.raises(ConfigError) as caught:
        load_config(written(tmp_path, wrong))
    assert "archives.m.time_zone" in str(caught.value)
    assert "archives.n.url" in str(caught.value) and "[keyz]" in str(caught.value)
    many = "\n".join(f"[typo{n}]" for n in range(50))
    with pytest.raises(ConfigError, match=r"and 45 more$"):
        load_config(written(tmp_path, many))


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ("nosuch = 'x'", "keys.nosuch is not an action"),
        ("next-mach = 'b'", "keys.next-mach is not an action (did you mean next-match?)"),
        ("next_match = 'b'", "(did you mean next-match?)"),
        ("scan = 'e'", "keys.scan = 'e' is also next-trouble on the calendar screen"),
        ("scan = '?'", "keys.scan = '?' is also help on the calendar screen"),
        ("help = 'f1'\nexplain = 'f1'", "on the calendar screen"),
        ("send = '3'", "keys.send = '3' is also term on/off on the preview screen"),
        ("scan = 'contrl+x'", "keys.scan: 'contrl+x' is not a key"),
        ("scan = 'f5, nokey'", "keys.scan: 'nokey' is not a key"),
        ("scan = ','", "is not a key"),
    ],
)
def test_keys_that_do_nothing_or_two_things_are_named(tmp_path: Path, keys: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(written(tmp_path, f"[keys]\n{keys}\n"))
    assert words in str(caught.value)


def test_an_unknown_action_and_a_conflict_are_named_together(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(written(tmp_path, "[keys]\nscan = 'e'\nnosuch = 'x'\n"))
    assert "keys.nosuch is not an action" in str(caught.value)
    assert "keys.scan = 'e' is also next-trouble on the calendar screen" in str(caught.value)


@pytest.mark.parametrize(
    "keys",
    ["scan = 'Z'", "scan = 'e'\nnext-trouble = 's'\nedit-text = 'f3'", "quit = 'ctrl+q,f10'", "filter = '/'"],
)
def test_keys_without_a_conflict_are_taken(tmp_path: Path, keys: str) -> None:
    assert load_config(written(tmp_path, f"[keys]\n{keys}\n")).keys


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a = " + "[" * 10_000, "nested too deeply"),
        ("a = " + "{a = " * 10_000, "nested too deeply"),
        ("#" * (1 << 20) + "\n", "larger than 1 MiB"),
        ("a = " + "9" * 5_000, "cannot be read"),
        ("a = 'b'\na = 'c'", "cannot be read"),
        ("a = 'x\0'", "cannot be read"),
    ],
)
def test_a_file_that_no_person_wrote_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason) as caught:
        load_config(written(tmp_path, text))
    assert len(str(caught.value)) < 400


def test_a_huge_file_is_not_read_whole(tmp_path: Path) -> None:
    path = written(tmp_path, "")
    os.truncate(path, 1 << 30)
    with pytest.raises(ConfigError, match="larger than 1 MiB"):
        load_config(path)


def test_a_file_that_is_not_utf_8_or_not_a_file(tmp_path: Path) -> None:
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe")
    os.mkfifo(tmp_path / "pipe")
    for path, words in ((binary, "cannot be read"), (tmp_path, "is not a file"), (tmp_path / "pipe", "is not a file")):
        with pytest.raises(ConfigError, match=words):
            load_config(path)


def test_a_file_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xef\xbb\xbf[filters]\nslow = 'a'\n")
    assert load_config(path).filters == {"slow": "a"}
    save_filter(path, "fast", "b")
    assert load_config(path).filters == {"slow": "a", "fast": "b"}


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


HANDWRITTEN = """# mine
[archives.media]  # the big one
url = "s3://media"

[filters]
# what to look at first
errors = "event == 'error'"  # always
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", '[filters]\nslow = "ms > `9`"\n'),
        (HANDWRITTEN, HANDWRITTEN + 'slow = "ms > `9`"\n'),
        (HANDWRITTEN + "\n[keys]\nexplain = 'X'\n", HANDWRITTEN + "slow = \"ms > `9`\"\n\n[keys]\nexplain = 'X'\n"),
        ("[filters]\n  slow= 'x'\nb = 'c'\n", "[filters]\nslow = \"ms > `9`\"\nb = 'c'\n"),
        ("[filters]", '[filters]\nslow = "ms > `9`"\n'),
    ],
)
def test_a_filter_is_saved_beside_those_that_exist(tmp_path: Path, before: str, after: str) -> None:
    path = tmp_path / "new" / "config.toml"
    if before:
        path.parent.mkdir()
        path.write_text(before)
        path.chmod(0o640)
    save_filter(path, "slow", "ms > `9`")
    assert path.read_text() == after and load_config(path).filters["slow"] == "ms > `9`"
    assert not before or path.stat().st_mode & 0o777 == 0o640


@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_whatever_a_filter_is_it_comes_back(tmp_path_factory: pytest.TempPathFactory, words: str) -> None:
    path = tmp_path_factory.mktemp("saved") / "config.toml"
    path.write_text(HANDWRITTEN)
    save_filter(path, "odd", words)
    assert load_config(path).filters == {"errors": "event == 'error'", "odd": words}


@pytest.mark.parametrize(
    "before",
    ["filters = {a = 'b'}\n", "filters.a = 'b'\n", "[filters]\na = '''\n[filters]\nslow = 'x'\n'''\n", "a = ["],
)
def test_a_file_that_cannot_be_appended_to_is_unchanged(tmp_path: Path, before: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(before)
    with pytest.raises(ConfigError, match=r"config\.toml"):
        save_filter(path, "slow", "x")
    assert path.read_text() == before


def test_a_filters_name_is_plain_text(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be a filter's name"):
        save_filter(tmp_path / "config.toml", "a b", "x")
