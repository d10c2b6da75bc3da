"""`hourscope cat`: the records of an hour."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import click

from tui.archive import Block, Catalog, Chunk, ChunkReader, Damage, empty_range
from tui.archive.times import floor_hour, next_hour, parse_time
from tui.cli.console import EXIT_FAILED, EXIT_MATCHED, EXIT_NOTHING, say, write_lines
from tui.cli.options import Opened, archive_argument, archive_options, filter_of, filter_options, open_named
from tui.errors import ArchiveError
from tui.filter import Filter
from tui.filter.compiled import NotJsonError
from tui.printable import HOSTILE, printable
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
    for record in _records(opened, _chunks(opened, hour, key), filter_, told):
        write_lines(_pretty(record) if pretty else record + b"\n")
        shown += 1
        if shown == lines:
            break
    sys.stdout.flush()
    for sentence in told.damaged:
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
    start = floor_hour(parse_time(hour, opened.archive.zone))
    stop = next_hour(start)
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


def _pretty(record: bytes) -> bytes:
    """Indented JSON that is safe to print and still the same JSON; what is no JSON is escaped."""
    from tui.filter.jmespath import load

    try:
        text = json.dumps(load(record), indent=2, ensure_ascii=False)
    except NotJsonError:
        return printable(record).encode() + b"\n"
    text = re.sub(f"(?!\n){HOSTILE.pattern}", _json_escape, text)
    return text.encode() + b"\n"


def _json_escape(match: re.Match[str]) -> str:
    return json.dumps(match.group())[1:-1]
