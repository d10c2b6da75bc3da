"""What a scan will read, where it goes, and what does the work."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property

from tui.app.model.cargo import default_out
from tui.app.model.command import scan_commands
from tui.app.model.hours import Selection, read_selection
from tui.app.model.session import Session
from tui.archive.location import command_words
from tui.errors import ConfigError, TimeError
from tui.filter import Filter
from tui.scan import ScanPlan


@dataclass(frozen=True, slots=True)
class Power:
    """What does the work: so many chunks at a time (None: as many as suit), here or on a Dask cluster."""

    jobs: int | None = None
    dask: str | None = None

    @classmethod
    def read(cls, words: str) -> Power:
        """`8`, `tcp://HOST:PORT`, both or nothing, in any order; ConfigError if it is something else."""
        jobs = dask = None
        for word in words.split():
            if word.isdecimal() and int(word) > 0:
                jobs = int(word)
            elif re.fullmatch(r"(\w+://)?[^\s/]+:\d+", word):
                dask = word
            else:
                raise ConfigError(f"'{word}' is neither a number of jobs nor a scheduler such as tcp://HOST:8786")
        return cls(jobs, dask)

    def words(self) -> list[str]:
        """The command line's words for it."""
        return [*(["--jobs", str(self.jobs)] if self.jobs else []), *(["--dask", self.dask] if self.dask else [])]

    def __str__(self) -> str:
        return " ".join(filter(None, (str(self.jobs or ""), self.dask)))


@dataclass(frozen=True)
class ScanForm:
    """The answers so far; every answer makes another form, so that nothing has to be kept in step with it."""

    session: Session
    hours: Selection
    filter: Filter
    out: str
    proposed: str  # what `out` was before anybody chose one: its name has the first hour
    power: Power = Power()

    @classmethod
    def of(cls, session: Session, hours: Selection, out: str = "") -> ScanForm:
        """The session's filter, into a new extract or what `out` names."""
        proposed = default_out(session, session.filter, hours.span)
        return cls(session, hours, session.filter, out or proposed, proposed)

    def filtered(self, filter_: Filter) -> ScanForm:
        """With another filter."""
        return replace(self, filter=filter_)._named()

    def _named(self) -> ScanForm:
        """With a name that fits, unless somebody chose one."""
        if self.out != self.proposed:
            return self
        out = default_out(self.session, self.filter, self.hours.span)
        return replace(self, out=out, proposed=out)

    @property
    def words(self) -> list[str]:
        """The words of the command line that resumes it with --resume, also where it has several ranges."""
        span, more = self.hours.span, [*self.filter.arguments(), *self.power.words(), "-o", self.out]
        return command_words("scan", self.session.location, span.start, span.stop, more)

    @cached_property
    def plan(self) -> ScanPlan:
        span, chunks = self.hours.span, self.hours.chunks(self.session.catalog)
        ranges = tuple((hours.start, hours.stop) for hours in self.hours.ranges)
        return ScanPlan(self.session.archive, span.start, span.stop, self.filter, chunks, ranges=ranges)

    @property
    def commands(self) -> list[str]:
        """The command lines that do the same, one per range."""
        return scan_commands(self.session, self.hours, self.filter, self.out, self.power.words())

    def question(self, field: str) -> tuple[str, str]:
        """What to ask for a field, and the present answer."""
        return {
            "range": ("hours, from … to …, …:", self.hours.words()),
            "out": ("into a folder/ (an extract) or a file (.gz, .zst, plain):", self.out),
            "power": ("chunks at a time, or a Dask scheduler's tcp://HOST:PORT, or both:", str(self.power)),
        }[field]

    def answered(self, field: str, text: str) -> ScanForm:
        """With another answer. TimeError or ConfigError if it makes no sense."""
        match field:
            case "range":
                hours = read_selection(text, self.session.archive.zone, self.session.catalog.stop)
                if not all(self.session.catalog.is_listed(each.start, each.stop) for each in hours.ranges):
                    raise TimeError("some of these hours are not listed yet; select them on the calendar first")
                return replace(self, hours=hours)._named()
            case "power":
                return replace(self, power=Power.read(text))
        return replace(self, out=text.strip() or self.out)
