"""A process that scans chunks for its parent: tasks come in on stdin, events go out on stdout, pickled.

Not multiprocessing: that imports the parent's main module again, so that a script without a guard would run twice; or
it forks, which is not safe beside threads. A child ends by itself when its parent is gone, however it went.
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
_END_SECONDS = 1.0  # seconds that a task has to end once nobody waits for it


class Child:
    """The parent's end of one process. Used by one thread at a time, but for `stop`.

    `turn` is what all children share, see turns.py.
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
            start_new_session=True,  # Ctrl-C is for the parent, which then says stop
        )
        self._stopped = threading.Event()
        self._to = cast(BinaryIO, self._process.stdin)
        self._from = cast(BinaryIO, self._process.stdout)

    def scan(self, task: ScanTask, emit: Callable[[ScanEvent], None]) -> None:
        """Run a task there; raises what it raised, ScanError if the process died."""
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
        """End the task that runs there, and any to come; from any thread. One that is stuck so long is killed."""
        if not self._stopped.is_set():
            self._stopped.set()
            patience = threading.Timer(seconds, self._process.kill)
            patience.daemon = True
            patience.start()
        with suppress(BrokenPipeError):  # gone already
            self._send(None)

    def close(self) -> None:
        """Wait for the end of what runs, and of the process."""
        with suppress(BrokenPipeError):
            self._to.close()
        self._from.close()
        self._process.wait()

    def _send(self, message: ScanTask | None) -> None:
        self._to.write(pickle.dumps(message))
        self._to.flush()


class _Done:
    """Follows a task's last event."""

    def __init__(self, error: HourscopeError | None) -> None:
        self.error = error


def main() -> None:
    """The child: until stdin ends."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    report_waits(lambda line: print(f"hourscope: {line}", file=sys.stderr, flush=True))
    out = sys.stdout.buffer
    sys.stdout = sys.stderr  # whatever prints must not print between events
    gc.freeze()  # what was imported stays: no collection has to look at it
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
        except Exception as error:  # noqa: BLE001  (the process's outermost handler: the parent reports it, with --debug all of it)
            failure = ScanError(
                f"internal error: {type(error).__name__}: {error}; run it again with --debug and report it"
            )
            failure.add_note(traceback.format_exc())
            emit(_Done(failure))
        else:
            emit(_Done(None))


class _Tasks:
    """What comes in on stdin, read beside the work so that a stop is seen at once."""

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
        except (EOFError, pickle.UnpicklingError):  # the parent has finished, or is gone, maybe in mid-write
            self._stopped.set()
        self._queue.put(None)
        time.sleep(_END_SECONDS)
        os._exit(1)  # the main thread is stuck, and nobody waits for it
