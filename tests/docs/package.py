"""The package as somebody installs it: built, checked, put alone into an empty environment and home, and run.

`make dist` builds into dist/. `python -m tests.docs.package --beside harlequin posting` also measures how long other
programs take to install, and how large they are, in the same run.
"""

from __future__ import annotations

import argparse
import os
import pty
import resource
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DIST = ROOT / "dist"
_TOOLS = ("build", "twine", "check-wheel-contents")


@dataclass(frozen=True, slots=True)
class Installed:
    """What one program costs: from an empty cache to the first output of `--help`.

    `seconds` depends on the network and on what else runs, `cpu_seconds` hardly does.
    """

    name: str
    version: str
    seconds: float
    cpu_seconds: float
    packages: int
    megabytes: float


def build() -> Path:
    """Build the source distribution and, from it, the wheel; check both. Returns the wheel."""
    tools = ROOT / ".cache" / "package"
    if not (tools / "bin" / "twine").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", tools], check=True)
        subprocess.run([tools / "bin" / "pip", "install", "--quiet", *_TOOLS], check=True)
    shutil.rmtree(DIST, ignore_errors=True)
    subprocess.run(
        [tools / "bin" / "python", "-m", "build", "--outdir", DIST, ROOT], stdout=subprocess.DEVNULL, check=True
    )
    subprocess.run([tools / "bin" / "twine", "check", "--strict", *DIST.iterdir()], check=True)
    wheel = next(DIST.glob("*.whl"))
    subprocess.run([tools / "bin" / "check-wheel-contents", wheel], check=True)
    return wheel


def install(what: str | Path, program: str, folder: Path, env: Mapping[str, str]) -> Installed:
    """Install into a new environment, without a cache."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    before = list((folder / "lib").glob("python*/site-packages/*.dist-info"))
    began, cpu_began = time.monotonic(), _cpu_seconds()
    pip = [folder / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", "--no-cache-dir", what]
    subprocess.run(pip, check=True, env=env)
    subprocess.run([folder / "bin" / program, "--help"], env=env, stdout=subprocess.DEVNULL, check=True)
    seconds, cpu_seconds = time.monotonic() - began, _cpu_seconds() - cpu_began
    for own in ("pip", "setuptools"):
        for part in (folder / "lib").glob(f"python*/site-packages/{own}*"):
            shutil.rmtree(part, ignore_errors=True)
    packages = len(list((folder / "lib").glob("python*/site-packages/*.dist-info"))) - len(before) + 2
    megabytes = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink()) / 1e6
    asked = f"import importlib.metadata as m; print(m.version('{program}'))"
    version = subprocess.run(
        [folder / "bin" / "python", "-c", asked], capture_output=True, text=True, check=True
    ).stdout
    return Installed(program, version.strip(), seconds, cpu_seconds, packages, megabytes)


def _cpu_seconds() -> float:
    """Return the time of the processor that ended child processes have taken."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run_all(program: Path, home: Path, env: Mapping[str, str]) -> None:
    """The first minute: the sample archive, what is in it, what changed, the matches, the explorer."""
    folder = home / "demo-archive"
    for words, expected in (
        (["--version"], 0),
        (["demo", "--dir", folder, "--no-open"], 0),
        (["ls", folder], 0),
        (["count", folder, "--by", "event"], 2),  # 2: one chunk of the sample is torn
        (["diff", folder], 2),
        (["scan", folder, "-g", "5003", "--count"], 2),
        (["config", "check"], 0),
        (["completion", "bash"], 0),
    ):
        began, cpu_began = time.monotonic(), _cpu_seconds()
        done = subprocess.run([program, *words], env=env, cwd=home, capture_output=True, text=True, check=False)
        line = " ".join(["hourscope", *map(str, words)]).replace(str(home), "~")
        took = f"{time.monotonic() - began:6.2f} s  {_cpu_seconds() - cpu_began:6.2f} s of CPU"
        print(f"{took}  exit {done.returncode}  {line}", flush=True)
        if done.returncode != expected or "Traceback" in done.stderr:
            sys.exit(f"{line}: {done.stderr}")
    began, cpu_began = time.monotonic(), _cpu_seconds()
    explore(program, folder, env)
    took = f"{time.monotonic() - began:6.2f} s  {_cpu_seconds() - cpu_began:6.2f} s of CPU"
    print(f"{took}          hourscope ~/demo-archive, in a terminal, until q", flush=True)


def explore(program: Path, folder: Path, env: Mapping[str, str]) -> None:
    """Open the explorer in a terminal, wait for the calendar, and leave it."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(
            program, [str(program), str(folder)], {**env, "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"}
        )
    shown, deadline, left = b"", time.monotonic() + 30, False
    while time.monotonic() < deadline:
        try:
            shown += os.read(terminal, 1 << 16) if select.select([terminal], [], [], 0.1)[0] else b""
        except OSError:  # it has ended
            break
        if not left and b"2015" in shown and b"01" in shown:
            left = True
            os.write(terminal, b"q")
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) if left else -1
    if status != 0:
        os.kill(pid, 9)
        sys.exit(f"the explorer ended with {status}: {shown[-500:]!r}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--beside", nargs="*", default=[], help="other programs of PyPI to measure")
    parser.add_argument("--wheel", type=Path, help="a wheel that was built before")
    given = parser.parse_args()
    wheel = given.wheel or build()
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        env = {"HOME": name, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
        env |= {key: os.environ[key] for key in os.environ if key.startswith("PIP_") or key.lower().endswith("_proxy")}
        rows = [install(wheel, "hourscope", home / "hourscope", env)]
        run_all(home / "hourscope" / "bin" / "hourscope", home, env)
        rows += [install(other, other, home / other, env) for other in given.beside]
        print("| program | version | install | CPU | packages | size |\n|---|---|---|---|---|---|")
        for row in rows:
            took = f"{row.seconds:.0f} s | {row.cpu_seconds:.0f} s"
            print(f"| {row.name} | {row.version} | {took} | {row.packages} | {row.megabytes:.0f} MB |")


if __name__ == "__main__":
    main()
