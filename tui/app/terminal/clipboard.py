"""The terminal's clipboard, by OSC 52: the sequence that reaches it through tmux and screen, and how much it takes."""

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
    """The sequence that sets a terminal's clipboard."""
    data = base64.b64encode(spelled(text).encode()).decode()
    return f"{_ESC}]52;c;{data}\a"


def passed_on(text: str, environment: Mapping[str, str]) -> str:
    """The same, wrapped for tmux or screen if this is in one, which hand it to the terminal around them; else nothing.

    tmux does so where `allow-passthrough` is on; where `set-clipboard` is, it takes the bare sequence itself. Setting
    the clipboard twice does no harm, so a terminal gets both.
    """
    plain = osc52(text)
    if "TMUX" in environment:
        return f"{_ESC}Ptmux;{plain.replace(_ESC, _ESC * 2)}{_ESC}\\"
    if "STY" in environment:
        pieces = (plain[at : at + _SCREEN_CHARACTERS] for at in range(0, len(plain), _SCREEN_CHARACTERS))
        return "".join(f"{_ESC}P{piece}{_ESC}\\" for piece in pieces)
    return ""


def copy_text(app: App[object], text: str) -> None:
    """Put a text into the clipboard, as far as the terminal and what is around it let us."""
    app.copy_to_clipboard(text)
    if app._driver is not None and (sequence := passed_on(text, os.environ)):
        app._driver.write(sequence)


def gathered(records: Iterable[bytes]) -> str | None:
    """Records as lines of text; None as soon as they are more than a clipboard takes."""
    lines, size = [], 0
    for record in records:
        size += len(record) + 1
        if size > LARGEST_BYTES:
            return None
        lines.append(record + b"\n")
    return b"".join(lines).decode("utf-8", "replace")
