"""`hourscope jobs`: what was stopped and can be resumed, and what runs."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from tui.cli.command import Command, option
from tui.cli.console import DEBUG, EXIT_MATCHED, EXIT_NOTHING, print_line, say
from tui.history.stopped import Unfinished, unfinished
from tui.history.words import age, ago

_EMPTY = "no job is running or stopped; scans into a folder and sends to a topic are listed here"


@click.command("jobs", cls=Command)
@option("Output", "--json", "as_json", is_flag=True, help="Print one JSON object.")
@option("Other", DEBUG, is_flag=True, expose_value=False, help="Print the traceback of an error.")
def command(as_json: bool, **_: Any) -> int:
    """List scans and sends that were stopped, with the command that resumes each.

    Also those that run now, in the explorer or in another terminal. What was killed or lost its terminal counts as
    stopped: its manifest or journal holds how far it was.

    \b
    Examples:
      hourscope jobs
      hourscope jobs --json
    """
    jobs = unfinished()
    if as_json:
        print(json.dumps({"version": 1, "jobs": [job.as_json() for job in jobs]}))
    for job in () if as_json else jobs:
        for row in _rows(job):
            print_line(row)
    sys.stdout.flush()
    if not jobs:
        say(_EMPTY)
    return EXIT_MATCHED if jobs else EXIT_NOTHING


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
