"""The reference and the manual page say what the program says."""

from __future__ import annotations

import re
import shutil
import subprocess

import click
import pytest

from tests.docs import meanings
from tests.docs.__main__ import DOCS
from tests.docs.manual import manual
from tests.docs.reference import UndescribedError, config_rows, markdown, outputs
from tui.cli.group import COMMANDS, OPEN, commands


def test_the_reference_matches_the_programs_help() -> None:
    assert (DOCS / "reference.md").read_text(encoding="utf-8") == markdown(), "run: make docs"


def test_the_manual_page_matches_the_programs_help() -> None:
    assert (DOCS / "hourscope.1").read_text(encoding="utf-8") == manual(), "run: make docs"


@pytest.mark.parametrize("device", ["ascii", "utf8"])
def test_the_manual_page_is_set_without_a_warning(device: str) -> None:
    groff = shutil.which("groff")
    if groff is None:
        pytest.skip("no groff here; apt-get install groff-base")
    done = subprocess.run([groff, "-ww", "-man", f"-T{device}", DOCS / "hourscope.1"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "--nsqd-tcp-address" in done.stdout


@pytest.mark.parametrize("name", [*COMMANDS, OPEN])
def test_every_option_is_documented(name: str) -> None:
    title = "hourscope" if name == OPEN else name
    section = (DOCS / "reference.md").read_text(encoding="utf-8").partition(f"### {title}\n")[2].partition("\n##")[0]
    described = {
        option: text
        for names, text in re.findall(r"^\| `(-[^`]*)` \| (.+) \|$", section, re.M)
        for option in re.findall(r"(?:^|, )(--?[\w-]+)", names)
    }
    command = commands.get_command(click.Context(commands), name)
    assert command
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not parameter.hidden:
            assert all(described.get(option, "").strip() for option in parameter.opts), parameter.opts


def test_a_key_without_a_meaning_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    few = {name: text for name, text in meanings.JSON.items() if name != "gaps[].to"}
    monkeypatch.setattr("tests.docs.reference.JSON", few)
    with pytest.raises(UndescribedError, match=r"gaps\[\]\.to"):
        list(outputs())
    few = {name: text for name, text in meanings.CONFIG.items() if name != "nsq.NAME.tls"}
    monkeypatch.setattr("tests.docs.reference.CONFIG", few)
    with pytest.raises(UndescribedError, match=r"nsq\.NAME\.tls"):
        config_rows()


def test_no_meaning_of_removed_keys_is_left() -> None:
    text = (DOCS / "reference.md").read_text(encoding="utf-8")
    gone = [name for name in (*meanings.CONFIG, *meanings.ENVIRONMENT) if f"| `{name}` |" not in text]
    gone += [name for name in meanings.JSON if f"| `{name.partition(': ')[2] or name}` |" not in text]
    assert gone == []
