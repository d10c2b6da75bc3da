"""kill -9 of the sender at random moments: after a resume nothing is missing, and a kill repeats at most a window."""

from __future__ import annotations

import json
import random
import subprocess
import time
from itertools import pairwise
from pathlib import Path

from tests.shows.soak.command import environment, send_words
from tests.shows.soak.data import tally, write_records
from tests.shows.soak.show import Check, Result, Stage, Table, at_most, exactly
from tests.support.nsqd import Nsqd
from tui.send import SendOptions

_TOPIC = "replay"


def send_kill(stage: Stage, *, kills: int = 30, count: int = 3_000_000, size: int = 120, seed: int = 7) -> Result:
    """Every third kill comes before anything of its run can have arrived, the others after; the last run finishes."""
    source = write_records(stage.folder / "records.jsonl", count, size)
    moments = random.Random(seed)
    options = SendOptions()
    window = options.batch * options.unconfirmed
    repeats, kept = [], [0]
    with stage.nsqd({"mem-queue-size": 2 * count}) as nsqd:
        words = send_words(source, nsqd, _TOPIC)
        arrived = 0
        for number in range(kills):
            early = number % 3 == 0
            _run_and_kill(words, stage.folder, nsqd, moments.uniform(0.0, 1.5 if early else 0.4), in_mid_send=not early)
            before, arrived = arrived, _settled(nsqd)
            kept.append(_confirmed(stage.folder))
            repeats.append(arrived - before - (kept[-1] - kept[-2]))
            stage.say(f"kill {number + 1}: {arrived:,} arrived, {kept[-1]:,} confirmed")
        ran = subprocess.run(
            _resumed(words, stage.folder), env=environment(stage.folder), capture_output=True, text=True
        )
        tallied = tally(nsqd, _TOPIC, count)
    inside = sum(after > before for before, after in pairwise(kept))
    return Result(
        f"kill -9 of the sender at {kills} moments",
        f"`hourscope send --yes` of {count:,} records of {size} B at full rate, killed {kills} times and resumed "
        "with `--resume` each time; the last run finishes. Every third kill comes at a random time within 1.5 s of the "
        "program's start, the others within 0.4 s of the first record that the run sends. Records that were sent and "
        f"not confirmed at a kill can arrive again: at most {options.unconfirmed} batches of {options.batch}.",
        [
            Check("exit code of the last run", str(ran.returncode), "0", ran.returncode == 0),
            exactly("missing", tallied.missing, 0),
            at_most("repeated by one kill, the most", max(repeats), window),
            exactly("messages beyond the source, and the sum of what the kills repeated", tallied.extra, sum(repeats)),
        ],
        Table(
            ("kills", "in mid-send", "repeated something", "repeated in all", "median", "most"),
            [_row(kills, inside, repeats)],
        ),
    )


def _run_and_kill(words: list[str], folder: Path, nsqd: Nsqd, seconds: float, *, in_mid_send: bool) -> None:
    before = nsqd.stats(_TOPIC).message_count
    process = subprocess.Popen(
        _resumed(words, folder), env=environment(folder), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    while in_mid_send and process.poll() is None and nsqd.stats(_TOPIC).message_count == before:
        time.sleep(0.005)
    try:
        _, complaint = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
    else:
        raise RuntimeError(f"the sender ended before it was killed, with {process.returncode}: {complaint[-500:]}")


def _resumed(words: list[str], folder: Path) -> list[str]:
    return [*words, "--resume"] if _journals(folder) else words


def _journals(folder: Path) -> list[Path]:
    return list((folder / "state").rglob("*.journal.jsonl"))


def _confirmed(folder: Path) -> int:
    """Count the journal's confirmed records; a line that the kill cut is ignored."""
    until = 0
    for path in _journals(folder):
        for line in path.read_bytes().split(b"\n")[:-1]:
            entry = json.loads(line)
            if entry.get("first") == until:
                until += entry["count"]
    return until


def _settled(nsqd: Nsqd) -> int:
    """Return nsqd's count, once it has read the data that the dead sender left in the socket."""
    count = -1
    while count != (count := nsqd.stats(_TOPIC).message_count):
        time.sleep(0.15)
    return count


def _row(kills: int, inside: int, repeats: list[int]) -> list[str]:
    some = sorted(repeats)
    figures = [sum(map(bool, repeats)), sum(repeats), some[len(some) // 2], some[-1]]
    return [f"{kills}", f"{inside}", *(f"{figure:,}" for figure in figures)]
