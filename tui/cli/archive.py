"""`hourscope archive`: record an NSQ topic in an archive, without losing a message."""

from __future__ import annotations

import hashlib
import os
import socket
import sys
import threading
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path
from typing import Any

import click

from tui.archive import Archive
from tui.archive.location import Location
from tui.archiver import ArchiverOptions, Status, Stopped, TopicSource, archive_topic, destination
from tui.archiver.options import MAX_IN_FLIGHT, SPOOL_MAX, SYNC_INTERVAL
from tui.cli.archive_index import IndexBuilder
from tui.cli.archive_log import Log
from tui.cli.checks import report
from tui.cli.command import Command, option
from tui.cli.console import DEBUG, EXIT_FAILED, EXIT_MATCHED, notify
from tui.cli.nsq_options import SERVER_OPTIONS, nsq_spec, server_options, take
from tui.cli.options import (
    POSITIVE,
    archive_argument,
    archive_options,
    located,
    number,
    parsed_size,
    whole_number,
)
from tui.cli.signals import cancel_on_signals
from tui.config import Config, load_config, state_dir
from tui.errors import ConfigError
from tui.nsq.target import environment_secret, tls_of
from tui.units import plural

_LEFT = "stopped at once; acknowledged messages are in the spool, and the next start uploads them"


@click.command("archive", cls=Command)
@archive_argument
@option("NSQ", "--topic", metavar="TOPIC", required=True, help="NSQ topic to record.")
@option(
    "NSQ", "--channel", metavar="CHANNEL", required=True, help="NSQ channel, durable and used by this archive only."
)
@server_options
@option(
    "Run",
    "--spool",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Folder for messages until their upload.  [default: in the state folder]",
)
@option("Run", "--host", metavar="NAME", help="{host} in the keys.  [default: the name of this machine]")
@option("Run", "--sync-interval", metavar="S", type=number(0.01), default=SYNC_INTERVAL,
        help=f"Maximum seconds until a message is on disk.  [default: {SYNC_INTERVAL:g}]")  # fmt: skip
@option("Run", "--rotate-size", metavar="SIZE", callback=parsed_size, help="Also rotate at this size (500MB).")
@option("Run", "--spool-max", metavar="SIZE", callback=parsed_size, default=str(SPOOL_MAX),
        help=f"Pause while the spool is larger than SIZE.  [default: {SPOOL_MAX // 10**9}GB]")  # fmt: skip
@option("Run", "--merge-hour", is_flag=True, help="Recompress each file into one gzip stream before the upload.")
@option("Run", "--processes", metavar="N", type=whole_number(1, 64), default=1, show_default=True,
        help="Number of consuming processes.")  # fmt: skip
@option("Run", "--max-in-flight", metavar="N", type=POSITIVE, default=MAX_IN_FLIGHT, show_default=True,
        help="Maximum messages in flight per process.")  # fmt: skip
@option(
    "Run", "--status-address", metavar="HOST:PORT", help="Serve /healthz and /metrics (Prometheus) on this address."
)
@option("Run", "--index", "indexed", is_flag=True, help="Index each chunk after its upload, as hourscope index does.")
@option("Run", "--check", is_flag=True, help="Check what the archiver needs, and exit.")
@archive_options
def command(archive: str, status_address: str | None, indexed: bool, check: bool, **given: Any) -> int:
    """Record an NSQ topic in an archive.

    Every message is on disk before it is acknowledged (FIN), and is then uploaded. SIGTERM, SIGINT, and SIGHUP stop
    the archiver within 10 seconds; files not uploaded by then stay in the spool for the next start.

    Without a layout in ARCHIVE, the keys are like nsq_to_file's: {topic}.{host}{rev}.%Y-%m-%d_%H.log.gz. A secret for
    nsqd's AUTH is read from HOURSCOPE_NSQ_AUTH_SECRET.

    \b
    Examples:
      hourscope archive s3://bucket/logs --topic events --channel archive \\
          --lookupd-http-address 127.0.0.1:4161
      hourscope archive /var/archive --topic events --channel archive \\
          --nsqd-tcp-address 127.0.0.1:4150 --check
    """
    config = load_config()
    location = located(archive, given, config)
    options = _options(location, given, config)
    options.check()
    if check:
        from tui.archiver.check import check_archiver

        return report(check_archiver(options), width=24)
    with cancel_on_signals(_LEFT) as stop, Log() as log, ExitStack() as stack:
        builder = stack.enter_context(IndexBuilder(location, log.line)) if indexed else None
        return _run(options, stop, log, status_address, builder)


def _options(location: Location, given: dict[str, Any], config: Config) -> ArchiverOptions:
    source = _source(given, config)
    source.check()
    host = given.pop("host") or socket.gethostname().partition(".")[0]
    spool = given.pop("spool") or _default_spool(location.url, source, host)
    debug = DEBUG in sys.argv or bool(os.environ.get("HOURSCOPE_DEBUG"))
    return ArchiverOptions(_destination(location), source, spool, host, debug=debug, **given)


def _destination(location: Location) -> Archive:
    return destination(location.url, timezone=location.timezone, s3=location.s3, layout=location.layout)


def _source(given: dict[str, Any], config: Config) -> TopicSource:
    """Return the topic, channel and nsqds, from the command line, the environment, or a name in the config."""
    topic = given.pop("topic")
    spec = nsq_spec(take(given, SERVER_OPTIONS, topic), config.nsq)
    return TopicSource(
        topic,
        given.pop("channel"),
        spec.nsqd_tcp_addresses,
        spec.lookupd_http_addresses,
        given.pop("max_in_flight"),
        tls_of(spec),
        environment_secret(),
    )


def _default_spool(archive: str, source: TopicSource, host: str) -> Path:
    """Return a folder that only this archiver uses, the same at every start."""
    if "#" in source.topic:
        raise ConfigError("an ephemeral topic has no default spool; choose one with --spool")
    mark = hashlib.sha256(f"{archive}\n{source.channel}".encode()).hexdigest()[:8]
    return state_dir() / "spool" / f"{source.topic}.{host}.{mark}"


def _run(
    options: ArchiverOptions,
    stop: threading.Event,
    log: Log,
    status_address: str | None,
    builder: IndexBuilder | None,
) -> int:
    now = [Status()]
    web: AbstractContextManager[None] = nullcontext()
    if status_address is not None:
        from tui.archiver.status_server import served

        web = served(status_address, lambda: now[0])
    with web:
        for event in archive_topic(options, stop):
            if isinstance(event, Status):
                now[0] = event
                log.status(event)
                if builder is not None and not event.stopping:
                    builder.look(event.uploads.uploaded)
            elif isinstance(event, Stopped):
                log.status(event.status, last=True)
                code = _end(options, event)
                if event.hangs:  # threads are stuck that Python would wait for
                    if builder is not None:
                        builder.end()
                    os._exit(code)
                return code
            else:
                log.line(event.text)
    raise AssertionError("an archiver ends with Stopped")


def _end(options: ArchiverOptions, event: Stopped) -> int:
    if not event.left:
        return EXIT_FAILED if event.hangs else EXIT_MATCHED
    trouble = event.status.uploads.trouble
    why = f" ({trouble})" if trouble else " in time" if event.hangs else ""
    notify(
        f"{plural(event.left, 'file')} could not be uploaded{why}; nothing is lost: they are in the spool "
        f"{options.spool}, and the next start uploads them"
    )
    return EXIT_FAILED
