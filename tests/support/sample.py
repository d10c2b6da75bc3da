"""Sample archives that all workers share, and that are only read."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from tui.demo import SampleSpec, write_sample


def shared_sample(factory: pytest.TempPathFactory, spec: SampleSpec) -> Path:
    """The archive that `hourscope demo` writes of this spec; the first worker that asks writes it."""
    session = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        session = session.parent
    folder = session / f"sample-{spec.hours}-{spec.records_per_hour}-{spec.seed}"
    with folder.with_suffix(".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.fstat(lock.fileno()).st_size:  # tell() is of when it was opened, before the lock
            for _ in write_sample(folder, spec):
                pass
            lock.write("written")
    return folder
