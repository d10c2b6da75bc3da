"""Filters by name, in [filters] of the config file: a JMESPath, or words of the command line (`-g foo -m bar`)."""

from __future__ import annotations

from tui.app.command import read_filter
from tui.filter import Filter


def read_saved(words: str) -> Filter:
    """The filter that a name stands for. FilterError if it is malformed."""
    return read_filter(words)


def saved_words(wanted: Filter) -> str:
    """As `read_saved` reads it; what is switched off is left out."""
    active = wanted.active
    if len(active) == 1 and active[0].kind == "match" and not wanted.invert:
        return active[0].text
    return wanted.describe()
