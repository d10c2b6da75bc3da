"""Starts, watches and surely stops a server's process."""

import atexit
import contextlib
import ctypes
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

HOST = "127.0.0.1"
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None
# The kernel's "parent died" signal means the *thread* that forked, so one thread, which lives as long as the
# interpreter, forks for all: a server started from a passing thread must outlive it.
_forker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="server-forker")
_running: set["ServerProcess"] = set()


class ServerFailedError(Exception):
    """A server did not start or not answer; the message ends with the tail of its log."""


class ServerProcess:
    """One process, in a session of its own, writing to a log file. It never outlives this interpreter."""

    def __init__(self, command: Sequence[str | Path], log: Path, env: Mapping[str, str] | None = None) -> None:
        self.command = [str(part) for part in command]
        self.log = log
        with log.open("ab") as output:
            self._popen = _forker.submit(
                subprocess.Popen,
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=None if env is None else dict(env),
                start_new_session=True,  # a Ctrl-C in the terminal is for the tests, which then stop their servers
                preexec_fn=_die_with_parent,
            ).result()
        _running.add(self)

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def alive(self) -> bool:
        return self._popen.poll() is None

    def signal(self, number: signal.Signals) -> None:
        self._popen.send_signal(number)

    def suspend(self) -> None:
        """SIGSTOP, and until every thread has stopped: the kernel stops them one after the other."""
        self._popen.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self._popen.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def stop(self, grace: float = 10.0) -> None:
        """SIGTERM, and SIGKILL for one that has not gone after the grace period."""
        self._popen.terminate()
        self._popen.send_signal(signal.SIGCONT)  # a frozen process would never see the SIGTERM
        try:
            self._popen.wait(grace)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
        _running.discard(self)

    def kill(self) -> None:
        self._popen.kill()
        self._popen.wait()
        _running.discard(self)

    def wait_until(self, ready: Callable[[], bool], timeout: float = 30.0) -> None:
        """Polls `ready`, which may fail with an OSError while the server is not yet there."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if not self.alive:
                raise ServerFailedError(f"{self.command[0]} ended at its start:\n{self.log_tail()}")
            with contextlib.suppress(OSError):
                if ready():
                    return
            time.sleep(0.01)
        raise ServerFailedError(f"{self.command[0]} was not ready after {timeout:.0f} s:\n{self.log_tail()}")

    def log_tail(self) -> str:
        return self.log.read_text(errors="replace")[-2000:]


class Server:
    """One process that a `with` starts and stops, and that can come back in between."""

    _process: ServerProcess | None = None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.alive

    def start(self) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        """SIGTERM: nsqd writes what is in its memory to disk."""
        if self._process is not None:
            self._process.stop()

    def kill(self) -> None:
        """SIGKILL: what was only in memory is lost."""
        if self._process is not None:
            self._process.kill()

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:  # a test that is interrupted, too, leaves no server behind
            self.kill()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _die_with_parent() -> None:
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


@atexit.register
def _kill_the_rest() -> None:
    for process in tuple(_running):
        process.kill()


def free_ports(count: int, *offsets: int) -> list[int]:
    """Ports that nobody listens on, and whose neighbours at each offset are free too.

    They lie below the range that the kernel gives to outgoing connections, so a server finds its port free again when
    it is restarted.
    """
    ports: list[int] = []
    for port in random.SystemRandom().sample(range(10_001, 21_000), 2_000):
        if all(_is_free(port + offset) for offset in (0, *offsets)):
            ports.append(port)
        if len(ports) == count:
            return ports
    raise ServerFailedError(f"no {count} free ports between 10001 and 20999")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def quiet_environment(**extra: str) -> dict[str, str]:
    """This process's environment for a server: without its AWS settings, and with no proxy in between."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return kept | {"NO_PROXY": HOST, "no_proxy": HOST} | extra
