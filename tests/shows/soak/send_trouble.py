"""nsqd restarted, the connection cut, stalled and slowed during a send: nothing is lost, and the operator sees why."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from tests.shows.soak.command import Sender, send_words
from tests.shows.soak.data import Tally, tally, write_records
from tests.shows.soak.show import Check, Result, Stage, Table, at_most, exactly
from tests.support.nsqd import Nsqd
from tests.support.proxy import Proxy
from tui.send import SendOptions

_TOPIC = "replay"
_REPORTED_SECONDS = 5.0
_SIZE = 200


@dataclass(frozen=True)
class _Act:
    """A fault: how often it strikes, what an operator must then read (a regex), and how to make it.

    `{}` in the words is the number of the strike, from 1. `strike` begins a fault and returns when it is over.
    """

    name: str
    times: int
    words: str
    strike: Callable[[Nsqd, Proxy], None]
    count: int


@dataclass(frozen=True)
class _Ended:
    act: _Act
    code: int
    reported: list[float | None]
    tallied: Tally

    @property
    def slowest(self) -> float:
        return max((seconds if seconds is not None else float("inf") for seconds in self.reported), default=0.0)


def send_trouble(
    stage: Stage,
    *,
    count: int = 2_500_000,
    times: int = 10,
    stall: float = 90,
    slow: float = 20,
    kinds: Sequence[str] = ("restart", "cut", "freeze", "hold", "slow"),
) -> Result:
    """Each kind of fault has its own send, through a proxy, at full rate."""
    lost = r"connecting again|connected again \({}×\)"  # the first can be too short to be shown
    silent = "no answer from nsqd"
    acts = {
        "restart": _Act("nsqd: SIGTERM, started again", times, lost, _restart, count),
        "cut": _Act("connection cut (reset)", times, lost, lambda _, proxy: proxy.cut(), count),
        "freeze": _Act(f"nsqd: SIGSTOP for {stall:g} s", 1, silent, lambda nsqd, _: _freeze(nsqd, stall), count),
        "hold": _Act(f"proxy lets nothing pass for {stall / 3:g} s", 1, silent, _held(stall / 3), count),
        "slow": _Act(f"proxy passes 40 kB/s for {slow:g} s", 1, silent, _slowed(slow), count),
    }
    ended = [_play(stage, acts[kind]) for kind in kinds]
    window = SendOptions().batch * SendOptions().unconfirmed
    checks = []
    for end in ended:
        name = f"{end.act.name}, {end.act.times}×" if end.act.times > 1 else end.act.name
        checks += [
            Check(f"{name}: exit code", str(end.code), "0", end.code == 0),
            exactly(f"{name}: missing", end.tallied.missing, 0),
            at_most(f"{name}: repeated", end.tallied.extra, end.act.times * window),
            at_most(f"{name}: the operator sees it after, at most", end.slowest, _REPORTED_SECONDS, " s"),
        ]
    return Result(
        "nsqd restarted, connection cut, stalled, slowed",
        f"One send of {count:,} records of {_SIZE} B at full rate for each kind of fault, during the send. "
        "The time from the fault until the progress line names it is measured on the operator's terminal. A fault can "
        f"repeat the records in flight, at most {window:,}.",
        checks,
        Table(
            ("", "times", "told after, s: median", "most", "repeated in all"),
            [_row(end) for end in ended],
        ),
    )


def _play(stage: Stage, act: _Act) -> _Ended:
    folder = stage.folder / act.name.replace(" ", "-").replace("/", "-")
    folder.mkdir()
    source = write_records(folder / "records.jsonl", act.count, _SIZE)
    with _nsqd_and_proxy(stage, folder) as (nsqd, proxy):
        words = send_words(source, nsqd, _TOPIC, tcp=proxy.address)
        struck = []
        with Sender(words, folder) as sender:
            for _ in range(act.times):
                _wait_for_share(nsqd, sender, act.count // (act.times + 2))
                struck.append(time.monotonic())
                act.strike(nsqd, proxy)
            code = sender.wait(600)
        spans = enumerate(pairwise([*struck, time.monotonic()]), 1)
        seconds = [sender.saw(act.words.replace("{}", str(number)), *span) for number, span in spans]
        stage.say(f"{act.name}: exit code {code}, reported after {seconds}")
        if code:
            stage.say(sender.text[-1000:])
        tallied = tally(nsqd, _TOPIC, act.count)
    source.unlink()
    return _Ended(act, code, seconds, tallied)


@contextmanager
def _nsqd_and_proxy(stage: Stage, folder: Path) -> Iterator[tuple[Nsqd, Proxy]]:
    with stage.nsqd(name=f"{folder.name}/nsqd") as nsqd, Proxy(nsqd.tcp_port) as proxy:
        yield nsqd, proxy


def _wait_for_share(nsqd: Nsqd, sender: Sender, share: int) -> None:
    """Wait until that many more have arrived; nsqd counts from its start."""
    before = nsqd.stats(_TOPIC).message_count
    while nsqd.stats(_TOPIC).message_count - before < share:
        if not sender.running:
            raise RuntimeError(f"the send was over before the trouble came: {sender.text[-300:]}")
        time.sleep(0.01)


def _restart(nsqd: Nsqd, _: Proxy) -> None:
    nsqd.stop()
    nsqd.start()


def _freeze(nsqd: Nsqd, seconds: float) -> None:
    nsqd.freeze()
    time.sleep(seconds)
    nsqd.thaw()


def _held(seconds: float) -> Callable[[Nsqd, Proxy], None]:
    def strike(_: Nsqd, proxy: Proxy) -> None:
        proxy.hold()
        time.sleep(seconds)
        proxy.release()

    return strike


def _slowed(seconds: float) -> Callable[[Nsqd, Proxy], None]:
    def strike(_: Nsqd, proxy: Proxy) -> None:
        proxy.rate = 40_000
        time.sleep(seconds)
        proxy.rate = None

    return strike


def _row(end: _Ended) -> list[str]:
    times = sorted(seconds for seconds in end.reported if seconds is not None)
    spelled = [f"{times[len(times) // 2]:.2f}", f"{times[-1]:.2f}"] if times else ["never", "never"]
    return [end.act.name, f"{end.act.times}", *spelled, f"{end.tallied.extra:,}"]
