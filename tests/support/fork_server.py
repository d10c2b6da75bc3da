"""Runs Python without waiting for its start: one process has everything imported and forks for each script.

A script has a process, pipes or a terminal, an environment and an end of its own, as if it had been started from a
shell; only Python's options and the variables that it reads at its start are those of the server.
"""

from __future__ import annotations

import atexit
import fcntl
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

_REQUEST_BYTES = 1 << 20
_COMMAND = "from tui.cli import main; main()"


class Forked:
    """A process of the server's."""

    def __init__(self, channel: socket.socket) -> None:
        self.pid = _number(channel)
        self._channel = channel
        self._code: int | None = None

    def poll(self, timeout: float = 0.0) -> int | None:
        """Its exit code, negative for a signal, once it has ended; None if it has not within `timeout` seconds."""
        if self._code is None and select.select([self._channel], [], [], timeout)[0]:
            self._code = _number(self._channel)
        return self._code

    def kill(self) -> int:
        """End it, if it has not ended."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
        while (code := self.poll(1.0)) is None:
            pass
        return code


class Command(Forked):
    """A command that runs. `out` and `err` are what it has written so far."""

    def __init__(self, channel: socket.socket, out: int, err: int) -> None:
        super().__init__(channel)
        self.out, self.err = bytearray(), bytearray()
        pairs = ((out, self.out), (err, self.err))
        self._readers = [threading.Thread(target=_read_into, args=pair, daemon=True) for pair in pairs]
        for reader in self._readers:
            reader.start()

    @property
    def alive(self) -> bool:
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def wait(self, timeout: float) -> int:
        """Its exit code, negative for a signal. After `timeout` seconds it is killed."""
        self.poll(timeout)
        code = self.kill()
        for reader in self._readers:
            reader.join(max(timeout, 1.0))
        return code


class ForkServer:
    """The server, for one process at a time; it ends with this process. `explorer`: preload its imports also."""

    def __init__(self, *, explorer: bool = False) -> None:
        self._channel, theirs = socket.socketpair()
        self._newest: Forked | None = None
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(theirs.fileno()), *["explorer"] * explorer],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )

    def start(self, words: Sequence[str], env: Mapping[str, str]) -> Command:
        """Start `hourscope WORDS`. It has to be waited for before the next one."""
        (out, their_out), (err, their_err) = os.pipe(), os.pipe()
        nothing = os.open(os.devnull, os.O_RDONLY)
        self._ask(_COMMAND, ["hourscope", *words], env, nothing, their_out, their_err)
        self._newest = command = Command(self._channel, out, err)
        return command

    def start_on(self, terminal: int, script: str, words: Sequence[str], env: Mapping[str, str]) -> Forked:
        """Start a script on a terminal, whose descriptor is closed here."""
        self._ask(script, ["-c", *words], env, terminal, os.dup(terminal), os.dup(terminal))
        self._newest = Forked(self._channel)
        return self._newest

    def _ask(self, script: str, argv: list[str], env: Mapping[str, str], *descriptors: int) -> None:
        """With these as its stdin, stdout and stderr, which are closed here."""
        assert self._newest is None or self._newest.poll() is not None, "another one still runs"
        request = {"script": script, "argv": argv, "env": dict(env), "folder": str(Path.cwd())}
        data = json.dumps(request).encode() + b"\n"
        sent = socket.send_fds(self._channel, [data], descriptors)
        self._channel.sendall(data[sent:])
        for descriptor in descriptors:
            os.close(descriptor)


def _number(channel: socket.socket) -> int:
    """The next line from the server."""
    answer = bytearray()
    while not answer.endswith(b"\n"):
        if not (byte := channel.recv(1)):
            raise ChildProcessError("the fork server has ended")
        answer += byte
    return int(answer)


def _read_into(descriptor: int, data: bytearray) -> None:
    with os.fdopen(descriptor, "rb", buffering=0) as stream:
        while piece := stream.read(1 << 16):
            data += piece


def _serve(channel: socket.socket) -> str:
    """Fork for every request; returns in the child, with what it has to run."""
    while True:
        data, descriptors, _, _ = socket.recv_fds(channel, _REQUEST_BYTES, 3)
        if not data:
            sys.exit()
        while not data.endswith(b"\n"):
            data += channel.recv(_REQUEST_BYTES)
        pid = os.fork()
        if not pid:
            channel.close()
            return _become(json.loads(data), descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        channel.sendall(b"%d\n" % pid)
        _, status = os.waitpid(pid, 0)
        channel.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))


def _become(request: dict[str, Any], descriptors: Sequence[int]) -> str:
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.setsid()
    if os.isatty(0):
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["folder"])
    sys.argv = request["argv"]
    tempfile.tempdir = None  # TMPDIR may be another one
    return str(request["script"])


def _preload(*, explorer: bool) -> None:
    """What the commands import when they are called for."""
    from importlib import import_module

    import boto3

    from tests.support.boto import share_loader
    from tui.cli.group import COMMANDS, Commands

    for command in COMMANDS:
        Commands().get_command(None, command)  # type: ignore[arg-type]
    for name in ("tui.archive.s3", "tui.send.nsq", *["tui.app.app"] * explorer):
        import_module(name)
    share_loader()
    boto3.session.Session().client("s3", region_name="us-east-1")


def _run(script: str) -> None:
    """Run it and end as Python does, but without freeing its memory, which takes longer than most commands."""
    try:
        exec(script, {"__name__": "__main__"})
    except SystemExit as end:
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        sys.stdout.flush()
        os._exit(int(end.code or 0))


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _preload(explorer="explorer" in sys.argv)
    gc.freeze()
    _run(_serve(socket.socket(fileno=int(sys.argv[1]))))
