"""`hourscope jobs`: list stopped jobs, which can be resumed, and running ones."""

from __future__ import annotations

from typing import Any

import click

from tui.cli.command import Command, debug_option, json_option
from tui.cli.lists import print_list
from tui.history.sends import unread_sends
from tui.history.stopped import Unfinished, unfinished
from tui.history.words import age, ago

_EMPTY = "no job is running or stopped; scans into a folder and sends to a topic are listed here"


@click.command("jobs", cls=Command)
@json_option
@debug_option
def command(as_json: bool, **_: Any) -> int:
    """List scans and sends that were stopped, with the command that resumes each.

    Also lists the jobs that are running, in the explorer or other terminals. A job that was killed or lost its
    terminal counts as stopped: its manifest or journal records its progress.

    \b
    Examples:
      hourscope jobs
      hourscope jobs --json
    """
    return print_list("jobs", unfinished(), _rows, _EMPTY, as_json=as_json, unread=unread_sends())


def _rows(job: Unfinished) -> list[str]:
    state = "running" if job.running else f"stopped {ago(age(job.since))}"
    by = f", by {job.who}" if job.running else ""
    rows = [f"{job.kind}  {job.name}  {state}{by}, {job.progress}", f"    {job.what}"]
    if job.reason:
        rows.append(f"    {job.reason}")
    if job.running:
        return rows
    if job.command is None:
        return [*rows, "    run the same command again with --resume; it was not recorded"]
    return [*rows, f"    resume with: {job.command}"]
