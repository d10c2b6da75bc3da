"""Completion candidates for a command line: commands, options, archives, files, hours, topics, and so on.

Nothing here fails: a source that cannot be read (an invalid config, a folder, nsqlookupd) yields no candidates. The
only network request is to nsqlookupd, to complete a topic.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

import click
from click.shell_completion import CompletionItem

from tui.cli.group import COMMANDS, OPEN
from tui.config import Config, config_dir, load_config, nsq_of_environment
from tui.errors import HourscopeError
from tui.printable import printable

_LOOKUP_SECONDS = 1.0
_MAX_ITEMS = 500
_TIMES = ("today", "yesterday", "now", "-1h", "-6h", "-1d", "-7d", "-30d")

Items: TypeAlias = "Iterator[CompletionItem[str]]"  # CompletionItem is not generic in click 8.1


@dataclass(slots=True)
class CommandLine:
    """The complete words before the cursor: the command and the values of its parameters."""

    command: click.Command
    given: dict[str, str] = field(default_factory=dict)
    expects: click.Parameter | None = None  # the parameter whose value comes next
    only_values: bool = False  # after "--"

    def text(self, *names: str) -> str:
        """Return the value of the first of these parameters that has one."""
        return next((self.given[name] for name in names if name in self.given), "")


def candidates(group: click.Group, words: Sequence[str], incomplete: str) -> Items:
    """Yield the completions of `incomplete`, the word after `words`; `words` excludes the program's name."""
    context = click.Context(group, resilient_parsing=True)
    if not words and not incomplete.startswith("-"):
        yield from _starting(incomplete, COMMANDS.items())
    command = group.get_command(context, words[0]) if words else None
    opened = group.get_command(context, OPEN)
    assert opened
    line = _read(command or opened, words[1:] if command else words)
    option, equals, value = incomplete.partition("=")
    if equals and option.startswith("--") and not line.only_values:
        line.expects, incomplete = _options(line.command).get(option), value
    elif incomplete.startswith("-") and not line.only_values and not isinstance(line.expects, click.Option):
        yield from _option_names(line, incomplete)
        if not words:
            yield from _starting(incomplete, [("--version", "Print the version and exit.")])
        return
    if line.expects:
        yield from _values(line, line.expects, incomplete)


def _options(command: click.Command) -> dict[str, click.Option]:
    """Return the options of a command by their long and short names."""
    return {name: option for option in command.params if isinstance(option, click.Option) for name in option.opts}


def _read(command: click.Command, words: Iterable[str]) -> CommandLine:
    """Assign the words to the command's parameters; ignore words that fit none."""
    line, options = CommandLine(command), _options(command)
    arguments = [parameter for parameter in command.params if isinstance(parameter, click.Argument)]
    for word in words:
        name, equals, value = word.partition("=")
        if isinstance(line.expects, click.Option):
            line.given[line.expects.name or ""] = word
            line.expects = None
        elif word == "--":
            line.only_values = True
        elif word.startswith("-") and not line.only_values:
            option = options.get(name) or options.get(word[:2])
            if option is None:
                continue
            line.given[option.name or ""] = value if equals else word[2:]
            if not option.is_flag and not equals and word in option.opts:
                line.expects = option
        elif arguments:
            line.given[arguments.pop(0).name or ""] = word
    line.expects = line.expects or next(iter(arguments), None)
    return line


def _option_names(line: CommandLine, incomplete: str) -> Items:
    """Yield the options that can still be added: long names, and short ones after a single dash."""
    for option in dict.fromkeys(_options(line.command).values()):
        if option.hidden or (option.name in line.given and not option.multiple):
            continue
        names = [name for name in option.opts if name.startswith("--")] or option.opts
        if incomplete == "-":
            names = option.opts
        for name in names:
            if name.startswith(incomplete):
                yield CompletionItem(name, help=(option.help or "").partition("  [default")[0])
    yield from _starting(incomplete, [("--help", "Show this message and exit.")])


def _values(line: CommandLine, parameter: click.Parameter, incomplete: str) -> Items:
    if isinstance(parameter.type, click.Choice):
        yield from _starting(incomplete, [(str(choice), "") for choice in parameter.type.choices])
    elif parameter.name in _BY_PARAMETER:
        yield from _BY_PARAMETER[parameter.name](line, incomplete)


def _starting(incomplete: str, named: Iterable[tuple[str, str]]) -> Items:
    for value, help_ in named:
        if value.startswith(incomplete) and value.isprintable():
            yield CompletionItem(value, help=printable(help_) or None)


def _config() -> Config:
    try:
        return load_config()
    except HourscopeError:
        return Config(config_dir() / "config.toml")


def _archives(line: CommandLine, incomplete: str) -> Items:
    del line
    yield from _starting(incomplete, [(name, spec.url) for name, spec in _config().archives.items()])
    yield from _paths(incomplete, files=False)


def _sources(line: CommandLine, incomplete: str) -> Items:
    yield from _archives(line, incomplete)
    yield from (item for item in _paths(incomplete, files=True) if item.type == "file")


