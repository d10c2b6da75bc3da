"""The options that several commands share, and what they turn into."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

import click

from tui.archive import Archive, open_archive
from tui.archive.times import parse_range
from tui.cli.console import DEBUG
from tui.config import Config, S3Options, load_config

F = TypeVar("F", bound=Callable[..., Any])


def _all(*decorators: Callable[[F], F]) -> Callable[[F], F]:
    def apply(function: F) -> F:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return apply


archive_argument = click.argument("archive", metavar="ARCHIVE")

archive_options = _all(
    click.option("--timezone", metavar="ZONE", help="Zone that the keys' hours are written in.  [default: UTC]"),
    click.option("--profile", help="AWS profile, from the shared config files."),
    click.option("--region", help="AWS region."),
    click.option("--endpoint-url", metavar="URL", help="S3 endpoint, for servers other than AWS."),
    click.option("--no-sign-request", is_flag=True, help="Read a public bucket without credentials."),
    click.option("--request-payer", is_flag=True, help="Agree to pay for the requests (requester pays)."),
    click.option(DEBUG, is_flag=True, expose_value=False, help="Show the traceback of an error."),
)

range_options = _all(
    click.option("--from", "start", metavar="T", help="First hour: 2015-01-20T13, 2015-01-20, -6h, yesterday …"),
    click.option("--to", "stop", metavar="T", help="First hour after the range (half-open)."),
)

filter_options = _all(
    click.option("-g", "--grep", metavar="TEXT", multiple=True, help="Literal text in the record's bytes."),
    click.option("-e", "--regex", metavar="RE", multiple=True, help="Regular expression, RE2 syntax."),
    click.option("-m", "--match", metavar="EXPR", multiple=True, help="JMESPath that gives something truthy."),
    click.option("-v", "--invert", is_flag=True, help="Turn the whole filter round."),
)


@dataclass(frozen=True, slots=True)
class Opened:
    """An archive, the range asked for, and the options that reach its store."""

    archive: Archive
    s3: S3Options
    start: datetime | None = None
    stop: datetime | None = None


def s3_options(given: dict[str, Any]) -> S3Options:
    """Take the S3 options out of a command's keyword arguments."""
    return S3Options(
        given.pop("profile"),
        given.pop("region"),
        given.pop("endpoint_url"),
        given.pop("no_sign_request"),
        given.pop("request_payer"),
    )


def open_named(name: str, given: dict[str, Any], config: Config | None = None) -> Opened:
    """Open an archive by location or config name, with the archive, S3 and range options of a command."""
    config = config or load_config()
    s3, zone = s3_options(given), given.pop("timezone")
    if spec := config.archives.get(name):
        s3, zone, name = spec.s3.overlaid(s3), zone or spec.timezone, spec.url
    archive = open_archive(name, timezone=zone, s3=s3)
    opened = Opened(archive, s3)
    if "start" in given:
        start, stop = parse_range(given.pop("start"), given.pop("stop"), archive.zone)
        opened = replace(opened, start=start, stop=stop)
    return opened
