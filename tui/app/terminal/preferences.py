"""What the terminal's user wants of it: the mouse, dark or light colours. Environment first, then the config file."""

from __future__ import annotations

import os

from tui.config import ExplorerSpec

_LIGHT_GROUNDS = ("7", "15")  # white, in the numbers of COLORFGBG


def use_mouse(spec: ExplorerSpec) -> bool:
    """Take the mouse? Over SSH it stays the terminal's, so that text can be marked, unless a setting takes it."""
    if setting := os.environ.get("HOURSCOPE_MOUSE"):
        return setting == "1"
    return spec.mouse if spec.mouse is not None else "SSH_CONNECTION" not in os.environ


def use_dark_theme(spec: ExplorerSpec) -> bool:
    """HOURSCOPE_THEME, the config's theme, else what the terminal says of its ground (rxvt's COLORFGBG: `0;15`)."""
    theme = os.environ.get("HOURSCOPE_THEME") or spec.theme
    if theme in ("dark", "light"):
        return theme == "dark"
    return os.environ.get("COLORFGBG", "").rpartition(";")[2] not in _LIGHT_GROUNDS
