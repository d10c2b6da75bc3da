"""`hourscope ls`: the hours of an archive, from its listing alone."""

from __future__ import annotations

import json
from typing import Any

import click

from tui.archive import Catalog, Chunk, empty_range
from tui.archive.times import spell_hour, zone_name
from tui.cli.console import EXIT_MATCHED, EXIT_NOTHING, narrate
from tui.cli.options import Opened, archive_argument, archive_options, open_named, range_options
from tui.printable import printable
from tui.units import plural, size


@click.command("ls", short_help="List the hours of an archive: chunks, sizes, gaps.")
@archive_argument
@range_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object with hours, chunks, gaps.")
@archive_options
def command(archive: str, as_json: bool, **given: Any) -> int:
    """List the hours of ARCHIVE: their chunks and sizes, and the gaps between them.

    \b
    hourscope ls /var/archive
    hourscope ls s3://bucket/events. --from 2015-01-20 --to 2015-01-21 --json
    """
    opened = open_named(archive, given)
    if opened.archive.detected:
        narrate(f"layout: {opened.archive.layout.pattern} (detected)")
    catalog = opened.archive.catalog(opened.start, opened.stop)
    if not catalog.chunks and not catalog.gaps:
        raise empty_range(opened.archive, opened.start, opened.stop)
    if as_json:
        print(json.dumps(_as_json(opened, catalog), ensure_ascii=True))
    else:
        _print_table(opened, catalog)
    return EXIT_MATCHED if catalog.chunks else EXIT_NOTHING


def _as_json(opened: Opened, catalog: Catalog) -> dict[str, Any]:
    start, stop = opened.start or catalog.first, opened.stop or catalog.stop
    return {
        "archive": opened.archive.url,
        "layout": opened.archive.layout.pattern,
        "timezone": zone_name(opened.archive.zone),
        "from": spell_hour(start) if start else None,
        "to": spell_hour(stop) if stop else None,
        "hours": [
            {"hour": spell_hour(hour), "chunks": [_chunk_json(chunk) for chunk in chunks]}
            for hour, chunks in catalog.hours.items()
        ],
        "gaps": [spell_hour(hour) for hour in catalog.gaps],
        "unmatched": list(catalog.unmatched),
    }


def _chunk_json(chunk: Chunk) -> dict[str, Any]:
    return {
        "key": chunk.key,
        "size": chunk.size,
        "etag": chunk.etag,
        "uploaded": chunk.uploaded.isoformat(timespec="seconds"),
        "storage_class": chunk.storage_class,
    }


def _print_table(opened: Opened, catalog: Catalog) -> None:
    rows: list[tuple[Any, tuple[Chunk, ...]]] = [*catalog.hours.items(), *((gap, ()) for gap in catalog.gaps)]
    for hour, chunks in sorted(rows, key=lambda row: row[0]):
        if not chunks:
            print(f"{spell_hour(hour)}         —  gap")
            continue
        keys = "  ".join(printable(chunk.key) for chunk in chunks)
        print(f"{spell_hour(hour)}  {size(sum(chunk.size for chunk in chunks)):>8}  {keys}")
    parts = [
        plural(len(catalog.hours), "hour"),
        plural(len(catalog.chunks), "chunk"),
        size(catalog.size),
        plural(len(catalog.gaps), "gap"),
        zone_name(opened.archive.zone),
    ]
    if catalog.unmatched:
        parts.append(f"{plural(len(catalog.unmatched), 'key')} not of this layout, such as {catalog.unmatched[0]}")
    narrate(" · ".join(parts))
