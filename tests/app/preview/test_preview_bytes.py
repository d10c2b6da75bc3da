"""The preview in a real terminal: what keys send over the wire, and what reaches its clipboard."""

from __future__ import annotations

import base64
from pathlib import Path

from tests.app.emulator import Terminal

_TREE, _LIST, _PAGE = 3_000, 600, 9_000  # bytes at 120×40
_DOWN, _PAGE_DOWN = "j", "\x1b[6~"


def opened(terminal: Terminal) -> None:
    terminal.wait_for("small to large")
    terminal.press("\r")
    terminal.wait_for("previewed")
    terminal.read()


def test_a_key_in_the_preview_sends_little(sample: Path) -> None:
    with Terminal(str(sample), 120, 40) as terminal:
        opened(terminal)
        assert max(terminal.press(_DOWN) for _ in range(3)) <= _TREE
        assert terminal.press(_PAGE_DOWN) <= _PAGE
        terminal.press("g")
        terminal.press("t")  # the list alone
        assert max(terminal.press(_DOWN) for _ in range(2)) <= _LIST
        terminal.press(_DOWN * 30, 0.6)
        assert max(terminal.press(_DOWN) for _ in range(4)) <= _LIST  # over the window's edge too
        terminal.press("k" * 33, 0.6)
        assert max(terminal.press("k") for _ in range(3)) <= _LIST
        before = terminal.text
        terminal.press("\x0c")
        assert terminal.text == before
        assert terminal.press(_PAGE_DOWN) <= _PAGE
        assert max(terminal.press(key) for key in "  ") <= 2 * _LIST  # marks, and one down
        terminal.press("gt")
        for key in ("W", "W", "r", "m", "y", "\x1b"):
            assert terminal.press(key) <= _PAGE
        terminal.read(1.0)  # what a machine with other work sends late
        assert terminal.read(2.0, 2.0) == 0
        assert terminal.finish("\x11") == 0


def test_a_copy_goes_through_tmux(sample: Path) -> None:
    with Terminal(str(sample), 80, 24, {"TMUX": "/tmp/tmux-0/default,1,0"}) as terminal:
        opened(terminal)
        terminal.press("y")
        assert "y record" in terminal.text
        terminal.press("y")
        plain = bytes(terminal.raw).partition(b"\x1b]52;c;")[2].partition(b"\a")[0]
        assert base64.b64decode(plain).startswith(b'{"event":')
        assert b"\x1bPtmux;\x1b\x1b]52;c;" + plain + b"\a\x1b\\" in terminal.raw
        assert "copied record" in terminal.text and "w writes to a file" in terminal.text
        assert terminal.finish("\x11") == 0


def test_a_copied_filter_goes_through_tmux(sample: Path) -> None:
    with Terminal(str(sample), 100, 24, {"TMUX": "/tmp/tmux-0/default,1,0"}) as terminal:
        opened(terminal)
        terminal.press("/event == 'error'\r", 0.5)
        terminal.press("T")
        terminal.press("y")
        terminal.wait_for("copied the filter as JMESPath")
        data = base64.b64encode(b"event == 'error'")
        assert b"\x1bPtmux;\x1b\x1b]52;c;" + data + b"\a\x1b\\" in terminal.raw
        assert terminal.finish("\x11") == 0
