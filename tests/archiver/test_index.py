"""`archive --index`: what was uploaded is indexed by a process beside the archiver, which must not suffer from it."""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.archiver.helpers import archived, is_drained, messages, publish, wait_for
from tests.archiver.test_command import started, words
from tests.support.command import hourscope
from tests.support.nsqd import Nsqd
from tui.archive.location import Location
from tui.archiver import destination
from tui.cli.archive_index import IndexBuilder

pytestmark = pytest.mark.nsq


def state(archive: Path) -> dict[str, Any]:
    ran = hourscope("index", archive, "--status", "--json")
    return json.loads(ran.out) if ran.code == 0 else {"chunks": 0, "indexed": 0}


def test_uploaded_chunks_are_indexed_while_the_archiver_runs(
    nsqd: Nsqd, topic: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    sent, archive = messages(300), tmp_path / "out"
    publish(nsqd, topic, sent)
    with started(*words(archive, topic, nsqd, tmp_path / "spool"), "--rotate-size", "1kB", "--index") as archiver:
        wait_for(lambda: is_drained(nsqd, topic))
        wait_for(lambda: 0 < state(archive)["chunks"] == state(archive)["indexed"])
        archiver.send_signal(signal.SIGTERM)
        said = archiver.communicate(timeout=20)[1]
    assert archiver.returncode == 0, said
    assert "index:" not in said
    assert archived(destination(str(archive)).store) == Counter(sent)


def test_a_cache_that_cannot_be_written_is_reported_and_ends_nothing(
    nsqd: Nsqd, topic: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cache").write_text("a file")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    sent, archive, said = messages(50), tmp_path / "out", ""
    publish(nsqd, topic, sent)
    with started(*words(archive, topic, nsqd, tmp_path / "spool"), "--rotate-size", "1kB", "--index") as archiver:
        assert archiver.stderr is not None
        while "index: " not in said:
            said = archiver.stderr.readline()
        archiver.send_signal(signal.SIGTERM)
        archiver.communicate(timeout=20)
    assert "cannot be written" in said
    assert archiver.returncode == 0
    assert archived(destination(str(archive)).store) == Counter(sent)


def test_a_build_has_the_lowest_priority_and_ends_with_the_archiver(tmp_path: Path) -> None:
    fifo = tmp_path / "events.2015-01-20_00.log.gz"
    os.mkfifo(fifo)  # whoever reads it waits
    said: list[str] = []
    with IndexBuilder(Location(str(fifo.parent)), said.append) as builder:
        builder.look(1)
        process = builder._build
        assert process is not None
        wait_for(lambda: os.getpriority(os.PRIO_PROCESS, process.pid) == 19)
        builder.look(2)  # one at a time
        assert builder._build is process
    assert process.poll() is not None
