"""Running the command line as a person or a script does: another process, real pipes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

from tests.support.fork_server import Command, ForkServer

_READ_AT_START = ("PYTHON", "LC_", "LANG", "TZ")  # variables that only a new interpreter heeds
_busy = threading.Lock()
_server = cache(ForkServer)


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command left: its exit code, its data, its narration."""

    code: int
    out: bytes
    err: str

    @property
    def lines(self) -> list[bytes]:
        return self.out.splitlines()

    @property
    def sentence(self) -> str:
        """The one line that stderr holds, but for those of waiting: older boto3 waits longer before it asks again."""
        lines = [line for line in self.err.splitlines() if not line.startswith("hourscope: waiting for ")]
        assert len(lines) == 1, self.err
        return lines[0]


def hourscope(*words: object, env: Mapping[str, str] | None = None, timeout: float = 100) -> Ran:
    """Run `hourscope WORDS` without a terminal, in a process of its own."""
    line, environment = [*map(str, words)], {**os.environ, **(env or {})}
    if any(name.startswith(_READ_AT_START) for name in env or ()) or not _busy.acquire(blocking=False):
        return fresh_hourscope(*line, env=env, timeout=timeout)
    try:
        command = _server().start(line, environment)
        code = command.wait(timeout)
    finally:
        _busy.release()
    return Ran(code, bytes(command.out), command.err.decode())


@contextmanager
def running_hourscope(*words: object, env: Mapping[str, str] | None = None) -> Iterator[Command]:
    """The same while it runs; whoever leaves before its end kills it."""
    with _busy:
        command = _server().start([*map(str, words)], {**os.environ, **(env or {})})
        try:
            yield command
        finally:
            command.wait(0)


def fresh_hourscope(*words: object, env: Mapping[str, str] | None = None, timeout: float = 100) -> Ran:
    """The same in a Python that has just been started, as a person's is."""
    done = subprocess.run(
        [sys.executable, "-m", "tui", *map(str, words)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=timeout,
        env={**os.environ, **(env or {})},
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr.decode())


def shell(script: str, *, cwd: object = None) -> bytes:
    """What a bash script prints: the judge of what the old tools say."""
    done = subprocess.run(["bash", "-c", script], stdin=subprocess.DEVNULL, capture_output=True, cwd=cwd, check=False)
    return done.stdout
