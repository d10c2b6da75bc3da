"""`hourscope demo`: write the sample archive, and open it."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

import click

from tui.cli.command import Command, option
from tui.cli.console import EXIT_MATCHED, narrate
from tui.cli.progress import progress_line
from tui.config import demo_dir
from tui.demo import SampleSpec, plan_sample, write_sample
from tui.errors import OutputError
from tui.units import count, plural, size

_USUAL = (SampleSpec().hours, SampleSpec().records_per_hour, SampleSpec().seed)


@click.command("demo", cls=Command)
@option(
    "Sample",
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Folder of the sample archive.  [default: in the cache]",
)
@option("Sample", "--tour", is_flag=True, help="Start or continue a tour that ends in a replay of the incident.")
@option("Sample", "--no-open", is_flag=True, help="Write the sample archive without opening it.")
@option(
    "Sample",
    "--hours",
    type=int,
    default=SampleSpec().hours,
    show_default=True,
    metavar="N",
    help="Hours to write, with one chunk per host.",
)
@option(
    "Sample",
    "--records-per-hour",
    metavar="N",
    type=int,
    default=SampleSpec().records_per_hour,
    show_default=True,
    help="Average records per hour.",
)
@option(
    "Sample",
    "--seed",
    metavar="N",
    type=int,
    default=SampleSpec().seed,
    show_default=True,
    help="Random seed; the same seed gives the same bytes.",
)
def command(folder: Path | None, no_open: bool, tour: bool, hours: int, records_per_hour: int, seed: int) -> int:
    """Write a sample archive with an incident in it, and open it.

    The sample holds two weeks of a video service's player events. Without a terminal, hourscope prints the calendar
    and the steps that find the incident.

    \b
    Examples:
      hourscope demo
      hourscope demo --tour
      hourscope demo --dir demo-archive --no-open
    """
    if tour and (no_open or (hours, records_per_hour, seed) != _USUAL):
        raise click.UsageError("--tour uses the default sample; only --dir can be combined with it")
    spec = SampleSpec(hours=hours, records_per_hour=records_per_hour, seed=seed)
    if folder is not None:
        _refuse_others(folder, spec)
    folder = folder or demo_dir()
    _write(folder, spec)
    if no_open:
        print(folder)
        return EXIT_MATCHED
    if tour:
        from tui.cli.open import explore

        return explore(str(folder), tour=True)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        from tui.cli.investigation import print_investigation

        return print_investigation(folder, spec)
    from tui.app.model.remembered import Left, StateError, write_left
    from tui.cli.open import explore

    with suppress(StateError):  # the explorer reports it
        write_left(str(folder), Left())  # the documented keys begin without a filter, at the newest hour
    return explore(str(folder))


def _refuse_others(folder: Path, spec: SampleSpec) -> None:
    """Raise OutputError if the folder contains other files: it could be a real archive."""
    keys = {plan.key for plan in plan_sample(spec)}
    others = sorted(path.name for path in folder.iterdir() if path.name not in keys) if folder.is_dir() else []
    if others:
        raise OutputError(f"{folder} holds other files, such as {others[0]}; choose an empty folder with --dir")


def _write(folder: Path, spec: SampleSpec) -> None:
    """Write the chunks, replacing those of an earlier call, and remove chunks of another sample."""
    plans = list(plan_sample(spec))
    records = total = 0
    with progress_line() as show:
        for done, chunk in enumerate(write_sample(folder, spec), 1):
            records += chunk.records
            total += chunk.bytes
            show(done / len(plans), f"{done}/{len(plans)} chunks · {size(total)} of lines")
    keys = {plan.key for plan in plans}
    for path in folder.glob("events.*.log.gz"):
        if path.name not in keys:
            path.unlink()
    narrate(f"{folder}: {plural(len(plans), 'chunk')}, {count(records)} records, {size(total)} of lines")
