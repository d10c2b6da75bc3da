"""`hourscope index`: summarize the chunks of a range, so that later questions need not read them."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from tui.analysis.indexing import build, unindexed
from tui.archive.location import command_line, option_words
from tui.cli.command import Command, json_option, option
from tui.cli.console import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_MATCHED, narrate, notify, print_line
from tui.cli.estimate import may_read
from tui.cli.opened import open_named
from tui.cli.options import (
    archive_argument,
    archive_options,
    dask_option,
    jobs_option,
    parsed_size,
    range_options,
    reading_options,
)
from tui.cli.progress import progress_line, results
from tui.cli.signals import cancel_on_signals
from tui.cli.troubles import report_troubles
from tui.filter import Filter
from tui.index import Index, open_index
from tui.scan import ScanPlan, Totals
from tui.units import count, duration, plural, size


@click.command("index", cls=Command)
@archive_argument
@range_options
@option("Run", "--ids", is_flag=True, help="Also index the words and ids in each chunk, for -w -g ID.")
@option(
    "Run", "--ids-size", metavar="SIZE", callback=parsed_size, help="Index ids in at most SIZE.  [default: no limit]"
)
@jobs_option
@dask_option
@option("Run", "--status", is_flag=True, help="Print what is indexed, and how large the index is; read nothing.")
@option("Run", "--drop", is_flag=True, help="Delete the index of ARCHIVE.")
@json_option
@reading_options
@archive_options
def command(archive: str, status: bool, drop: bool, as_json: bool, **given: Any) -> int:
    """Index the chunks of a range to speed up later commands.

    Each chunk is read once, and a summary of its values is kept in the cache folder. With it, count answers many
    questions without reading, and scan, send, and count skip chunks that cannot match. With --ids they also skip
    chunks without the id in -w -g ID or -m "id == 'ID'". Unchanged chunks are not read again.

    \b
    Examples:
      hourscope index /var/archive --from -30d
      hourscope index /var/archive --from -30d --ids
      hourscope index /var/archive --status
    """
    if status and drop:
        raise click.UsageError("--status and --drop cannot be combined")
    how = {name: given.pop(name) for name in ("ids", "ids_size", "jobs", "dask")}
    if how["ids_size"] is not None and not how["ids"]:
        raise click.UsageError("--ids-size needs --ids")
    opened = open_named(archive, given)
    with open_index(opened.archive) as index:
        if drop:
            dropped = index.drop()
            print(json.dumps({"dropped": dropped}) if as_json else f"forgot {plural(dropped, 'chunk')}")
            return EXIT_MATCHED
        plan = opened.plan(Filter())
        if status:
            _print_status(index, plan, as_json=as_json)
            return EXIT_MATCHED
        options = option_words({**how, "json": as_json})
        again = command_line("index", opened.location, opened.start, opened.stop, options)
        code = _build(index, plan, again, quiet=as_json, **how)
        if as_json and code != EXIT_INTERRUPTED:
            _print_status(index, plan, as_json=True)
        sys.stdout.flush()
        return code


def _build(
    index: Index,
    plan: ScanPlan,
    again: str,
    *,
    ids: bool,
    ids_size: int | None,
    jobs: int | None,
    dask: str | None,
    quiet: bool,
) -> int:
    """Read the chunks that are not indexed yet, and index them."""
    left = unindexed(index, plan, words=ids)
    before = plural(len(plan.chunks) - len(left.chunks), "chunk")
    stopped = f"interrupted; {before} and those just read are indexed; index the rest with: {again}"
    if not may_read(left, jobs):
        return EXIT_INTERRUPTED
    totals = Totals()
    with cancel_on_signals(stopped, only_reads=True) as cancel, progress_line() as show:
        events = build(index, left, words=ids, words_size=ids_size, jobs=jobs, dask=dask, cancel=cancel)
        too_much = sum(1 for _ in results(events, left, totals, show, matches=False))  # WordsLeftOut
        if cancel.is_set():
            notify(stopped)
            return EXIT_INTERRUPTED
    report_troubles(totals)
    if too_much:
        notify(f"the ids of {plural(too_much, 'chunk')} are not indexed: they exceed --ids-size")
    if not quiet:
        narrate(f"indexed {plural(totals.chunks, 'chunk')} in {duration(totals.seconds)}; {before} known before")
    return EXIT_FAILED if totals.damaged else EXIT_MATCHED


def _print_status(index: Index, plan: ScanPlan, *, as_json: bool) -> None:
    now, chunks = index.status(), plan.chunks
    indexed, with_ids = len(index.indexed(chunks)), len(index.with_words(chunks))
    if as_json:
        kept = {"chunks": len(chunks), "indexed": indexed, "bytes": now.bytes, "chunk_bytes": now.stored}
        ids = {"indexed": with_ids, "bytes": now.words_bytes, "chunk_bytes": now.words_stored, "kept": now.with_words}
        print(json.dumps(kept | {"kept": now.chunks, "ids": ids}))
        return
    print_line(f"{count(indexed)} of {plural(len(chunks), 'chunk')} are indexed, {count(with_ids)} with their ids")
    print_line(f"counts: {_size(now.bytes, now.chunks, now.stored)}")
    print_line(f"ids: {_size(now.words_bytes, now.with_words, now.words_stored)}")


def _size(taken: int, chunks: int, stored: int) -> str:
    share = f", {100 * taken / stored:.2g} % of their {size(stored)}" if stored else ""
    return f"{size(taken)} for {plural(chunks, 'chunk')} of this archive{share}"