def _paths(incomplete: str, *, files: bool) -> Items:
    """Yield folders, and with `files` also files; hidden ones only after a dot."""
    folder, slash, start = incomplete.rpartition("/")
    try:
        place = Path(os.path.expanduser(folder) or (slash or "."))  # noqa: PTH111  (`~` stays as it is where unknown)
        paths = sorted(place.iterdir()) if "://" not in incomplete else []
    except (OSError, ValueError):
        return
    shown = [path for path in paths if path.name.startswith(start) and (start or not path.name.startswith("."))]
    for path in shown[:_MAX_ITEMS]:
        if not path.name.isprintable():  # a newline would make two candidates, and an escape would reach the terminal
            continue
        value = f"{folder}{slash}{path.name}"
        if path.is_dir():
            yield CompletionItem(value, type="dir")
        elif files:
            yield CompletionItem(value, type="file")


def _files(line: CommandLine, incomplete: str) -> Items:
    del line
    return _paths(incomplete, files=True)


def _folders(line: CommandLine, incomplete: str) -> Items:
    del line
    return _paths(incomplete, files=False)


def _hours(line: CommandLine, incomplete: str) -> Items:
    """Yield the archive's days, then its hours; only for a folder, because a bucket would have to be listed."""
    if "T" not in incomplete:
        yield from _starting(incomplete, [(time, "") for time in _TIMES])
    hours = _hours_of(line)
    days = sorted({f"{hour:%Y-%m-%d}" for hour in hours if f"{hour:%Y-%m-%d}".startswith(incomplete)})
    if len(days) > 1:
        yield from _starting(incomplete, [(day, "") for day in days[-_MAX_ITEMS:]])
    else:
        yield from _starting(incomplete, [(f"{hour:%Y-%m-%dT%H}", "") for hour in hours])


def _hours_of(line: CommandLine) -> list[datetime]:
    from tui.archive import open_archive

    name = line.text("archive", "source")
    spec = _config().archives.get(name)
    url = spec.url if spec else name
    if not url or "://" in url:
        return []
    zone = line.text("timezone") or (spec and spec.timezone) or os.environ.get("HOURSCOPE_TIMEZONE")
    layout = line.text("layout") or (spec and spec.layout) or os.environ.get("HOURSCOPE_LAYOUT")
    try:
        archive = open_archive(url, timezone=zone or None, layout=layout or None)
        return sorted({chunk.hour for chunk in archive.catalog().chunks})
    except (HourscopeError, OSError):
        return []


def _topics(line: CommandLine, incomplete: str) -> Items:
    """Yield the topics of the nsqlookupd on the command line, in the environment, or in the config."""
    from tui.nsq.lookup import topics

    config = _config()
    named = config.nsq.get(line.text("nsqd_tcp_address"))
    addresses = (
        (line.given["lookupd_http_address"],)
        if "lookupd_http_address" in line.given
        else named.lookupd_http_addresses
        if named
        else nsq_of_environment()["lookupd_http_address"]
        or tuple(address for spec in config.nsq.values() for address in spec.lookupd_http_addresses)
    )
    for address in addresses:
        try:
            yield from _starting(incomplete, [(topic, "") for topic in topics(address, timeout=_LOOKUP_SECONDS)])
        except HourscopeError:
            continue


def _nsqds(line: CommandLine, incomplete: str) -> Items:
    del line
    return _starting(incomplete, [(name, " ".join(spec.nsqd_tcp_addresses)) for name, spec in _config().nsq.items()])


def _zones(line: CommandLine, incomplete: str) -> Items:
    from zoneinfo import available_timezones

    del line
    return _starting(incomplete, [(zone, "") for zone in sorted(available_timezones())])


def _profiles(line: CommandLine, incomplete: str) -> Items:
    """Yield the profiles of AWS's shared files: `[profile NAME]` and `[NAME]`."""
    from configparser import Error, RawConfigParser

    del line
    profiles: dict[str, str] = {}
    for variable, name in (("AWS_CONFIG_FILE", "config"), ("AWS_SHARED_CREDENTIALS_FILE", "credentials")):
        parser = RawConfigParser(strict=False)
        try:
            parser.read(Path(os.environ.get(variable) or f"~/.aws/{name}").expanduser())
        except (Error, OSError, ValueError, RuntimeError):
            continue
        profiles |= {section.removeprefix("profile ").strip(): "" for section in parser.sections()}
    return _starting(incomplete, profiles.items())


def _commands(line: CommandLine, incomplete: str) -> Items:
    del line
    return _starting(incomplete, COMMANDS.items())


_BY_PARAMETER: Mapping[str, Callable[[CommandLine, str], Items]] = {
    **dict.fromkeys(("archive",), _archives),
    **dict.fromkeys(("source",), _sources),
    **dict.fromkeys(("out", "file", "tls_root_ca_file", "tls_cert", "tls_key"), _files),
    **dict.fromkeys(("folder", "spool"), _folders),
    **dict.fromkeys(("start", "stop", "hour"), _hours),
    **dict.fromkeys(("nsqds", "nsqd_tcp_address"), _nsqds),
    "topic": _topics,
    "timezone": _zones,
    "profile": _profiles,
    "name": _commands,
}
