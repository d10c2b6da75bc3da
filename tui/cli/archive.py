"""`hourscope archive`: an NSQ topic into an archive, without losing a message."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import FrameType
from typing import Any

import click

from tui.archive import Archive
from tui.archive.location import Location
from tui.archiver import ArchiverOptions, Source, Status, Stopped, archive_topic, destination
from tui.archiver.options import MAX_IN_FLIGHT, SPOOL_MAX, SYNC_INTERVAL
from tui.cli.archive_log import Log
from tui.cli.console import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_MATCHED, say
from tui.cli.grouped import Grouped
from tui.cli.options import archive_argument, archive_options, located
from tui.config import Config, NsqSpec, load_config, nsq_of_environment, state_dir
from tui.errors import ConfigError
from tui.send.refusals import SECRET_VARIABLE
from tui.send.target import Tls
from tui.units import parse_size, plural, size

_GROUPS = {
    "What and where": (
        *("topic", "channel", "nsqd_tcp_address", "lookupd_http_address"),
        *("tls", "tls_root_ca_file", "tls_cert", "tls_key"),
    ),
    "How": (
        *("spool", "host", "sync_interval", "rotate_size", "spool_max", "merge_hour", "processes", "max_in_flight"),
        *("status_address", "check"),
    ),
}
_FILE = click.Path(dir_okay=False, path_type=Path)


class _Size(click.ParamType[int]):
    """`500MB`."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        number = value if isinstance(value, int) else parse_size(value)
        if not number:
            self.fail(f"'{value}' is no size; write it as 500MB or 20GB", param, ctx)
        return number


@click.command("archive", cls=Grouped, groups=_GROUPS, short_help="Record an NSQ topic.")
@archive_argument
@click.option("--topic", metavar="TOPIC", required=True, help="NSQ topic.")
@click.option("--channel", metavar="CHANNEL", required=True, help="Its channel: a durable one of the archiver's own.")
@click.option("--nsqd-tcp-address", metavar="HOST:PORT", multiple=True, help="nsqd, or a name from the config.")
@click.option("--lookupd-http-address", metavar="HOST:PORT", multiple=True, help="nsqlookupd, to find the nsqds.")
@click.option("--spool", metavar="DIR", type=click.Path(path_type=Path), help="Where messages wait for their upload.")
@click.option("--host", metavar="NAME", help="{host} in the keys.  [default: this machine's name]")
@click.option("--sync-interval", metavar="S", type=click.FloatRange(min=0.01), default=SYNC_INTERVAL, show_default=True,
              help="Seconds that a message may wait to be on disk.")  # fmt: skip
@click.option("--rotate-size", metavar="SIZE", type=_Size(), help="A new file, too, when it is so large (500MB).")
@click.option("--spool-max", metavar="SIZE", type=_Size(), default=SPOOL_MAX,
              help=f"Take no more messages while the spool is larger.  [default: {size(SPOOL_MAX)}]")  # fmt: skip
@click.option("--merge-hour", is_flag=True, help="Make one gzip stream of a file before it goes up.")
@click.option("--processes", metavar="N", type=click.IntRange(1, 64), default=1, help="Processes that consume.")
@click.option("--max-in-flight", metavar="N", type=click.IntRange(min=1), default=MAX_IN_FLIGHT, show_default=True,
              help="Messages unfinished at a time, of each process.")  # fmt: skip
@click.option("--tls", is_flag=True, help="TLS; without a CA file the system's CAs count.")
@click.option("--tls-root-ca-file", metavar="FILE", type=_FILE, help="CA of nsqd's certificate (PEM), for --tls.")
@click.option("--tls-cert", metavar="FILE", type=_FILE, help="Certificate of ours, where nsqd wants one (PEM).")
@click.option("--tls-key", metavar="FILE", type=_FILE, help="Its key (PEM).")
@click.option("--status-address", metavar="HOST:PORT", help="Answer /healthz and /metrics (Prometheus) there.")
@click.option("--check", is_flag=True, help="Look at everything that it needs; take no message.")
@archive_options
def command(archive: str, status_address: str | None, check: bool, **given: Any) -> int:
    """Record a topic in ARCHIVE: every message that NSQ gives is on disk before it is finished, then uploaded.

    Without a layout in ARCHIVE the keys are as nsq_to_file's, {topic}.{host}{rev}.%Y-%m-%d_%H.log.gz. A secret for
    AUTH is taken from HOURSCOPE_NSQ_AUTH_SECRET.

    \b
    hourscope archive s3://bucket/logs --topic events --channel archive --lookupd-http-address 127.0.0.1:4161
    hourscope archive /var/archive --topic events --channel archive --nsqd-tcp-address 127.0.0.1:4150 --check
    """
    options = _options(archive, given, load_config())
    options.check()
    if check:
        from tui.cli.archive_check import run_check

        return run_check(options)
    with _stop_on_signals() as stop, Log() as log:
        return _run(options, stop, log, status_address)


