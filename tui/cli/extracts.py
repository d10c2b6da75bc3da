"""`hourscope extracts`: list the extracts."""

from __future__ import annotations

from typing import Any

import click

from tui.cli.command import Command, debug_option, json_option
from tui.cli.lists import print_list
from tui.history.extracts import ExtractLine, extracts
from tui.history.words import age, ago, filter_text, span_text
from tui.units import count, plural, size

_EMPTY = "there are no extracts yet; to make one: hourscope scan ARCHIVE --from T --to T -m EXPR -o FOLDER/"


@click.command("extracts", cls=Command)
@json_option
@debug_option
def command(as_json: bool, **_: Any) -> int:
    """List the extracts.

    Prints the newest first, with archive, filter, hours, matches, size, and time. Deleted folders are not listed. An
    extract is an archive: every command accepts its folder.

    \b
    Examples:
      hourscope extracts
      hourscope extracts --json
    """
    return print_list("extracts", extracts(), _rows, _EMPTY, as_json=as_json)


def _rows(line: ExtractLine) -> list[str]:
    """Return its rows: a description, the place, and the command that resumes it."""
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
