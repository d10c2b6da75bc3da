"""Running an archiver with a producer and a bucket, and counting the messages in the bucket."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.shows.soak.data import Tally, number_of, record
from tests.shows.soak.show import Stage
from tests.support.nsqd import Nsqd
from tests.support.seaweed import Seaweed, find_weed

TOPIC, CHANNEL, BUCKET = "events", "archive", "archive"
# What a kill leaves in flight comes again soon; the backlog stays in memory, so that nsqd's disk is not the measure.
NSQD = {"msg-timeout": "3s", "mem-queue-size": 4_000_000}
_AT_ONCE = 1_000


@contextmanager
def servers(stage: Stage, name: str) -> Iterator[tuple[Nsqd, Seaweed]]:
    """nsqd with the topic and the archiver's channel, and a bucket."""
    with (
        stage.nsqd(NSQD, name=f"{name}-nsqd") as nsqd,
        Seaweed(find_weed(), stage.folder / f"{name}-s3") as seaweed,
    ):
        seaweed.create_bucket(BUCKET)
        nsqd.create_channel(TOPIC, CHANNEL)
        yield nsqd, seaweed


class Producer:
    """Publishes `count` numbered messages of `size` bytes, `rate` per second, across outages of nsqd.

    `noise`: messages that gzip can hardly compress.
    """

    def __init__(self, nsqd: Nsqd, count: int, size: int, rate: float, *, noise: bool = False) -> None:
        self._noise = noise
        self._nsqd, self._count, self._size, self._rate = nsqd, count, size, rate
        self._thread = threading.Thread(target=self._publish, daemon=True)
        self.done = threading.Event()
        self.unsure = 0  # messages of requests whose answer was lost: they may be there twice

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._thread.join()

    def _publish(self) -> None:
        began = time.monotonic()
        for first in range(0, self._count, _AT_ONCE):
            numbers = range(first, min(first + _AT_ONCE, self._count))
            messages = [self._message(number) for number in numbers]
            while not self._published(messages):
                time.sleep(0.05)
            time.sleep(max(0.0, began + numbers.stop / self._rate - time.monotonic()))
        self.done.set()

    def _message(self, number: int) -> bytes:
        line = record(number, self._size)[:-1]
        if not self._noise:
            return line
        noise = os.urandom(line.count(b"x") // 2).hex().encode()
        return line.replace(b"x" * len(noise), noise)

    def _published(self, messages: list[bytes]) -> bool:
        try:
            self._nsqd.publish(TOPIC, messages)
        except (OSError, EOFError):
            self.unsure += len(messages)
            return False
        return True


class Archiver:
    """The archiver as a process, with a test clock whose hour takes `hour` seconds."""

    def __init__(
        self, stage: Stage, nsqd: Nsqd, env: Mapping[str, str], spool: Path, *, hour: float, processes: int = 1
    ) -> None:
        words = [f"s3://{BUCKET}/", TOPIC, nsqd.tcp_address, str(spool), str(hour), str(processes)]
        self._words = [sys.executable, "-m", "tests.archiver.archiver", *words]
        self._env = {**os.environ, **env}
        self.log = stage.folder / f"{spool.name}.log"
        self.spool = spool
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self._words, env=self._env, stderr=log, stdin=subprocess.DEVNULL)

    def kill(self) -> None:
        assert self.process
        if self.process.poll() is not None:
            raise RuntimeError(f"the archiver ended before it was killed: {self.tail}")
        self.process.kill()
        self.process.wait()

    def stop(self, seconds: float = 90) -> int:
        """Send SIGTERM and return the exit code."""
        assert self.process
        self.process.terminate()
        return self.process.wait(seconds)

    @property
    def tail(self) -> str:
        return self.log.read_text(errors="replace")[-1500:] if self.log.exists() else ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def wait_until_taken(nsqd: Nsqd, producer: Producer, seconds: float = 300) -> float:
    """Wait until everything is published and finished; return the seconds."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        channel = nsqd.stats(TOPIC).channels.get(CHANNEL)
        if producer.done.is_set() and channel and not (channel.depth or channel.in_flight or channel.deferred):
            return time.monotonic() - began
        time.sleep(0.1)
    raise RuntimeError(f"after {seconds:g} s not everything was taken: {nsqd.stats(TOPIC)}")


def bucket_tally(seaweed: Seaweed, count: int) -> tuple[Tally, int]:
    """Count how often each number is in the bucket, and the files."""
    client, seen, files = seaweed.client(), bytearray(count), 0
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
        for item in page.get("Contents", ()):
            files += 1
            body = client.get_object(Bucket=BUCKET, Key=item["Key"])["Body"].read()
            for line in gzip.decompress(body).splitlines():
                seen[number_of(line)] += 1
    return Tally(seen), files


def spool_left(spool: Path) -> int:
    """Return the number of files in the spool."""
    return sum(1 for path in spool.glob("*") if path.name not in ("lock", "spool.json"))
