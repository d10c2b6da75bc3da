"""`hourscope sends`: the sends, and whether what was sent is still what the source holds."""

from __future__ import annotations

import json
import os
import sys
from contextlib import chdir
from pathlib import Path
from typing import Any

import click

from tui.cli.command import Command, option
from tui.cli.console import DEBUG, EXIT_FAILED, EXIT_MATCHED, EXIT_NOTHING, print_line, say
from tui.errors import SendError
from tui.history.sends import SendRecord, digest_of_first, find_send, sends
from tui.history.words import age, ago
from tui.units import count, plural

_EMPTY = (
    "nothing was sent yet; to see what would be: "
    "hourscope send SOURCE --nsqd-tcp-address HOST:PORT --topic TOPIC --dry-run"
)


@click.command("sends", cls=Command)
@option("Output", "--verify", metavar="NAME", help="Read the source of a send again and compare its SHA-256.")
@option("Output", "--json", "as_json", is_flag=True, help="Print one JSON object.")
@option("Other", DEBUG, is_flag=True, expose_value=False, help="Print the traceback of an error.")
def command(verify: str | None, as_json: bool, **_: Any) -> int:
    """List the sends, or check one against its source.

    The newest first: how many records were confirmed, where, from what, by whom and when. With --verify, the source of
    the send NAME (or of the SHA-256 or journal given) is read again: exit code 0 if the same records are there, 2 if
    not.

    \b
    Examples:
      hourscope sends
      hourscope sends --verify tuesday
    """
    if verify is not None:
        return _verify(find_send(verify), as_json=as_json)
    records = sends()
    if as_json:
        print(json.dumps({"version": 1, "sends": [record.as_json() for record in records]}))
    for record in () if as_json else records:
        for row in _rows(record):
            print_line(row)
    sys.stdout.flush()
    if not records:
        say(_EMPTY)
    return EXIT_MATCHED if records else EXIT_NOTHING


def _rows(record: SendRecord) -> list[str]:
    planned = f" of {count(record.planned)}" if record.planned is not None else ""
    done = "confirmed" if record.topic else "written"
    state = "" if record.state == "sent" else f"{record.state}, "
    where = f"topic {record.topic} at {', '.join(record.where)}" if record.topic else ", ".join(record.where[:3])
    rows = [
        f"{record.name}  {state}{count(record.confirmed)}{planned} {done}  {ago(age(record.started))}  {record.who}",
        f"    to {where}",
        f"    of {record.what} · {record.filter}",
    ]
    if record.sha256:
        rows.append(f"    sha256 {record.sha256}")
    if record.state == "stopped":
        rows.append(f"    resume with: {record.command or 'the same command and --resume; it was not recorded'}")
    return rows


def _verify(record: SendRecord, *, as_json: bool) -> int:
    """Compare what the source holds now with what the receipt says."""
    if not record.words:
        raise SendError(
            f"the command of {record.name} was not recorded; write its source to a file with send -o, and compare "
            f"sha256sum with {record.sha256 or 'its receipt'}"
        )
    if record.sha256 is None or record.state == "running":
        raise SendError(f"{record.name} has no SHA-256 of what was confirmed yet; resume it or wait for its end")
    number, sha256 = _read_again(record)
    same = sha256 == record.sha256
    if as_json:
        result = {"name": record.name, "sha256": sha256, "records": number, "same": same}
        print(json.dumps({"version": 1, **result, "sent": {"sha256": record.sha256, "records": record.confirmed}}))
    elif same:
        print_line(f"{record.name}: the same {plural(number, 'record')} are there, sha256 {sha256}")
    sys.stdout.flush()
    if same:
        return EXIT_MATCHED
    say(
        f"{record.name}: the source has changed: {plural(record.confirmed, 'record')} were sent "
        f"(sha256 {record.sha256}), it holds {count(number)} now (sha256 {sha256})"
    )
    return EXIT_FAILED


def _read_again(record: SendRecord) -> tuple[int, str]:
    from tui.cli.send import source_of_words

    folder = record.folder if Path(record.folder).is_dir() else os.curdir
    with chdir(folder):  # relative paths in the command are of it
        source, order = source_of_words(record.words, messages=record.topic is not None)
        return digest_of_first(source, record, order)
