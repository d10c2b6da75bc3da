"""An open archive with the range of a command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from tui.archive import Archive, Catalog, Chunk
from tui.archive.detect import SeveralLayoutsError
from tui.archive.layout import Layout
from tui.archive.listing import Listing
from tui.archive.location import Location, command_words, left_out
from tui.archive.moments import (
    Moments,
    clock_notes,
    cuts_hour,
    has_minutes,
    has_offset,
    hours_of_moments,
    needs_times,
    next_of,
    parse_hour,
    parse_moments,
    parse_range,
    widened_note,
)
from tui.archive.ranges import Range
from tui.archive.sample import other_layouts
from tui.archive.store import is_s3
from tui.archive.times import HOUR, MINUTE, parse_duration, parse_zone, spell_time
from tui.archive.topics import named_topics, possible_topics, topics_of
from tui.cli.console import narrate, notify
from tui.cli.options import located
from tui.config import Config, S3Options, load_config
from tui.errors import ArchiveError
from tui.filter import Filter
from tui.printable import printable
from tui.shell import shell_word

if TYPE_CHECKING:
    from tui.filter.within import Within
    from tui.scan import Excerpt, ScanPlan


@dataclass(frozen=True, slots=True)
class Opened:
    """An archive, how it was named, and the range. `listing` is the listing from which the layout was detected.

    `unfinished`: it is an extract whose scan was interrupted. `moments`: the range has minutes; then `start` and `stop`
    are the hours of the chunks that can hold its records, which are written up to `lag` later. `notes`: sentences for
    the user about the ends of the range.
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
    notes: tuple[str, ...] = ()

    @property
    def s3(self) -> S3Options:
        """The options of its store."""
        return self.location.s3

    @property
    def words(self) -> tuple[str, ...]:
        """The archive and the range as words of a command line, with absolute times."""
        return tuple(command_words("", self.location, *self.asked)[2:])

    @property
    def lag_words(self) -> list[str]:
        """`--lag`, if it affects which chunks are read and is not the default."""
        matters = self.moments is not None and self.lag != HOUR
        return ["--lag", f"{self.lag // MINUTE}m"] if matters else []

    @property
    def asked(self) -> Moments:
        """The requested range, in hours or to the minute."""
        return self.moments or (self.start, self.stop)

    def at(self, text: str) -> Opened:
        """Return the same archive with the range of one hour, or one minute if `text` has minutes."""
        zone = self.archive.zone
        if has_minutes(text) or has_offset(text):  # an hour in UTC may be a part of two hours of the keys
            return self.ranged(*next_of(text, MINUTE if has_minutes(text) else HOUR, zone), listed=False)
        start, stop = parse_hour(text, zone)
        return replace(self, start=start, stop=stop, notes=tuple(clock_notes(text, None, zone, minutes=False)))

    def ranged(self, start: str | None, stop: str | None, *, takes_times: bool = True, listed: bool = True) -> Opened:
        """Return the same archive with another range: of hours, or of record times if it splits hours of the keys.

        If records have no readable time, such a range is widened to whole hours, with a warning, or refused if it names
        minutes.
        `listed`: the existing listing covers this range.
        """
        zone = self.archive.zone
        moments = parse_moments(start, stop, zone)
        opened = self if listed else replace(self, listing=None)
        if moments is not None and takes_times:
            notes = clock_notes(start, stop, zone, minutes=True)
            timed = replace(_timed(opened, moments), listing=opened.listing, notes=tuple(notes))
            if needs_times(start, stop, zone) or (timed := timed._by_known_field()).time_field:
                return timed
        notes = clock_notes(start, stop, zone, minutes=False)
        if any(text is not None and cuts_hour(text, zone) for text in (start, stop)):
            notes.append(widened_note(start, stop, zone))
        first, last = parse_range(start, stop, zone)
        return replace(opened, start=first, stop=last, notes=tuple(notes))

    def _by_known_field(self) -> Opened:
        """Return the same archive with its time field; without one if a sample shows none."""
        if self.time_field is not None:
            return self
        from tui.scan.time_field import detect_time_field

        chunks = self.archive.catalog(self.start, self.stop, self.listing).chunks
        return replace(self, time_field=detect_time_field(self.archive, chunks, self.lag))

    def timed(self) -> Opened:
        """Return the same archive with its range of whole hours applied to the records' times."""
        return self if self.moments else _timed(self, (self.start, self.stop))

    def plan(self, filter_: Filter, excerpt: Excerpt | None = None, *, one_topic: bool = False) -> ScanPlan:
        """Plan a scan of the range; warn about keys that a detected layout leaves out, and about several topics.

        With `one_topic`, which a send needs, several topics are an ArchiveError.
        """
        from tui.scan import plan_scan  # `ls` does not need it

        self._narrate_layout()
        plan = plan_scan(self.archive, self.start, self.stop, filter_, excerpt, self.listing)
        within = None
        if self.moments:
            within, notes = self.within(plan.chunks)
            plan = replace(plan, filter=replace(filter_, within=within), notes=notes)
        if self.asked != (None, None):
            first, last = (spell_time(time) if time else "…" for time in self.asked)
            narrate(f"range: by {within.path if within else 'hour'}, {first} to {last}")
        topics = topics_of(plan.chunks)
        if one_topic and len(topics) > 1:
            raise ArchiveError(
                f"{self.location.title} holds {named_topics(topics)}; {self._one_of(topics, plan.chunks)}"
            )
        self.print_warnings(plan.unmatched, plan.chunks)
        for note in plan.notes:
            notify(note)
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
        """Raise SeveralLayoutsError if keys in the range that do not fit a detected layout have another one."""
        archive = self.archive
        others = other_layouts(archive, archive.walk(self.listing), Range.of(self.start, self.stop), unmatched)
        if others:
            raise SeveralLayoutsError([archive.layout.below(archive.folders), *others], self.location.title)

    def within(self, chunks: Sequence[Chunk]) -> tuple[Within, tuple[str, ...]]:
        """Return the range of times, by the named or detected field, and warnings about lag from the sample.

        UsageError if no field holds a time.
        """
        from tui.scan.lateness import range_of_times

        assert self.moments is not None
        selected = range_of_times(self.archive, chunks, self.moments, self.time_field, self.lag)
        if selected is None:
            raise click.UsageError(
                "no field of the records holds their time: name it with --time-field PATH, or give --from and --to in "
                "whole hours"
            )
        return selected

    def print_warnings(self, keys: Sequence[str], chunks: Sequence[Chunk]) -> None:
        """Warn about keys that a detected layout leaves out. SeveralLayoutsError if they have another one."""
        self._refuse_other_layouts(keys)
        for warning in self.warnings(keys, chunks):
            notify(warning)

    def warnings(self, keys: Sequence[str], chunks: Sequence[Chunk]) -> list[str]:
        """Return warnings about keys that the layout leaves out, and about topics that are read together."""
        topics = topics_of(chunks)
        notes = [*self.left_out(keys, chunks), *self.notes]
        if len(topics) < 2:
            return [*notes, *self._possible_topics(chunks)]
        return [*notes, f"{named_topics(topics)} are read together; {self._one_of(topics, chunks)}"]

    def _possible_topics(self, chunks: Sequence[Chunk]) -> list[str]:
        words = possible_topics(chunks, self.archive.layout) if self.archive.detected else {}
        if not words:
            return []
        named = ", ".join(f"'{printable(word, 40)}'" for word in words)
        one = Layout(next(iter(words.values()))).below(self.archive.folders).pattern
        return [
            f"names begin with {named}, and are read together; if those are topics, "
            f"to read only one, add --layout {shell_word(one)}"
        ]

    def _one_of(self, topics: Sequence[str], chunks: Sequence[Chunk]) -> str:
        hosts = self.archive.hosts_option(topics)
        or_hosts = f"; if those are hosts, add --layout {shell_word(hosts)}" if hosts else ""
        return f"to read only one, add --layout {shell_word(self.archive.topic_option(topics[0], chunks))}{or_hosts}"

    def left_out(self, keys: Sequence[str], chunks: Sequence[Chunk]) -> list[str]:
        """Return warnings about keys that the layout leaves out, or about an unfinished extract."""
        if self.unfinished:
            return [f"{self.location.title} is an extract whose scan did not finish; resume it for the rest"]
        return left_out(self.location, self.archive, keys, chunks, self.start, self.stop)


