"""The options of an archiver: the source of messages, the spool, the archive."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tui.archive import Archive, open_archive
from tui.archive.holes import escape, has_holes, unescape
from tui.archive.local import make_folder
from tui.archive.store import is_s3
from tui.archive.times import zone_name
from tui.config import S3Options
from tui.errors import ArchiveError, ConfigError, reason
from tui.nsq.address import name_error, split_address, valid_name
from tui.nsq.target import Tls

DEFAULT_LAYOUT = "{topic}.{host}{rev}.%Y-%m-%d_%H.log.gz"  # as nsq_to_file names its files
MAX_IN_FLIGHT = 2500  # nsqd's default -max-rdy-count
SYNC_INTERVAL = 5.0
SPOOL_MAX = 20_000_000_000
_ANY_HOUR = datetime(2015, 1, 20, 13, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class TopicSource:
    """A topic's channel, and the nsqds that have it: named, or found through nsqlookupd.

    `max_in_flight` messages may be unfinished at a time, over all nsqds; half of them trigger a sync.
    """

    topic: str
    channel: str
    nsqd_tcp_addresses: tuple[str, ...] = ()
    lookupd_http_addresses: tuple[str, ...] = ()
    max_in_flight: int = MAX_IN_FLIGHT
    tls: Tls | None = None
    auth_secret: str | None = field(default=None, repr=False)

    def check(self) -> None:
        """Raise ConfigError or SendError if a name or an address is invalid, or a TLS file cannot be used."""
        for what, name in (("topic", self.topic), ("channel", self.channel)):
            if not valid_name(name):
                raise name_error(what, name)
        if not self.nsqd_tcp_addresses and not self.lookupd_http_addresses:
            raise ConfigError("no nsqd was given; add --nsqd-tcp-address or --lookupd-http-address HOST:PORT")
        for address in (*self.nsqd_tcp_addresses, *self.lookupd_http_addresses):
            split_address(address)
        if self.tls is not None:
            self.tls.context()


@dataclass(frozen=True, slots=True)
class ArchiverOptions:
    """The options of an archiver. `now` returns seconds since 1970, from which the hour follows; tests replace it.

    Sizes are in bytes, times in seconds. Only this archiver uses `spool`. With several `processes`, each has its own
    connections and files. With `rotate_size` None, files rotate only at the hour. `debug` shows the traceback of an
    unexpected error from which the archiver recovers.
    """

    archive: Archive
    source: TopicSource
    spool: Path
    host: str
    sync_interval: float = SYNC_INTERVAL
    rotate_size: int | None = None
    spool_max: int = SPOOL_MAX
    merge_hour: bool = False
    processes: int = 1
    debug: bool = False
    now: Callable[[], float] = time.time

    @property
    def identity(self) -> dict[str, str]:
        """The owner of the messages in the spool."""
        return {
            "archive": f"{self.archive.store.url}/{self.archive.layout.pattern}",
            "topic": self.source.topic,
            "host": self.host,
            "timezone": zone_name(self.archive.zone),
        }

    def check(self) -> None:
        """Raise ConfigError if the options contradict each other."""
        self.source.check()
        layout = self.archive.layout.pattern
        if not layout.endswith(".gz"):
            raise ConfigError(f"the archiver writes gzip, but the layout '{layout}' does not end in .gz")
        if "{rev}" not in layout:
            raise ConfigError(f"the layout '{layout}' needs a {{rev}}: after a restart an hour has more than one file")
        if "*" in layout:
            raise ConfigError(f"the layout '{layout}' has a '*', from which no key can be made; spell it out")
        if not self.host or "/" in self.host:
            raise ConfigError(f"'{self.host}' cannot be part of a key; choose another --host")
        key = self.archive.layout.spell(_ANY_HOUR, {"topic": self.source.topic, "host": self.host, "rev": "-000001"})
        if self.archive.layout.parse(key) is None:
            raise ConfigError(f"the layout '{layout}' cannot read back the key '{key}' that it makes; choose another")


def destination(
    url: str, *, timezone: str | None = None, s3: S3Options | None = None, layout: str | None = None
) -> Archive:
    """Open the archive to write. Without a layout it gets nsq_to_file's; a folder is created.

    Nothing is listed or detected, because the archive may be empty.
    """
    whole = url if has_holes(url) else f"{escape(url.rstrip('/'))}/{layout or DEFAULT_LAYOUT}"
    if not is_s3(whole):
        parts = Path(whole).expanduser().parts
        fixed = [unescape(part) for part in parts[: next(at for at, part in enumerate(parts) if has_holes(part))]]
        try:
            make_folder(Path(*fixed))
        except OSError as error:
            raise ArchiveError(f"{Path(*fixed)} cannot be created: {reason(error)}; choose another ARCHIVE") from error
    return open_archive(whole, timezone=timezone, s3=s3, layout=layout if has_holes(url) else None)
