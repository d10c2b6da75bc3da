"""Common slips on the command line: a mistyped command or option, and habits from grep and other tools.

Every sentence says what to type instead. This code runs only after an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import click

from tui.nearest import nearest
from tui.shell import shell_join

# Commands of other programs, and ours for the same work.
_OTHER_COMMANDS: Mapping[str, str] = {
    "list": "ls", "dir": "ls", "hours": "ls", "gaps": "ls",
    "show": "cat", "head": "cat", "tail": "cat", "less": "cat", "zcat": "cat",
    "grep": "scan", "zgrep": "scan", "search": "scan", "find": "scan", "filter": "scan", "extract": "scan",
    "replay": "send", "publish": "send", "pub": "send", "push": "send",
    "record": "archive", "consume": "archive",
    "check": "verify", "fsck": "verify", "validate": "verify",
    "status": "doctor", "version": "--version",
}  # fmt: skip

# Options of grep, ripgrep, jq and the AWS CLI, and their equivalents; the first one that the command has is offered.
_OTHER_OPTIONS: Mapping[str, tuple[str, ...]] = {
    "-E": ("-e RE",), "--extended-regexp": ("-e RE",), "-P": ("-e RE",), "--perl-regexp": ("-e RE",),
    "--regexp": ("-e RE",), "-F": ("-g TEXT",), "--fixed-strings": ("-g TEXT",), "--text": ("-g TEXT",),
    "--word-regexp": ("-w",),
    "-x": ("-e '^RE$'",), "--line-regexp": ("-e '^RE$'",), "--invert-match": ("-v",), "--exclude": ("--not-grep TEXT",),
    "--query": ("-m EXPR",), "--jmespath": ("-m EXPR",), "--where": ("-m EXPR",), "--filter": ("-m EXPR",),
    "-n": ("--lines N", "--max-count N", "--dry-run"), "--head": ("--lines N", "--max-count N"),
    "--limit": ("--lines N", "--max-count N", "--top N"), "--max-count": ("--lines N",), "--lines": ("--max-count N",),
    "--after-context": ("-A N",), "--before-context": ("-B N",), "--context": ("-C N",),
    "--since": ("--from T", "--hour T"), "--start": ("--from T", "--hour T"), "--after": ("--from T", "--hour T"),
    "--from": ("--hour T",), "--until": ("--to T",), "--end": ("--to T",), "--before": ("--to T",),
    "--date": ("--hour T", "--from T"),
    "--tz": ("--timezone ZONE",), "--output": ("-o OUT", "--csv or --json", "--json"), "--out": ("-o OUT",),
    "--format": ("--csv or --json", "--json"),
    "-j": ("--jobs N",), "--threads": ("--jobs N",), "--workers": ("--jobs N",), "--parallel": ("--jobs N",),
    "--nsqd": ("--nsqd-tcp-address HOST:PORT",), "--lookupd": ("--lookupd-http-address HOST:PORT",),
    "--last": ("--from -2h",), "--field": ("--fields EXPR", "--by PATH"), "--percentiles": ("--stats PATH",),
    "--quantiles": ("--stats PATH",), "--groupby": ("--by PATH",), "--group-by": ("--by PATH",),
    "--interval": ("--every TIME",), "--bucket": ("--every TIME",),
    "-q": ("--count",), "--quiet": ("--count",), "--throttle": ("--rate N",), "--max-rate": ("--rate N",),
    "--overwrite": ("--force",), "--continue": ("--resume",), "--verbose": ("--debug",), "--only": ("--fields EXPR",),
}  # fmt: skip


# Options of grep for things that hourscope does anyway.
_NEEDLESS_OPTIONS: Mapping[str, str] = {
    "-r": "every chunk of the range is read anyway", "-R": "every chunk of the range is read anyway",
    "--recursive": "every chunk of the range is read anyway",
    "-a": "records are never taken for binary", "-z": "compressed chunks are read anyway",
    "--search-zip": "compressed chunks are read anyway", "--no-filename": "records are printed without their keys",
}  # fmt: skip


def unknown_command(words: Sequence[str], commands: Sequence[str]) -> str:
    """Explain why the first word of a command line is unknown; empty if it is an option or names an archive."""
    word = words[0]
    if word.startswith("-") or any(mark in word for mark in "/:%{.~") or Path(word).exists():
        return ""
    from tui.config import load_config  # needed only for a word that names nothing else

    archives = load_config().archives
    if word in archives:
        return ""
    near = similar_command(word, [*commands, *archives])
    hint = f"did you mean {near}?" if near else f"the commands are {', '.join(commands)}"
    if not near and (command := next((other for other in words[1:] if other in commands), None)):
        hint = f"the command comes first: hourscope {command} ARCHIVE"
    return f"'{word}' is not a command, a folder, or a name in the config; {hint}"


def similar_command(word: str, names: Sequence[str]) -> str | None:
    """Return the command, or other name, that a word may stand for; other programs' commands count."""
    return _OTHER_COMMANDS.get(word.lower()) or nearest(word, names)


