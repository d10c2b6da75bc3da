"""The form of a scan: what it reads, where the matches go, and what does the work."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from tui.app.model.cargo import default_out
from tui.app.model.command import scan_commands
from tui.app.model.hours import Hours, MinuteRange, Selection, range_notes, read_moments, read_selection
from tui.app.model.session import Session
from tui.archive.location import command_words, option_words
from tui.archive.moments import hours_of_moments
from tui.archive.times import HOUR, spell_time
from tui.archive.writer import names_folder
from tui.config import extracts_dir
from tui.errors import ConfigError, TimeError
from tui.facts import Fact
from tui.filter import Filter
from tui.filter.within import Within
from tui.scan import ScanPlan
from tui.scan.facts import plan_facts
from tui.scan.lateness import range_of_times
from tui.shell import shell_join
from tui.units import plural

_COMMANDS = 3  # shown at most


@dataclass(frozen=True, slots=True)
class Power:
    """What does the work: `jobs` chunks at a time (None: the default), on this machine or a Dask cluster."""

    jobs: int | None = None
    dask: str | None = None

    @classmethod
    def read(cls, words: str) -> Power:
        """Parse `8`, `tcp://HOST:PORT`, both in any order, or nothing. Raises ConfigError for anything else."""
        jobs = dask = None
        for word in words.split():
            if word.isdecimal() and int(word) > 0:
                jobs = int(word)
            elif re.fullmatch(r"(\w+://)?[^\s/]+:\d+", word):
                dask = word
            else:
                raise ConfigError(f"'{word}' is neither a number of jobs nor a scheduler such as tcp://HOST:8786")
        return cls(jobs, dask)

    def words(self) -> tuple[str, ...]:
        """Return the command line's options for it."""
        return option_words({"jobs": self.jobs, "dask": self.dask})

    def __str__(self) -> str:
        return " ".join(filter(None, (str(self.jobs or ""), self.dask)))


