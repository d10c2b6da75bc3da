"""The part of each match that a scan writes."""

from __future__ import annotations

from dataclasses import dataclass

from tui.scan.measure import Measure


@dataclass(frozen=True, slots=True)
class Excerpt:
    """What is written of a match: its exact bytes, with `before` and `after` lines around it, or some `fields`.

    `separated`: write `--` between groups of lines that are not adjacent, as grep does. `fingerprints`: instead of
    lines, the 16-byte hash by which `verify` recognizes a record. `measure`: instead of lines, a measurement of them.
    """

    before: int = 0
    after: int = 0
    fields: str | None = None
    separated: bool = False
    fingerprints: bool = False
    measure: Measure | None = None

    def arguments(self) -> list[str]:
        """Return the command-line arguments for it."""
        words = [] if self.fields is None else ["--fields", self.fields]
        return words + [
            word for option, n in (("-B", self.before), ("-A", self.after)) if n for word in (option, str(n))
        ]
