"""What a show is given, and what it gives."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.build import NsqPrograms
from tests.support.nsqd import Nsqd, Option
from tests.support.process import free_ports


@dataclass(frozen=True)
class Check:
    """One thing that must hold, as the page tells it."""

    what: str
    measured: str
    needed: str
    held: bool


@dataclass(frozen=True)
class Table:
    """Figures without a verdict. The first column is words, the others numbers or, without `numbers`, words too."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: bool = True


@dataclass(frozen=True)
class Result:
    """How a show went. `how` tells a reader what was done; `remark` what else is to be known, at will."""

    title: str
    how: str
    checks: Sequence[Check]
    table: Table | None = None
    remark: str = ""

    @property
    def held(self) -> bool:
        return all(check.held for check in self.checks)


@dataclass
class Stage:
    """What a show works with: NSQ's programs and an empty folder of its own, which is deleted afterwards."""

    programs: NsqPrograms
    folder: Path
    began: float = field(default_factory=time.monotonic)

    def nsqd(self, options: Mapping[str, Option] | None = None, name: str = "nsqd") -> Nsqd:
        """An nsqd that is not started yet; its HTTP port is the one above its TCP port, as nsqd's defaults have it."""
        made = Nsqd(self.programs.nsqd, self.folder / name, options)
        (made.tcp_port,) = free_ports(1, 1)
        made.http_port = made.tcp_port + 1
        return made

    def say(self, what: str) -> None:
        """A line on stderr for whoever waits."""
        print(f"soak: {time.monotonic() - self.began:6.1f} s  {what}", file=sys.stderr)


Show = Callable[[Stage], Result]


def at_most(what: str, measured: float, most: float, unit: str = "") -> Check:
    return Check(what, _spell(measured) + unit, f"≤ {_spell(most)}{unit}", measured <= most)


def at_least(what: str, measured: float, least: float, unit: str = "") -> Check:
    return Check(what, _spell(measured) + unit, f"≥ {_spell(least)}{unit}", measured >= least)


def exactly(what: str, measured: int, needed: int) -> Check:
    return Check(what, f"{measured:,}", f"{needed:,}", measured == needed)


def _spell(number: float) -> str:
    """Counts whole, measures with three digits."""
    return f"{number:,}" if isinstance(number, int) else f"{number:.3g}"
