"""Nobody else reads what hourscope remembers, whatever the umask."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.scripted_s3 import ScriptedS3


@pytest.mark.parametrize("umask", ["000", "022", "077"])
def test_cache_and_state_are_private(tmp_path: Path, umask: str) -> None:
    out = tmp_path / "out.jsonl"
    with ScriptedS3({f"e.2015-01-20_{hour:02}.log": b'{"n":1}\n' for hour in range(3)}) as s3:
        folders = {f"XDG_{name.upper()}_HOME": str(tmp_path / name) for name in ("config", "state", "cache")}
        env = {**os.environ, **s3.env, **folders, "HOME": str(tmp_path)}
        for words in ("scan s3://b/ -g n --count --cache 1GB", f"send s3://b/ -o {out}"):
            command = f"umask {umask}; exec {sys.executable} -m tui {words}"
            subprocess.run(["sh", "-c", command], env=env, check=True, capture_output=True)
    out.unlink()
    paths = list(tmp_path.rglob("*"))
    assert any(path.is_file() for path in paths), "chunks were cached"
    others = [path for path in paths if stat.S_IMODE(path.stat().st_mode) & 0o077]
    assert others == []
    assert all(stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600) for path in paths)