def open_named(name: str, given: dict[str, Any], config: Config | None = None) -> Opened:
    """Open an archive by location or config name, with the archive, S3 and range options of a command."""
    location = located(name, given, config or load_config())
    if is_s3(location.url):
        from tui.archive.waits import report_waits

        report_waits(notify)
    ends = given.pop("start", None), given.pop("stop", None)
    takes_times = "time_field" in given
    time_field, lag = given.pop("time_field", None), parse_duration(given.pop("lag", None) or "1h")
    zone = parse_zone(location.timezone)
    if not takes_times and needs_times(*ends, zone):
        raise click.UsageError("this command takes whole hours: give --from and --to without minutes")
    moments = parse_moments(*ends, zone) if takes_times else None
    hours = parse_range(*ends, zone) if moments is None else hours_of_moments(*moments, lag)
    archive, listing = location.open(Range.of(*hours))
    opened = Opened(archive, location, None, None, listing, is_unfinished(archive), None, time_field, lag)
    return opened.ranged(*ends, takes_times=takes_times, listed=archive.zone == zone)


def _timed(opened: Opened, moments: Moments) -> Opened:
    start, stop = hours_of_moments(*moments, opened.lag)
    return replace(opened, start=start, stop=stop, moments=moments, listing=None)


def is_unfinished(archive: Archive) -> bool:
    """Return whether the archive is an extract whose scan was interrupted."""
    if not archive.extract:
        return False
    from tui.scan.manifest import read_manifest  # `ls` of an archive does not need it

    manifest = read_manifest(archive.store, archive.manifest)
    return manifest is not None and not manifest.finished
