"""The entry point of `hourscope` and `python -m tui`. Ctrl-C during the imports ends it without a traceback."""

from __future__ import annotations

import os
import signal

_EXIT_INTERRUPTED = 130  # as in tui.cli


def start() -> None:
    """Run hourscope. Until its own handlers are installed, Ctrl-C ends it at once."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, lambda *_: os._exit(_EXIT_INTERRUPTED))
    from tui.cli import program

    program()


if __name__ == "__main__":  # scan processes also import this module
    start()
