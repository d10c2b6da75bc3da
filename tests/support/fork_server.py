"""Runs command lines without waiting for Python's start: one process has everything imported and forks for each.

A command has a process, pipes, an environment and an end of its own, as if it had been started from a shell; only
Python's options and the variables that it reads at its start are those of the server.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

_REQUEST_BYTES = 1 << 20


class Command:
    """A command that runs. `out` and `err` are what it has written so far."""

    def __init__(self, pid: int, channel: socket.socket, out: int, err: int) -> None:
        self.pid = pid
        self.out, self.err = bytearray(), bytearray()
        self._channel = channel
        self._code: int | None = None
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
        if self._code is None:
            killer = threading.Timer(timeout, self._kill)
            killer.start()
            self._code = _number(self._channel)
            killer.cancel()
            for reader in self._readers:
                reader.join(timeout)
        return self._code

    def _kill(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)


class ForkServer:
    """The server, for one command at a time. It ends with this process."""

    def __init__(self) -> None:
        self._channel, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )

    def start(self, words: Sequence[str], env: Mapping[str, str]) -> Command:
        """Start `hourscope WORDS`. It has to be waited for before the next one."""
        (out, their_out), (err, their_err) = os.pipe(), os.pipe()
        request = json.dumps({"words": words, "env": dict(env), "folder": str(Path.cwd())}).encode() + b"\n"
        sent = socket.send_fds(self._channel, [request], [their_out, their_err])
        self._channel.sendall(request[sent:])
        os.close(their_out)
        os.close(their_err)
        return Command(_number(self._channel), self._channel, out, err)


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


def _serve(channel: socket.socket) -> None:
    """Fork for every request; returns in the child, which is then the command, or at the end of the requests."""
    while True:
        data, descriptors, _, _ = socket.recv_fds(channel, _REQUEST_BYTES, 2)
        if not data:
            sys.exit()
        while not data.endswith(b"\n"):
            data += channel.recv(_REQUEST_BYTES)
        pid = os.fork()
        if not pid:
            channel.close()
            _become(json.loads(data), descriptors)
            return
        for descriptor in descriptors:
            os.close(descriptor)
        channel.sendall(b"%d\n" % pid)
        _, status = os.waitpid(pid, 0)
        channel.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))


def _become(request: dict[str, Any], descriptors: Sequence[int]) -> None:
    for number, descriptor in enumerate(descriptors, 1):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.setsid()
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["folder"])
    sys.argv = ["hourscope", *request["words"]]
    tempfile.tempdir = None  # TMPDIR may be another one


def _preload() -> None:
    """What the commands import when they are called for."""
    from importlib import import_module

    import boto3

    from tests.support.boto import share_loader
    from tui.cli.group import COMMANDS, Commands

    for command in COMMANDS:
        Commands().get_command(None, command)  # type: ignore[arg-type]
    for name in ("tui.archive.s3", "tui.send.nsq"):
        import_module(name)
    share_loader()
    boto3.session.Session().client("s3", region_name="us-east-1")


def _run() -> None:
    """Run the command and end as Python does, but without freeing its memory, which takes longer than most commands."""
    from tui.cli import main

    try:
        main()
    except SystemExit as end:
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        sys.stdout.flush()
        os._exit(int(end.code or 0))


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _preload()
    gc.freeze()
    _serve(socket.socket(fileno=int(sys.argv[1])))
    _run()
