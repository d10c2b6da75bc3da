"""One consuming process of an archiver: a thread of this process, or a child connected by a pipe.

A child shares the spool's lock with its parent, so that no other archiver starts while it still writes. It ignores
signals and stops at the end of the pipe, so it outlives the parent only for its shutdown. It reports its counters after
each sync, before it acknowledges the messages (FIN), so its death loses no count.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol, cast

import tui
from tui.archiver.counters import Counters
from tui.archiver.defects import show_traceback, spelled
from tui.archiver.options import ArchiverOptions
from tui.archiver.threads import in_thread
from tui.errors import HourscopeError

_MAIN = "from tui.archiver.part import main; main()"
_REPORT_SECONDS = 0.25  # between two reports of a child


@dataclass(frozen=True, slots=True)
class _Failure:
    """A sentence about the error that ended a child."""

    text: str


class Part(Protocol):
    """The archiver's view of a consuming process. `counters` may be slightly old."""

    number: int
    counters: Counters

    @property
    def alive(self) -> bool:
        """Whether it is running."""

    def stop(self) -> None:
        """Start an orderly end."""

    def join(self, timeout: float) -> None:
        """Wait for the end, at most `timeout` seconds.

        HourscopeError for a failure that a new process may not have; TimeoutError if it does not end and cannot be
        killed; any other exception is unexpected.
        """


def consume(
    options: ArchiverOptions,
    number: int,
    counters: Counters,
    stopped: Callable[[], bool],
    report: Callable[[str], None],
    counted: Callable[[], None] = lambda: None,
) -> None:
    """Take messages until `stopped`."""
    from tui.archiver.intake import Intake  # imports pynsq and tornado, which a parent process does not need

    async def run() -> None:
        intake = Intake(options, part=number, counters=counters, stopped=stopped, report=report, counted=counted)
        await intake.run()

    asyncio.run(run())


class ThreadPart:
    """The only consumer of an archiver, in a thread of its process."""

    def __init__(self, options: ArchiverOptions, number: int, report: Callable[[str], None]) -> None:
        self.number, self.counters = number, Counters()
        self._stop = threading.Event()
        self._work = in_thread("consume", lambda: consume(options, number, self.counters, self._stop.is_set, report))

    @property
    def alive(self) -> bool:
        return not self._work.done()

    def stop(self) -> None:
        self._stop.set()

    def join(self, timeout: float) -> None:
        self._work.result(timeout)


class ChildPart:
    """One of several consumers, in its own process; `lock` is the descriptor that holds the spool's lock."""

    def __init__(self, options: ArchiverOptions, number: int, report: Callable[[str], None], lock: int) -> None:
        self.number, self.counters = number, Counters()
        home = str(Path(tui.__file__).parent.parent)
        path = os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH"))))
        self._process = subprocess.Popen(
            [sys.executable, "-c", _MAIN],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
            pass_fds=(lock,),
            start_new_session=True,  # ctrl-c goes to the parent, which then stops its children
        )
        self._to = cast(BinaryIO, self._process.stdin)
        self._report = report
        self._failure = ""
        with suppress(BrokenPipeError):  # already dead, which `alive` shows
            pickle.dump((options, number), self._to)
            self._to.flush()
        self._listener = threading.Thread(target=self._listen, name=f"part-{number}", daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        reports = cast(BinaryIO, self._process.stdout)
        with suppress(EOFError, pickle.UnpicklingError):  # it ended, or died during a report
            while True:
                report = pickle.load(reports)
                if isinstance(report, Counters):
                    self.counters = report
                elif isinstance(report, _Failure):
                    self._failure = report.text
                else:
                    self._report(str(report))

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> None:
        with suppress(BrokenPipeError):
            self._to.close()

    def join(self, timeout: float) -> None:
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:  # frozen; a kill loses nothing
            self._process.kill()
            self._process.wait()
        self._listener.join()
        if self._process.returncode:
            why = self._failure or _spelled_exit(self._process.returncode)
            raise HourscopeError(f"the consuming process {self.number} ended unexpectedly ({why})")


def _spelled_exit(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"


def main() -> None:
    """Run a child: it reads its options from stdin, whose end means stop, and reports to stdout."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    try:
        options, part = pickle.load(sys.stdin.buffer)
    except EOFError:  # the parent died first
        return
    counters, stop, lock = Counters(), threading.Event(), threading.Lock()

    def report(what: Counters | _Failure | str) -> None:
        with lock, suppress(BrokenPipeError):  # the parent is gone, which also ends stdin
            pickle.dump(what, sys.stdout.buffer)
            sys.stdout.buffer.flush()

    def obey() -> None:
        sys.stdin.buffer.read()
        stop.set()

    def report_counters() -> None:
        while not stop.wait(_REPORT_SECONDS):
            report(counters)

    for work in (obey, report_counters):
        threading.Thread(target=work, daemon=True).start()
    code = 0
    try:
        consume(options, part, counters, stop.is_set, report, lambda: report(counters))
    except Exception as error:  # noqa: BLE001  (the parent reports it and starts another child)
        code = 1
        report(_Failure(spelled(error)))
        if options.debug:
            show_traceback(error)
    report(counters)
    os._exit(code)  # a thread still waits for stdin
