"""The explorer: the only part of hourscope that uses Textual. Importing this module does not import Textual."""

from __future__ import annotations

import os
import sys

from tui.archive.location import Location, command_line
from tui.archive.reading import Reading
from tui.config import Config, S3Options
from tui.errors import HourscopeError

BROWSER_DRIVER = "tui.app.terminal.browser:BrowserDriver"  # `hourscope serve` sets TEXTUAL_DRIVER to it


def terminal_trouble() -> str:
    """Return why a terminal of this type cannot show the explorer; empty if it can."""
    term = os.environ.get("TERM", "")
    return f"this terminal (TERM={term}) cannot show the explorer" if term in ("", "dumb", "unknown") else ""


def check_terminal(location: Location | None) -> None:
    """Raise HourscopeError if the explorer cannot use this terminal; it names a command that needs none."""
    if os.environ.get("TEXTUAL_DRIVER") == BROWSER_DRIVER:
        return
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        trouble = "the explorer needs a terminal"
    elif not sys.stderr.isatty():  # where Textual draws
        trouble = "the explorer needs a terminal as stderr"
    else:
        trouble = terminal_trouble()
    if trouble:
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
    """Open `url` (an archive's location or name; None shows home) in the explorer; return the exit code.

    `tour`: start or resume the tour of the sample archive. `debug`: at the end, print the tracebacks of unexpected
    errors.

    Needs a terminal (`check_terminal`). Raises HourscopeError, one sentence, if `url` cannot be opened.
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
