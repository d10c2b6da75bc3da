"""`hourscope index`: remember what is in the chunks of a range, so that later questions need not read them."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import Any

import click

from tui.analysis.indexing import Indexed, Indexing, summaries
from tui.archive.location import command_line, option_words
from tui.cli.command import Command
from tui.cli.console import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_MATCHED, narrate, print_line, say
from tui.cli.estimate import may_read
from tui.cli.options import archive_argument, archive_options, open_named, range_options, reading_options
from tui.cli.progress import progress_line, scan_text
from tui.cli.signals import cancel_on_signals
from tui.cli.troubles import report_troubles
from tui.filter import Filter
from tui.index import Index, open_index
from tui.scan import Totals
from tui.scan.time_field import detect_time_field
from tui.units import count, duration, plural, size


@click.command("index", cls=Command)
@archive_argument
@range_options
@click.option("--jobs", metavar="N", type=click.IntRange(min=1), help="Chunks at a time.")
@click.option("--dask", metavar="ADDRESS", help="Run on the Dask cluster of this scheduler, tcp://HOST:PORT.")
@click.option("--status", is_flag=True, help="Print what is indexed, and how large the index is; read nothing.")
@click.option("--drop", is_flag=True, help="Forget what is indexed of ARCHIVE.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@reading_options
@archive_options
def command(
    archive: str, jobs: int | None, dask: str | None, status: bool, drop: bool, as_json: bool, **given: Any
) -> int:
    """Remember what is in the chunks of a range, to answer faster.

    Each chunk is read once, and the counts of its values are kept in the cache folder. Then count answers without
    reading, and scan and count skip chunks that cannot match. Chunks that have not changed are not read again.

    \b
    Examples:
      hourscope index /var/archive --from -30d
      hourscope index /var/archive --status
    """
    if status and drop:
        raise click.UsageError("--status and --drop do not go together")
    opened = open_named(archive, given)
    with open_index(opened.archive) as index:
        if drop:
            dropped = index.drop()
            print(json.dumps({"dropped": dropped}) if as_json else f"forgot {plural(dropped, 'chunk')}")
            return EXIT_MATCHED
        plan = opened.plan(Filter())
        if status:
            _print_status(index, len(plan.chunks), len(index.indexed(plan.chunks)), as_json=as_json)
            return EXIT_MATCHED
        known = index.indexed(plan.chunks)
        left = tuple(chunk for chunk in plan.chunks if chunk.key not in known)
        again = command_line(
            "index",
            opened.location,
            opened.start,
            opened.stop,
            option_words({"jobs": jobs, "dask": dask, "json": as_json}),
        )
        stopped = (
            f"interrupted; {plural(len(known), 'chunk')} and those just read are indexed; index the rest with: {again}"
        )
        totals = Totals()
        plan = replace(plan, chunks=left)
        if not may_read(plan, jobs):
            return EXIT_INTERRUPTED
        field = detect_time_field(opened.archive, left)
        indexing = Indexing(opened.archive.zone, tuple(field.split(".")) if field else ())
        with cancel_on_signals(stopped, only_reads=True) as cancel, progress_line() as show:
            for event in summaries(plan, indexing, jobs=jobs, dask=dask, cancel=cancel):
                if isinstance(event, Indexed):
                    index.put(event.chunk, event.summary)
                    continue
                totals.add(event)
                c, whole = totals.counts, plan.bytes_compressed
                text = scan_text(totals.chunks, len(left), c.bytes_compressed, whole, c.bytes, None, totals.seconds)
                show(c.bytes_compressed / max(whole, 1), text)
            if cancel.is_set():
                say(stopped)
                return EXIT_INTERRUPTED
        report_troubles(totals)
        if as_json:
            _print_status(index, len(known) + len(left), len(index.indexed([*plan.chunks])) + len(known), as_json=True)
        else:
            narrate(
                f"indexed {plural(totals.chunks, 'chunk')} in {duration(totals.seconds)};"
                f" {plural(len(known), 'chunk')} known before"
            )
        sys.stdout.flush()
        return EXIT_FAILED if totals.damaged else EXIT_MATCHED


def _print_status(index: Index, chunks: int, indexed: int, *, as_json: bool) -> None:
    now = index.status()
    if as_json:
        kept = {"chunks": chunks, "indexed": indexed, "bytes": now.bytes, "chunk_bytes": now.stored}
        print(json.dumps(kept | {"kept": now.chunks}))
        return
    share = f"{100 * now.bytes / now.stored:.2g} % of their {size(now.stored)}" if now.stored else "nothing"
    print_line(f"{count(indexed)} of {plural(chunks, 'chunk')} are indexed")
    print_line(f"{size(now.bytes)} for {plural(now.chunks, 'chunk')} of this archive, {share}")
