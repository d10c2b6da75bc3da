"""Completion: what may stand next on a line, and what the real shells make of it when tab is pressed."""

from __future__ import annotations

import gzip
import os
import re
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from tests.support.nsqd import Nsqd, Nsqlookupd
from tests.support.terminal import start_in_terminal
from tui.cli import commands
from tui.cli.candidates import candidates
from tui.cli.group import COMMANDS
from tui.config import config_dir

BIN = Path(sys.executable).parent


def fill(folder: Path) -> None:
    """A folder with an archive of two days, a file, names that need quotes, and a config that names two archives."""
    for name in ("field", "my extract", ".hidden", "scandal"):
        (folder / name).mkdir()
    for hour in ("2015-01-20_05", "2015-01-20_06", "2015-01-21_07"):
        (folder / "field" / f"events.{hour}.log.gz").write_bytes(gzip.compress(b"{}\n", mtime=0))
    (folder / "incident.jsonl").write_text("{}\n")
    (folder / "patterns.txt").write_text("5003\n")
    config_dir().mkdir(parents=True, exist_ok=True)
    (config_dir() / "config.toml").write_text(
        f'[archives.media]\nurl = "{folder}/field"\n[archives.backup]\nurl = "s3://bucket/events."\n'
        '[nsq.prod]\nnsqd_tcp_address = "nsqd:4150"\n'
    )


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    fill(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def after(line: str) -> list[str]:
    """What may replace the last word of a line, in which words are separated by one space; folders end in /."""
    *words, incomplete = line.split(" ")
    assert isinstance(commands, click.Group)
    offers = candidates(commands, words, incomplete)
    return [f"{item.value}/" if item.type == "dir" else item.value for item in offers]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("s", ["scan", "send", "sends", "serve", "scandal/"]),
        ("me", ["media"]),
        ("fi", ["field/"]),
        ("ls fi", ["field/"]),
        ("ls ", ["media", "backup", "field/", "my extract/", "scandal/"]),
        ("ls .h", [".hidden/"]),
        ("ls field/", []),
        ("ls ./fi", ["./field/"]),
        ("ls s3://buck", []),
        ("ls field extra", []),
        ("send in", ["incident.jsonl"]),
        ("send me", ["media"]),
        ("send incident.jsonl --nsqd-tcp-address ", ["prod"]),
        ("scan field -o inc", ["incident.jsonl"]),
        ("scan field --not-", ["--not-grep", "--not-regex"]),
        ("scan field -g error --not-g", ["--not-grep"]),
        ("scan field --count --coun", []),  # given already
        ("scan field --grep a --gre", ["--grep"]),  # may be given again
        ("scan field -- --no", []),
        ("scan -g error -v me", ["media"]),  # an option's value is not the archive
        ("scan -gerror me", ["media"]),
        ("scan --grep=error me", ["media"]),
        ("--vers", ["--version"]),
        ("media --time", ["--timezone"]),
        ("ls field --timezone Europe/Berl", ["Europe/Berlin"]),
        ("ls field --timezone=Europe/Berl", ["Europe/Berlin"]),
        ("cat field --hour to", ["today"]),
        ("cat field --hour 2015", ["2015-01-20", "2015-01-21"]),
        ("cat field --hour 2015-01-20T", ["2015-01-20T05", "2015-01-20T06"]),
        ("scan media --from 2015-01-21", ["2015-01-21T07"]),
        ("scan backup --from 2015", []),  # a bucket is not listed for this
        ("completion ", ["bash", "zsh", "fish"]),
        ("config c", ["check"]),
        ("help sc", ["scan"]),
        ("demo --dir my", ["my extract/"]),
        ("nosuch --zzz", []),
    ],
)
def test_what_may_come_next(folder: Path, line: str, expected: list[str]) -> None:
    assert after(line) == expected


def test_every_command_completes_its_own_options(folder: Path) -> None:
    for name in COMMANDS:
        described = commands.get_command(click.Context(commands), name)
        assert described
        long = {text for option in described.params for text in option.opts if text.startswith("--")}
        assert set(after(f"{name} --")) == long | {"--help"}


def test_profiles_of_the_shared_aws_files(folder: Path) -> None:
    aws = Path(os.environ["HOME"]) / ".aws"
    aws.mkdir()
    (aws / "config").write_text("[default]\nregion = x\n[profile prod-eu]\nregion = y\n[sso-session corp]\n")
    (aws / "credentials").write_text("[prod-us]\naws_access_key_id = a\n")
    assert after("ls s3://b --profile prod") == ["prod-eu", "prod-us"]


@pytest.mark.parametrize("config", ["[archives", "[archivez]\n", '[archives.a]\nurl = "field"\ntimezone = "Mars"\n'])
def test_a_config_with_a_mistake_hides_only_its_names(folder: Path, config: str) -> None:
    (config_dir() / "config.toml").write_text(config)
    assert after("ls f") == ["field/"] and after("sc") == ["scan", "scandal/"]


def test_names_that_a_terminal_or_a_shell_would_take_for_something_else(folder: Path) -> None:
    for name in (b"fie\x1b]0;x\x07", b"fie\nplain,evil", b"fie\xff"):
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).mkdir()
    (config_dir() / "config.toml").write_text(
        '[archives."me\\nplain,evil"]\nurl = "a"\n[archives.me]\nurl = "\\u001b[0m"\n'
    )
    assert after("ls fie") == ["field/"]
    assert [(item.value, item.help) for item in candidates(commands, ["ls"], "me")] == [("me", "\\x1b[0m")]


