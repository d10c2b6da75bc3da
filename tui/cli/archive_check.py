"""`hourscope archive --check`."""

from __future__ import annotations

import sys

import click

from tui.archiver import ArchiverOptions
from tui.archiver.check import check_archiver
from tui.cli.console import EXIT_FAILED, EXIT_MATCHED
from tui.printable import printable

_MARKS = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "failed": ("✗", "red")}


def run_check(options: ArchiverOptions) -> int:
    """A line for everything looked at; 2 if something failed."""
    failed = False
    for found in check_archiver(options):
        mark, colour = _MARKS[found.state]
        failed = failed or found.state == "failed"
        coloured = click.style(mark, fg=colour) if sys.stdout.isatty() else mark
        click.echo(f"{coloured} {printable(found.name):<24} {printable(found.says)}")
    return EXIT_FAILED if failed else EXIT_MATCHED
