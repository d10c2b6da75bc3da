"""The explorer: the only part of hourscope that knows Textual. Importing this module does not import it yet."""

from __future__ import annotations

import os
import sys

from tui.config import Config, S3Options
from tui.errors import HourscopeError


def run_explorer(url: str | None, *, timezone: str | None, s3: S3Options, config: Config) -> int:
    """Open `url` (an archive's location or name; None: choose one) in the explorer; returns the exit code.

    HourscopeError, a sentence, if there is no terminal for it or if `url` cannot be opened.
    """
    if os.environ.get("TERM", "") in ("", "dumb") or not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise HourscopeError(
            f"the explorer needs a terminal that can move its cursor; without one: hourscope ls {url or 'ARCHIVE'}"
        )
    from tui.app.app import Explorer
    from tui.app.farewell import Farewell
    from tui.app.terminal import mouse_wanted

    explorer = Explorer(url, timezone=timezone, s3=s3, config=config)
    Farewell(explorer.jobs, explorer.end).listen()
    code = explorer.run(mouse=mouse_wanted(config.explorer)) or 0
    if explorer.refused:
        raise HourscopeError(explorer.refused)
    return code