@dataclass(frozen=True)
class ScanForm:
    """The answers so far. Each answer returns a new form."""

    session: Session
    hours: Selection
    filter: Filter
    out: str
    proposed: str  # the default of `out`; its name has the first hour
    power: Power = Power()
    moments: MinuteRange | None = None  # to the minute, by the records' own time; `hours` are those to read for it
    time_field: str = ""  # the field with the records' time, once it is known
    notes: tuple[str, ...] = ()  # about the ends of the range, and about late records

    @classmethod
    def of(cls, session: Session, hours: Selection, out: str = "") -> ScanForm:
        """Return a form with the session's filter, into `out` or a new extract."""
        proposed = default_out(session, session.filter, hours.whole.span)
        form = cls(session, hours, session.filter, out or proposed, proposed)
        return form._ranged(hours.words()) if hours.in_minutes else form

    def filtered(self, filter_: Filter) -> ScanForm:
        """Return the form with another filter."""
        return replace(self, filter=filter_)._named()

    def _named(self) -> ScanForm:
        """Return the form with a fitting default output, unless the user chose one."""
        if self.out != self.proposed:
            return self
        out = default_out(self.session, self.filter, self.hours.span)
        return replace(self, out=out, proposed=out)

    @property
    def words(self) -> list[str]:
        """The command line that resumes the scan with --resume, even with several ranges."""
        start, stop = self.moments or (self.hours.span.start, self.hours.span.stop)
        more = [*self.plan.filter.arguments(), *self.power.words(), "-o", self.out]
        return command_words("scan", self.session.location, start, stop, more)

    @property
    def span_words(self) -> str:
        """`Tue 20 Jan 13:00–19:00`."""
        return (Hours(*self.moments) if self.moments else self.hours.span).words()

    @property
    def title(self) -> str:
        """The job's title: the hours and the filter."""
        terms = ", ".join(term.text for term in self.filter.active) or "every record"
        return f"{self.span_words} · {'not ' * self.filter.invert}{terms}"

    @cached_property
    def plan(self) -> ScanPlan:
        span, chunks, archive = self.hours.span, self.hours.chunks(self.session.catalog), self.session.archive
        ranges = tuple((hours.start, hours.stop) for hours in self.hours.ranges)
        within = Within(self.time_field, *self.moments, archive.zone) if self.moments and self.time_field else None
        return ScanPlan(archive, span.start, span.stop, replace(self.filter, within=within), chunks, ranges=ranges)

    @property
    def timed(self) -> bool:
        """Whether it is known which records are in the range."""
        return self.moments is None or bool(self.time_field)

    def with_time_field(self) -> ScanForm:
        """Return the form with the field of the records' time, found in a sample. Raises TimeError if there is none."""
        if self.timed:
            return self
        assert self.moments is not None
        sorted_out = range_of_times(self.session.archive, self.plan.chunks, self.moments)
        if sorted_out is None:
            raise TimeError("the records have no time field; r: enter the range in whole hours")
        within, late = sorted_out
        return replace(self, time_field=within.path, notes=(*self.notes, *late))

    @property
    def commands(self) -> list[str]:
        """The equivalent command lines, one per range."""
        if self.moments is not None:
            return [shell_join(self.words)]
        return scan_commands(self.session, self.hours, self.filter, self.out, self.power.words())

    def question(self, field: str) -> tuple[str, str]:
        """Return the question for a field, and the current answer."""
        return {
            "range": ("hours, from … to …, …; or minutes, 2015-01-20T14:05..14:25:", self._range_words),
            "out": ("into a folder/ (an extract) or a file (.gz, .zst, plain):", self.out),
            "power": ("chunks at a time, or Dask's tcp://HOST:PORT, or both:", str(self.power)),
        }[field]

    @property
    def _range_words(self) -> str:
        return " to ".join(map(spell_time, self.moments)) if self.moments else self.hours.words()

    def answered(self, field: str, text: str) -> ScanForm:
        """Return the form with another answer. Raises TimeError or ConfigError if it is invalid."""
        match field:
            case "range":
                return self._ranged(text)._named()
            case "power":
                return replace(self, power=Power.read(text))
        return replace(self, out=text.strip() or self.out)

    def _ranged(self, text: str) -> ScanForm:
        catalog, zone = self.session.catalog, self.session.archive.zone
        moments = read_moments(text, zone)
        if moments is None:
            hours = read_selection(text, zone, catalog.stop)
        else:
            start, stop = hours_of_moments(*moments, HOUR)
            assert start and stop
            hours = Selection.of(Hours(start, stop))
        if not all(catalog.is_listed(range_.start, range_.stop) for range_ in hours.ranges):
            raise TimeError("some of these hours are not listed yet; select them on the calendar first")
        notes = tuple(range_notes(text, zone, minutes=moments is not None))
        return replace(self, hours=hours, moments=moments, time_field="", notes=notes)

    def facts(self) -> list[Fact]:
        """Return rows: what will be read, where the matches go, what does the work, and the equivalent command."""
        hours, *facts = plan_facts(self.plan)
        if not self.timed:
            hours = Fact("by …", self._range_words, "text", "looking for the records' time field …")
        notes = [Fact("! note", words, "trouble") for words in self.notes]
        return [hours, *facts, *notes, *self._power_facts(), *self._command_facts()]

    def _power_facts(self) -> list[Fact]:
        kept = extracts_dir()
        if Path(self.out).parent == kept:
            facts = [Fact("into", f"{Path(self.out).name}/", "text", f"an extract in {kept}")]
        else:
            extract = "an extract: it opens, filters and sends like any archive"
            facts = [Fact("into", self.out, "text", extract if names_folder(self.out) else "one file of lines")]
        jobs = plural(self.power.jobs, "chunk") + " at a time" if self.power.jobs else ""
        if self.power.dask:
            facts.append(Fact("on", f"the Dask cluster of {self.power.dask}", "text", jobs))
        elif jobs:
            facts.append(Fact("on", f"this machine, {jobs}"))
        return facts

    def _command_facts(self) -> list[Fact]:
        """Return a row for each command, at most `_COMMANDS`."""
        commands = self.commands
        shown = [Fact("" if at else "command", words, "command") for at, words in enumerate(commands[:_COMMANDS])]
        rest = len(commands) - len(shown)
        return [*shown, Fact("", f"and {plural(rest, 'more command')}, one per range (x)", "dim")] if rest else shown
