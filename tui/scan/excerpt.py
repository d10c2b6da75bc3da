"""What a scan writes of each match."""

from __future__ import annotations

from dataclasses import dataclass

from tui.scan.measure import Measure


@dataclass(frozen=True, slots=True)
class Excerpt:
    """What is written of a match: the exact bytes, `before` and `after` lines around it, or (`fields`) a projection.

    `separated`: `--` between groups of lines that do not touch, as grep has it. `fingerprints`: no lines, but the
    16 bytes by which `verify` recognizes a record. `measure`: no lines either, but what it makes of them.
    """

    before: int = 0
    after: int = 0
    fields: str | None = None
    separated: bool = False
    fingerprints: bool = False
    measure: Measure | None = None

    def arguments(self) -> list[str]:
        """The words of the command line that ask for it."""
        words = [] if self.fields is None else ["--fields", self.fields]
        return words + [
            word for option, n in (("-B", self.before), ("-A", self.after)) if n for word in (option, str(n))
        ]
