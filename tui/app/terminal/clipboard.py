"""The terminal's clipboard, set by OSC 52, also through tmux and screen, and its size limit."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable, Mapping

from textual.app import App

from tui.printable import spelled

LARGEST_BYTES = 74_000  # xterm, and tmux before 3.4, drop a sequence of more than 100,000 characters
_SCREEN_CHARACTERS = 512  # of a sequence that screen passes on (768 at most)
_ESC = "\x1b"


def osc52(text: str) -> str:
    """Return the sequence that sets a terminal's clipboard."""
    data = base64.b64encode(spelled(text).encode()).decode()
    return f"{_ESC}]52;c;{data}\a"


def passed_on(text: str, environment: Mapping[str, str]) -> str:
    """Return the sequence wrapped for tmux or screen, which pass it to the outer terminal; empty outside of them.

    tmux does so if `allow-passthrough` is on; with `set-clipboard`, it handles the bare sequence itself. Setting the
    clipboard twice is harmless, so a terminal gets both.
    """
    plain = osc52(text)
    if "TMUX" in environment:
        return f"{_ESC}Ptmux;{plain.replace(_ESC, _ESC * 2)}{_ESC}\\"
    if "STY" in environment:
        pieces = (plain[at : at + _SCREEN_CHARACTERS] for at in range(0, len(plain), _SCREEN_CHARACTERS))
        return "".join(f"{_ESC}P{piece}{_ESC}\\" for piece in pieces)
    return ""


def copy_text(app: App[object], text: str) -> None:
    """Copy a text to the clipboard, if the terminal, and tmux or screen around the program, allow it."""
    app.copy_to_clipboard(text)
    if app._driver is not None and (sequence := passed_on(text, os.environ)):
        app._driver.write(sequence)


def gathered(records: Iterable[bytes]) -> str | None:
    """Return records as lines of text; None if they exceed the clipboard's limit."""
    lines, size = [], 0
    for record in records:
        size += len(record) + 1
        if size > LARGEST_BYTES:
            return None
        lines.append(record + b"\n")
    return b"".join(lines).decode("utf-8", "replace")
