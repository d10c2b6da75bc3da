"""`hourscope archive --index`: index each chunk after its upload, in another process at the lowest priority."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import IO, Self

from tui.archive.location import Location, command_words

_SINCE = ["--from", "-2d", "--to", "now"]  # also covers chunks that were uploaded late, after a failure
_QUIET = ["nice", "-n", "19"]  # next to a busy archiver it gets less than 2 % of a core
_END_SECONDS = 2.0


class IndexBuilder:
    """Runs one `hourscope index` at a time and passes its messages to `report`. Leaving the `with` block ends it.

    The index is a cache: a failed build is not a failure of the archiver, and the next upload starts another.
    """

    def __init__(self, location: Location, report: Callable[[str], None]) -> None:
        words = command_words("index", location)[1:]
        self._command = [*_QUIET, sys.executable, "-m", "tui", *words, *_SINCE, "--jobs", "1"]
        self._report = report
        self._seen = 0
        self._build: subprocess.Popen[bytes] | None = None
        self._output: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed at the end

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def end(self) -> None:
        """End a running build; the next upload starts another."""
        if self._build is not None and self._build.poll() is None:
            self._build.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._build.wait(_END_SECONDS)
            self._build.kill()
            self._build.wait()
        self._output.close()

    def look(self, uploaded: int) -> None:
        """Start a build if none is running and the number of `uploaded` files has grown."""
        if self._build is not None:
            if self._build.poll() is None:
                return
            self._report_end(self._build.returncode)
            self._build = None
        if uploaded == self._seen:
            return
        try:
            self._output.seek(0)
            self._output.truncate()
            self._build = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._output,
                start_new_session=True,  # ctrl-c goes to the archiver, which ends the build
            )
        except OSError as error:
            self._report(f"the index cannot be built: {error.strerror}")
        self._seen = uploaded

    def _report_end(self, code: int) -> None:
        self._output.seek(0)
        for line in self._output.read(1 << 16).decode("utf-8", "replace").splitlines():
            self._report(f"index: {line.removeprefix('hourscope: ')}")
        if code < 0:
            self._report(f"index: ended by signal {-code}; the next upload builds it")
