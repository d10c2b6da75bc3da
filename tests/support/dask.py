"""A real Dask cluster on this machine."""

import subprocess
import sys
from pathlib import Path

from tests.support.process import Server, free_ports


class Cluster(Server):
    """A scheduler and two workers, as docs/dask.md starts them.

    Tests kill its workers, so each has a cluster of its own.
    """

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

        with Client(self.address, timeout=60, set_as_default=False) as client:  # a busy machine imports for long
            client.wait_for_workers(len(self.workers), timeout=60)

    def stop(self) -> None:
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.wait()

    start, kill = wait, stop
