"""Facts as lines of text."""

from __future__ import annotations

from collections.abc import Iterable

from tui.facts import Fact

_LABEL_WIDTH = 11


def fact_lines(facts: Iterable[Fact]) -> list[str]:
    """Return one line per fact with its label, text and note, not escaped."""
    return [_line(fact) for fact in facts]


def _line(fact: Fact) -> str:
    label = "" if fact.tone == "headline" else f"{fact.label:<{_LABEL_WIDTH}}"
    return f"{label}{fact.text}{', ' if fact.note else ''}{fact.note}"
