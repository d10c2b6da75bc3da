"""`hourscope ARCHIVE`: the explorer."""

from __future__ import annotations

from typing import Any

import click

from tui.app import check_terminal, run_explorer
from tui.archive.location import Location, locate
from tui.archive.reading import Reading
from tui.archive.store import is_s3
from tui.cli.command import Command
from tui.cli.options import archive_options, reading_of, reading_options, s3_of
from tui.cli.signals import restore_interrupt
from tui.config import S3Options, load_config


@click.command("open", cls=Command, hidden=True)
@click.argument("archive", required=False)
@reading_options
@archive_options
def command(archive: str | None, **given: Any) -> int:
    """Open ARCHIVE in the explorer.

    'hourscope ARCHIVE' means the same. Without ARCHIVE, home opens: archives, jobs to resume, extracts, and sends.
    """
    return explore(archive, given["timezone"], s3_of(given), given["layout"], reading_of(given))


def explore(
    archive: str | None,
    timezone: str | None = None,
    s3: S3Options | None = None,
    layout: str | None = None,
    reading: Reading | None = None,
    *,
    tour: bool = False,
) -> int:
    """Run the explorer. Without a suitable terminal, raise an error that names a command to use instead."""
    config, s3, reading = load_config(), s3 or S3Options(), reading or Reading()
    location = locate(archive, config, timezone=timezone, layout=layout, s3=s3, reading=reading) if archive else None
    check_terminal(location)
    if location:
        sign_in_first(location)
    restore_interrupt()
    debug = bool(click.get_current_context().find_root().obj)
    return run_explorer(
        archive, timezone=timezone, s3=s3, config=config, layout=layout, reading=reading, debug=debug, tour=tour
    )


def sign_in_first(location: Location) -> None:
    """Ask for an MFA code now, because the explorer's screen would hide the prompt."""
    if is_s3(location.url):
        from tui.archive.s3 import mfa_device, sign_in

        if mfa_device(location.s3):
            sign_in(location.s3)
