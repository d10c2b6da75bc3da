"""Damage, warnings and hints of a pass over an archive: on stderr, and in the exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.cli.console import EXIT_FAILED, EXIT_MATCHED, EXIT_NOTHING, narrate, notify
from tui.scan import Totals
from tui.units import plural

if TYPE_CHECKING:
    from tui.index import Index
    from tui.scan import ScanPlan

_NAMED_PARTS = 20  # damaged parts that are listed


def report_troubles(totals: Totals) -> None:
    """Print the damage and the warnings, one per line."""
    damaged = sorted(totals.damaged, key=lambda event: event.chunk.order)
    for event in damaged[:_NAMED_PARTS]:
        notify(event.sentence)
    if len(damaged) > _NAMED_PARTS:
        notify(f"… and {plural(len(damaged) - _NAMED_PARTS, 'damaged part')} more; --json names them all")
    for warning in totals.warnings():
        notify(warning)


def report_skipped(totals: Totals) -> None:
    """Report on a terminal how many chunks the index made it unnecessary to read."""
    if totals.skipped:
        narrate(f"from the index: {plural(totals.chunks, 'chunk')} read, {plural(totals.skipped, 'chunk')} not")


def report_read_only(index: Index) -> None:
    """Report on a terminal that the index is used, but that what is counted now cannot be added to it."""
    if index.read_only:
        narrate(f"{index.read_only} can only be read: it is used, and nothing is added to it")


def report_hints(plan: ScanPlan, *, matched: bool, words: bool = True) -> list[str]:
    """Print and return hints about a filter, and with `words` about the index that would help."""
    from tui.analysis.needed import word_hints  # not needed if the command is refused
    from tui.scan.hints import hints_for

    hints = [*(word_hints(plan) if words else ()), *hints_for(plan, matched=matched)]
    for hint in hints:
        notify(hint)
    return hints


def exit_code(totals: Totals, *, matched: bool | None = None, no_time: int = 0, unfinished: bool = False) -> int:
    """0 if something matched, 1 if nothing did and everything was understood, else 2. Damage is always 2.

    Records that are not JSON are not a failure if others matched: an archive may hold both. `matched` overrides the
    totals if reading ended early. `no_time`: records without a readable time, if the range needs it. `unfinished`: the
    archive is an extract whose scan was interrupted; if nothing matches in it, its source may still hold matches.
    """
    if totals.damaged or totals.counts.unparsed or totals.counts.no_time or no_time:
        return EXIT_FAILED
    if totals.matches if matched is None else matched:
        return EXIT_MATCHED
    return EXIT_NOTHING if totals.understood and not unfinished else EXIT_FAILED
