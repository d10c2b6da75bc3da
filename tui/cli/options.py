"""Options that several commands share, and how they are read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tui.archive import Archive, Chunk
from tui.archive.listing import Listing
from tui.archive.location import Location, command_words, left_out, locate
from tui.archive.ranges import Range
from tui.archive.reading import MAX_RECORD, Reading
from tui.archive.store import is_s3
from tui.archive.times import (
    HOUR,
    clock_note,
    hours_of_moments,
    parse_duration,
    parse_moments,
    parse_range,
    parse_zone,
    spell_hour,
)
from tui.archive.topics import named_topics, topics_of
from tui.cli.console import DEBUG, narrate, say
from tui.cli.slips import count_as_expression
from tui.config import Config, S3Options, load_config
from tui.errors import ArchiveError
from tui.filter import Filter, parse_filter
from tui.filter.texts import read_texts
from tui.shell import shell_word
from tui.units import parse_size

if TYPE_CHECKING:
    from tui.filter.within import Within
    from tui.scan import Excerpt, ScanPlan

Moments = tuple[datetime | None, datetime | None]
F = TypeVar("F", bound=Callable[..., Any])


def _all(*decorators: Callable[[F], F]) -> Callable[[F], F]:
    def apply(function: F) -> F:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return apply


def parsed_size(context: click.Context, parameter: click.Parameter, value: str | None) -> int | None:
    """Convert a size such as 64MiB to bytes: the callback of an option."""
    if value is None:
        return None
    number = parse_size(value)
    if not number:
        raise click.UsageError(f"'{value}' is not a size; write {parameter.opts[0]} 500kB, 64MiB or 20GB", context)
    return number


archive_argument = click.argument("archive", metavar="ARCHIVE")

archive_options = _all(
    click.option(
        "--timezone",
        envvar="HOURSCOPE_TIMEZONE",
        metavar="ZONE",
        help="Time zone of the hours in the keys, such as Europe/Berlin.  [default: UTC]",
    ),
    click.option(
        "--layout",
        envvar="HOURSCOPE_LAYOUT",
        metavar="LAYOUT",
        help="Layout of the keys, such as events.%Y-%m-%d_%H.log.gz.  [default: detected]",
    ),
    click.option(
        "--profile", envvar="HOURSCOPE_PROFILE", metavar="NAME", help="AWS profile, from the shared config files."
    ),
    click.option("--region", envvar="HOURSCOPE_REGION", metavar="NAME", help="AWS region of the bucket."),
    click.option(
        "--endpoint-url",
        envvar="HOURSCOPE_ENDPOINT_URL",
        metavar="URL",
        help="Endpoint of an S3 server other than AWS.",
    ),
    click.option(
        "--no-sign-request",
        envvar="HOURSCOPE_NO_SIGN_REQUEST",
        is_flag=True,
        help="Read a public bucket without credentials.",
    ),
    click.option(
        "--request-payer",
        envvar="HOURSCOPE_REQUEST_PAYER",
        is_flag=True,
        help="Agree to pay for requests and transfer (requester pays).",
    ),
    click.option(DEBUG, is_flag=True, expose_value=False, help="Print the traceback of an error."),
)

reading_options = _all(
    click.option("--records", metavar="PATH", help="Which list of a document holds the records; '.' is the document."),
    click.option("--include-damaged", is_flag=True, help="Include the doubtful records of damaged parts."),
    click.option(
        "--max-record", metavar="SIZE", callback=parsed_size, help="Skip records larger than SIZE.  [default: 64MiB]"
    ),
)

range_options = _all(
    click.option("--from", "start", metavar="T", help="First hour: 2015-01-20T13, 2015-01-20, -6h, yesterday, …"),
    click.option("--to", "stop", metavar="T", help="End of the range, exclusive; in the same forms."),
)


time_options = _all(
    click.option("--time-field", metavar="PATH", help="Field with a record's time, for minutes.  [default: detected]"),
    click.option("--lag", metavar="TIME", help="How much later than its time a record is written.  [default: 1h]"),
)

filter_options = _all(
    click.option("-g", "--grep", metavar="TEXT", multiple=True, help="Keep records that contain TEXT (literal bytes)."),
    click.option("-f", "--file", metavar="FILE", multiple=True, help="Keep records that contain any line of FILE."),
    click.option("-e", "--regex", metavar="RE", multiple=True, help="Keep records that match RE (RE2 syntax)."),
    click.option("-m", "--match", metavar="EXPR", multiple=True, help="Keep records where EXPR (JMESPath) is truthy."),
    click.option("--not-grep", metavar="TEXT", multiple=True, help="Skip records that contain TEXT."),
    click.option("--not-regex", metavar="RE", multiple=True, help="Skip records that match RE."),
    click.option("-i", "--ignore-case", is_flag=True, help="Ignore case in -g, -f and -e."),
    click.option("-w", "--words", is_flag=True, help="Match whole words only, in -g and -f."),
    click.option("-v", "--invert", is_flag=True, help="Invert the whole filter."),
)


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
        told = self.moments is not None and self.lag != HOUR
        return ["--lag", f"{self.lag // timedelta(minutes=1)}m"] if told else []

    @property
    def asked(self) -> Moments:
        """The range as it was asked for, in hours or to the minute."""
        return self.moments or (self.start, self.stop)

    def timed(self) -> Opened:
        """The same with the range taken as times of the records, though it is in whole hours."""
        return self if self.moments else _timed(self, (self.start, self.stop))

    def plan(self, filter_: Filter, excerpt: Excerpt | None = None, *, one_topic: bool = False) -> ScanPlan:
        """The scan of the range; keys that a detected layout leaves out, and several topics, are reported.

        ArchiveError with `one_topic` where there are more: what is sent goes into one.
        """
        from tui.scan import plan_scan  # `ls` starts without it

        plan = plan_scan(self.archive, self.start, self.stop, filter_, excerpt, self.listing)
        if self.moments:
            plan = replace(plan, filter=replace(filter_, within=self._within(plan.chunks)))
        topics = topics_of(plan.chunks)
        if one_topic and len(topics) > 1:
            raise ArchiveError(f"{self.location.title} holds {named_topics(topics)}; {self._one_of(topics)}")
        self.say_warnings(plan.unmatched, plan.chunks)
        return plan

    def _within(self, chunks: Sequence[Chunk]) -> Within:
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
        narrate(f"range: by {path}")
        return Within(path, *self.moments, self.archive.zone)

    def say_warnings(self, keys: Sequence[str], chunks: Sequence[Chunk]) -> None:
        """A layout that was guessed must not lose keys without a word."""
        for warning in self.warnings(keys, chunks):
            say(warning)

    def warnings(self, keys: Sequence[str], chunks: Sequence[Chunk]) -> list[str]:
        """Of what the layout leaves out, and of topics that are taken together."""
        topics = topics_of(chunks)
        notes = [*self.left_out(keys), *self._clock_notes()]
        if len(topics) < 2:
            return notes
        return [*notes, f"{named_topics(topics)} are taken together; {self._one_of(topics)}"]

    def _clock_notes(self) -> list[str]:
        """Of the ends of the range, where clocks changed in them."""
        last = self.stop - HOUR if self.stop else None
        ends = dict.fromkeys(hour for hour in (self.start, last) if hour)
        return [f"{spell_hour(hour)}: {note}" for hour in ends if (note := clock_note(hour))]

    def _one_of(self, topics: Sequence[str]) -> str:
        return f"for one of them add --layout {shell_word(self.archive.layout_option(topic=topics[0]))}"

    def left_out(self, keys: Sequence[str]) -> list[str]:
        """Warnings about keys that a detected layout leaves out, or about an unfinished extract."""
        if self.unfinished:
            return [f"{self.location.title} is an extract whose scan did not finish; resume it for the rest"]
        return left_out(self.location, self.archive, keys, self.start, self.stop)


def filter_of(given: dict[str, Any]) -> Filter:
    """Build the filter from a command's options. UsageError for `-m 5`, which stops after 5 matches in grep."""
    for text in given["match"]:
        if slip := count_as_expression(text, click.get_current_context().params):
            raise click.UsageError(slip)
    for option, name, kinds in (("-i", "ignore_case", _FOLDED), ("-w", "words", _WORDS)):
        if given[name] and not any(given[kind] for kind in kinds):
            raise click.UsageError(f"{option} applies to {', '.join(kinds.values())}; there is none of them")
    names = ("grep", "file", "regex", "match", "invert", "not_grep", "not_regex", "ignore_case", "words")
    stdin = read_texts("-") if "-" in given["file"] else None
    return parse_filter(**{name: given.pop(name) for name in names}, stdin=stdin)


