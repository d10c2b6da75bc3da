"""A scan that is cancelled, or whose reader goes away, ends soon."""

from __future__ import annotations

import gzip
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.scan.test_scan import matches
from tui.archive import Archive, open_archive
from tui.archive.chunk import ListPage
from tui.filter import Filter
from tui.scan import ChunkDone, ChunkStarted, Matches, ScanEvent, scan


@dataclass(frozen=True)
class SlowStore:
    """A store whose streams take their time, as a bucket behind a slow line."""

    inner: Any
    step: int = 20_000
    seconds: float = 0.005
    url: str = "slow"

    def pages(self, prefix: str = "", delimiter: str = "") -> Iterator[ListPage]:
        return self.inner.pages(prefix, delimiter)  # type: ignore[no-any-return]

    def open(self, key: str, **kwargs: Any) -> Any:
        stream = self.inner.open(key, **kwargs)
        readinto, step, seconds = stream.readinto, self.step, self.seconds

        class Slow:
            closed = False

            def readinto(self, buffer: memoryview) -> int:
                time.sleep(seconds)
                return readinto(buffer[:step])  # type: ignore[no-any-return]

            def readable(self) -> bool:
                return True

            def close(self) -> None:
                stream.close()

        return Slow()


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    folder = tmp_path_factory.mktemp("large")
    noise = random.Random(1)
    data = gzip.compress(b"".join(b'{"n": %d, "x": "%x"}\n' % (n, noise.getrandbits(64)) for n in range(300_000)), 1)
    for hour in range(8):
        (folder / f"e.2015-01-20_{hour:02}.log.gz").write_bytes(data)
    return open_archive(str(folder))


@pytest.fixture
def slow(large: Archive) -> Archive:
    """Chunks that take more than a second each."""
    return replace(large, store=SlowStore(large.store))  # type: ignore[arg-type]


@pytest.mark.parametrize("jobs", [1, 4])
def test_cancelling_ends_soon_and_keeps_what_was_found(slow: Archive, jobs: int) -> None:
    cancel = threading.Event()
    events: list[ScanEvent] = []
    cancelled_at = 0.0
    for event in scan(slow, None, None, Filter(), jobs=jobs, cancel=cancel):
        events.append(event)
        if isinstance(event, Matches) and not cancel.is_set():
            cancel.set()
            cancelled_at = time.monotonic()
    assert time.monotonic() - cancelled_at < 2
    done = [event for event in events if isinstance(event, ChunkDone)]
    assert 1 <= len(done) <= jobs  # those that ran, and no new ones
    assert all(event.partial for event in done)
    lines = matches(iter(events))
    assert lines.count(b"\n") == sum(event.counts.matches for event in done)
    assert lines.endswith(b"\n")


@pytest.mark.parametrize("jobs", [1, 4])
def test_cancelling_does_not_wait_for_a_slow_line(large: Archive, jobs: int) -> None:
    """At 200 kB/s a connection, a block takes seconds to come."""
    very_slow = replace(large, store=SlowStore(large.store, step=2_000, seconds=0.01))  # type: ignore[arg-type]
    cancel = threading.Event()
    events = scan(very_slow, None, None, Filter(), jobs=jobs, cancel=cancel)
    assert isinstance(next(events), ChunkStarted)
    time.sleep(0.1)
    cancel.set()
    began = time.monotonic()
    assert all(event.partial for event in events if isinstance(event, ChunkDone))
    assert time.monotonic() - began < 2


def test_a_reader_that_goes_away_ends_the_jobs(slow: Archive) -> None:
    before = threading.active_count()
    events = scan(slow, None, None, Filter(), jobs=4)
    next(event for event in events if isinstance(event, Matches))
    began = time.monotonic()
    events.close()  # type: ignore[attr-defined]
    assert time.monotonic() - began < 2
    assert threading.active_count() == before
