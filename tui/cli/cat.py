"""`hourscope cat`: the records of an hour, a minute, or a range."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import click

from tui.archive import Chunk
from tui.cli.command import Command, option
from tui.cli.console import write_lines
from tui.cli.opened import Opened, open_named
from tui.cli.options import (
    POSITIVE,
    archive_argument,
    archive_options,
    filter_of,
    filter_options,
    range_options,
    reading_options,
    time_options,
)
from tui.cli.troubles import exit_code, report_hints, report_troubles
from tui.errors import ArchiveError
from tui.filter.compiled import NotJsonError
from tui.printable import printable
from tui.scan import Matches, ScanEvent, ScanPlan, Totals
from tui.scan.task import ScanTask, chunk_events

_NAMED_KEYS = 20


@click.command("cat", cls=Command)
@archive_argument
@option("Range", "--hour", metavar="T", help="Hour or minute to print: 2015-01-20T13, 2015-01-20T13:07.")
@range_options
@time_options
@option("Range", "--key", metavar="KEY", help="Print only this chunk.")
@option("Output", "--lines", metavar="N", type=POSITIVE, help="Stop after N records.")
@option("Output", "--pretty", is_flag=True, help="Print indented JSON.")
@filter_options
@reading_options
@archive_options
def command(
    archive: str,
    hour: str | None,
    key: str | None,
    lines: int | None,
    pretty: bool,
    **given: Any,
) -> int:
    """Print the records of an hour, a minute, or a range.

    Prints all records, or those that match the filter. A pipe gets the exact bytes; on a terminal, control characters
    are escaped.

    \b
    Examples:
      hourscope cat /var/archive --hour 2015-01-20T13 --lines 10 --pretty
      hourscope cat /var/archive --from 2015-01-20T13 --to 2015-01-20T15
      hourscope cat /var/archive --hour 2015-01-20T13 -m "event == 'error'"
    """
    filter_ = filter_of(given)
    opened = _opened(archive, hour, given)
    plan = opened.plan(filter_)
    chunks = _chosen(plan.chunks, key)
    totals, shown = Totals(), 0
    for record in _records(_events(plan, chunks), totals):
        for piece in _pretty(record) if pretty else (record + b"\n",):
            write_lines(piece)
        shown += 1
        if shown == lines:
            break
    sys.stdout.flush()
    report_troubles(totals)
    report_hints(replace(plan, chunks=chunks), matched=shown > 0, words=False)
    return exit_code(totals, matched=shown > 0, unfinished=opened.unfinished)


def _opened(archive: str, hour: str | None, given: dict[str, Any]) -> Opened:
    ranged = given["start"] is not None or given["stop"] is not None
    if (hour is not None) == ranged:
        raise click.UsageError("give either --hour T or a range with --from T --to T")
    opened = open_named(archive, given)
    return opened.at(hour) if hour is not None else opened


def _chosen(chunks: tuple[Chunk, ...], key: str | None) -> tuple[Chunk, ...]:
    if key is None:
        return chunks
    chosen = tuple(chunk for chunk in chunks if chunk.key == key)
    if not chosen:
        keys = ", ".join(printable(chunk.key) for chunk in chunks[:_NAMED_KEYS])
        more = f" and {len(chunks) - _NAMED_KEYS:,} more" if len(chunks) > _NAMED_KEYS else ""
        raise ArchiveError(f"there is no chunk '{key}' in the range; it has {keys}{more}")
    return chosen


def _events(plan: ScanPlan, chunks: tuple[Chunk, ...]) -> Iterator[ScanEvent]:
    for chunk in chunks:
        task = ScanTask(plan.archive.store, chunk, plan.filter, reading=plan.archive.reading)
        yield from chunk_events(task, lambda: False)


def _records(events: Iterator[ScanEvent], totals: Totals) -> Iterator[bytes]:
    """Yield the matching records; add counts and damage to `totals`."""
    for event in events:
        totals.add(event)
        if isinstance(event, Matches):
            yield from event.records()


def _pretty(record: bytes) -> Iterator[bytes]:
    """Yield the lines of the record as indented JSON that is safe to print; escape a record that is not JSON."""
    from tui.filter.pretty import pretty_lines  # only --pretty needs it

    try:
        yield from pretty_lines(record)
    except NotJsonError:
        yield printable(record).encode() + b"\n"
