"""`hourscope scan`: find the matching records of a range and write them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from tui.archive.store import is_s3
from tui.archive.writer import names_folder
from tui.cli.command import Command, option
from tui.cli.opened import Opened, open_named
from tui.cli.options import (
    POSITIVE,
    archive_argument,
    archive_options,
    dask_option,
    filter_of,
    filter_options,
    jobs_option,
    parsed_size,
    range_options,
    reading_options,
    time_options,
    whole_number,
)
from tui.cli.scan_run import STDOUT, ScanRequest, run
from tui.config import cache_dir
from tui.errors import OutputError
from tui.scan import Excerpt

_HOW = ("out", "as_json", "resume", "force", "count", "max_count", "jobs", "dask")


@click.command("scan", cls=Command)
@archive_argument
@range_options
@time_options
@filter_options
@option(
    "Output",
    "-o",
    "out",
    metavar="OUT",
    default=STDOUT,
    help="'-', a file (.gz and .zst compress), or an extract: FOLDER/ or s3://…/",
)
@option(
    "Run",
    "--estimate",
    "only_estimate",
    is_flag=True,
    help="Estimate matches, time, and cost from a sample; do not scan.",
)
@option(
    "Output", "-A", "after", metavar="N", type=whole_number(0), default=0, help="Also print N lines after each match."
)
@option(
    "Output", "-B", "before", metavar="N", type=whole_number(0), default=0, help="Also print N lines before each match."
)
@option(
    "Output",
    "-C",
    "around",
    metavar="N",
    type=whole_number(0),
    default=0,
    help="Also print N lines on both sides of each match.",
)
@option(
    "Output", "--fields", metavar="EXPR", help="Write these paths ('a.b,c') or the result of a JMESPath expression."
)
@option("Output", "--max-count", metavar="N", type=POSITIVE, help="Stop after N matches.")
@option("Output", "-c", "--count", is_flag=True, help="Print only the number of matching records.")
@jobs_option
@dask_option
@option(
    "Run",
    "--cache",
    metavar="SIZE",
    callback=parsed_size,
    help="Keep fetched S3 chunks on disk for the next scan, up to SIZE (20GB).",
)
@option(
    "Output", "--json", "as_json", is_flag=True, help="Print a JSON summary last (on stderr with records on stdout)."
)
@option("Run", "--resume", is_flag=True, help="Resume an extract; finished chunks are not read again.")
@option("Output", "--force", is_flag=True, help="Replace an existing output.")
@reading_options
@archive_options
def command(archive: str, only_estimate: bool, cache: int | None, **given: Any) -> int:
    """Find the matching records of a range.

    Matches are written in order of hour, key, and line, byte for byte as archived. With -o FOLDER/ or
    s3://…/ the result is an extract: hourly files that are an archive themselves.

    Exit code 0: something matched. 1: nothing matched, and everything was understood. 2: something could not be read
    or understood; the rest was processed.

    \b
    Examples:
      hourscope scan /var/archive --from -2d -g timeout --count
      hourscope scan /var/archive -m "event == 'error'" --max-count 10
      hourscope scan s3://bucket/events. --from 2015-01-20 --to 2015-01-21 \\
          -m "event == 'error'" -o errors/
    """
    how = {name: given.pop(name) for name in _HOW}
    out, resume = how["out"], how["resume"]
    filter_, excerpt = filter_of(given), _excerpt(given, out)
    if resume and not names_folder(out):
        raise OutputError("--resume needs an extract; name it with -o FOLDER/")
    _check(out, excerpt, how["max_count"], count=how["count"])
    opened = _cached(open_named(archive, given), cache)
    plan = opened.plan(filter_, excerpt)
    if resume:
        from tui.scan.extract import resumed_plan

        plan = resumed_plan(out, plan, opened.s3)
    if only_estimate:
        from tui.cli.estimate import print_estimate

        return print_estimate(plan, how["jobs"], as_json=how["as_json"])
    return run(ScanRequest(opened, plan, **how))


def _excerpt(given: dict[str, Any], out: str) -> Excerpt:
    after, before, around, fields = (given.pop(name) for name in ("after", "before", "around", "fields"))
    return Excerpt(before or around, after or around, fields, separated=out == STDOUT)


def _cached(opened: Opened, limit: int | None) -> Opened:
    """Put a cache of at most `limit` bytes before a bucket; a folder needs none."""
    if limit is None or not is_s3(opened.archive.store.url):
        return opened
    from tui.archive.cache import CachedStore  # it imports a hashing library that few scans need

    store = CachedStore(opened.archive.store, cache_dir() / "chunks", limit)
    return replace(opened, archive=replace(opened.archive, store=store))


def _check(out: str, excerpt: Excerpt, max_count: int | None, *, count: bool) -> None:
    """Reject options that exclude each other, before anything is read."""
    if excerpt.fields is not None:
        from tui.scan.projection import projection

        projection(excerpt.fields)
    if excerpt.fields is not None and (excerpt.before or excerpt.after):
        raise click.UsageError("--fields cannot be combined with -A, -B and -C")
    if count and out != STDOUT:
        raise click.UsageError("--count prints only a number; leave out -o or --count")
    if max_count is not None and (excerpt.before or excerpt.after or names_folder(out)):
        raise click.UsageError("--max-count works only with stdout or a file, and without -A, -B and -C")
