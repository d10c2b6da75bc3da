"""`hourscope config`: where the config file is, whether it is valid, and the names of the explorer's keys."""

from __future__ import annotations

from collections.abc import Mapping

import click

from tui.cli.checks import report
from tui.cli.command import Command
from tui.cli.console import EXIT_MATCHED, print_line
from tui.config import config_dir, load_config
from tui.errors import ConfigError
from tui.keys import ACTIONS, KEYS, SCREENS


@click.command("config", cls=Command)
@click.argument("what", metavar="path|check|keys", type=click.Choice(["path", "check", "keys"]))
def command(what: str) -> int:
    """Show where the config file is, check it, or list the keys of the explorer.

    'path' prints the path, whether or not the file exists. 'check' names every mistake in it. 'keys' lists the names
    for [keys] in the config, their keys, and the screens where they work; a star marks what the config changes.

    Exit code 2: the config has a mistake, such as a key with two meanings on one screen.

    \b
    Examples:
      hourscope config path
      hourscope config check
      hourscope config keys
    """
    match what:
        case "path":
            print(config_dir() / "config.toml")
        case "check":
            from tui.cli.checkup import check_config

            return report([check_config()[0]])
        case _:
            _print_keys()
    return EXIT_MATCHED


def _print_keys() -> None:
    """Print one line per name. If the config is invalid, print the default keys, then raise ConfigError."""
    problem, chosen = None, dict[str, str]()
    try:
        chosen = dict(load_config().keys)
    except ConfigError as error:
        problem = error
    for line in key_lines(chosen):
        print_line(line)
    if problem:
        raise problem


def key_lines(chosen: Mapping[str, str]) -> list[str]:
    """Format name, keys and screens of every action in columns; a star marks keys that `chosen` changes."""
    rows = [
        (
            ("*" if name in chosen else " ") + name,
            chosen.get(name, KEYS[name]),
            "everywhere" if len(screens := screens_of(name)) == len(SCREENS) else ", ".join(screens),
        )
        for name in KEYS
        if name in ACTIONS
    ]
    first, second = (max(len(row[column]) for row in rows) for column in (0, 1))
    return [f"{name:<{first}}  {keys:<{second}}  {screens}".rstrip() for name, keys, screens in rows]


def screens_of(action: str) -> list[str]:
    return [screen for screen, actions in SCREENS.items() if action in actions]
