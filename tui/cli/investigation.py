"""The output of `hourscope demo` without a terminal: the calendar, then the sample investigation."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from datetime import date, datetime
from pathlib import Path
from typing import Any

from tui.archive import Catalog, open_archive
from tui.archive.location import command_line
from tui.archive.times import hours_between, spell_hour
from tui.cli.console import EXIT_FAILED, EXIT_MATCHED
from tui.demo import SampleSpec, incident_of
from tui.filter import parse_filter
from tui.filter.jmespath import load
from tui.scan import Matches, Totals, plan_scan, run_plan
from tui.shell import shell_word
from tui.units import count, plural, size

_SHADES = "░▒▓█"
_ERRORS = "event == 'error'"


def print_investigation(folder: Path, spec: SampleSpec) -> int:
    """Print the calendar and the steps that find the incident; return 0 if they find it."""
    archive = open_archive(str(folder))
    catalog = archive.catalog()
    print(f"{folder}  {archive.layout.pattern}")
    for line in calendar_lines(catalog):
        print(line)
    print(f"{plural(len(catalog.hours), 'hour')} · {size(catalog.size)} · {plural(catalog.gap_hours, 'gap')} · UTC\n")

    print("$ " + command_line("scan", str(folder), options=["-m", _ERRORS]))
    totals, errors = Totals(), Counter[tuple[str, str, int]]()
    by_hour: dict[tuple[str, str, int], Counter[datetime]] = {}
    for event in run_plan(plan_scan(archive, None, None, parse_filter(match=[_ERRORS])), exact=True):
        totals.add(event)
        if isinstance(event, Matches):
            for record in event.records():
                kind = _kind(load(record))
                errors[kind] += 1
                by_hour.setdefault(kind, Counter())[event.chunk.hour] += 1
    print(f"{plural(totals.matches, 'match')} in {count(totals.records)} records; the most frequent:\n")
    print(f"{'errors':>7}  player   cdn         code  hours")
    for kind, number in errors.most_common(4):
        hours = sorted(by_hour[kind])
        version, cdn, code = kind
        span = f"{len(hours)} h, {spell_hour(hours[0])} to {spell_hour(hours[-1])}"
        print(f"{number:>7}  {version:<7}  {cdn:<10}  {code:>4}  {span}")
    incident = incident_of(spec)
    (version, cdn, code), number = errors.most_common(1)[0]
    is_right = (version, cdn, code) == (incident.version, incident.cdn, incident.code)
    if not is_right:
        print("\nThe incident was not found; please report this.")
        return EXIT_FAILED
    print(
        f"\nFound: player {version} fails on {cdn} with code {code}, from {spell_hour(incident.first)} "
        f"to {spell_hour(incident.last)}. To send those {number} records into NSQ again:\n\n"
        f"  {command_line('send', str(folder), incident.first, incident.stop)} \\\n"
        f"    -m {shell_word(f'{_ERRORS} && error.code == `{code}`')} \\\n"
        "    --nsqd-tcp-address 127.0.0.1:4150 --topic replay"
    )
    return EXIT_MATCHED


def calendar_lines(catalog: Catalog) -> list[str]:
    """Days × 24 hours, shaded by the size of each hour's chunks."""
    sizes = {hour: sum(chunk.size for chunk in chunks) for hour, chunks in catalog.hours.items()}
    ranked = sorted(sizes.values())
    gaps = {hour for gap in catalog.gaps for hour in hours_between(gap.start, gap.stop)}
    days: dict[date, dict[int, str]] = {}
    for hour in [*sizes, *gaps]:
        cell = "··" if hour in gaps else _SHADES[_rank(ranked, sizes[hour])] * 2
        days.setdefault(hour.date(), {})[hour.hour] = cell
    lines = [" " * 15 + " ".join(f"{hour:02}" for hour in range(24))]
    for day in sorted(days):
        cells = " ".join(days[day].get(hour, "  ") for hour in range(24))
        lines.append(f"{day:%a %Y-%m-%d} {cells}")
    return [*lines, " " * 15 + "░ small ▒ ▓ █ large   ·· gap"]


def _rank(ranked: list[int], value: int) -> int:
    return min(len(_SHADES) - 1, bisect_left(ranked, value) * len(_SHADES) // len(ranked))


def _kind(record: Any) -> tuple[str, str, int]:
    player = record["player"]
    return player["version"], player["cdn"], record["error"]["code"]
