"""`hourscope ARCHIVE`: the explorer."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from tui.archive.store import is_s3
from tui.cli.options import archive_options, s3_of
from tui.cli.signals import restore_interrupt
from tui.config import S3Options, load_config
from tui.errors import ConfigError


@click.command("open", hidden=True)
@click.argument("archive", required=False)
@archive_options
def command(archive: str | None, **given: Any) -> int:
    """Open ARCHIVE in the explorer."""
    return explore(archive, given.pop("timezone"), s3_of(given))


def explore(archive: str | None, timezone: str | None = None, s3: S3Options | None = None) -> int:
    """Run the explorer; a terminal that cannot show it gets the plain command's name instead."""
    config = load_config()
    s3 = s3 or S3Options()
    if archive and (spec := config.archives.get(archive)):
        archive, timezone, s3 = spec.url, timezone or spec.timezone, spec.s3.overlaid(s3)
    plain = f"hourscope ls {archive or 'ARCHIVE'}"
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise ConfigError(f"the explorer needs a terminal; without one use: {plain}")
    if os.environ.get("TERM", "dumb") in ("dumb", "unknown", ""):
        raise ConfigError(f"this terminal (TERM={os.environ.get('TERM', '')}) cannot show the explorer; use: {plain}")
    if archive and is_s3(archive):
        from tui.archive.s3 import mfa_device, sign_in

        if mfa_device(s3):  # a question behind the screen could not be answered
            sign_in(s3)
    from tui.app import run_explorer

    restore_interrupt()
    return run_explorer(archive, timezone=timezone, s3=s3, config=config)
