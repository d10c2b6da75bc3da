"""A fact: one labelled row of a screen that plans, runs and reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Tone = Literal["text", "strong", "dim", "trouble", "good", "you", "command"]


@dataclass(frozen=True, slots=True)
class Fact:
    """`note` is said behind the text, more quietly. A fact without label and text is an empty line."""

    label: str = ""
    text: str = ""
    tone: Tone = "text"
    note: str = ""
