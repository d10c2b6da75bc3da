"""The whole circle on one machine, for a look: `make circle`.

    sample records → send → nsqd → archive → S3 → scan → send → nsqd

A real nsqd and a real S3 server are started, a producer sends the sample's events, and the archiver records them,
with a clock that makes an hour of a second and a half. On a terminal the explorer opens on the bucket while this goes
on; without one, or once it is closed, the incident is found in the bucket and put back into NSQ. Nothing is left.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tests.support.build import find_or_build_nsq
from tests.support.nsqd import Nsqd
from tests.support.seaweed import Seaweed, find_weed
from tui.archiver import ArchiverOptions, LogNotice, TopicSource, archive_topic, destination
from tui.config import S3Options

TOPIC, REPLAY, BUCKET = "events", "replay", "archive"
ARCHIVE = f"s3://{BUCKET}/"
INCIDENT = "event == 'error' && error.code == `5003`"
_HOURS = 24
_FIRST = datetime(2015, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class _Clock:
    """A clock for the sample's days in which an hour takes `hour` seconds."""

    hour: float
    began: float = field(default_factory=time.time)

    def __call__(self) -> float:
        return _FIRST.timestamp() + (time.time() - self.began) * 3600 / self.hour


@dataclass(frozen=True)
class Circle:
    """Counts of what arrived: records of the sample, messages of the topic, records in the bucket, of the incident, and
    messages of the replay.
    """

    records: int
    messages: int
    archived: int
    incident: int
    replayed: int


def run_circle(folder: Path, *, records_per_hour: int = 400, hour: float = 1.5, look: bool = False) -> Circle:
    """Run the circle in an empty folder, with hours of `hour` seconds; `look` opens the explorer meanwhile.

    CalledProcessError if a command fails.
    """
    programs = find_or_build_nsq()
    with Nsqd(programs.nsqd, folder / "nsqd") as nsqd, Seaweed(find_weed(), folder / "s3") as seaweed:
        seaweed.create_bucket(BUCKET)
        nsqd.create_channel(TOPIC, "archive")
        sample = folder / "sample"
        _say("the sample's records are made")
        _hourscope("demo", "--dir", sample, "--no-open", "--hours", _HOURS, "--records-per-hour", records_per_hour)
        whole = folder / "whole.jsonl"
        _hourscope("scan", sample, "-o", whole, codes=(0, 2))  # 2: the sample has a torn chunk
        records = whole.read_bytes().count(b"\n")
        with _archiving(nsqd, seaweed, folder / "spool", _Clock(hour)):
            _say(f"{records:,} records go into nsqd, an hour every {hour:g} s, and through the archiver into {ARCHIVE}")
            producer = _start("send", whole, *_to(nsqd, TOPIC), "--rate", round(records / _HOURS / hour), "--yes")
            if look:
                time.sleep(3 * hour)
                _hourscope(ARCHIVE, env=seaweed.env, codes=(0, 1, 2), quiet=False)
            if producer.wait():
                raise RuntimeError(f"the producer ended with {producer.returncode}")
        return _replay(nsqd, seaweed, records)


def _replay(nsqd: Nsqd, seaweed: Seaweed, records: int) -> Circle:
    archived = int(_hourscope("scan", ARCHIVE, "--count", env=seaweed.env))
    incident = int(_hourscope("scan", ARCHIVE, "-m", INCIDENT, "--count", env=seaweed.env))
    _say(f"{archived:,} records are in the bucket; {incident:,} of them, the incident, go back into NSQ")
    _hourscope("send", ARCHIVE, "-m", INCIDENT, *_to(nsqd, REPLAY), "--yes", env=seaweed.env)
    messages, replayed = (nsqd.stats(topic).message_count for topic in (TOPIC, REPLAY))
    return Circle(records, messages, archived, incident, replayed)


@contextmanager
def _archiving(nsqd: Nsqd, seaweed: Seaweed, spool: Path, clock: _Clock) -> Iterator[None]:
    """The archiver in a thread; at the end it has uploaded everything that nsqd gave out."""
    before = dict(os.environ)
    os.environ.update(seaweed.env)  # the archiver looks for credentials where everyone does
    options = ArchiverOptions(
        destination(ARCHIVE, s3=S3Options(endpoint_url=seaweed.endpoint_url)),
        TopicSource(TOPIC, "archive", (nsqd.tcp_address,)),
        spool,
        "web01",
        sync_interval=0.3,
        now=clock,
    )
    stop = threading.Event()

    def run() -> None:
        for event in archive_topic(options, stop):
            if isinstance(event, LogNotice) and not event.text.startswith("uploaded"):
                _say(event.text)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
        while (channel := nsqd.stats(TOPIC).channels["archive"]).depth or channel.in_flight:
            time.sleep(0.05)
    finally:
        stop.set()
        thread.join()
        os.environ.clear()
        os.environ.update(before)


def _to(nsqd: Nsqd, topic: str) -> list[object]:
    return ["--nsqd-tcp-address", nsqd.tcp_address, "--nsqd-http-address", nsqd.http_address, "--topic", topic]


def _words(words: Sequence[object]) -> list[str]:
    return [sys.executable, "-m", "tui", *map(str, words)]


def _start(*words: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        _words(words), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def _hourscope(
    *words: object, env: Mapping[str, str] | None = None, codes: Sequence[int] = (0,), quiet: bool = True
) -> bytes:
    output = subprocess.PIPE if quiet else None
    stdin = subprocess.DEVNULL if quiet else None
    ran = subprocess.run(
        _words(words), env={**os.environ, **(env or {})}, stdin=stdin, stdout=output, stderr=output, check=False
    )
    if ran.returncode not in codes:
        raise subprocess.CalledProcessError(ran.returncode, _words(words), ran.stdout, ran.stderr)
    return ran.stdout or b""


def _say(text: str) -> None:
    print(f"circle: {text}", file=sys.stderr)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="hourscope-circle-") as folder:
        outcome = run_circle(Path(folder), look=sys.stdin.isatty() and sys.stdout.isatty())
    print(
        f"sent {outcome.records:,} → nsqd {outcome.messages:,} → bucket {outcome.archived:,}"
        f" → incident {outcome.incident:,} → nsqd {outcome.replayed:,}"
    )
    whole = outcome.records == outcome.messages == outcome.archived and outcome.incident == outcome.replayed > 0
    sys.exit(0 if whole else "something is missing")


if __name__ == "__main__":
    main()
