"""`count` and `index` on a Dask cluster: the same answers, also when a worker is killed in the middle of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.index.indexed import write
from tests.support.command import hourscope
from tests.support.dask import Cluster

CHUNKS = 16
COUNT = ("--by", "kind,tags", "--every", "10m", "--stats", "n", "--json")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Enough work for a worker to be killed in it."""
    folder = tmp_path_factory.mktemp("dask-count") / "a"
    hours = (
        [
            {"ts": f"2015-01-20T{hour:02}:{n // 100 % 60:02}:00Z", "kind": f"k{n % 7}", "tags": ["x", n % 3], "n": n}
            for n in range(2000)
        ]
        for hour in range(CHUNKS)
    )
    write(folder, list(hours))
    return folder


def answer(out: bytes | str) -> dict[str, Any]:
    summary = json.loads(out)
    return {key: summary[key] for key in ("rows", "records", "matches", "missing", "no_time", "read")}


def test_a_worker_killed_in_mid_count_and_mid_build_changes_nothing(archive: Path, tmp_path: Path) -> None:
    env = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    alone = hourscope("count", archive, *COUNT, env={"XDG_CACHE_HOME": str(tmp_path / "none")})
    assert alone.code == 0, alone.err
    with Cluster(tmp_path) as cluster:
        words = ["count", str(archive), *COUNT, "--dask", cluster.address]
        counting = subprocess.Popen([sys.executable, "-m", "tui", *words], stdout=subprocess.PIPE, env=env)
        time_of_first_task(cluster)
        cluster.workers[0].send_signal(signal.SIGKILL)
        out, _ = counting.communicate(timeout=90)
        assert answer(out) == answer(alone.out)
        cluster.workers[0] = cluster.add_worker()
        cluster.wait()
        words = ["index", str(archive), "--ids", "--json", "--dask", cluster.address]
        building = subprocess.Popen([sys.executable, "-m", "tui", *words], stdout=subprocess.PIPE, env=env)
        time_of_first_task(cluster)
        cluster.workers[1].send_signal(signal.SIGKILL)
        out, _ = building.communicate(timeout=90)
        assert json.loads(out)["ids"]["indexed"] == CHUNKS
    by_kind = hourscope("count", archive, "--by", "kind", "--json", env={"XDG_CACHE_HOME": str(tmp_path / "cache")})
    rows = json.loads(by_kind.out)
    assert rows["read"] == {"chunks": 0, "bytes": 0}
    assert sum(row["count"] for row in rows["rows"]) == CHUNKS * 2000


def time_of_first_task(cluster: Cluster) -> None:
    """Wait until a worker has done some of it."""
    from distributed import Client

    def done(dask_scheduler: Any) -> int:
        return sum(state.nbytes > 0 for state in dask_scheduler.tasks.values())

    with Client(cluster.address, timeout=30, set_as_default=False) as client:
        deadline = time.monotonic() + 60
        while not client.run_on_scheduler(done):
            assert time.monotonic() < deadline
            time.sleep(0.02)
