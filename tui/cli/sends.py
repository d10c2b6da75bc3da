"""`hourscope sends`: list the sends, and check whether a source still holds what was sent."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from contextlib import chdir
from pathlib import Path
from typing import Any

import click

from tui.cli.command import Command, debug_option, json_option, option
from tui.cli.console import EXIT_FAILED, EXIT_MATCHED, notify, print_line
from tui.cli.lists import print_list
from tui.errors import HourscopeError, SendError
from tui.history.sends import SendRecord, digest_of_first, find_send, sends, unread_sends
from tui.history.words import age, ago
from tui.units import count, plural

_EMPTY = (
    "nothing was sent yet; to preview a send: "
    "hourscope send SOURCE --nsqd-tcp-address HOST:PORT --topic TOPIC --dry-run"
)


@click.command("sends", cls=Command)
@option("Output", "--verify", metavar="NAME", help="Read the source of a send again and compare its SHA-256.")
@json_option
@debug_option
def command(verify: str | None, as_json: bool, **_: Any) -> int:
    """List the sends, or check one against its source.

    Prints the newest first, with confirmed records, destination, source, user, and time. --verify reads the source of
    the send NAME (a name, SHA-256, or journal) again, and the written file, if it still exists. Exit code 0: they hold
    the same records. 2: they do not.

    \b
    Examples:
      hourscope sends
      hourscope sends --verify tuesday
    """
    if verify is not None:
        return _verify(find_send(verify), as_json=as_json)
    return print_list("sends", sends(), _rows, _EMPTY, as_json=as_json, unread=unread_sends())


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
    """Compare the source's current records with the receipt."""
    if not record.words:
        raise SendError(
            f"the command of {record.name} was not recorded; write its source to a file with send -o, and compare "
            f"sha256sum with {record.sha256 or 'its receipt'}"
        )
    if record.sha256 is None or record.state == "running":
        raise SendError(f"{record.name} has no SHA-256 of what was confirmed yet; resume it or wait for its end")
    number, sha256 = _read_again(record, record.words)
    same = sha256 == record.sha256
    file = _file_as_it_is(record)
    if as_json:
        result = {"name": record.name, "sha256": sha256, "records": number, "same": same}
        print(json.dumps({"version": 1, **result, "sent": {"sha256": record.sha256, "records": record.confirmed}}))
    elif same:
        print_line(f"{record.name}: the same {plural(number, 'record')} are there, sha256 {sha256}")
    sys.stdout.flush()
    if file:
        notify(f"{record.name}: {file}")
    if same:
        return EXIT_FAILED if file else EXIT_MATCHED
    notify(
        f"{record.name}: the source has changed: {plural(record.confirmed, 'record')} were sent "
        f"(sha256 {record.sha256}), it holds {count(number)} now (sha256 {sha256})"
    )
    return EXIT_FAILED


def _file_as_it_is(record: SendRecord) -> str:
    """Return a sentence if the written file has changed; empty if it has not, or was moved."""
    if record.topic is not None or len(record.where) != 1 or "--append" in record.words:
        return ""
    path = Path(record.folder, record.where[0])
    if not path.is_file():
        return ""
    try:
        number, sha256 = _read_again(record, ("hourscope", "send", str(path)))
    except HourscopeError as error:
        return f"the file that was written cannot be read: {error}"
    if sha256 == record.sha256:
        return ""
    return f"{path} has changed since it was written: it holds {plural(number, 'record')} now (sha256 {sha256})"


def _read_again(record: SendRecord, words: Sequence[str]) -> tuple[int, str]:
    """Read the source of a command line; return the number of its records and their SHA-256."""
    from tui.cli.send import source_of_words

    folder = record.folder if Path(record.folder).is_dir() else os.curdir
    with chdir(folder):  # relative paths in the command refer to it
        source, order = source_of_words(words, messages=record.topic is not None)
        return digest_of_first(source, record, order)
