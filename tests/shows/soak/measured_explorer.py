"""The explorer with a stopwatch: `python -c 'from … import main; main()' ARCHIVE` writes lags to the file $LAGS.

A line for each sample: the monotonic clock, the lag in seconds, and 1 while a send runs.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

import tui.app.app
from tui.app.app import Explorer
from tui.app.send.screen import SendPage
from tui.config import S3Options, load_config

_EVERY = 0.005


class MeasuredExplorer(Explorer):
    """Records the lag of its event loop."""

    CSS_PATH = Path(tui.app.app.__file__).with_name("app.tcss")  # Textual would look beside this file

    def on_ready(self) -> None:
        self.lags: list[tuple[float, float, bool]] = []
        self._measuring = asyncio.create_task(self._measure())

    async def _measure(self) -> None:
        while True:
            asked = time.monotonic()
            await asyncio.sleep(_EVERY)
            now = time.monotonic()
            running = isinstance(self.screen, SendPage) and self.screen.running
            self.lags.append((now, now - asked - _EVERY, running))


def main() -> None:
    app = MeasuredExplorer(sys.argv[1], timezone=None, s3=S3Options(), config=load_config())
    app.run()
    lines = (f"{at:.6f} {lag:.6f} {running:d}\n" for at, lag, running in app.lags)
    Path(os.environ["LAGS"]).write_text("".join(lines))
