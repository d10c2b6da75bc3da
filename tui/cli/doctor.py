"""`hourscope doctor`: check an archive, this machine and nsqd."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from tui.checks import Check
from tui.cli.checks import report
from tui.cli.checkup import check_archive, check_config, check_machine, check_nsqd, open_named_archive
from tui.cli.command import Command, json_option, option
from tui.cli.console import EXIT_MATCHED
from tui.cli.options import archive_argument, archive_options, located, reading_options
from tui.cli.policy import POLICIES, policy_text
from tui.config import load_config
from tui.nsq.lookup import named_spec


@click.command("doctor", cls=Command)
@archive_argument
@option(
    "NSQ",
    "--nsqd-tcp-address",
    "nsqds",
    metavar="HOST:PORT",
    multiple=True,
    help="Also check this nsqd (or name from the config).",
)
@option(
    "Run",
    "--policy",
    type=click.Choice(POLICIES),
    help="Print the minimal IAM policy for reading, extracts, or the archiver; check nothing.",
)
@json_option
@reading_options
@archive_options
def command(archive: str, nsqds: tuple[str, ...], policy: str | None, as_json: bool, **given: Any) -> int:
    """Check the config, an archive, this machine, and nsqd.

    Changes nothing. Checks access to the archive, its layout and time zone, and a sample of at most 64 MB from nine
    chunks between its first and last hour. 'hourscope verify' reads all chunks.

    Exit code 2: a check failed.

    \b
    Examples:
      hourscope doctor /var/archive
      hourscope doctor s3://bucket/events. --nsqd-tcp-address 127.0.0.1:4150
      hourscope doctor s3://bucket/events. --policy read
    """
    if policy is not None:
        print(policy_text(located(archive, given, load_config()), policy))
        return EXIT_MATCHED
    return report(_checks(archive, nsqds, given), as_json=as_json)


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
        yield from check_nsqd(address, named_spec(config.nsq, (address,)))
