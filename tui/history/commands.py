"""Command lines as they are kept: their words, and the folder that relative paths in them are of."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from tui.shell import shell_join, shell_word


def working_folder() -> str:
    """The current folder; empty if it is gone."""
    try:
        return str(Path.cwd())
    except OSError:
        return ""


def runnable(words: Sequence[str], folder: str) -> str:
    """The command line; where it names files relative to `folder`, which is not the current one, with a `cd` before."""
    line = shell_join(words)
    if folder and folder != working_folder() and any(_is_relative(word, folder) for word in words[2:]):
        return f"cd {shell_word(folder)} && {line}"
    return line


def _is_relative(word: str, folder: str) -> bool:
    return bool(word) and not word.startswith(("-", "/", "~")) and "://" not in word and _exists(folder, word)


def _exists(folder: str, word: str) -> bool:
    try:
        return os.path.lexists(Path(folder, word))
    except (OSError, ValueError):
        return False
