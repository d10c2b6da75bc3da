"""A child process that scans chunks: pickled tasks come in on stdin, pickled events go out on stdout.

This is not multiprocessing, which imports the parent's main module again, so that a script without a guard would run
twice, or forks, which is not safe with threads. A child exits by itself when its parent is gone for any reason.
"""

from __future__ import annotations

import gc
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, cast

import tui
from tui.archive.waits import report_waits
from tui.errors import HourscopeError, ScanError
from tui.scan.events import ChunkDone, Counts, ScanEvent
from tui.scan.task import ScanTask, keep_freed_memory, scan_chunk
from tui.scan.turns import PipeTurn

MAIN = "import gc; gc.disable(); from tui.scan.child import main; main()"
_END_SECONDS = 1.0  # seconds that a task has to end when the parent is gone


class Child:
    """The parent's handle of one child process. Used by one thread at a time, except `stop`.

    `turn` is a lock that all children share, see turns.py.
    """

    def __init__(self, turn: PipeTurn) -> None:
        home = str(Path(tui.__file__).parent.parent)
        path = os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH"))))
        self._process = subprocess.Popen(
            [sys.executable, "-c", MAIN, *map(str, turn.ends)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
            pass_fds=turn.ends,
            start_new_session=True,  # Ctrl-C goes only to the parent, which then sends a stop
        )
        self._stopped = threading.Event()
        self._to = cast(BinaryIO, self._process.stdin)
        self._from = cast(BinaryIO, self._process.stdout)

    def scan(self, task: ScanTask, emit: Callable[[ScanEvent], None]) -> None:
        """Run a task in the child. Raises the task's error, or ScanError if the process died."""
        try:
            self._send(task)
            while not isinstance(message := pickle.load(self._from), _Done):
                emit(message)
        except (EOFError, pickle.UnpicklingError, BrokenPipeError) as error:
            if self._stopped.is_set():
                emit(ChunkDone(task.chunk, Counts(), partial=True))
                return
            raise ScanError(
                "a scanning process was killed, possibly for lack of memory; use --resume and fewer --jobs"
            ) from error
        if message.error is not None:
            raise message.error

    def stop(self, seconds: float) -> None:
        """Stop the current task and all later ones. If it does not end in time, kill the process. Thread-safe."""
        if not self._stopped.is_set():
            self._stopped.set()
            patience = threading.Timer(seconds, self._process.kill)
            patience.daemon = True
            patience.start()
        with suppress(BrokenPipeError):  # the process has ended
            self._send(None)

    def close(self) -> None:
        """Wait for the current task and the process to end."""
        with suppress(BrokenPipeError):
            self._to.close()
        self._from.close()
        self._process.wait()

    def _send(self, message: ScanTask | None) -> None:
        self._to.write(pickle.dumps(message))
        self._to.flush()


class _Done:
    """Sent after a task's last event."""

    def __init__(self, error: HourscopeError | None) -> None:
        self.error = error


def main() -> None:
    """Run the child process until stdin ends."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    report_waits(lambda line: print(f"hourscope: {line}", file=sys.stderr, flush=True))
    out = sys.stdout.buffer
    sys.stdout = sys.stderr  # a stray print must not get between events
    gc.freeze()  # imported modules stay, so garbage collections need not examine them
    gc.enable()
    keep_freed_memory()
    stopped = threading.Event()
    tasks, turn = _Tasks(stopped), PipeTurn((int(sys.argv[1]), int(sys.argv[2])))

    def emit(message: ScanEvent | _Done) -> None:
        pickle.dump(message, out)
        out.flush()

    while (task := tasks.next()) is not None:
        try:
            scan_chunk(task, emit, stopped.is_set, turn)
        except HourscopeError as error:
            emit(_Done(error))
        except Exception as error:  # noqa: BLE001  (the process's outermost handler: the parent reports it, in full with --debug)
            failure = ScanError(
                f"internal error: {type(error).__name__}: {error}; run it again with --debug and report it"
            )
            failure.add_note(traceback.format_exc())
            emit(_Done(failure))
        else:
            emit(_Done(None))


class _Tasks:
    """Reads tasks from stdin in a thread, so that a stop is seen at once."""

    def __init__(self, stopped: threading.Event) -> None:
        self._stopped = stopped
        self._queue: queue.SimpleQueue[ScanTask | None] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def next(self) -> ScanTask | None:
        return self._queue.get()

    def _read(self) -> None:
        try:
            while (message := pickle.load(sys.stdin.buffer)) is not None:
                self._queue.put(message)
            self._stopped.set()
            sys.stdin.buffer.read()
        except (EOFError, pickle.UnpicklingError):  # the parent has finished, or died, possibly during a write
            self._stopped.set()
        self._queue.put(None)
        time.sleep(_END_SECONDS)
        os._exit(1)  # the main thread is stuck
