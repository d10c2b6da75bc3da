"""The explorer: the only part of hourscope that knows Textual. Importing this module does not import it yet."""

from __future__ import annotations

import os
import sys

from tui.archive.location import Location, command_line
from tui.archive.reading import Reading
from tui.config import Config, S3Options
from tui.errors import HourscopeError

BROWSER_DRIVER = "tui.app.terminal.browser:BrowserDriver"  # as TEXTUAL_DRIVER: `hourscope serve`


def terminal_trouble() -> str:
    """Why a terminal of this type cannot show the explorer; empty if it can."""
    term = os.environ.get("TERM", "")
    return f"this terminal (TERM={term}) cannot show the explorer" if term in ("", "dumb", "unknown") else ""


def check_terminal(location: Location | None) -> None:
    """HourscopeError, with the command that needs none, if there is no terminal that the explorer can use."""
    if os.environ.get("TEXTUAL_DRIVER") == BROWSER_DRIVER:
        return
    here = sys.stdin.isatty() and sys.stdout.isatty()
    if trouble := terminal_trouble() if here else "the explorer needs a terminal":
        plain = command_line("ls", location) if location else "hourscope --help"
        raise HourscopeError(f"{trouble}; otherwise run: {plain}")


def run_explorer(
    url: str | None,
    *,
    timezone: str | None,
    s3: S3Options,
    config: Config,
    layout: str | None = None,
    reading: Reading | None = None,
    debug: bool = False,
    tour: bool = False,
) -> int:
    """Open `url` (an archive's location or name; None: choose one) in the explorer; returns the exit code.

    `tour`: begin, or take up, the tour of the sample archive.

    It needs a terminal (`check_terminal`). `debug`: print the tracebacks of what nobody foresaw when it has ended.
    HourscopeError, a sentence, if `url` cannot be opened.
    """
    from tui.app.app import Explorer
    from tui.app.terminal.signals import SignalHandler

    explorer = Explorer(url, timezone=timezone, s3=s3, config=config, layout=layout, reading=reading, tour=tour)
    SignalHandler(explorer.jobs, explorer.end).listen()
    code = explorer.run(mouse=config.explorer.takes_mouse) or 0
    if debug:
        sys.stderr.write("".join(explorer.defects.tracebacks))
    if explorer.refused:
        raise HourscopeError(explorer.refused)
    return code