def extra_words(context: click.Context, extra: list[str]) -> str:
    """Explain an extra argument and suggest a correction: a command takes only one."""
    word, has = extra[0], _options(context)
    given = [str(value) for value in (*context.params.values(), *extra) if isinstance(value, str)]
    if context.info_name == "open" and (first := next((name for name in given if name in _commands(context)), "")):
        return f"the command comes first: hourscope {first} ARCHIVE"
    if Path(word).is_file():
        return f"unexpected argument '{word}'; give the folder of the files, not each file"
    text = context.params.get("archive")
    if "--grep" in has and isinstance(text, str) and not Path(text).exists() and Path(word).exists():
        return f"the archive comes first: {context.command_path} {shell_join([word, '-g', text])}"
    if "--grep" in has:
        return f"unexpected argument '{word}'; to keep the records that contain it, write -g {word}"
    return f"unexpected argument '{word}'"


def one_dash(context: click.Context, words: Sequence[str]) -> str:
    """Explain `-from`, which means `-f rom`; empty if no word is a long option with one dash."""
    takes = {name for parameter in context.command.params if not _is_flag(parameter) for name in parameter.opts}
    long = {name[1:]: name for name in _options(context) if name.startswith("--")}
    for before, word in zip(["", *words], words, strict=False):
        if word == "--":
            break
        if word.partition("=")[0] in long and before not in takes:
            return f"{word} has one dash; did you mean -{word}?"
    return ""


def _is_flag(parameter: click.Parameter) -> bool:
    return isinstance(parameter, click.Option) and (parameter.is_flag or parameter.count)


def _options(context: click.Context) -> set[str]:
    own = (name for parameter in context.command.params for name in (*parameter.opts, *parameter.secondary_opts))
    return {"--help", *own, *(["--version"] if context.info_name == "open" else [])}


def unknown_option(error: click.NoSuchOption) -> str:
    """Suggest an option: a similar one, the equivalent of another program's, or one of another command."""
    option, context = error.option_name, error.ctx
    if context is None:
        return f"{option} is not an option"
    has = _options(context)
    place = "hourscope" if context.info_name == "open" else context.command_path
    sentence = f"{option} is not an option of {place}"
    if option in _NEEDLESS_OPTIONS and "--grep" in has:
        return f"{sentence}: {_NEEDLESS_OPTIONS[option]}"
    known = next((words for words in _OTHER_OPTIONS.get(option, ()) if words.split()[0] in has), None)
    near = known or nearest(option, [name for name in has if name.startswith("--")] if len(option) > 2 else ())
    if near:
        return f"{sentence}; did you mean {near}?"
    others = [name for name, other in _commands(context).items() if any(option in p.opts for p in other.params)]
    last = ", and " if len(others) > 2 else " and "
    listed = last.join(filter(None, (", ".join(others[:-1]), others[-1]))) if others else ""
    return f"{sentence}, but of {listed}" if others else sentence


def _commands(context: click.Context) -> dict[str, click.Command]:
    """Import all commands."""
    program = context.find_root()
    if not isinstance(group := program.command, click.Group):
        return {}
    commands = {name: group.get_command(program, name) for name in group.list_commands(program)}
    return {name: command for name, command in commands.items() if command}


def count_as_expression(text: str, has: Iterable[str]) -> str:
    """Explain `-m 5`, which stops after 5 matches in grep; empty if `text` is not a number."""
    option = next((f"--{name.replace('_', '-')}" for name in ("max_count", "lines") if name in has), "")
    number = text.strip()
    if not number.isdecimal() or not option:
        return ""
    first = "the first match" if number == "1" else f"the first {number} matches"
    return f"-m is JMESPath; to stop after {first} use {option} {number}"
