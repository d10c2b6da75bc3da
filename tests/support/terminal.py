"""A program in a terminal of its own, without a fork of the process that runs the tests.

pty.fork() copies a process that may have threads; a lock that one of them holds then stays held in the child.
"""

import os
import pty
import subprocess
import sys
from collections.abc import Mapping, Sequence

_CONTROLLING = """import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execvp(sys.argv[1], sys.argv[1:])
"""


def start_in_terminal(
    words: Sequence[object], env: Mapping[str, str] | None = None
) -> tuple[subprocess.Popen[bytes], int]:
    """Start a program; return its process, and the descriptor of the terminal's other side."""
    terminal, end = pty.openpty()
    command = [sys.executable, "-ISc", _CONTROLLING, *map(str, words)]
    process = subprocess.Popen(command, stdin=end, stdout=end, stderr=end, env=env, start_new_session=True)
    os.close(end)
    return process, terminal
