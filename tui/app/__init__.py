"""The explorer: the only part of hourscope that knows Textual. Importing this module does not import it yet."""

from __future__ import annotations

import os
import sys

from tui.archive.location import Location, command_line, locate
from tui.config import Config, S3Options
from tui.errors import HourscopeError


def check_terminal(location: Location | None) -> None:
    """HourscopeError, with the command that needs none, if there is no terminal that the explorer can use."""
    plain = command_line("ls", location) if location else "hourscope --help"
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise HourscopeError(f"the explorer needs a terminal; otherwise run: {plain}")
    term = os.environ.get("TERM", "")
    if term in ("", "dumb", "unknown"):
        raise HourscopeError(f"this terminal (TERM={term}) cannot show the explorer; run: {plain}")


def run_explorer(
    url: str | None, *, timezone: str | None, s3: S3Options, config: Config, layout: str | None = None
) -> int:
    """Open `url` (an archive's location or name; None: choose one) in the explorer; returns the exit code.

    HourscopeError, a sentence, if there is no terminal for it or if `url` cannot be opened.
    """
    check_terminal(locate(url, config, timezone=timezone, layout=layout, s3=s3) if url else None)
    from tui.app.app import Explorer
    from tui.app.terminal.preferences import mouse_wanted
    from tui.app.terminal.signals import SignalHandler

    explorer = Explorer(url, timezone=timezone, s3=s3, config=config, layout=layout)
    SignalHandler(explorer.jobs, explorer.end).listen()
    code = explorer.run(mouse=mouse_wanted(config.explorer)) or 0
    if explorer.refused:
        raise HourscopeError(explorer.refused)
    return code
