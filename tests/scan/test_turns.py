"""A zstd frame with a window over 8 MiB is read while no other is, by threads and by processes; others do not wait."""

from __future__ import annotations

import pickle
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import zstandard

from tui.archive import open_archive
from tui.filter import parse_filter
from tui.scan.child import MAIN, Child
from tui.scan.events import ChunkDone, ScanEvent
from tui.scan.task import ScanTask, scan_chunk
from tui.scan.turns import Turn, pipe_turn

TEXT = b"".join(b'{"i":%d}\n' % i for i in range(3000))
WAIT = 30  # seconds

Scan = Callable[[ScanTask, Callable[[ScanEvent], None]], None]


def task(folder: Path, name: str, window_log: int) -> ScanTask:
    parameters = zstandard.ZstdCompressionParameters.from_level(1, window_log=window_log)
    compressor = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    (folder / f"{name}.2015-01-20_00").write_bytes(compressor.compress(TEXT) + compressor.flush())
    archive = open_archive(str(folder), layout="{topic}.%Y-%m-%d_%H")
    (chunk,) = [chunk for chunk in archive.catalog().chunks if chunk.key.startswith(name)]
    return ScanTask(archive.store, chunk, parse_filter(grep=["i"]), count_only=True)


@contextmanager
def among_threads() -> Iterator[tuple[Turn, Scan, Scan]]:
    lock = threading.Lock()

    def scan(task: ScanTask, emit: Callable[[ScanEvent], None]) -> None:
        scan_chunk(task, emit, lambda: False, lock)

    yield lock, scan, scan


@contextmanager
def among_processes() -> Iterator[tuple[Turn, Scan, Scan]]:
    with pipe_turn() as turn:
        one, other = Child(turn), Child(turn)
        try:
            yield turn, one.scan, other.scan
        finally:
            one.close()
            other.close()


def counts(events: queue.Queue[ScanEvent]) -> int:
    """The matches of the chunk, once it was read."""
    while not isinstance(event := events.get(timeout=WAIT), ChunkDone):
        pass
    return event.counts.matches


@pytest.mark.parametrize("workers", [among_threads, among_processes], ids=["threads", "processes"])
@pytest.mark.parametrize("window_log", [24, 26, 27], ids=["16 MiB", "64 MiB", "128 MiB"])
def test_a_large_window_waits_for_its_turn(
    workers: Callable[[], Iterator[tuple[Turn, Scan, Scan]]], window_log: int, tmp_path: Path
) -> None:
    large, small = task(tmp_path, "large", window_log), task(tmp_path, "small", 23)
    with workers() as (turn, scan, scan_beside):
        assert turn.acquire(timeout=WAIT), "as if another chunk with such a window were being read"
        of_large: queue.Queue[ScanEvent] = queue.Queue()
        of_small: queue.Queue[ScanEvent] = queue.Queue()
        waiting = threading.Thread(target=scan, args=(large, of_large.put))
        waiting.start()
        try:
            scan_beside(small, of_small.put)
            assert counts(of_small) == 3000, "it needs no turn"
            assert not any(isinstance(event, ChunkDone) for event in list(of_large.queue))
        finally:
            turn.release()
            waiting.join(WAIT)
        assert counts(of_large) == 3000
        assert turn.acquire(timeout=WAIT), "it was given back"
        turn.release()


def test_a_chunk_that_waits_for_its_turn_can_be_cancelled(tmp_path: Path) -> None:
    lock, cancelled = threading.Lock(), threading.Event()
    lock.acquire()
    events: queue.Queue[ScanEvent] = queue.Queue()
    large = task(tmp_path, "large", 26)
    waiting = threading.Thread(target=scan_chunk, args=(large, events.put, cancelled.is_set, lock))
    waiting.start()
    cancelled.set()
    waiting.join(WAIT)
    *_, last = events.queue
    assert isinstance(last, ChunkDone)
    assert last.partial
    assert lock.locked(), "it does not give back what it never had"


@pytest.mark.parametrize("kept", [0.0, 0.3, 0.9])
def test_a_child_ends_where_its_parent_died_in_the_middle_of_a_task(kept: float, tmp_path: Path) -> None:
    words = parse_filter(grep=[str(number) for number in range(9000)])
    pickled = pickle.dumps(replace(task(tmp_path, "a", 17), filter=words))
    with pipe_turn() as turn:
        ran = subprocess.run(
            [sys.executable, "-c", MAIN, *map(str, turn.ends)],
            input=pickled[: int(len(pickled) * kept)],
            capture_output=True,
            pass_fds=turn.ends,
            timeout=60,
            check=False,
        )
    assert ran.stderr == b""
