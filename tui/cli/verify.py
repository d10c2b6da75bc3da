"""`hourscope verify`: read a whole range and report whether it is sound."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import Any

import click

from tui.archive import Catalog
from tui.archive.location import command_line, far_warnings
from tui.archive.times import spell_hour, zone_name
from tui.cli.command import Command, option
from tui.cli.console import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_MATCHED, EXIT_NOTHING, notify, print_line
from tui.cli.gaps import gap_length, gaps_json
from tui.cli.opened import Opened, open_named
from tui.cli.options import archive_argument, archive_options, jobs_option, range_options, reading_options
from tui.cli.progress import progress_line, results
from tui.cli.signals import cancel_on_signals
from tui.cli.troubles import report_troubles
from tui.scan import Totals
from tui.scan.verify import Verified, plan_verify, verify
from tui.units import count, duration, plural, size

_SHOWN_ROWS = 10  # hours or chunks of a kind that are listed; --json has all


@click.command("verify", cls=Command)
@archive_argument
@range_options
@jobs_option
@option(
    "Output",
    "--json",
    "as_json",
    is_flag=True,
    help="Print one JSON object that names every gap, copy, and damaged part.",
)
@reading_options
@archive_options
def command(archive: str, jobs: int | None, as_json: bool, **given: Any) -> int:
    """Read a whole range and report damage, duplicates, and gaps.

    Every record is read. Duplicates are records of one hour with the same bytes.

    Exit code 0: sound. 1: gaps or duplicates. 2: something could not be read or understood.

    \b
    Examples:
      hourscope verify /var/archive
      hourscope verify s3://bucket/events. --from -12h --json
    """
    opened = open_named(archive, given)
    catalog = opened.catalog()
    plan = plan_verify(opened.archive, opened.start, opened.stop)
    totals = Totals()
    again = command_line("verify", opened.location, opened.start, opened.stop, ["--json"] if as_json else [])
    stopped = f"interrupted; run it again with: {again}"
    with cancel_on_signals(stopped, only_reads=True) as cancel, progress_line() as show:
        events = verify(plan, jobs=jobs, cancel=cancel)
        verified = next(results(events, plan, totals, show, matches=False), Verified({}, complete=False))
    if as_json:
        print(json.dumps(_as_json(opened, catalog, totals, verified)))
    else:
        _print_report(opened, catalog, totals, verified)
    sys.stdout.flush()
    for warning in (*opened.warnings((), catalog.chunks), *far_warnings(catalog)):
        notify(warning)
    if not verified.complete:
        notify(stopped)
        return EXIT_INTERRUPTED
    report_troubles(totals)
    if not totals.understood or opened.unfinished:
        return EXIT_FAILED
    return EXIT_NOTHING if catalog.gaps or verified.duplicates or totals.mislabeled else EXIT_MATCHED


def _print_report(opened: Opened, catalog: Catalog, totals: Totals, verified: Verified) -> None:
    c = totals.counts
    first, stop = (spell_hour(time) if time else "…" for time in (catalog.first, catalog.stop))
    print_line(f"{opened.archive.url}  {first} to {stop} {zone_name(opened.archive.zone)}")
    print(
        f"{plural(totals.hours, 'hour')} · {plural(totals.chunks, 'chunk')} · {plural(c.records, 'record')}"
        f" · {size(c.bytes_compressed)} of gzip, {size(c.bytes)} of lines · {duration(totals.seconds)}"
    )
    damaged = [event.sentence for event in sorted(totals.damaged, key=lambda event: event.chunk.order)]
    copies = [f"{spell_hour(hour)}  {count(number)}" for hour, number in verified.copies.items()]
    _print_kind("damaged", len(damaged), damaged)
    _print_kind("duplicates", verified.duplicates, copies)
    gaps = [f"{spell_hour(gap.start)}  {gap_length(gap)}" for gap in catalog.gaps]
    _print_kind("gaps", catalog.gap_hours, gaps)
    _print_kind("not JSON", c.not_json, ())
    if c.unparsed:
        _print_kind("not parsed", c.unparsed, ())
    _print_kind("blank lines", c.blank, ())
    _print_kind("mislabeled", len(totals.mislabeled), sorted(totals.mislabeled))
    _print_kind("other keys", len(catalog.unmatched), catalog.unmatched)


def _print_kind(name: str, number: int, rows: Iterable[str]) -> None:
    rows = list(rows)
    print(f"{name:<12} {count(number):>8}")
    for row in rows[:_SHOWN_ROWS]:
        print_line(f"{'':<12} {'':>8}  {row}")
    if len(rows) > _SHOWN_ROWS:
        print(f"{'':<12} {'':>8}  … and {count(len(rows) - _SHOWN_ROWS)} more; --json names all")


_COUNT_KEYS = ("chunks", "hours", "bytes_compressed", "bytes", "records", "not_json", "unparsed", "blank", "damaged")


def _as_json(opened: Opened, catalog: Catalog, totals: Totals, verified: Verified) -> dict[str, Any]:
    summary = totals.as_json()
    return {
        "version": 2,
        "archive": opened.archive.url,
        "layout": opened.archive.layout.pattern,
        "timezone": zone_name(opened.archive.zone),
        "from": spell_hour(catalog.first) if catalog.first else None,
        "to": spell_hour(catalog.stop) if catalog.stop else None,
        **{name: summary[name] for name in _COUNT_KEYS},
        "duplicates": verified.duplicates,
        "duplicates_by_hour": {spell_hour(hour): number for hour, number in verified.copies.items()},
        "mislabeled": sorted(totals.mislabeled),
        "warnings": [*opened.warnings((), catalog.chunks), *far_warnings(catalog), *totals.warnings()],
        "gaps": gaps_json(catalog.gaps),
        "far": [chunk.key for chunk in catalog.far],
        "unmatched": list(catalog.unmatched),
        "complete": verified.complete,
        "seconds": summary["seconds"],
    }
