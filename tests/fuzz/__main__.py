"""`python -m tests.fuzz`: run every target for a given time, as many at once as there are cores.

A line for each: how many inputs were run, what was found. A failing input is kept in a file, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from tests.fuzz.drive import STUCK_SECONDS, TARGETS, target

FINDINGS = Path(".cache/fuzz")
_EXECUTIONS = re.compile(r"^#(\d+)", re.MULTILINE)
_NEWS = 15  # lines of what a failing process wrote


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one target: `kept` is the failing input's file, `words` the last output of its process."""

    name: str
    executions: int
    failed: bool
    kept: Path | None
    words: str


def fuzz(name: str, seconds: int, seed: int) -> Outcome:
    """Run a target in a process of its own, which may die."""
    with tempfile.TemporaryDirectory(prefix=f"fuzz-{name}-") as text:
        folder = Path(text)
        words = [sys.executable, "-m", "tests.fuzz.drive", name, text, "--seconds", str(seconds), "--seed", str(seed)]
        ran = subprocess.run(
            words,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=2 * seconds + 3 * STUCK_SECONDS,
        )
        executions = max(map(int, _EXECUTIONS.findall(ran.stderr)), default=0)
        if not ran.returncode:
            return Outcome(name, executions, False, None, "")
        return Outcome(name, executions, True, _kept(name, folder), "\n".join(_end(ran.stdout + ran.stderr)))


def _kept(name: str, folder: Path) -> Path | None:
    """Copy the failing input out of a temporary folder."""
    FINDINGS.mkdir(parents=True, exist_ok=True)
    for path in sorted(folder.iterdir()):
        if path.is_file():
            kept = FINDINGS / f"{name}-{path.name}"
            shutil.copyfile(path, kept)
            return kept
    return None


def _end(text: str) -> list[str]:
    """The traceback, without libFuzzer's own lines."""
    lines = [line for line in text.splitlines() if not re.match(r"#\d|INFO:|stat::|==\d|\s*$", line)]
    return lines[-_NEWS:]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}; all by default")
    parser.add_argument("--seconds", type=int, default=600, help="for each target")
    parser.add_argument("--seed", type=int, default=random.randrange(1, 1 << 31))
    parser.add_argument("--replay", type=Path, metavar="FILE", help="run one target on one kept input, in this process")
    options = parser.parse_args()
    names = options.targets or list(TARGETS)
    if unknown := set(names) - set(TARGETS):
        parser.error(f"unknown target: {', '.join(sorted(unknown))}; the targets are {', '.join(TARGETS)}")
    if options.replay:
        for name in names:
            target(name).run(options.replay.read_bytes())
        return 0
    how = "atheris" if find_spec("atheris") else "random inputs (pip install -e '.[fuzz]' for guided ones)"
    print(f"{how}, {options.seconds} s per target, seed {options.seed}", flush=True)
    failed = False
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for outcome in pool.map(lambda name: fuzz(name, options.seconds, options.seed), names):
            line = f"1 finding: {outcome.kept}\n{outcome.words}" if outcome.failed else "no finding"
            print(f"{outcome.name:<9} {outcome.executions:>11,} executions, {line}", flush=True)
            failed |= outcome.failed
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
