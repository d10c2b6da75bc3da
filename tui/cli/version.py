"""The version, and the commit from which it was built."""

from __future__ import annotations

import subprocess
from importlib.resources import files
from pathlib import Path

from tui import __version__

_COMMIT = "commit.txt"  # written into a wheel and a source distribution by hatch_build.py
_DIGITS = 12


def version() -> str:
    """Return `0.1.0 (commit 5220afa93c1e)`, without the commit if it is unknown."""
    commit = _built_from() or _checked_out()
    return f"{__version__} (commit {commit[:_DIGITS]})" if commit else __version__


def _built_from() -> str:
    try:
        return files("tui").joinpath(_COMMIT).read_text().strip()
    except OSError:
        return ""


def _checked_out() -> str:
    """Return the commit of the clone that contains this module, not of a repository around an installed package."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return ""
    try:
        done = subprocess.run(
            ["git", "-C", str(root), "rev-parse", "HEAD"], capture_output=True, text=True, timeout=5, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
