"""Run one target in this process until the time is over or an input fails: `python -m tests.fuzz.drive`.

The input at hand is always in the file `current` of the given folder, so that it is kept if the process dies.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import Protocol, cast

from tests.fuzz.choices import Choices, edited

TARGETS = ("reader", "layout", "manifest", "journal")
STUCK_SECONDS = 60
_LONGEST = 4096  # bytes of an input


class Target(Protocol):
    """A module of this package."""

    def seeds(self) -> list[bytes]:
        """Inputs to begin with."""

    def run(self, data: bytes) -> None:
        """Fail, with any exception, where a promise is broken."""


class StuckError(Exception):
    """An input that takes too long."""


def target(name: str) -> Target:
    return cast(Target, import_module(f"tests.fuzz.{name}"))


def random_runs(name: str, *, seconds: float, seed: int, keep: Callable[[bytes], object] = lambda data: None) -> int:
    """Run a target on random inputs, half of them derived from its seeds; return their number. Failures are raised."""
    check, chance = target(name), random.Random(seed)
    seeds, until, count = check.seeds(), time.monotonic() + seconds, 0
    while time.monotonic() < until:
        data = chance.randbytes(chance.choice((8, 32, 128, 512, _LONGEST)))
        if count < len(seeds):
            data = seeds[count]
        elif chance.random() < 0.5:
            data = edited(chance.choice(seeds), Choices(data), (b"\0", b"\xff", b"\x01"))
        keep(data)
        check.run(data)
        count += 1
    return count


def _atheris_runs(name: str, seconds: int, seed: int, folder: Path) -> None:
    """Does not return: libFuzzer ends the process, with 0 or, with the failing input in `folder`, another code."""
    import atheris

    with atheris.instrument_imports(include=["tui"]):
        check = target(name)
    corpus = folder / "corpus"
    corpus.mkdir(exist_ok=True)
    for number, data in enumerate(check.seeds()):
        (corpus / f"seed-{number:02}").write_bytes(data)
    options = [
        f"-max_total_time={seconds}", f"-max_len={_LONGEST}", f"-timeout={STUCK_SECONDS}", f"-seed={seed}",
        "-rss_limit_mb=1500", "-print_final_stats=1", f"-artifact_prefix={folder}/",
    ]  # fmt: skip
    atheris.Setup([sys.argv[0], *options, str(corpus)], check.run)
    atheris.Fuzz()


def _stuck(_signal: int, _frame: FrameType | None) -> None:
    raise StuckError(f"more than {STUCK_SECONDS} s")


def _random_process(name: str, seconds: int, seed: int, folder: Path) -> int:
    current = os.open(folder / "current", os.O_RDWR | os.O_CREAT)

    def keep(data: bytes) -> None:
        os.ftruncate(current, os.pwrite(current, data, 0))
        signal.alarm(STUCK_SECONDS)

    signal.signal(signal.SIGALRM, _stuck)
    try:
        print(f"#{random_runs(name, seconds=seconds, seed=seed, keep=keep)}", file=sys.stderr)
    except Exception:  # noqa: BLE001  (whatever it is, it is a finding)
        traceback.print_exc()
        return 1
    (folder / "current").unlink()
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.drive", description=__doc__)
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    options = parser.parse_args()
    if find_spec("atheris"):
        _atheris_runs(options.target, options.seconds, options.seed, options.folder)
    return _random_process(options.target, options.seconds, options.seed, options.folder)


if __name__ == "__main__":
    sys.exit(main())
