"""nsqd restarted, S3 away, S3 failing, the spool's disk full: nothing is lost, and the archiver recovers by itself."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.shows.soak.archiving import (
    CHANNEL,
    TOPIC,
    Archiver,
    Producer,
    bucket_tally,
    servers,
    spool_left,
    wait_until_taken,
)
from tests.shows.soak.data import Tally
from tests.shows.soak.show import Check, Result, Stage, Table, at_most, exactly
from tests.support.faulty_s3 import FaultyS3
from tests.support.nsqd import Nsqd
from tests.support.seaweed import Seaweed

_SIZE = 200
_DISK = 8 << 20  # bytes of the small disk


@dataclass(frozen=True)
class _Ended:
    name: str
    code: int
    tally: Tally
    may_repeat: int
    left: int
    seconds: float
    remark: str


def archive_trouble(stage: Stage, *, count: int = 300_000, rate: float = 20_000, restarts: int = 5) -> Result:
    """Each kind of fault has its own topic and occurs while messages arrive."""
    ended = [
        _restarts(stage, count, rate, restarts),
        _away(stage, count, rate),
        _failing(stage, count, rate),
        _full(stage, count, rate),
    ]
    checks: list[Check] = []
    for end in ended:
        checks += [
            exactly(f"{end.name}: missing in the bucket", end.tally.missing, 0),
            at_most(f"{end.name}: twice in the bucket", end.tally.extra, end.may_repeat),
            Check(f"{end.name}: exit code after SIGTERM", str(end.code), "0", end.code == 0),
            exactly(f"{end.name}: files left in the spool", end.left, 0),
        ]
    return Result(
        "an archiver in trouble",
        f"A producer publishes {count:,} messages of {_SIZE} B, {rate:,.0f} per second; the archiver has hours of one "
        "second (0.3 s where S3 fails), uploads to SeaweedFS, and is never restarted. A message may be there twice if "
        "nsqd redelivered it, after its timeout or a restart, or if the producer sent it again because its answer was "
        "lost.",
        checks,
        Table(
            ("", "taken after the last message, s", "what happened"),
            [[end.name, f"{end.seconds:.1f}", end.remark] for end in ended],
        ),
    )


def _restarts(stage: Stage, count: int, rate: float, restarts: int) -> _Ended:
    repeats = 0
    with servers(stage, "restart") as (nsqd, seaweed):

        def strike() -> str:
            nonlocal repeats
            for _ in range(restarts):
                time.sleep(count / rate / (restarts + 1))
                channel = nsqd.stats(TOPIC).channels[CHANNEL]
                repeats += channel.timeout_count
                nsqd.stop()
                repeats += 2 * 2500  # given out by the one, and again by the next: what may be in flight
                nsqd.start()
            return f"{restarts} times SIGTERM"

        end = _play(stage, f"nsqd restarted {restarts} times", nsqd, seaweed, count, rate, strike)
    return _with_repeats(end, repeats)


def _away(stage: Stage, count: int, rate: float) -> _Ended:
    with servers(stage, "away") as (nsqd, seaweed):

        def strike() -> str:
            time.sleep(count / rate / 4)
            before = nsqd.stats(TOPIC).channels[CHANNEL]
            seaweed.stop()
            time.sleep(count / rate)
            after = nsqd.stats(TOPIC).channels[CHANNEL]
            taken = (after.message_count - after.depth) - (before.message_count - before.depth)
            seaweed.start()
            return f"{taken:,} messages went to the spool meanwhile"

        return _play(stage, f"S3 away for {count / rate:.0f} s and more", nsqd, seaweed, count, rate, strike)


def _failing(stage: Stage, count: int, rate: float) -> _Ended:
    with servers(stage, "failing") as (nsqd, seaweed), FaultyS3(seaweed.port) as front:

        def strike() -> str:
            time.sleep(count / rate)
            front.faulty = False
            return ", ".join(f"{name} {times}×" for name, times in sorted(front.struck.items()))

        env = seaweed.env | {"AWS_ENDPOINT_URL": front.endpoint_url}
        return _play(stage, "S3 failing every other request", nsqd, seaweed, count, rate, strike, env=env, hour=0.3)


def _full(stage: Stage, count: int, rate: float) -> _Ended:
    with servers(stage, "full") as (nsqd, seaweed), _small_disk(stage.folder / "disk") as disk:

        def strike() -> str:
            seaweed.stop()
            deadline = time.monotonic() + 90
            while not (full := "No space left" in archiver_log.read_text()) and time.monotonic() < deadline:
                time.sleep(0.2)
            time.sleep(3)
            waits = nsqd.stats(TOPIC).channels[CHANNEL].depth
            seaweed.start()
            return (
                f"{'the disk was full' if full else '**the disk was never full**'}; {waits:,} messages waited in nsqd"
            )

        archiver_log = stage.folder / "spool.log"
        archiver_log.touch()
        name = f"spool on a disk of {_DISK >> 20} MiB, S3 away"
        return _play(stage, name, nsqd, seaweed, count, rate, strike, spool=disk / "spool", noise=True)


def _play(
    stage: Stage,
    name: str,
    nsqd: Nsqd,
    seaweed: Seaweed,
    count: int,
    rate: float,
    strike: Callable[[], str],
    *,
    env: dict[str, str] | None = None,
    spool: Path | None = None,
    noise: bool = False,
    hour: float = 1.0,
) -> _Ended:
    spool = spool or stage.folder / f"spool-{name.partition(' ')[0]}-{time.monotonic_ns()}"
    with (
        Archiver(stage, nsqd, env or seaweed.env, spool, hour=hour) as archiver,
        Producer(nsqd, count, _SIZE, rate, noise=noise) as producer,
    ):
        archiver.start()
        remark = strike()
        stage.say(f"{name}: {remark}")
        seconds = wait_until_taken(nsqd, producer)
        may_repeat = nsqd.stats(TOPIC).channels[CHANNEL].timeout_count + producer.unsure
        code = archiver.stop()
        if code:
            stage.say(archiver.tail)
    tally, _ = bucket_tally(seaweed, count)
    return _Ended(name, code, tally, may_repeat, spool_left(spool), seconds, remark)


def _with_repeats(end: _Ended, more: int) -> _Ended:
    return _Ended(end.name, end.code, end.tally, end.may_repeat + more, end.left, end.seconds, end.remark)


@contextmanager
def _small_disk(folder: Path) -> Iterator[Path]:
    """Mount a tmpfs, which needs root."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={_DISK}", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