def _options(archive: str, given: dict[str, Any], config: Config) -> ArchiverOptions:
    location = located(archive, given, config)
    source = _source(given, config)
    source.check()
    host = given.pop("host") or socket.gethostname().partition(".")[0]
    spool = given.pop("spool") or _default_spool(location.url, source, host)
    return ArchiverOptions(_destination(location), source, spool, host, **given)


def _destination(location: Location) -> Archive:
    return destination(location.url, timezone=location.timezone, s3=location.s3, layout=location.layout)


def _source(given: dict[str, Any], config: Config) -> Source:
    """The topic and the way to it: from the command line, or a name of the config."""
    names, lookupds = given.pop("nsqd_tcp_address"), given.pop("lookupd_http_address")
    if not names and not lookupds:
        names, lookupds = nsq_of_environment().values()
    files = {name: given.pop(name) for name in ("tls_root_ca_file", "tls_cert", "tls_key")}
    spec = NsqSpec(names, (), lookupds)
    if any(name in config.nsq for name in names):
        if len(names) > 1 or lookupds:
            raise click.UsageError("a name from the config stands for all of its addresses; give it alone")
        spec = config.nsq[names[0]]
    ca, cert, key = (Path(file) if (file := files[name] or getattr(spec, name)) else None for name in files)
    if key and not cert:
        raise click.UsageError("--tls-key needs its --tls-cert")
    wants_tls = given.pop("tls") or spec.tls or any(files.values())
    return Source(
        given.pop("topic"),
        given.pop("channel"),
        spec.nsqd_tcp_addresses,
        spec.lookupd_http_addresses,
        given.pop("max_in_flight"),
        Tls(ca, cert, key) if wants_tls else None,
        os.environ.get(SECRET_VARIABLE, "").strip() or None,
    )


def _default_spool(archive: str, source: Source, host: str) -> Path:
    """A folder for this archiver alone, the same at every start."""
    if "#" in source.topic:
        raise ConfigError("give an ephemeral topic's spool with --spool")
    mark = hashlib.sha256(f"{archive}\n{source.channel}".encode()).hexdigest()[:8]
    return state_dir() / "spool" / f"{source.topic}.{host}.{mark}"


def _run(options: ArchiverOptions, stop: threading.Event, log: Log, status_address: str | None) -> int:
    now = [Status()]
    if status_address is not None:
        from tui.archiver.web import served

        web: Any = served(status_address, lambda: now[0])
    else:
        web = nullcontext()
    with web:
        for event in archive_topic(options, stop):
            if isinstance(event, Status):
                now[0] = event
                log.status(event)
            elif isinstance(event, Stopped):
                log.status(event.status, last=True)
                code = _end(options, event)
                if event.hangs:  # in threads that Python would wait for
                    os._exit(code)
                return code
            else:
                log.line(event.text)
    raise AssertionError("an archiver ends with Stopped")


def _end(options: ArchiverOptions, event: Stopped) -> int:
    if not event.left:
        return EXIT_MATCHED
    why = f" ({event.status.uploads.trouble})" if event.status.uploads.trouble else ""
    say(
        f"{plural(event.left, 'file')} could not be uploaded{why}; nothing is lost: the next start with the spool "
        f"{options.spool} uploads what is there"
    )
    return EXIT_FAILED


@contextmanager
def _stop_on_signals() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set. A second signal leaves at once, which is as safe as kill -9 is."""
    stop = threading.Event()

    def signalled(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            say("left at once; what was finished is in the spool, and the next start uploads it")
            os._exit(EXIT_INTERRUPTED)
        stop.set()

    before = {number: signal.signal(number, signalled) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