@pytest.mark.nsq
def test_topics_come_from_nsqlookupd(folder: Path, nsqd: Nsqd, nsqlookupd: Nsqlookupd, topic: str) -> None:
    nsqd.create_topic(topic)
    deadline = time.monotonic() + 20
    while not nsqlookupd.producers(topic) and time.monotonic() < deadline:
        time.sleep(0.05)
    line = f"send incident.jsonl --lookupd-http-address {nsqlookupd.http_address} --topic {topic[:-4]}"
    assert after(line) == [topic]
    assert after("send incident.jsonl --lookupd-http-address 127.0.0.1:1 --topic t") == []


def test_clicks_own_protocol(folder: Path) -> None:
    """COMP_WORDS and COMP_CWORD, as a script of click's own asks."""

    def asked(words: str, at: int) -> list[str]:
        env = {**os.environ, "_HOURSCOPE_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(at)}
        done = subprocess.run([BIN / "hourscope"], env=env, capture_output=True, text=True, check=True)
        assert done.stderr == ""
        return done.stdout.splitlines()

    assert asked("hourscope s", 1)[:2] == ["plain,scan", "plain,send"]
    assert asked("hourscope ls fi", 2) == ["dir,field"]
    assert asked("hourscope ls fi", 1) == ["plain,ls"]


class Shell:
    """A real shell in a pty; a key of its own prints the line as it is."""

    def __init__(self, words: list[str], env: dict[str, str]) -> None:
        self.name = words[0]
        self._process, self._fd = start_in_terminal(words, env)
        self._until(r"READY")

    def _until(self, pattern: str) -> str:
        text, deadline = "", time.monotonic() + 30
        while not re.search(pattern, text) and time.monotonic() < deadline:
            if select.select([self._fd], [], [], 0.2)[0]:
                text += os.read(self._fd, 1 << 16).decode(errors="replace")
        return text

    def complete(self, typed: str, tabs: int = 1) -> tuple[str, str]:
        """The line after the tabs, and all that was printed meanwhile."""
        os.write(self._fd, typed.encode() + b"\t" * tabs + b"\x0f")
        text = self._until(r"<<.*?>>")
        match = re.search(r"<<(.*?)>>", text)
        assert match, text
        os.write(self._fd, b"\x15")
        return match[1], text

    def printed(self, command: str) -> str:
        """What a command prints."""
        os.write(self._fd, f"{command}; echo '<''<>>'\r".encode())
        return self._until(r"<<>>")

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._fd)


_RC = {
    "bash": """bind 'set bell-style none'; bind 'set enable-bracketed-paste off'; bind 'set page-completions off'
eval "$(hourscope completion bash)"
bind -x '"\\C-o": printf "<<%s>>\\n" "$READLINE_LINE"'
PS1='$ '; echo REA""DY
""",
    "zsh": """autoload -Uz compinit; compinit -u -d "$ZDOTDIR/dump"
eval "$(hourscope completion zsh)"
show() { print -r -- "<<$BUFFER>>"; }; zle -N show; bindkey '^O' show; bindkey '^U' kill-whole-line
PS1='$ '; echo REA""DY
""",
    "fish": """hourscope completion fish | source
function show; printf '<<%s>>\\n' (commandline); end
bind \\co show; bind \\cu kill-whole-line
function fish_prompt; echo '$ '; end
function fish_greeting; echo REA""DY; end
""",
}


@pytest.fixture(scope="module", params=list(_RC))
def shell(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """bash always; zsh and fish where they are installed."""
    name = request.param
    if name != "bash" and not shutil.which(name):
        pytest.skip(f"{name} is not installed; apt-get install {name}")
    home = tmp_path_factory.mktemp(f"home-{name}")
    for folder in ("config/fish", "config/hourscope", "work"):
        (home / folder).mkdir(parents=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(home / "config"))
        fill(home / "work")
    (home / ".bashrc").write_text(_RC["bash"])
    (home / ".zshrc").write_text(_RC["zsh"])
    (home / "config" / "fish" / "config.fish").write_text(_RC["fish"])
    env = {
        "HOME": str(home), "ZDOTDIR": str(home), "XDG_CONFIG_HOME": str(home / "config"), "TERM": "dumb",
        "PATH": f"{BIN}:/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "COLUMNS": "200", "LINES": "50",
    }  # fmt: skip
    words = {"bash": ["bash", "--noprofile", "--rcfile", str(home / ".bashrc"), "-i"]}.get(name, [name, "-i"])
    before = Path.cwd()
    os.chdir(home / "work")
    try:
        started = Shell(words, env)
    finally:
        os.chdir(before)
    yield started
    started.end()


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("hourscope arc", "hourscope archive "),
        ("hourscope ls med", "hourscope ls media "),
        ("hourscope ls fie", "hourscope ls field/"),
        ("hourscope send inc", "hourscope send incident.jsonl "),
        ("hourscope ls my", r"hourscope ls my\ extract/"),
        ("hourscope cat field --hour 2015-01-21", "hourscope cat field --hour 2015-01-21T07 "),
        ("hourscope scan s3://b/x -g a:b --not-g", "hourscope scan s3://b/x -g a:b --not-grep "),
    ],
)
def test_a_shell_completes(shell: Shell, typed: str, expected: str) -> None:
    assert shell.complete(typed)[0] == expected


def test_a_shell_lists_what_fits(shell: Shell) -> None:
    """With what it says of itself, except in bash, which has no place for that."""
    if shell.name == "fish":  # draws its list only when it waits for a key; this prints the same
        printed = shell.printed("complete -C 'hourscope s'")
    else:
        printed = shell.complete("hourscope s", tabs=2)[1]
    assert "scan" in printed and "send" in printed
    assert ("Find the matching records" in printed) is (shell.name != "bash")
