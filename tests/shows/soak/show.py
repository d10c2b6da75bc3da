"""The inputs and results of a show."""

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
    """A requirement and its measurement, as shown on the page."""

    what: str
    measured: str
    needed: str
    held: bool


@dataclass(frozen=True)
class Table:
    """Figures without a requirement. The first column is text, the others numbers, or text without `numbers`."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: bool = True


@dataclass(frozen=True)
class Result:
    """The result of a show. `how` describes what was done; `remark` is an optional note."""

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
    """The environment of a show: NSQ's programs and an empty folder, which is deleted afterwards."""

    programs: NsqPrograms
    folder: Path
    began: float = field(default_factory=time.monotonic)

    def nsqd(self, options: Mapping[str, Option] | None = None, name: str = "nsqd") -> Nsqd:
        """Return an nsqd that is not started yet; its HTTP port follows its TCP port, as in nsqd's defaults."""
        made = Nsqd(self.programs.nsqd, self.folder / name, options)
        (made.tcp_port,) = free_ports(1, 1)
        made.http_port = made.tcp_port + 1
        return made

    def say(self, what: str) -> None:
        """Print a progress line on stderr."""
        print(f"soak: {time.monotonic() - self.began:6.1f} s  {what}", file=sys.stderr)


Show = Callable[[Stage], Result]


def at_most(what: str, measured: float, most: float, unit: str = "") -> Check:
    return Check(what, _spell(measured) + unit, f"≤ {_spell(most)}{unit}", measured <= most)


def at_least(what: str, measured: float, least: float, unit: str = "") -> Check:
    return Check(what, _spell(measured) + unit, f"≥ {_spell(least)}{unit}", measured >= least)


def exactly(what: str, measured: int, needed: int) -> Check:
    return Check(what, f"{measured:,}", f"{needed:,}", measured == needed)


def _spell(number: float) -> str:
    """Format counts as integers, measurements with three digits."""
    return f"{number:,}" if isinstance(number, int) else f"{number:.3g}"
