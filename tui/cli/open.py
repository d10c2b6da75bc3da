"""`hourscope ARCHIVE`: the explorer."""

from __future__ import annotations

from typing import Any

import click

from tui.app import run_explorer
from tui.cli.options import archive_options, s3_of
from tui.config import S3Options, load_config


@click.command("open", hidden=True)
@click.argument("archive", required=False)
@archive_options
def command(archive: str | None, **given: Any) -> int:
    """Open ARCHIVE in the explorer."""
    return explore(archive, given.pop("timezone"), s3_of(given), given.pop("layout"))


def explore(
    archive: str | None, timezone: str | None = None, s3: S3Options | None = None, layout: str | None = None
) -> int:
    """Run the explorer; a terminal that cannot show it gets a plain command instead."""
    return run_explorer(archive, timezone=timezone, s3=s3 or S3Options(), config=load_config(), layout=layout)
