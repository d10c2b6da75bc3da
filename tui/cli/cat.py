"""`hourscope cat`: the records of an hour."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import click

from tui.archive import Catalog, Chunk, empty_range
from tui.archive.times import clock_note, has_minutes, parse_hour, spell_hour
from tui.cli.command import Command
from tui.cli.console import say, write_lines
from tui.cli.options import (
    Opened,
    archive_argument,
    archive_options,
    filter_of,
    filter_options,
    open_named,
    reading_options,
)
from tui.cli.troubles import exit_code, report_troubles
from tui.errors import ArchiveError
from tui.filter import Filter
from tui.filter.compiled import NotJsonError
from tui.printable import printable
from tui.scan import Matches, ScanEvent, Totals
from tui.scan.hints import hints_for
from tui.scan.task import ScanTask, chunk_events


@click.command("cat", cls=Command)
@archive_argument
@click.option("--hour", metavar="T", required=True, help="Hour to print, such as 2015-01-20T13.")
@click.option("--key", metavar="KEY", help="Print only this chunk of the hour.")
@click.option("--lines", metavar="N", type=click.IntRange(min=1), help="Stop after N records.")
@click.option("--pretty", is_flag=True, help="Print indented JSON.")
@filter_options
@reading_options
@archive_options
def command(
    archive: str,
    hour: str,
    key: str | None,
    lines: int | None,
    pretty: bool,
    **given: Any,
) -> int:
    """Print the records of one hour.

    All records of the hour, or those that the filter keeps. Into a pipe they are the exact bytes; on a terminal,
    control characters are escaped.

    \b
    Examples:
      hourscope cat /var/archive --hour 2015-01-20T13 --lines 10 --pretty
      hourscope cat /var/archive --hour 2015-01-20T13 -m "event == 'error'"
    """
    filter_ = filter_of(given)
    opened = open_named(archive, given)
    chunks = _chunks(opened, hour, key)
    opened.say_warnings((), chunks)
    totals, shown = Totals(), 0
    for record in _records(_events(opened, chunks, filter_), totals):
        for piece in _pretty(record) if pretty else (record + b"\n",):
            write_lines(piece)
        shown += 1
        if shown == lines:
            break
    sys.stdout.flush()
    report_troubles(totals)
    for hint in hints_for(opened.archive, chunks, filter_, matched=shown > 0):
        say(hint)
    return exit_code(totals, matched=shown > 0)


def _chunks(opened: Opened, hour: str, key: str | None) -> tuple[Chunk, ...]:
    if has_minutes(hour):
        raise click.UsageError("--hour takes a whole hour, such as 2015-01-20T13; scan --from and --to take minutes")
    start, stop = parse_hour(hour, opened.archive.zone)
    catalog: Catalog = opened.archive.catalog(start, stop, opened.listing)
    if note := clock_note(start):
        say(f"{spell_hour(start)}: {note}")
    if not catalog.chunks:
        raise empty_range(opened.archive, start, stop)
    chosen = tuple(chunk for chunk in catalog.chunks if key in (None, chunk.key))
    if not chosen:
        keys = ", ".join(printable(chunk.key) for chunk in catalog.chunks)
        raise ArchiveError(f"the hour has no chunk '{key}'; it has {keys}")
    return chosen


def _events(opened: Opened, chunks: tuple[Chunk, ...], filter_: Filter) -> Iterator[ScanEvent]:
    archive = opened.archive
    for chunk in chunks:
        task = ScanTask(archive.store, chunk, filter_, reading=archive.reading)
        yield from chunk_events(task, lambda: False)


def _records(events: Iterator[ScanEvent], totals: Totals) -> Iterator[bytes]:
    """The matching records; counts and damage go into `totals`."""
    for event in events:
        totals.add(event)
        if isinstance(event, Matches):
            yield from event.records()


def _pretty(record: bytes) -> Iterator[bytes]:
    """Indented JSON that is safe to print and equal to the record; what is not JSON is escaped."""
    from tui.filter.pretty import pretty_lines  # only --pretty needs it

    try:
        yield from pretty_lines(record)
    except NotJsonError:
        yield printable(record).encode() + b"\n"
