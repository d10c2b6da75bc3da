"""`hourscope`, and `python -m tui`: the first that is run, so that Ctrl-C while the rest is imported shows nothing."""

from __future__ import annotations

import os
import signal

_EXIT_INTERRUPTED = 130  # as tui.cli has it


def start() -> None:
    """Run hourscope. Until it has its own handlers, Ctrl-C ends it at once."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, lambda *_: os._exit(_EXIT_INTERRUPTED))
    from tui.cli import program

    program()


if __name__ == "__main__":  # processes of a scan import this too
    start()
