"""`hourscope send …` as an operator runs it: a process whose stderr is a terminal, read with timestamps."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.nsqd import Nsqd

_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")
_WIDE = 300  # columns: no word of the progress line is cut off


def send_words(source: Path, nsqd: Nsqd, topic: str, *more: str, tcp: str = "") -> list[str]:
    """Return the command line of a send with --yes. `tcp`: another address of the nsqd, such as a proxy."""
    place = ["--nsqd-tcp-address", tcp or nsqd.tcp_address, "--nsqd-http-address", nsqd.http_address]
    return [sys.executable, "-m", "tui", "send", str(source), *place, "--topic", topic, "--yes", *more]


def environment(folder: Path) -> dict[str, str]:
    """Return this process's environment, with journals and settings in `folder`."""
    folders = {f"XDG_{name}_HOME": str(folder / name.lower()) for name in ("STATE", "CONFIG", "CACHE")}
    return {**os.environ, **folders, "TERM": "xterm-256color", "COLUMNS": str(_WIDE)}


class Sender:
    """The running command. `seen` holds the output on its terminal, with the time of each piece."""

    def __init__(self, words: Sequence[str], folder: Path) -> None:
        ours, theirs = pty.openpty()
        termios.tcsetwinsize(ours, (24, _WIDE))
        self.seen: list[tuple[float, str]] = []
        self.process = subprocess.Popen(
            words, env=environment(folder), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=theirs
        )
        os.close(theirs)
        self._reader = threading.Thread(target=self._read, args=(ours,), daemon=True)
        self._reader.start()

    def _read(self, terminal: int) -> None:
        with os.fdopen(terminal, "rb", buffering=0) as stream:
            while True:
                try:
                    data = stream.read(1 << 16)
                except OSError:  # the other end is closed
                    return
                self.seen.append((time.monotonic(), _ESCAPE.sub("", data.decode(errors="replace"))))

    def saw(self, words: str, since: float = 0.0, until: float = float("inf")) -> float | None:
        """Return the seconds from `since` until the words (a regex) were on the terminal; None if not by `until`."""
        times = (at - since for at, text in tuple(self.seen) if since <= at < until and re.search(words, text))
        return next(times, None)

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    def wait(self, seconds: float) -> int:
        """Wait for the end and return the exit code."""
        code = self.process.wait(seconds)
        self._reader.join(5)
        return code

    @property
    def text(self) -> str:
        return "".join(text for _, text in self.seen)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.running:
            self.process.kill()
        self.process.wait()
        self._reader.join(5)
