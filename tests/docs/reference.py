"""docs/reference.md: the commands, options, keys, config and JSON outputs.

`make docs` generates it from the program. The meanings of config keys and JSON keys are in meanings.py;
`UndescribedError` names missing ones.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import click
import msgspec

from tests.docs.meanings import CONFIG, ENVIRONMENT, JSON
from tui import cli
from tui.cli.command import Command
from tui.cli.config import screens_of
from tui.cli.group import COMMANDS, OPEN, commands
from tui.config_file import ConfigFile
from tui.demo import SampleSpec, write_sample
from tui.keys import ACTIONS, KEYS, SCREENS

EXIT_CODES = (
    ("0", "Something matched, or all was sent. verify: all is sound."),
    ("1", "Nothing matched, and everything was understood. verify: gaps or duplicates. ls: no chunk in the range."),
    ("2", "Something failed or was not understood. The rest was processed, and failures are listed."),
    ("130", "Interrupted. The command that resumes is the last line on stderr."),
)


class UndescribedError(Exception):
    """A key or variable has no meaning in tests/docs/meanings.py."""


@dataclass(frozen=True, slots=True)
class Option:
    names: str
    text: str


@dataclass(frozen=True, slots=True)
class Page:
    """The help of a command. `paragraphs` holds a code block as lines that begin with two spaces."""

    name: str
    usage: str
    paragraphs: tuple[str, ...]
    options: Mapping[str, tuple[Option, ...]]


def pages() -> Iterator[Page]:
    """All commands in the order of the help, and last the explorer."""
    program = click.Context(commands, info_name="hourscope", **commands.context_settings)
    for name in (*COMMANDS, OPEN):
        command = commands.get_command(program, name)
        assert command
        context = command.make_context(name, [], parent=program, resilient_parsing=True)
        usage = " ".join(command.collect_usage_pieces(context))
        title = "hourscope" if name == OPEN else f"hourscope {name}"
        yield Page(name, f"{title} {usage}", paragraphs(command.help or ""), _options(command, context))


def paragraphs(text: str) -> tuple[str, ...]:
    """Return a command's help in paragraphs, refilled as click does, or line by line."""
    paragraphs: list[str] = []
    for block in inspect.cleandoc(text).split("\n\n"):
        if block.startswith("\b\n"):
            heading, code = block.removeprefix("\b\n").split("\n", 1)
            paragraphs += [heading, code]
        else:
            paragraphs.append(" ".join(block.split()))
    return tuple(paragraphs)


def _options(command: click.Command, context: click.Context) -> dict[str, tuple[Option, ...]]:
    assert isinstance(command, Command)
    return {heading: tuple(Option(*row) for row in rows) for heading, rows in command.option_rows(context).items()}


def markdown() -> str:
    """docs/reference.md."""
    parts = ["# Reference\n\nMade from the program by `make docs`; do not edit.\n"]
    parts += ["## Commands\n", *map(_command_section, pages())]
    parts.append("## Exit codes\n\n" + _table(("code", "meaning"), EXIT_CODES))
    parts.append(
        "## Environment\n\nAn option wins over its variable. `AWS_*` and AWS's files work as in the AWS CLI.\n\n"
        + _table(("variable", "meaning"), [(f"`{name}`", text) for name, text in environment().items()])
    )
    parts.append(
        "## Config\n\n`$XDG_CONFIG_HOME/hourscope/config.toml`, by default `~/.config/hourscope/config.toml`. "
        "`hourscope config check` checks it.\n\n" + _table(("key", "type", "meaning"), config_rows())
    )
    parts.append(
        '## Keys\n\nThe names stand in `[keys]` of the config: `scan = "f5"`. `hourscope config keys` prints them with '
        "what the config changes.\n\n" + _table(("name", "keys", "screens"), key_rows())
    )
    parts.append(
        "## JSON\n\n`--json` prints one object as the last line of stdout, or of stderr where stdout holds records. "
        "Keys may be added; `version` grows when one changes its meaning.\n"
    )
    parts += [f"### {title}\n\n{_table(('key', 'type', 'meaning'), rows)}" for title, rows in outputs()]
    return "\n".join(parts)


def _command_section(page: Page) -> str:
    lines = [f"### {'hourscope' if page.name == OPEN else page.name}\n", f"    {page.usage}\n"]
    for paragraph in page.paragraphs:
        code = paragraph.startswith("  ")
        lines.append("\n".join(f"  {line}" for line in paragraph.split("\n")) if code else _escaped(paragraph))
        lines.append("")
    for heading, options in page.options.items():
        lines.append(_table((f"{heading} option", "meaning"), [(f"`{o.names}`", o.text) for o in options]))
    return "\n".join(lines)


def _escaped(text: str) -> str:
    """Braces, stars and angles as they are."""
    return re.sub(r"([*_<>])", r"\\\1", text)


def _table(head: tuple[str, ...], rows: object) -> str:
    assert isinstance(rows, list | tuple)
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in lines) + "\n"


def environment() -> dict[str, str]:
    """The variables of options by their names, and those that no option has."""
    variables = dict(ENVIRONMENT)
    for name in (*COMMANDS, OPEN):
        command = commands.get_command(click.Context(commands), name)
        assert command
        for option in command.params:
            if isinstance(option, click.Option) and isinstance(option.envvar, str):
                variables[option.envvar] = f"Stands for `{option.opts[0]}`."
    return dict(sorted(variables.items()))


