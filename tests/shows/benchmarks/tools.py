"""The tools that a scan is measured against: the machine's, and what can be had. What is missing is reported."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.shows.benchmarks.data import CACHE

PACKAGES = {  # command: Debian's package
    "zgrep": "gzip",
    "rg": "ripgrep",
    "ugrep": "ugrep",
    "igzip": "isal",
    "s3cmd": "s3cmd",
    "jq": "jq",
    "taskset": "util-linux",
}
PYTHON_PACKAGES = ("duckdb==2.0.0", "chdb==4.4.0", "hadro==0.7.1")
BIN = CACHE / "bin"
VENV = CACHE.with_name("bench-venv")
PYTHON = VENV / "bin" / "python"
HADRO = VENV / "bin" / "hadro"
_S5CMD_MODULE = Path(__file__).parent / "s5cmd"
_PATIENCE = 300  # seconds for each way to get a tool


def get_tools() -> dict[str, str]:
    """Install what is available and return name → version; the rest is reported on stderr."""
    os.environ["PATH"] = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    _from_debian()
    _from_python()
    _s5cmd()
    commands = {name: _version([name, "--version"]) for name in PACKAGES if shutil.which(name)}
    if shutil.which("s5cmd"):
        commands["s5cmd"] = _s5cmd_version()
    for package in ("duckdb", "chdb", "hadro"):
        script = f"from importlib.metadata import version; print(version({package!r}))"
        if PYTHON.exists() and (version := _version([PYTHON, "-c", script])):
            commands[package] = version
    return commands


def _from_debian() -> None:
    missing = [package for command, package in PACKAGES.items() if not shutil.which(command)]
    if not missing:
        return
    if os.geteuid() or not shutil.which("apt-get"):
        _say(f"to measure them too, install {', '.join(missing)}")
        return
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing]
    _run(install, environment) or (_run(["apt-get", "update", "-qq"], environment) and _run(install, environment))


def _from_python() -> None:
    stamp, packages = VENV / "installed", "\n".join(PYTHON_PACKAGES)
    if stamp.exists() and stamp.read_text() == packages:
        return
    if not PYTHON.exists() and not _run([sys.executable, "-m", "venv", VENV]):
        return
    pip: list[str | Path] = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if all([_run([*pip, package]) for package in PYTHON_PACKAGES]):  # noqa: C419 (each is tried)
        stamp.write_text(packages)


def _s5cmd() -> None:
    """Built from a Go module of our own: `go install` asks the proxy for more than a build needs."""
    if shutil.which("s5cmd"):
        return
    if not shutil.which("go"):
        _say("to measure s5cmd too, put it or Go on PATH")
        return
    environment = os.environ | {"CGO_ENABLED": "0", "GOWORK": "off"}
    BIN.mkdir(parents=True, exist_ok=True)
    build: list[str | Path] = ["go", "build", "-C", _S5CMD_MODULE, "-o", BIN / "s5cmd", "github.com/peak/s5cmd/v2"]
    _run(build, environment)


def _s5cmd_version() -> str:
    if Path(shutil.which("s5cmd") or "").parent != BIN:
        return _version(["s5cmd", "version"])
    pinned = re.search(r"s5cmd/v2 v(\S+)", (_S5CMD_MODULE / "go.mod").read_text())
    return pinned[1] if pinned else ""


def _run(command: Sequence[str | Path], environment: dict[str, str] | None = None) -> bool:
    try:
        subprocess.run(
            command, env=environment, check=True, timeout=_PATIENCE, capture_output=True, text=True, errors="replace"
        )
    except (OSError, subprocess.SubprocessError) as error:
        output = (getattr(error, "stderr", None) or "").strip().splitlines()
        _say(f"{' '.join(map(str, command))} failed: {output[-1] if output else error}")
        return False
    return True


def _version(command: Sequence[str | Path]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    version = re.search(r"\d+(\.\d+)+", done.stdout + done.stderr)
    return version[0] if version else ""


def _say(message: str) -> None:
    print(f"bench: {message}", file=sys.stderr)
