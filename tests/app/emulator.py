"""A real terminal for tests: the explorer in a pty, its bytes counted, its screen kept by pyte."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import termios
import time
from functools import cache
from types import TracebackType

import pyte

from tests.support.fork_server import ForkServer

_QUIET = 0.35  # seconds without a byte: the screen is done
_STEP = 0.02  # seconds between two looks at a slow line
_RUN = "from tui.cli import main; main()"
_server = cache(lambda: ForkServer(explorer=True))


class _Screen(pyte.Screen):
    """Answers what a program asks the terminal."""

    fd = -1

    def write_process_input(self, data: str) -> None:
        os.write(self.fd, data.encode())


class Terminal:
    """A process in a terminal; only one can run at a time.

    `press` sends keys and returns how many bytes came back; `text` is what a person sees.
    `answers`: as all terminals do, it answers what a program asks; without, it is one that does not.
    """

    def __init__(
        self,
        archive: str,
        columns: int,
        lines: int,
        environment: dict[str, str] | None = None,
        *,
        script: str = _RUN,
        answers: bool = True,
    ) -> None:
        self.screen = _Screen(columns, lines) if answers else pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        self.raw = bytearray()
        self._gone = False
        # GNU readline, once imported, sets LINES and COLUMNS behind Python's back, and pytest-xdist for its workers:
        # they would hold against what the terminal says.
        settings = {
            **{name: value for name, value in os.environ.items() if name not in ("LINES", "COLUMNS")},
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "LC_ALL": "C.UTF-8",
            **(environment or {}),
        }
        self.fd, inside = pty.openpty()
        self.screen.fd = self.fd
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self._process = _server().start_on(inside, script, [archive], settings)

    @property
    def pid(self) -> int:
        return self._process.pid

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self.hang_up()

    def read(self, quiet: float = _QUIET, most: float = 15.0) -> int:
        """Read until no byte came for `quiet` seconds; return their number."""
        count, end = 0, time.monotonic() + most
        while time.monotonic() < end and select.select([self.fd], [], [], quiet)[0]:
            try:
                data = os.read(self.fd, 1 << 16)
            except OSError:  # the other side is gone
                break
            if not data:
                break
            self._take(data)
            count += len(data)
        return count

    def _take(self, data: bytes) -> None:
        self.raw += data
        self._stream.feed(data.replace(b"\x1b[?2026h", b"").replace(b"\x1b[?2026l", b""))

    def hold(self, key: str, seconds: float, rate: int) -> int:
        """A key that is held down, 30 times a second, at the end of a line of so many bytes a second; how many bytes
        came after it was released."""
        begun = time.monotonic()
        pressed, after, quiet = 0, 0, begun
        while pressed < 30 * seconds or time.monotonic() - quiet < _QUIET:
            time.sleep(_STEP)
            if pressed < 30 * min(time.monotonic() - begun, seconds):
                os.write(self.fd, key.encode())
                pressed += 1
            if select.select([self.fd], [], [], 0)[0]:
                self._take(data := os.read(self.fd, int(rate * _STEP)))
                quiet = time.monotonic()
                after += len(data) * (pressed >= 30 * seconds)
        return after

    def hang_up(self) -> None:
        """Close the window, or cut the line."""
        if not self._gone:
            self._gone = True
            os.close(self.fd)

    def ended(self, most: float = 40.0, *, reading: bool = True) -> int:
        """Wait for the end; return the exit code, negative for a signal."""
        end = time.monotonic() + most
        while time.monotonic() < end:
            code = self._process.poll()
            if reading and not self._gone:
                self.read(0.05, 0.2)
            else:
                time.sleep(0.05)
            if code is not None:
                return code
        raise AssertionError(f"it did not end:\n{self.text}")

    def resize(self, columns: int, lines: int) -> None:
        """Resize the window; the screen is cleared, whatever a real terminal would keep."""
        self.screen.resize(lines, columns)
        self.screen.reset()
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def press(self, keys: str, quiet: float = _QUIET) -> int:
        os.write(self.fd, keys.encode())
        return self.read(quiet)

    def wait_for(self, words: str, most: float = 20.0) -> int:
        """Wait until `words` are on the screen; return the number of bytes received."""
        count, end = 0, time.monotonic() + most
        while words not in self.text:
            assert time.monotonic() < end, f"{words!r} did not come:\n{self.text}"
            count += self.read(0.05, 1.0)
        return count + self.read()

    def finish(self, keys: str, most: float = 10.0) -> int:
        """Send the keys that quit; return the exit code."""
        os.write(self.fd, keys.encode())
        self.read(0.5)
        return self.ended(most)

    @property
    def text(self) -> str:
        """Also in the middle of an update, when half of a wide character may be left and pyte's `display` fails."""
        cells = self.screen.buffer
        lines = (cells[y] for y in range(self.screen.lines))
        return "\n".join("".join(line[x].data for x in range(self.screen.columns)) for line in lines)
