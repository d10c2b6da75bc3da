"""Facts: the labeled rows of a plan, a state or a receipt, printed by the command line and drawn by the explorer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

Tone = Literal["text", "strong", "dim", "trouble", "good", "you", "command", "headline"]
_LABEL_WIDTH = 11


@dataclass(frozen=True, slots=True)
class Fact:
    """`note` follows the text, less prominent. An empty label continues the fact before.

    A fact without label and text is an empty line. `tone`: "you" asks for the reader's attention, "command" can be
    copied, "headline" is the answer, a sentence without a label. The texts are untrusted: escape them
    (tui.printable) for display.
    """

    label: str = ""
    text: str = ""
    tone: Tone = "text"
    note: str = ""

    @property
    def line(self) -> str:
        """Its label, text and note as a line of plain text, not escaped."""
        label = "" if self.tone == "headline" else f"{self.label:<{_LABEL_WIDTH}}"
        return f"{label}{self.text}{', ' if self.note else ''}{self.note}"


def signed(facts: Iterable[Fact]) -> list[Fact]:
    """Return the facts with a sign before the label of each problem, because not everyone can see its color."""
    return [
        replace(fact, label=f"! {fact.label}")
        if fact.tone == "trouble" and fact.label and not fact.label.startswith("!")
        else fact
        for fact in facts
    ]
