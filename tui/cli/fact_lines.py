"""Facts as lines of text."""

from __future__ import annotations

from collections.abc import Iterable

from tui.facts import Fact

_LABEL_WIDTH = 11


def fact_lines(facts: Iterable[Fact]) -> list[str]:
    """A line for each fact: its label, its text and its note; to be escaped when printed."""
    return [f"{fact.label:<{_LABEL_WIDTH}}{fact.text}{', ' if fact.note else ''}{fact.note}" for fact in facts]
