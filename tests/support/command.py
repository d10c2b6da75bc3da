"""Running the command line: in this process, or as a person or a script does, in another one with real pipes."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.support.boto import forget_clients
from tests.support.fork_server import Command, ForkServer
from tui import cli

SLOW = "[@,@] | [@,@][] | length(to_string(@)) > `0`"  # every record matches, and is spelled four times
_READ_AT_START = ("PYTHON", "LC_", "LANG", "TZ")  # variables that only a new interpreter heeds
_busy = threading.Lock()
_server = cache(ForkServer)


@dataclass(frozen=True, slots=True)
class Ran:
    """The result of a command: exit code, stdout and stderr."""

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


class Captured(io.TextIOWrapper):
    """A stream that keeps the text and the bytes that are written to it."""

    def __init__(self) -> None:
        self._bytes = io.BytesIO()
        super().__init__(self._bytes, encoding="utf-8", errors="backslashreplace", write_through=True)

    @property
    def data(self) -> bytes:
        return self._bytes.getvalue()


def hourscope(*words: object, env: Mapping[str, str] | None = None) -> Ran:
    """Run `hourscope WORDS` without a terminal, in this process: that takes a fifth of the time of another one."""
    if _needs_an_interpreter(env):
        return fresh_hourscope(*words, env=env)
    with pytest.MonkeyPatch.context() as patch, Path(os.devnull).open() as nothing:
        for name, value in (env or {}).items():
            patch.setenv(name, value)
        patch.setattr(sys, "stdin", nothing)
        patch.setattr(tempfile, "tempdir", None)  # TMPDIR may be another one
        forget_clients()
        return captured([*map(str, words)])


def captured(words: Sequence[str]) -> Ran:
    """Run a command line unchanged in this process; its threads must end, or its process would not."""
    out, err, others = Captured(), Captured(), set(threading.enumerate())
    with redirect_stdout(out), redirect_stderr(err):
        try:
            code = cli.run([*words])
        except SystemExit as end:  # --version
            code = int(end.code or 0)
    for thread in set(threading.enumerate()) - others:
        if not thread.daemon:
            thread.join(30)
            assert not thread.is_alive(), f"{words} leaves {thread}"
    return Ran(code, out.data, err.data.decode())


def _needs_an_interpreter(env: Mapping[str, str] | None) -> bool:
    return any(name.startswith(_READ_AT_START) for name in env or ())


def hourscope_process(*words: object, env: Mapping[str, str] | None = None, timeout: float = 100) -> Ran:
    """The same in a process of its own, with pipes of its own."""
    line, environment = [*map(str, words)], {**os.environ, **(env or {})}
    if _needs_an_interpreter(env) or not _busy.acquire(blocking=False):
        return fresh_hourscope(*line, env=env, timeout=timeout)
    try:
        command = _server().start(line, environment)
        code = command.wait(timeout)
    finally:
        _busy.release()
    return Ran(code, bytes(command.out), command.err.decode())


@contextmanager
def running_hourscope(*words: object, env: Mapping[str, str] | None = None) -> Iterator[Command]:
    """The same while it runs; leaving before its end kills it."""
    with _busy:
        command = _server().start([*map(str, words)], {**os.environ, **(env or {})})
        try:
            yield command
        finally:
            command.wait(0)


def fresh_hourscope(*words: object, env: Mapping[str, str] | None = None, timeout: float = 100) -> Ran:
    """The same in a new Python process, as a user runs it."""
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
    """Return the output of a bash script, the reference for the old tools."""
    done = subprocess.run(["bash", "-c", script], stdin=subprocess.DEVNULL, capture_output=True, cwd=cwd, check=False)
    return done.stdout
