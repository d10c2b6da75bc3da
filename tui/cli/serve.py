"""`hourscope serve`: the explorer in a browser on this machine."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import asdict
from importlib.util import find_spec
from typing import Any

import click

from tui.app import BROWSER_DRIVER
from tui.archive.location import command_words, option_words, reading_words
from tui.cli.command import Command, option
from tui.cli.console import EXIT_MATCHED
from tui.cli.open import sign_in_first
from tui.cli.options import archive_options, located, reading_of, reading_options, s3_of, whole_number
from tui.cli.signals import cancel_on_signals
from tui.config import load_config
from tui.errors import ConfigError
from tui.shell import shell_join

_OF_THIS_TERMINAL = ("SSH_CONNECTION", "TMUX", "STY", "COLORFGBG")  # variables that do not describe a browser


@click.command("serve", cls=Command)
@click.argument("archive", required=False)
@option("Run", "--port", type=whole_number(0, 65535), default=8000, show_default=True, metavar="N", help="Port to use.")
@reading_options
@archive_options
def command(archive: str | None, port: int, **given: Any) -> int:
    """Show the explorer in a browser on this machine.

    Prints an address that contains a secret. Only this machine can reach it, and only the first browser that opens it
    is served. Each tab is a separate explorer. Closing a tab stops its scans and sends, which can be resumed; ctrl-c
    here closes all tabs.

    \b
    Serving needs additional packages:
      pip install 'hourscope[web]'

    \b
    Examples:
      hourscope serve
      hourscope serve s3://bucket/events.
    """
    if find_spec("textual_serve") is None:
        raise ConfigError("hourscope serve needs additional packages; install them with: pip install 'hourscope[web]'")
    from tui.cli.serve_site import serve

    explorer = _explorer(archive, given)
    with cancel_on_signals() as cancel:
        asyncio.run(serve(explorer, port, cancel))
    return EXIT_MATCHED


def _explorer(archive: str | None, given: dict[str, Any]) -> str:
    """Return the shell command line that runs the explorer of a tab."""
    if archive is None:
        places = {"timezone": given["timezone"], "layout": given["layout"], **asdict(s3_of(given))}
        words = ["hourscope", "open", *option_words(places), *reading_words(reading_of(given))]
    else:
        location = located(archive, given, load_config())
        sign_in_first(location)
        words = command_words("open", location)
    unset = [word for name in _OF_THIS_TERMINAL for word in ("-u", name)]
    program = [sys.executable, "-m", "tui"]
    return "exec " + shell_join(["env", *unset, f"TEXTUAL_DRIVER={BROWSER_DRIVER}", *program, *words[1:]])
