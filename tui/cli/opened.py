"""An archive as a command line names it: opened, with the range that was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any

import click

from tui.archive import Archive, Catalog, Chunk
from tui.archive.detect import SeveralLayoutsError
from tui.archive.listing import Listing
from tui.archive.location import Location, command_words, left_out
from tui.archive.ranges import Range
from tui.archive.sample import other_layouts
from tui.archive.store import is_s3
from tui.archive.times import (
    HOUR,
    MINUTE,
    clock_note,
    has_minutes,
    hours_of_moments,
    parse_duration,
    parse_hour,
    parse_moments,
    parse_range,
    parse_time,
    parse_zone,
    spell_hour,
    spell_time,
)
from tui.archive.topics import named_topics, topics_of
from tui.cli.console import narrate, say
from tui.cli.options import located
from tui.config import Config, S3Options, load_config
from tui.errors import ArchiveError
from tui.filter import Filter
from tui.shell import shell_word

if TYPE_CHECKING:
    from tui.filter.within import Within
    from tui.scan import Excerpt, ScanPlan

Moments = tuple[datetime | None, datetime | None]


@dataclass(frozen=True, slots=True)
class Opened:
    """An archive, how it was named, and the range asked for. `listing` is what was listed to find the layout.

    `unfinished`: it is an extract whose scan was interrupted. `moments`: the range was given to the minute; then
    `start` and `stop` are the hours of the chunks that can hold its records, which are written up to `lag` later.
    """

    archive: Archive
    location: Location
    start: datetime | None
    stop: datetime | None
    listing: Listing | None = None
    unfinished: bool = False
    moments: Moments | None = None
    time_field: str | None = None
    lag: timedelta = HOUR

    @property
    def s3(self) -> S3Options:
        """The options with which its store is reached."""
        return self.location.s3

    @property
    def words(self) -> tuple[str, ...]:
        """The archive and the range as words of a command line, with absolute times."""
        return tuple(command_words("", self.location, *self.asked)[2:])

    @property
    def lag_words(self) -> list[str]:
        """`--lag`, where it tells which chunks are read and is not the usual one."""
        matters = self.moments is not None and self.lag != HOUR
        return ["--lag", f"{self.lag // MINUTE}m"] if matters else []

    @property
    def asked(self) -> Moments:
        """The range as it was asked for, in hours or to the minute."""
        return self.moments or (self.start, self.stop)

    def at(self, text: str) -> Opened:
        """The same for the hour that a time lies in, or for the minute if it names one."""
        zone = self.archive.zone
        if not has_minutes(text):
            start, stop = parse_hour(text, zone)
            return replace(self, start=start, stop=stop)
        minute = parse_time(text, zone).replace(second=0)
        return _timed(self, (minute, (minute.astimezone(UTC) + MINUTE).astimezone(zone)))

    def timed(self) -> Opened:
        """The same with the range taken as times of the records, though it is in whole hours."""
        return self if self.moments else _timed(self, (self.start, self.stop))

    def plan(self, filter_: Filter, excerpt: Excerpt | None = None, *, one_topic: bool = False) -> ScanPlan:
        """The scan of the range; keys that a detected layout leaves out, and several topics, are reported.

        ArchiveError with `one_topic` where there are more: what is sent goes into one.
        """
        from tui.scan import plan_scan  # `ls` starts without it

        self._narrate_layout()
        plan = plan_scan(self.archive, self.start, self.stop, filter_, excerpt, self.listing)
        within = self.within(plan.chunks) if self.moments else None
        if within:
            plan = replace(plan, filter=replace(filter_, within=within))
        if self.asked != (None, None):
            first, last = (spell_time(time) if time else "…" for time in self.asked)
            narrate(f"range: by {within.path if within else 'hour'}, {first} to {last}")
        topics = topics_of(plan.chunks)
        if one_topic and len(topics) > 1:
            raise ArchiveError(f"{self.location.title} holds {named_topics(topics)}; {self._one_of(topics)}")
        self.say_warnings(plan.unmatched, plan.chunks)
        return plan

    def catalog(self) -> Catalog:
        """List the range; SeveralLayoutsError if it has keys of another layout than the one that was detected."""
        self._narrate_layout()
        catalog = self.archive.catalog(self.start, self.stop, self.listing)
        self._refuse_other_layouts(catalog.unmatched)
        return catalog

    def _narrate_layout(self) -> None:
        if self.archive.detected:
            narrate(f"layout: {self.archive.layout_option()} (detected)")

    def _refuse_other_layouts(self, unmatched: Sequence[str]) -> None:
        """SeveralLayoutsError if keys that a detected layout does not fit, in the range, are of another layout."""
        archive = self.archive
        others = other_layouts(archive, archive.walk(self.listing), Range.of(self.start, self.stop), unmatched)
        if others:
            raise SeveralLayoutsError([archive.layout.below(archive.folders), *others], self.location.title)

    def within(self, chunks: Sequence[Chunk]) -> Within:
        """The range of times, by the field that was named or that a sample shows; UsageError if there is none."""
        from tui.filter.within import Within
        from tui.scan.time_field import detect_time_field

        assert self.moments is not None
        path = self.time_field or detect_time_field(self.archive, chunks)
        if path is None:
            raise click.UsageError(
                "no field of the records holds their time: name it with --time-field PATH, or give --from and --to in "
                "whole hours"
            )
        return Within(path, *self.moments, self.archive.zone)

    def say_warnings(self, keys: Sequence[str], chunks: Sequence[Chunk]) -> None:
        """A layout that was guessed must not lose keys without a word. SeveralLayoutsError if they are of another."""
        self._refuse_other_layouts(keys)
        for warning in self.warnings(keys, chunks):
            say(warning)

    def warnings(self, keys: Sequence[str], chunks: Sequence[Chunk]) -> list[str]:
        """Of what the layout leaves out, and of topics that are read together."""
        topics = topics_of(chunks)
        notes = [*self.left_out(keys), *self._clock_notes()]
        if len(topics) < 2:
            return notes
        return [*notes, f"{named_topics(topics)} are read together; {self._one_of(topics)}"]

    def _clock_notes(self) -> list[str]:
        """Of the ends of the range, where clocks changed in them."""
        last = self.stop - HOUR if self.stop else None
        ends = dict.fromkeys(hour for hour in (self.start, last) if hour)
        return [f"{spell_hour(hour)}: {note}" for hour in ends if (note := clock_note(hour))]

    def _one_of(self, topics: Sequence[str]) -> str:
        hosts = self.archive.hosts_option(topics)
        or_hosts = f"; if those are hosts, add --layout {shell_word(hosts)}" if hosts else ""
        return f"to read only one, add --layout {shell_word(self.archive.layout_option(topic=topics[0]))}{or_hosts}"

    def left_out(self, keys: Sequence[str]) -> list[str]:
        """Warnings about keys that a detected layout leaves out, or about an unfinished extract."""
        if self.unfinished:
            return [f"{self.location.title} is an extract whose scan did not finish; resume it for the rest"]
        return left_out(self.location, self.archive, keys, self.start, self.stop)


def open_named(name: str, given: dict[str, Any], config: Config | None = None) -> Opened:
    """Open an archive by location or config name, with the archive, S3 and range options of a command."""
    location = located(name, given, config or load_config())
    if is_s3(location.url):
        from tui.archive.waits import report_waits

        report_waits(say)
    said = given.pop("start", None), given.pop("stop", None)
    takes_moments = "time_field" in given
    time_field, lag = given.pop("time_field", None), parse_duration(given.pop("lag", None) or "1h")
    if parse_moments(*said) and not takes_moments:
        raise click.UsageError("this command takes whole hours: give --from and --to without minutes")
    hours = _hours(said, parse_zone(location.timezone), lag)
    archive, listing = location.open(Range.of(*hours))
    start, stop = _hours(said, archive.zone, lag)
    moments = parse_moments(*said, archive.zone)
    unfinished = is_unfinished(archive)
    return Opened(archive, location, start, stop, listing, unfinished, moments, time_field, lag)


def _hours(said: tuple[str | None, str | None], zone: tzinfo, lag: timedelta) -> Moments:
    """The hours of a range as it was typed: of one to the minute, those whose chunks can hold its records."""
    moments = parse_moments(*said, zone)
    return parse_range(*said, zone) if moments is None else hours_of_moments(*moments, lag)


def _timed(opened: Opened, moments: Moments) -> Opened:
    start, stop = hours_of_moments(*moments, opened.lag)
    return replace(opened, start=start, stop=stop, moments=moments, listing=None)


def is_unfinished(archive: Archive) -> bool:
    """Is it an extract whose scan was interrupted?"""
    if not archive.extract:
        return False
    from tui.scan.manifest import read_manifest  # `ls` of an archive starts without it

    manifest = read_manifest(archive.store, archive.manifest)
    return manifest is not None and not manifest.finished