_WORDS = {"grep": "-g", "file": "-f", "not_grep": "--not-grep"}
_FOLDED = {**_WORDS, "regex": "-e", "not_regex": "--not-regex"}


def s3_of(given: dict[str, Any]) -> S3Options:
    """Take the S3 options out of a command's options."""
    return S3Options(*(given.pop(field.name) for field in fields(S3Options)))


def located(name: str, given: dict[str, Any], config: Config) -> Location:
    """Resolve a location or config name, with the archive options of a command."""
    timezone, layout = given.pop("timezone"), given.pop("layout")
    return locate(name, config, timezone=timezone, layout=layout, s3=s3_of(given), reading=reading_of(given))


def reading_of(given: dict[str, Any]) -> Reading:
    """Take the reading options, if the command has them, out of its options."""
    records, damaged = given.pop("records", None), given.pop("include_damaged", False)
    if records == "":
        raise click.UsageError("--records needs a path, such as Records; '.' makes each document one record")
    return Reading(records, damaged, given.pop("max_record", None) or MAX_RECORD)


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
    unfinished = _is_unfinished(archive)
    return Opened(archive, location, start, stop, listing, unfinished, moments, time_field, lag)


def _hours(said: tuple[str | None, str | None], zone: tzinfo, lag: timedelta) -> Moments:
    """The hours of a range as it was typed: of one to the minute, those whose chunks can hold its records."""
    moments = parse_moments(*said, zone)
    return parse_range(*said, zone) if moments is None else hours_of_moments(*moments, lag)


def _timed(opened: Opened, moments: Moments) -> Opened:
    start, stop = hours_of_moments(*moments, opened.lag)
    return replace(opened, start=start, stop=stop, moments=moments, listing=None)


def _is_unfinished(archive: Archive) -> bool:
    """Is it an extract whose scan was interrupted?"""
    if not archive.extract:
        return False
    from tui.scan.manifest import read_manifest  # `ls` of an archive starts without it

    manifest = read_manifest(archive.store, archive.manifest)
    return manifest is not None and not manifest.finished
