"""`hourscope demo`: make the sample archive, and open it."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from tui.cli.console import EXIT_MATCHED, narrate
from tui.cli.progress import progress_line
from tui.config import cache_dir
from tui.demo import SampleSpec, plan_sample, write_sample
from tui.units import count, plural, size


@click.command("demo", short_help="Make a sample archive with a real incident in it, and open it.")
@click.option("--dir", "folder", type=click.Path(path_type=Path, file_okay=False), help="Where to write it.")
@click.option("--no-open", is_flag=True, help="Only write it.")
@click.option("--hours", type=int, default=SampleSpec().hours, show_default=True, help="Hours of two hosts' chunks.")
@click.option("--records-per-hour", type=int, default=SampleSpec().records_per_hour, show_default=True)
@click.option("--seed", type=int, default=SampleSpec().seed, show_default=True)
def command(folder: Path | None, no_open: bool, hours: int, records_per_hour: int, seed: int) -> int:
    """Write a sample archive (two weeks of a video service's player events) and open the explorer on it.

    Without a terminal it prints the calendar and the result of the sample investigation instead.
    """
    spec = SampleSpec(hours=hours, records_per_hour=records_per_hour, seed=seed)
    folder = folder or cache_dir() / "demo"
    _write(folder, spec)
    if no_open:
        print(folder)
        return EXIT_MATCHED
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        from tui.cli.investigation import print_investigation

        return print_investigation(folder, spec)
    from tui.cli.open import explore

    return explore(str(folder))


def _write(folder: Path, spec: SampleSpec) -> None:
    """Write the chunks, replacing those of an earlier call; remove what is not of this sample."""
    plans = list(plan_sample(spec))
    records = total = 0
    with progress_line() as show:
        for done, chunk in enumerate(write_sample(folder, spec), 1):
            records += chunk.records
            total += chunk.bytes
            show(done / len(plans), f"{done}/{len(plans)} chunks · {size(total)} of lines")
    wanted = {plan.key for plan in plans}
    for path in folder.glob("events.*.log.gz"):
        if path.name not in wanted:
            path.unlink()
    narrate(f"{folder}: {plural(len(plans), 'chunk')}, {count(records)} records, {size(total)} of lines")
