"""`hourscope extracts`: the extracts that were made."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from tui.cli.command import Command, option
from tui.cli.console import DEBUG, EXIT_MATCHED, EXIT_NOTHING, print_line, say
from tui.history.extracts import ExtractLine, extracts
from tui.history.words import age, ago, filter_text, span_text
from tui.units import count, plural, size

_EMPTY = "there are no extracts yet; to make one: hourscope scan ARCHIVE --from T --to T -m EXPR -o FOLDER/"


@click.command("extracts", cls=Command)
@option("Output", "--json", "as_json", is_flag=True, help="Print one JSON object.")
@option("Other", DEBUG, is_flag=True, expose_value=False, help="Print the traceback of an error.")
def command(as_json: bool, **_: Any) -> int:
    """List the extracts that were made.

    The newest first: from which archive, with which filter, which hours, how many records match, the size, and when.
    Folders that are gone are not listed. An extract is an archive: every command takes its folder.

    \b
    Examples:
      hourscope extracts
      hourscope extracts --json
    """
    lines = extracts()
    if as_json:
        print(json.dumps({"version": 1, "extracts": [line.as_json() for line in lines]}))
    for line in () if as_json else lines:
        for row in _rows(line):
            print_line(row)
    sys.stdout.flush()
    if not lines:
        say(_EMPTY)
    return EXIT_MATCHED if lines else EXIT_NOTHING


def _rows(line: ExtractLine) -> list[str]:
    """What it is; where it is; how it is resumed."""
    facts = [plural(line.matches, "match"), f"of {count(line.records)}"]
    facts += [size(line.size)] if line.size is not None else []
    facts += [plural(line.damaged, "damaged chunk")] if line.damaged else []
    state = "" if line.state == "finished" else f"  {line.state}, {line.done:,} of {plural(line.chunks, 'chunk')}"
    rows = [
        f"{line.name}  {' · '.join(facts)}  {ago(age(line.started))}{state}",
        f"    {line.source} · {span_text(line.start, line.stop)} · {filter_text(line.filter)}",
        f"    {line.place}",
    ]
    return [*rows, f"    resume with: {line.command}"] if line.state == "stopped" else rows
