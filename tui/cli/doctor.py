"""`hourscope doctor`: is everything there that the work needs?"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import click

from tui.cli.checkup import Check, check_archive, check_config, check_machine, check_nsqd, open_named_archive
from tui.cli.console import EXIT_FAILED, EXIT_MATCHED
from tui.cli.options import archive_argument, archive_options
from tui.config import NsqSpec
from tui.printable import printable

_MARKS = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "failed": ("✗", "red")}


@click.command("doctor", short_help="Check that an archive, this machine and nsqd can be worked with.")
@archive_argument
@click.option(
    "--nsqd-tcp-address",
    "nsqds",
    metavar="HOST:PORT",
    multiple=True,
    help="Look at this nsqd, or name from the config, too.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@archive_options
def command(archive: str, nsqds: tuple[str, ...], as_json: bool, **given: Any) -> int:
    """Check the config, the way to ARCHIVE, its layout, time zone and last chunk, this machine, and nsqd.

    Changes nothing. Exit code 2 if a check failed.

    \b
    hourscope doctor s3://bucket/events. --nsqd-tcp-address 127.0.0.1:4150
    """
    checks = []
    for check in _checks(archive, nsqds, given):
        checks.append(check)
        if not as_json:
            _print(check)
    failed = any(check.state == "failed" for check in checks)
    if as_json:
        print(json.dumps({"ok": not failed, "checks": [asdict(check) for check in checks]}))
    return EXIT_FAILED if failed else EXIT_MATCHED


def _checks(name: str, nsqds: tuple[str, ...], given: dict[str, Any]) -> Iterator[Check]:
    yield from check_machine()
    check, config = check_config()
    yield check
    if config is None:
        return
    archive = open_named_archive(name, config, given)
    if isinstance(archive, Check):
        yield archive
    else:
        yield from check_archive(archive)
    for address in nsqds:
        yield from check_nsqd(address, config.nsq.get(address, NsqSpec((address,))))


def _print(check: Check) -> None:
    mark, colour = _MARKS[check.state]
    coloured = click.style(mark, fg=colour) if sys.stdout.isatty() else mark
    click.echo(f"{coloured} {check.name:<12} {printable(check.says)}")
