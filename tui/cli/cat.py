"""`hourscope cat`: the records of an hour."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import click

from tui.archive import Block, Catalog, Chunk, ChunkReader, Damage, empty_range
from tui.archive.times import parse_hour
from tui.cli.console import EXIT_FAILED, EXIT_MATCHED, EXIT_NOTHING, say, write_lines
from tui.cli.options import Opened, archive_argument, archive_options, filter_of, filter_options, open_named
from tui.errors import ArchiveError
from tui.filter import Filter
from tui.filter.compiled import NotJsonError
from tui.printable import printable
from tui.scan.hints import hints_for
from tui.units import plural


@click.command("cat", short_help="Print the records of an hour.")
@archive_argument
@click.option("--hour", metavar="T", required=True, help="The hour, such as 2015-01-20T13.")
@click.option("--key", help="Only this chunk of the hour.")
@click.option("--lines", metavar="N", type=click.IntRange(min=1), help="At most N records.")
@click.option("--pretty", is_flag=True, help="Indented JSON.")
@filter_options
@archive_options
def command(
    archive: str,
    hour: str,
    key: str | None,
    lines: int | None,
    pretty: bool,
    **given: Any,
) -> int:
    """Print the records of an hour of ARCHIVE, all or those that a filter keeps.

    \b
    hourscope cat /var/archive --hour 2015-01-20T13 --lines 10 --pretty
    hourscope cat /var/archive --hour 2015-01-20T13 -m "event == 'error'"
    """
    filter_ = filter_of(given)
    opened = open_named(archive, given)
    told = _Told()
    shown = 0
    chunks = _chunks(opened, hour, key)
    for record in _records(opened, chunks, filter_, told):
        for piece in _pretty(record) if pretty else (record + b"\n",):
            write_lines(piece)
        shown += 1
        if shown == lines:
            break
    sys.stdout.flush()
    for sentence in (*told.damaged, *hints_for(opened.archive, chunks, filter_, matched=shown > 0)):
        say(sentence)
    if told.not_json:
        say(f"{plural(told.not_json, 'record')} not JSON: a JMESPath term cannot match there")
    if told.damaged or (told.not_json and not shown):
        return EXIT_FAILED
    return EXIT_MATCHED if shown else EXIT_NOTHING


@dataclass
class _Told:
    """What was met beside the records."""

    damaged: list[str] = field(default_factory=list)
    not_json: int = 0


def _chunks(opened: Opened, hour: str, key: str | None) -> tuple[Chunk, ...]:
    start, stop = parse_hour(hour, opened.archive.zone)
    catalog: Catalog = opened.archive.catalog(start, stop, opened.listing)
    if not catalog.chunks:
        raise empty_range(opened.archive, start, stop)
    chosen = tuple(chunk for chunk in catalog.chunks if key in (None, chunk.key))
    if not chosen:
        keys = ", ".join(printable(chunk.key) for chunk in catalog.chunks)
        raise ArchiveError(f"the hour has no chunk '{key}'; it has {keys}")
    return chosen


def _records(opened: Opened, chunks: tuple[Chunk, ...], filter_: Filter, told: _Told) -> Iterator[bytes]:
    archive = opened.archive
    for chunk in chunks:
        try:
            with ChunkReader(archive.store, chunk.key, etag=chunk.etag, reading=archive.reading) as reader:
                for item in reader.results(lambda: _finder(filter_)):
                    if isinstance(item, Damage):
                        told.damaged.append(f"{chunk.key}, {item}")
                    elif item is not None:
                        told.not_json += item[1]
                        yield from item[0]
        except ArchiveError as error:  # the hour's other chunks may be readable
            told.damaged.append(str(error))


def _finder(filter_: Filter) -> Callable[[Block], tuple[list[bytes], int]]:
    """The matching records of a block, and how many a JMESPath term could not look at."""
    matcher = filter_.matcher()

    def find(block: Block) -> tuple[list[bytes], int]:
        before = matcher.not_json + matcher.unparsed
        found = [bytes(block.buffer[start:end]) for start, end in matcher.spans(block)]
        return found, matcher.not_json + matcher.unparsed - before

    return find


def _pretty(record: bytes) -> Iterator[bytes]:
    """Indented JSON that is safe to print and still the same JSON; what is not JSON is escaped."""
    from tui.filter.pretty import pretty_lines  # only --pretty needs it

    try:
        yield from pretty_lines(record)
    except NotJsonError:
        yield printable(record).encode() + b"\n"
