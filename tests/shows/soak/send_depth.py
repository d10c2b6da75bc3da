"""A slow consumer: `--max-depth` is exceeded by at most a window."""

from __future__ import annotations

import threading
import time
from itertools import pairwise

from tests.shows.soak.command import Sender, send_words
from tests.shows.soak.data import write_records
from tests.shows.soak.show import Check, Result, Stage, at_most, exactly
from tests.support.consume import read_messages
from tests.support.nsqd import Nsqd
from tui.send import SendOptions

_TOPIC, _CHANNEL = "replay", "slow"


def send_depth(
    stage: Stage, *, count: int = 200_000, size: int = 500, most: int = 10_000, rest: float = 2.0, take: int = 15_000
) -> Result:
    """A consumer takes `take` messages as fast as it can, then none for `rest` seconds, repeatedly."""
    source = write_records(stage.folder / "records.jsonl", count, size)
    options = SendOptions()
    window = options.batch * options.in_flight
    with stage.nsqd() as nsqd:
        nsqd.create_channel(_TOPIC, _CHANNEL)
        words = send_words(source, nsqd, _TOPIC, "--max-depth", str(most))
        with Sender(words, stage.folder) as sender, _Watch(nsqd) as watch:
            taken: list[bytes] = []
            while len(taken) < count:
                time.sleep(rest)
                waiting = nsqd.stats(_TOPIC).channels[_CHANNEL].depth
                taken += read_messages(nsqd, _TOPIC, min(take, waiting) if sender.running else waiting, _CHANNEL)
            code = sender.wait(30)
            held_up = sender.saw(r"paused: the topic is [\d,]+ deep") is not None
    return Result(
        f"--max-depth {most} with a consumer that is held down",
        f"{count:,} records of {size} B; the topic's only consumer takes {take:,} as fast as it can, then none for "
        f"{rest:g} s, repeatedly. The depth (topic and channel) is read continuously from nsqd's stats; "
        f"{options.in_flight} batches of {options.batch} may be in flight.",
        [
            Check("exit code", str(code), "0", code == 0),
            at_most("deepest", watch.deepest, most + window),
            exactly("different records taken", len(set(taken)), count),
            Check("the operator is told why nothing moves", "yes" if held_up else "no", "yes", held_up),
        ],
        remark=f"The depth was read {watch.samples:,} times, every {watch.apart * 1000:.1f} ms (median).",
    )


class _Watch:
    """Reads the depth as often as it can, in a thread."""

    def __init__(self, nsqd: Nsqd) -> None:
        self._nsqd = nsqd
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._times: list[float] = []
        self.deepest = 0

    def _run(self) -> None:
        while not self._over.is_set():
            stats = self._nsqd.stats(_TOPIC)
            self.deepest = max(self.deepest, stats.depth + stats.channels[_CHANNEL].depth)
            self._times.append(time.monotonic())
            self._over.wait(0.002)

    @property
    def samples(self) -> int:
        return len(self._times)

    @property
    def apart(self) -> float:
        gaps = sorted(later - earlier for earlier, later in pairwise(self._times))
        return gaps[len(gaps) // 2]

    def __enter__(self) -> _Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
