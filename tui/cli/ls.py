"""`hourscope ls`: list the hours of an archive without reading chunks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import click

from tui.archive import Catalog, Chunk, Gap, empty_range
from tui.archive.catalog import gaps_between
from tui.archive.clocks import changed_hours, clock_note, clock_words
from tui.archive.location import far_warnings
from tui.archive.times import exists, first_hour, spell_hour, spell_moment, zone_name
from tui.archive.topics import by_topic
from tui.cli.command import Command, option
from tui.cli.console import EXIT_MATCHED, EXIT_NOTHING, narrate, notify, print_line
from tui.cli.gaps import gap_length, gaps_json, gaps_text
from tui.cli.opened import Opened, open_named
from tui.cli.options import archive_argument, archive_options, range_options
from tui.units import plural, size


@click.command("ls", cls=Command)
@archive_argument
@range_options
@option("Output", "--json", "as_json", is_flag=True, help="Print one JSON object with hours, chunks, and gaps.")
@archive_options
def command(archive: str, as_json: bool, **given: Any) -> int:
    """List the hours of an archive: chunks, sizes, gaps.

    Reads only the listing, no chunks. The ends of ranges and gaps are exclusive.

    Exit code 1: no chunk in the range.

    \b
    Examples:
      hourscope ls /var/archive
      hourscope ls s3://bucket/events. --from 2015-01-20 --to 2015-01-21
      hourscope ls /var/archive --from yesterday --json
    """
    opened = open_named(archive, given)
    catalog = opened.catalog()
    if not catalog.chunks and opened.start and opened.stop and first_hour(opened.start) >= opened.stop:
        raise empty_range(opened.archive, opened.start, opened.stop)
    empty = hours_without_matches(opened, catalog)
    gaps = _gaps(catalog, empty)
    if as_json:
        print(json.dumps(_as_json(opened, catalog, gaps, empty), ensure_ascii=True))
    else:
        _print_table(opened, catalog, gaps, empty)
    for warning in (*opened.warnings(catalog.unmatched, catalog.chunks), *far_warnings(catalog)):
        notify(warning)
    if not catalog.chunks and not gaps and not empty:
        notify(str(empty_range(opened.archive, opened.start, opened.stop)))
    return EXIT_MATCHED if catalog.chunks else EXIT_NOTHING


def hours_without_matches(opened: Opened, catalog: Catalog) -> list[datetime]:
    """Return the hours of an extract that were scanned without a match; they are not gaps."""
    if not opened.archive.extract:
        return []
    from tui.scan import scanned_hours  # imported only for an extract

    start, stop = opened.start, opened.stop
    asked = {h for h in scanned_hours(opened.archive) if (not start or h >= start) and (not stop or h < stop)}
    return sorted(asked - set(catalog.hours))


def _gaps(catalog: Catalog, empty: list[datetime]) -> tuple[Gap, ...]:
    if not empty or catalog.first is None or catalog.stop is None:
        return catalog.gaps
    return gaps_between([*catalog.hours, *empty], catalog.first, catalog.stop)


def _as_json(opened: Opened, catalog: Catalog, gaps: tuple[Gap, ...], empty: list[datetime]) -> dict[str, Any]:
    start, stop = opened.start or catalog.first, opened.stop or catalog.stop
    without_matches = {"without_matches": [spell_hour(hour) for hour in empty]} if opened.archive.extract else {}
    return {
        "version": 2,
        "archive": opened.archive.url,
        "layout": opened.archive.layout.pattern,
        "timezone": zone_name(opened.archive.zone),
        "from": spell_hour(start) if start else None,
        "to": spell_hour(stop) if stop else None,
        "hours": [
            {"hour": spell_hour(hour), **_note_json(hour), "chunks": [_chunk_json(chunk) for chunk in chunks]}
            for hour, chunks in catalog.hours.items()
        ],
        "gaps": gaps_json(gaps),
        "far": [chunk.key for chunk in catalog.far],
        "warnings": [
            *opened.warnings(catalog.unmatched, catalog.chunks),
            *(words for hour in _skipped(catalog) if (words := clock_words(hour)) not in opened.notes),
            *far_warnings(catalog),
        ],
        **_topics_json(catalog),
        **without_matches,
        "unmatched": list(catalog.unmatched),
    }


def _note_json(hour: datetime) -> dict[str, str]:
    """Return a note for an hour in which the clocks changed."""
    note = clock_note(hour)
    return {"note": note} if note else {}


def _topics_json(catalog: Catalog) -> dict[str, Any]:
    """Return each topic with its own gaps, if the layout has topics: one topic's gap may be an hour of another."""
    return {
        "topics": [
            {
                "topic": topic,
                "from": spell_hour(own.first) if own.first else None,
                "to": spell_hour(own.stop) if own.stop else None,
                "hours": len(own.hours),
                "chunks": len(own.chunks),
                "bytes": own.size,
                "gaps": gaps_json(own.gaps),
            }
            for topic, own in by_topic(catalog).items()
            if topic
        ]
    }


def _chunk_json(chunk: Chunk) -> dict[str, Any]:
    return {
        "key": chunk.key,
        "size": chunk.size,
        "etag": chunk.etag,
        "uploaded": spell_moment(chunk.uploaded, "seconds"),
        "storage_class": chunk.storage_class,
        "topic": chunk.topic,
        "host": chunk.host,
    }


def _print_table(opened: Opened, catalog: Catalog, gaps: tuple[Gap, ...], empty: list[datetime]) -> None:
    own = by_topic(catalog)
    if len(own) > 1:
        for topic, part in own.items():
            print_line(topic or "(no topic)")
            _print_rows(part, part.gaps, empty=(), indent="  ")
    else:
        _print_rows(catalog, gaps, empty)
    parts = [
        plural(len(catalog.hours), "hour"),
        plural(len(catalog.chunks), "chunk"),
        size(catalog.size),
        gaps_text(gaps),
        *([f"{plural(len(empty), 'hour')} without a match"] if empty else []),
        zone_name(opened.archive.zone),
    ]
    narrate(" · ".join(parts))


def _print_rows(catalog: Catalog, gaps: Sequence[Gap], empty: Sequence[datetime], indent: str = "") -> None:
    rows = [(hour, _row(chunks)) for hour, chunks in catalog.hours.items()]
    rows += [(gap.start, f"       —  gap, {gap_length(gap)}") for gap in gaps]
    rows += [(hour, "       —  no match") for hour in empty]
    rows += [(hour, f"       —  {clock_note(hour)}") for hour in _skipped(catalog)]
    for hour, words in sorted(rows):
        note = clock_note(hour) if hour in catalog.hours else ""
        print_line(f"{indent}{spell_hour(hour)}  {words}{note and f'  ({note})'}")


def _skipped(catalog: Catalog) -> list[datetime]:
    """Return the hours that clocks skipped, except those within a gap. They have no chunk, and are not gaps."""
    if catalog.first is None or catalog.stop is None:
        return []
    changed = changed_hours(catalog.first, catalog.stop)
    skipped = (hour for hour in changed if not exists(hour) and hour not in catalog.hours)
    return [hour for hour in skipped if not any(gap.start <= hour < gap.stop for gap in catalog.gaps)]


def _row(chunks: Sequence[Chunk]) -> str:
    keys = "  ".join(chunk.key for chunk in chunks)
    return f"{size(sum(chunk.size for chunk in chunks)):>8}  {keys}"
