"""A send on the command line: at a terminal, and its destination."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.app.emulator import Terminal
from tests.support.nsqd import Nsqd

_RUN = "import sys; from tui.cli import main; main(sys.argv[1].split('\\x1f'))"


@contextmanager
def typed(*words: object) -> Iterator[Terminal]:
    with Terminal("\x1f".join(map(str, words)), 110, 40, script=_RUN) as terminal:
        yield terminal


def until(terminal: Terminal, text: str, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while text not in terminal.text:
        assert time.monotonic() < end, terminal.text
        terminal.read(quiet=0.05, most=0.2)


def to(nsqd: Nsqd, topic: str) -> list[str]:
    return ["--nsqd-tcp-address", nsqd.tcp_address, "--nsqd-http-address", nsqd.http_address, "--topic", topic]
