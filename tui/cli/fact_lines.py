"""Facts as lines of text."""

from __future__ import annotations

from collections.abc import Iterable

from tui.facts import Fact

_LABEL_WIDTH = 11


def fact_lines(facts: Iterable[Fact]) -> list[str]:
    """One line per fact: label, text and note, not yet escaped."""
    return [f"{fact.label:<{_LABEL_WIDTH}}{fact.text}{', ' if fact.note else ''}{fact.note}" for fact in facts]
