"""What the tests of the archiver share."""

from __future__ import annotations

import gzip
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.support.nsqd import ChannelStats, Nsqd
from tui.archive.store import Store
from tui.archiver import ArchiverOptions, Event, LogNotice, Status, Stopped, TopicSource, archive_topic, destination
from tui.config import S3Options

CHANNEL = "archive"


def messages(count: int, *, size: int = 100) -> list[bytes]:
    """Different messages that gzip makes little smaller."""
    return [b'{"n":%d,"pad":"%s"}' % (number, os.urandom(size // 2).hex().encode()) for number in range(count)]


def options(
    archive: object, topic: str, spool: Path, *nsqds: Nsqd, s3: S3Options | None = None, **more: Any
) -> ArchiverOptions:
    """The options of an archiver that syncs quickly."""
    source = TopicSource(topic, CHANNEL, tuple(nsqd.tcp_address for nsqd in nsqds))
    return ArchiverOptions(
        destination(str(archive), s3=s3), source, spool, **{"host": "web01", "sync_interval": 0.2, **more}
    )


class Running:
    """An archiver in a thread, until the end of the `with`, which is a clean stop."""

    def __init__(self, options: ArchiverOptions) -> None:
        self._options = options
        self._stop = threading.Event()
        self._failed: BaseException | None = None
        self.events: list[Event] = []
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        try:
            for event in archive_topic(self._options, self._stop):
                self.events.append(event)
        except BaseException as error:  # for the test's own thread
            self._failed = error
            raise

    @property
    def status(self) -> Status:
        reports = [event for event in self.events if isinstance(event, Status)]
        return reports[-1] if reports else Status()

    @property
    def said(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, LogNotice)]

    @property
    def stopped(self) -> Stopped:
        last = self.events[-1]
        assert isinstance(last, Stopped)
        return last

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(60)
        assert not self._thread.is_alive()
        assert self._failed is None


class Clock:
    """A clock that is set by hand."""

    def __init__(self, time: float) -> None:
        self.time = time

    def __call__(self) -> float:
        return self.time


def wait_for(ready: Callable[[], object], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline, "it does not come to pass"
        time.sleep(0.02)


def channel(nsqd: Nsqd, topic: str) -> ChannelStats:
    return nsqd.stats(topic).channels[CHANNEL]


def is_drained(nsqd: Nsqd, topic: str) -> bool:
    """Is every message of the topic finished?

    On its way from the topic to the channel, a message is in the depth of neither; only the channel's count lacks it.
    """
    stats = nsqd.stats(topic)
    mine = stats.channels.get(CHANNEL)
    if mine is None or mine.message_count < stats.message_count:
        return False
    return stats.depth == mine.depth == mine.in_flight == mine.deferred == 0


def publish(nsqd: Nsqd, topic: str, bodies: list[bytes]) -> None:
    """Publish into an existing channel, so that nothing is only in the topic."""
    nsqd.create_channel(topic, CHANNEL)
    nsqd.publish(topic, bodies)


def chunks(store: Store) -> Mapping[str, list[bytes]]:
    """The lines of every object of the archive, by key."""
    by_key = {}
    for item in store.objects():
        with store.open(item.key) as stream:
            by_key[item.key] = gzip.decompress(stream.read()).splitlines()
    return dict(sorted(by_key.items()))


def archived(store: Store) -> Counter[bytes]:
    """Count every line of the archive."""
    return Counter(line for lines in chunks(store).values() for line in lines)


@contextmanager
def environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables temporarily, including for threads."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value