def config_rows() -> list[tuple[str, str, str]]:
    """Every key of the config: `archives.NAME.url`, its type, its meaning."""
    rows, missing = [], []
    for section in msgspec.structs.fields(ConfigFile):
        for place, type_ in _keys_of(section.name, section.type):
            if place not in CONFIG:
                missing.append(place)
                continue
            rows.append((f"`{place}`", type_, CONFIG[place]))
    if missing:
        raise UndescribedError(f"CONFIG of tests/docs/meanings.py lacks {', '.join(missing)}")
    return rows


def _keys_of(name: str, kind: object) -> Iterator[tuple[str, str]]:
    """The places of a section and their types, from the annotations of its struct."""
    info = msgspec.inspect.type_info(kind)
    if isinstance(info, msgspec.inspect.DictType):
        name, info = f"{name}.NAME", info.value_type
    if isinstance(info, msgspec.inspect.StructType):
        for field in info.fields:
            yield f"{name}.{field.name}", _config_type(field.type)
    else:
        yield name, _config_type(info)


def _config_type(info: object) -> str:
    match info:
        case msgspec.inspect.UnionType():
            named = [_config_type(kind) for kind in info.types if not isinstance(kind, msgspec.inspect.NoneType)]
            return " or ".join(named)
        case msgspec.inspect.StrType():
            return "string"
        case msgspec.inspect.BoolType():
            return "boolean"
        case msgspec.inspect.ListType():
            return "array of strings"
        case _:
            return "number"


def key_rows() -> list[tuple[str, str, str]]:
    """Every action by its name in the config."""
    return [
        (f"`{name}`", ", ".join(f"`{key}`" for key in KEYS[name].split(",")), _screens(name))
        for name in KEYS
        if name in ACTIONS
    ]


def _screens(name: str) -> str:
    names = screens_of(name)
    return "everywhere" if len(names) == len(SCREENS) else ", ".join(names)


_OUTPUTS = (
    ("ls --json", "ls d --json", "ls"),
    ("count --json", "count d --by event --every 1h --stats n --json", "count"),
    ("diff --json", "diff d --from 2015-01-13T05 --to 2015-01-13T11 --json", "diff"),
    ("scan --json", "scan d -g error -o x/ --json", "scan"),
    ("scan --estimate --json", "scan d -g error --estimate --json", "estimate"),
    ("send --json", "send d -g error -o x.jsonl --json", "send"),
    ("verify --json", "verify d --json", "verify"),
    ("doctor --json", "doctor d --json", "doctor"),
    ("index --json", "index d --json", "index"),
    ("index --drop --json", "index d --drop --json", "index"),
)
_OPEN_KEYS = ("where", "duplicates_by_hour", "forms")  # their keys are data


def outputs() -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    """The keys, types and meanings of each JSON output, as the commands print it for a small sample archive."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder), patch.dict(os.environ, _homes(folder)):
        for _ in write_sample(Path("d"), SampleSpec(hours=48, records_per_hour=300)):
            pass
        for title, line, kind in _OUTPUTS:
            yield title, _rows(kind, _printed(line.split()))


def _homes(folder: str) -> dict[str, str]:
    """Use no files or settings of the user who runs this."""
    return {f"XDG_{name}_HOME": f"{folder}/.{name.lower()}" for name in ("CONFIG", "STATE", "CACHE")}


def _printed(words: list[str]) -> Mapping[str, object]:
    """The object that a command prints."""
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        code = cli.run(words)
    lines = out.getvalue().splitlines()
    if not lines:
        raise AssertionError(f"{words} ended with {code}: {err.getvalue()}")
    output = json.loads(lines[-1])
    assert isinstance(output, dict)
    return output


def _rows(kind: str, printed: Mapping[str, object]) -> list[tuple[str, str, str]]:
    rows, missing = [], []
    for place, type_ in _places("", printed):
        meaning = JSON.get(f"{kind}: {place}") or JSON.get(place)
        if meaning is None:
            missing.append(f"'{kind}: {place}'")
        else:
            rows.append((f"`{place}`", type_, meaning))
    if missing:
        raise UndescribedError(f"JSON of tests/docs/meanings.py lacks {', '.join(missing)}")
    return rows


def _places(prefix: str, value: object) -> Iterator[tuple[str, str]]:
    """`hours[].chunks[].key`, and the type of what is there."""
    if isinstance(value, dict):
        for name, inner in value.items():
            place = f"{prefix}.{name}" if prefix else name
            yield place, _type_of(place, inner)
            if name not in _OPEN_KEYS:
                yield from _places(place, inner)
    elif isinstance(value, list):
        merged: dict[str, object] = {}
        for item in value:
            if isinstance(item, dict):
                merged |= {name: inner for name, inner in item.items() if inner or name not in merged}
        if merged and not prefix.endswith("also"):
            yield from _places(f"{prefix}[]", merged)


def _type_of(place: str, value: object) -> str:
    if value is None:
        return JSON.get(f"type: {place}", "string or null")
    return {bool: "boolean", int: "number", float: "number", str: "string", list: "array", dict: "object"}[type(value)]
