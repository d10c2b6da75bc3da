"""The help: what it says is true, all commands say it alike, and asking for it costs little."""

from __future__ import annotations

import re
import resource
import subprocess
import sys

import click
import pytest

from tui import cli
from tui.cli.command import HEADINGS, Option
from tui.cli.group import COMMANDS, OPEN, commands

ALL = (*COMMANDS, OPEN)


def command(name: str) -> click.Command:
    command_ = commands.get_command(click.Context(commands), name)
    assert command_
    return command_


def help_of(name: str) -> str:
    parent = click.Context(commands, info_name="hourscope", **commands.context_settings)
    return command(name).make_context(name, [], parent=parent, resilient_parsing=True).get_help()


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_repeats_each_commands_own_summary(name: str) -> None:
    first = (command(name).help or "").partition("\n\n")[0]
    assert " ".join(first.split()) == COMMANDS[name]


@pytest.mark.parametrize("name", COMMANDS)
def test_examples_have_a_heading_and_fit_into_80_columns(name: str) -> None:
    examples = help_of(name).partition("  Examples:\n")[2].partition("\n\n")[0].splitlines()
    assert examples
    assert [line for line in examples if len(line) > 80] == []


@pytest.mark.parametrize("name", ALL)
def test_every_option_is_described_and_has_its_heading(name: str) -> None:
    options = [option for option in command(name).params if isinstance(option, click.Option) and not option.hidden]
    assert [option.name for option in options if not option.help] == []
    assert [option.name for option in options if not isinstance(option, Option) and option.name != "help"] == []


@pytest.mark.parametrize("name", ALL)
def test_headings_come_in_one_order(name: str) -> None:
    headings = re.findall(r"^(\w+) options:$", help_of(name), re.M)
    assert headings == [heading for heading in HEADINGS if heading in headings]


def test_options_of_the_same_name_are_the_same() -> None:
    """Where two commands share an option, its value, its letter and its parameter's name are the same."""
    spelled: dict[str, set[tuple[object, ...]]] = {}
    for name in ALL:
        for option in command(name).params:
            if isinstance(option, click.Option) and option.name not in ("nsqds",):
                long = next((text for text in option.opts if text.startswith("--")), option.opts[0])
                spelled.setdefault(long, set()).add((option.name, tuple(option.opts), option.metavar, option.is_flag))
    assert {long: forms for long, forms in spelled.items() if len(forms) > 1} == {}


@pytest.mark.parametrize("name", ALL)
def test_help_of_a_command_is_what_its_option_prints(capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert cli.run(["help", name]) == 0
    described = capsys.readouterr().out
    assert cli.run([name, "--help"]) == 0
    assert capsys.readouterr().out == described == help_of(name) + "\n"


def test_help_without_a_command_is_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["help"]) == 0
    listed = capsys.readouterr().out
    assert cli.run(["--help"]) == 0
    assert capsys.readouterr().out == listed
    assert [name for name in COMMANDS if f"\n  {name} " not in listed] == []


def test_help_of_an_unknown_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["help", "scna"]) == 2
    assert "did you mean scan?" in capsys.readouterr().err


def test_the_list_imports_no_command() -> None:
    script = "import sys; from tui.cli import run; run(['--help']); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = set(done.stderr.split())
    assert not {f"tui.cli.{name}" for name in COMMANDS} & loaded
    assert not {"tui.archive", "tui.scan", "tui.send", "msgspec", "json", "difflib"} & loaded


def test_the_list_costs_at_most_twice_the_import_of_click() -> None:
    """In CPU time: the least of several runs, so that other work on the machine counts little."""

    def cpu_seconds(*words: str) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *words], stdout=subprocess.DEVNULL, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    help_, click_ = ("-m", "tui", "--help"), ("-c", "import click")
    cpu_seconds(*help_)  # compiles
    runs = [(cpu_seconds(*help_), cpu_seconds(*click_)) for _ in range(5)]
    assert min(ours for ours, _ in runs) <= 2 * min(theirs for _, theirs in runs)
