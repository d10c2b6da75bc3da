"""`hourscope notebook`: print the notebook of an archive."""

from __future__ import annotations

import sys
from typing import Any

import click

from tui.archive.location import Location
from tui.cli.command import Command, option
from tui.cli.console import EXIT_MATCHED, EXIT_NOTHING, notify
from tui.cli.options import archive_argument, archive_options, located
from tui.config import load_config
from tui.history.notebook import Notebook, notebook_of
from tui.history.redaction import not_there, redacted


@click.command("notebook", cls=Command)
@archive_argument
@option("Output", "--redact", metavar="PATH", multiple=True, help="Blank the values of a field, such as visitor.id.")
@archive_options
def command(archive: str, redact: tuple[str, ...], **given: Any) -> int:
    """Print the notebook of an archive.

    The notebook is a Markdown file with the scans, counts, comparisons, and sends of an archive, their commands, first
    records and receipts, and the notes that ; adds in the explorer. The archive itself is not opened. With --redact,
    the values of PATH are blanked in records, rows, commands, and wherever else the same text occurs; a record that
    cannot be parsed is left out.

    \b
    Examples:
      hourscope notebook /var/archive
      hourscope notebook s3://bucket/events. --redact visitor.id
    """
    notebook = notebook_at(located(archive, given, load_config()))
    entries = notebook.read()
    for entry in redacted(entries, redact):
        print(entry.text)
    sys.stdout.flush()
    for sentence in not_there(entries, redact):
        notify(sentence)
    if entries:
        return EXIT_MATCHED
    added = "commands in a terminal add entries, and ; in the explorer adds notes"
    notify(f"the notebook of {notebook.title} is empty; {added}")
    return EXIT_NOTHING


def notebook_at(location: Location) -> Notebook:
    """Return the notebook of an archive, with the config's settings."""
    config = load_config()
    return notebook_of(location.url, location.title, enabled=config.notebook.write, records=config.notebook.records)
