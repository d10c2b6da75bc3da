"""Checks of what a command needs, as `doctor` and `archive --check` run and print them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

CheckState = Literal["ok", "warning", "failed"]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was checked, and one sentence about it; if it is not ok, the sentence says what to do."""

    name: str
    state: CheckState
    says: str
