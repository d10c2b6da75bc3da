"""kill -9 of the archiver at random moments: every message is in the bucket; only those in flight may be twice."""

from __future__ import annotations

import random
import time
from collections import Counter
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
from tests.shows.soak.show import Check, Result, Stage, Table, at_least, at_most, exactly

_STATES = {
    ".open": "writing a file",
    ".torn": "repairing one",
    "sealed": "a whole file waiting",
    "named": "uploading one",
}


def archive_kill(
    stage: Stage, *, count: int = 2_000_000, kills: int = 20, size: int = 200, rate: float = 40_000, seed: int = 7
) -> Result:
    """Hours of one second, so that rotation and upload never stop; kills at random moments, start-up included."""
    moments = random.Random(seed)
    in_flight, found_at = 0, Counter[str]()
    with servers(stage, "kill") as (nsqd, seaweed):
        with (
            Archiver(stage, nsqd, seaweed.env, stage.folder / "spool", hour=1) as archiver,
            Producer(nsqd, count, size, rate) as producer,
        ):
            for number in range(kills):
                archiver.start()
                time.sleep(moments.uniform(0.3, 2.5))
                if number % 3 == 2:
                    _await(archiver.spool, "named" if number % 2 else "sealed")
                archiver.kill()
                time.sleep(0.1)  # nsqd reads the FINs that were in the socket
                flying = nsqd.stats(TOPIC).channels[CHANNEL].in_flight
                in_flight += flying
                found_at.update(_states(archiver.spool))
                stage.say(f"kill {number + 1}: {flying:,} in flight, {spool_left(archiver.spool)} files in the spool")
            archiver.start()
            seconds = wait_until_taken(nsqd, producer)
            timeouts = nsqd.stats(TOPIC).channels[CHANNEL].timeout_count
            code = archiver.stop()
        tally, files = bucket_tally(seaweed, count)
    return Result(
        f"{count:,} messages, kill -9 of the archiver at {kills} moments",
        f"A producer publishes {rate:,.0f} messages of {size} B per second. An archiver whose test clock makes hours "
        f"of one second records them into a bucket, and is killed {kills} times, at a random moment of its first 0.3 "
        "to 2.5 seconds, every third time only once it rotates or uploads a file. The last one finishes and is stopped "
        "by SIGTERM. Messages that were in flight at a kill may be in the bucket twice.",
        [
            exactly("missing in the bucket", tally.missing, 0),
            at_most("twice in the bucket, against what was in flight at the kills", tally.extra, in_flight),
            Check("exit code of the last one", str(code), "0", code == 0),
            exactly("files left in its spool", spool_left(stage.folder / "spool"), 0),
            at_least("kills that came while a file was being uploaded", found_at["named"], 1),
        ],
        Table(
            ("the spool at the kills", "kills"),
            [[words, f"{found_at[state]}"] for state, words in _STATES.items()],
        ),
        f"{files:,} files in the bucket. After the last kill the rest was recorded in {seconds:.1f} s; "
        f"nsqd redelivered {timeouts:,} messages after its timeout.",
    )


def _await(spool: Path, state: str, seconds: float = 5.0) -> None:
    """Wait for a file in that state, which lasts for milliseconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and state not in _states(spool):
        time.sleep(0.0005)


def _states(spool: Path) -> set[str]:
    """Return what a kill interrupted, by the names of the spool's files."""
    names = [path.name for path in spool.iterdir()] if spool.exists() else []
    states = {state for state in (".open", ".torn") if any(name.endswith(state) for name in names)}
    whole = [name for name in names if name.endswith(".gz")]
    states |= {"named" if name.count(".") == 1 else "sealed" for name in whole}
    return states
