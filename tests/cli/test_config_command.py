"""`hourscope config` and the version."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tui import __version__, cli
from tui.cli.config import key_lines
from tui.config import config_dir
from tui.keys import ACTIONS, KEYS


def write(text: str) -> None:
    config_dir().mkdir(parents=True, exist_ok=True)
    (config_dir() / "config.toml").write_text(text)


def test_the_path_of_a_file_that_need_not_exist(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["config", "path"]) == 0
    assert capsys.readouterr().out == f"{config_dir() / 'config.toml'}\n"


@pytest.mark.parametrize(("command", "choices"), [("config", "path, check, keys"), ("completion", "bash, zsh, fish")])
def test_without_its_argument_a_command_names_what_it_may_be(
    command: str, choices: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run([command]) == 2
    sentence = f"hourscope: an argument is missing; it is one of {choices}; see hourscope {command} --help\n"
    assert capsys.readouterr().err == sentence


def test_a_sound_config(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["config", "check"]) == 0
    assert "optional" in capsys.readouterr().out
    write('[archives.media]\nurl = "s3://media"\n')
    assert cli.run(["config", "check"]) == 0
    assert "archive media" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["ls", "open"])
def test_an_archive_that_has_the_name_of_a_command(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    write(f'[archives.media]\nurl = "x"\n[archives.{name}]\nurl = "x"\n')
    assert cli.run(["config", "check"]) == 0  # 'hourscope count ls' counts the archive
    printed = capsys.readouterr().out
    assert printed.startswith("!") and f"archives.{name}: 'hourscope {name}' runs the command of that name" in printed


def test_the_layouts_of_archives_are_read(capsys: pytest.CaptureFixture[str]) -> None:
    write('[archives.a]\nurl = "x"\nlayout = "%Y/%m/%d/%H.gz"\n[archives.b]\nurl = "x"\nlayout = "%Q"\n')
    assert cli.run(["config", "check"]) == 2
    assert "archives.b.layout: unknown code '%Q' in the layout '%Q'" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[archives.a]\nurl = "s3://b"\nendpoint_url = "minio:9000"\n', "archives.a.endpoint_url: 'minio:9000' is not"),
        ('[nsq.a]\nnsqd_tcp_address = ["one", "two:x"]\n', "nsq.a.nsqd_tcp_address: 'two:x' is not an address"),
        ('[nsq.a]\nlookupd_http_address = "ftp://one"\n', "nsq.a.lookupd_http_address: 'ftp://one' is not"),
        ('[filters]\nslow = "ms > ("\n', "filters.slow: invalid JMESPath"),
        ('[filters]\nfast = "-g"\n', "filters.fast: "),
        ('[filters]\nright = "ms > `9`"\nwords = "-w -g fast"\n[nsq.a]\nnsqd_tcp_address = "h:65535"\n', ""),
    ],
)
def test_what_is_read_only_where_it_is_used_is_checked(
    capsys: pytest.CaptureFixture[str], text: str, problem: str
) -> None:
    write(text)
    assert cli.run(["config", "check"]) == (2 if problem else 0)
    assert problem in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('[archives.a]\nurl = ""\n', "archives.a.url must not be empty"),
        ('[archives.a]\nurl = "x"\nregion = 5\n', "archives.a.region must be a text in quotes\n"),
        ('[keys]\nscan = ""\n', "keys.scan must not be empty"),
        ("[keyz]\n", "[keyz]"),
        ('[keys]\nscann = "f5"\n', "did you mean scan?"),
        ('[keys]\nscan = "e"\n', "next-trouble"),
        ('[archives.a]\nurl = "x"\ntime_zone = "UTC"\n', "did you mean timezone?"),
        ("[archives", "cannot be read"),
    ],
)
def test_every_mistake_is_named(capsys: pytest.CaptureFixture[str], text: str, named: str) -> None:
    write(text)
    assert cli.run(["config", "check"]) == 2
    assert named in capsys.readouterr().out
    assert cli.run(["config", "keys"]) == 2  # the names are needed to correct it
    printed = capsys.readouterr()
    assert len(printed.out.splitlines()) == len(ACTIONS) and named in printed.err


def test_the_names_of_all_keys_with_what_the_config_changes(capsys: pytest.CaptureFixture[str]) -> None:
    write('[keys]\nscan = "f5"\n')
    assert cli.run(["config", "keys"]) == 0
    rows = {line.split()[0]: line.split()[1] for line in capsys.readouterr().out.splitlines()}
    assert rows == {name: KEYS[name] for name in ACTIONS if name != "scan"} | {"*scan": "f5"}


def test_columns_of_the_keys() -> None:
    assert next(line for line in key_lines({}) if "redraw" in line).split() == ["redraw", "ctrl+l", "everywhere"]


def test_what_is_not_one_of_the_three(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["config"], ["config", "chek"]):
        assert cli.run(words) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1


def test_the_version_names_the_commit_of_a_clone(capsys: pytest.CaptureFixture[str]) -> None:
    root = Path(__file__).parents[2]
    done = subprocess.run(["git", "-C", root, "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    with pytest.raises(SystemExit) as left:
        cli.main(["--version"])
    printed = capsys.readouterr().out
    commit = f" (commit {done.stdout[:12]})" if done.returncode == 0 else ""
    assert (left.value.code, printed) == (0, f"hourscope, version {__version__}{commit}\n")
