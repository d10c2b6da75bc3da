"""The same scan on a Dask cluster: same bytes, also when a worker is killed in the middle of it."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.command import hourscope, shell
from tests.servers.process import free_ports
from tests.servers.seaweed import Seaweed
from tui.demo import SampleSpec, torn_chunk_of, write_sample

SPEC = SampleSpec(hours=24, records_per_hour=4000, seed=5)
SLOW = "sum([player.position, `1`]) > `300`"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dask")
    for _ in write_sample(folder, SPEC):
        pass
    (folder / torn_chunk_of(SPEC)).unlink()
    return folder


class Cluster:
    """A scheduler and two workers, as the docs start them."""

    def __init__(self, folder: Path) -> None:
        (port,) = free_ports(1)
        self.address = f"tcp://127.0.0.1:{port}"
        self._folder = folder
        self._processes = [self._start("scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard")]
        self.workers = [self.add_worker(), self.add_worker()]

    def add_worker(self) -> "subprocess.Popen[bytes]":
        words = ("worker", self.address, "--nthreads", "1", "--no-dashboard", "--no-nanny", "--host", "127.0.0.1")
        worker = self._start(*words, "--local-directory", str(self._folder))
        self._processes.append(worker)
        return worker

    def _start(self, *words: str) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [sys.executable, "-m", "dask", *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def wait(self) -> None:
        from distributed import Client

        with Client(self.address, timeout=30, set_as_default=False) as client:
            client.wait_for_workers(len(self.workers), timeout=30)

    def stop(self) -> None:
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.wait()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    started = Cluster(tmp_path)
    try:
        started.wait()
        yield started
    finally:
        started.stop()


def digest(folder: str) -> bytes:
    return shell("for f in *.gz; do echo $f; zcat $f; done | sha256sum", cwd=folder)


def test_the_same_lines_in_the_same_order(archive: Path, cluster: Cluster) -> None:
    words = ("scan", archive, "-m", "event == 'error'")
    assert hourscope(*words, "--dask", cluster.address).out == hourscope(*words).out


def test_a_worker_killed_in_mid_scan_changes_nothing(archive: Path, cluster: Cluster, tmp_path: Path) -> None:
    alone, together = f"{tmp_path}/alone/", f"{tmp_path}/together/"
    assert hourscope("scan", archive, "-m", SLOW, "-o", alone).code == 0
    words = ["scan", str(archive), "-m", SLOW, "-o", together, "--json", "--dask", cluster.address]
    scan = subprocess.Popen([sys.executable, "-m", "tui", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while len(list(Path(together).glob("*.gz"))) < 3:
        assert scan.poll() is None
        time.sleep(0.05)
    cluster.workers[0].send_signal(signal.SIGKILL)
    out, err = scan.communicate(timeout=90)
    assert scan.returncode == 0, err
    assert json.loads(out.splitlines()[-1])["matches"] > 0
    assert digest(together) == digest(alone)


def test_cancelling_leaves_an_extract_that_resumes(archive: Path, cluster: Cluster, tmp_path: Path) -> None:
    alone, cut = f"{tmp_path}/alone/", f"{tmp_path}/cut/"
    assert hourscope("scan", archive, "-m", SLOW, "-o", alone).code == 0
    words = ["scan", str(archive), "-m", SLOW, "-o", cut]
    scan = subprocess.Popen(
        [sys.executable, "-m", "tui", *words, "--dask", cluster.address], stderr=subprocess.PIPE, text=True
    )
    while len(list(Path(cut).glob("*.gz"))) < 3:
        assert scan.poll() is None
        time.sleep(0.05)
    scan.send_signal(signal.SIGINT)
    told = time.monotonic()
    _, err = scan.communicate(timeout=60)
    assert time.monotonic() - told < 5
    assert scan.returncode == 130
    assert "--resume" in err
    assert hourscope(*words, "--resume").code == 0
    assert digest(cut) == digest(alone)


def test_matches_go_straight_to_an_extract_in_s3(
    archive: Path, cluster: Cluster, seaweed: Seaweed, bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The workers reach S3 by the options of the task, and by the environment that they were started in."""
    for name, value in seaweed.env.items():
        monkeypatch.setenv(name, value)
    with_s3 = Cluster(tmp_path)
    try:
        with_s3.wait()
        seaweed.upload_folder(archive, bucket, "logs/")
        words = ("scan", f"s3://{bucket}/logs/", "-m", "event == 'error'")
        ran = hourscope(*words, "-o", f"s3://{bucket}/errors/", "--json", "--dask", with_s3.address)
        assert ran.code == 0, ran.err
        assert hourscope("scan", f"s3://{bucket}/errors/").out == hourscope(*words).out
    finally:
        with_s3.stop()


def test_a_scheduler_that_is_not_there(archive: Path) -> None:
    ran = hourscope("scan", archive, "-g", "x", "--dask", "tcp://127.0.0.1:1")
    assert ran.code == 2
    assert "tcp://127.0.0.1:1" in ran.err.splitlines()[-1]
