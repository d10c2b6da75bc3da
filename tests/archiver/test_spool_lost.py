"""Somebody removes or moves the spool while it is used: what is not lost by that itself is not lost."""

import gzip
import os
import shutil
import stat
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.archiver.helpers import Running, archived, is_drained, messages, options, publish, wait_for
from tests.support.nsqd import Nsqd
from tui.archiver import destination
from tui.archiver.folder import SpoolInUseError, owned, spooled
from tui.archiver.merge import merge
from tui.archiver.spool import Spool
from tui.errors import OutputError

HOUR = datetime(2026, 11, 23, 13, tzinfo=UTC)


def lines(folder: Path) -> list[bytes]:
    return [line for file in spooled(folder, UTC) for line in gzip.decompress(file.path.read_bytes()).splitlines()]


@pytest.mark.nsq
@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize("how", ["removed", "moved"])
def test_the_folder_comes_back(nsqd: Nsqd, topic: str, tmp_path: Path, how: str, processes: int) -> None:
    spool, first, second = tmp_path / "spool", messages(500), messages(500)
    publish(nsqd, topic, first)
    given = options(tmp_path / "out", topic, spool, nsqd, processes=processes)
    with Running(given) as archiver:
        wait_for(lambda: is_drained(nsqd, topic) and archiver.status.counters.links == processes)
        wait_for(lambda: archiver.status.uploads.spool_bytes)
        if how == "removed":
            shutil.rmtree(spool)
        else:
            spool.rename(tmp_path / "elsewhere")
        publish(nsqd, topic, second)
        wait_for(lambda: archiver.status.counters.messages >= 1000 and is_drained(nsqd, topic))
        (again,) = (word for word in archiver.said if f"was {how} while it was in use, and was recreated" in word)
        # between the last file and the folder, a look at the spool sees an empty one
        assert how == "removed" or "of it had not been uploaded and is lost" in again
        with pytest.raises(SpoolInUseError), owned(spool, given.identity):  # it is locked as before
            pass
    uploaded = archived(destination(str(tmp_path / "out")).store)
    assert set(second) <= set(uploaded)
    if how == "moved":  # and nothing in it was changed
        assert set(lines(tmp_path / "elsewhere")) >= set(first)
    assert archiver.stopped.left == 0


@pytest.mark.nsq
def test_an_open_file_that_is_removed_takes_only_itself_along(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    spool, first, second = tmp_path / "spool", messages(50), messages(50)
    publish(nsqd, topic, first)
    with Running(options(tmp_path / "out", topic, spool, nsqd)) as archiver:
        wait_for(lambda: is_drained(nsqd, topic))
        for path in spool.glob("*.open"):
            path.unlink()
        publish(nsqd, topic, second)
        wait_for(lambda: archiver.status.counters.messages >= 100 and is_drained(nsqd, topic))
    assert archived(destination(str(tmp_path / "out")).store) == Counter(second)
    assert any("was removed or moved while it was written" in word for word in archiver.said)
    assert "resumed: the spool can be written again" in archiver.said


def test_what_is_written_to_a_file_without_a_name_does_not_count(tmp_path: Path) -> None:
    """The disk accepts the data, but nobody would ever find it."""
    spool = Spool(tmp_path)
    spool.append(HOUR, [b"lost with the file\n"])
    (file,) = spooled(tmp_path, UTC)
    file.path.unlink()
    with pytest.raises(OutputError, match="was removed or moved while it was written"):
        spool.append(HOUR, [b"given back\n"])
    spool.append(HOUR, [b"kept\n"])
    spool.close()
    assert lines(tmp_path) == [b"kept"]


def test_another_file_in_its_place_does_not_count_either(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append(HOUR, [b"first\n"])
    (file,) = spooled(tmp_path, UTC)
    file.path.rename(tmp_path / "aside")
    file.path.write_bytes(b"")
    with pytest.raises(OutputError, match="was removed or moved"):
        spool.append(HOUR, [b"given back\n"])


def test_a_lock_that_is_removed_is_made_again(tmp_path: Path) -> None:
    with owned(tmp_path, {"topic": "a"}) as ownership:
        assert ownership.restore() == ""
        (tmp_path / "lock").unlink()
        assert "the lock of the spool" in ownership.restore()
        assert ownership.restore() == ""
        with pytest.raises(SpoolInUseError), owned(tmp_path, {"topic": "a"}):
            pass
    with owned(tmp_path, {"topic": "a"}):
        pass


def test_a_spool_that_another_archiver_has_taken_meanwhile_is_left_to_it(tmp_path: Path) -> None:
    with owned(tmp_path / "spool", {"topic": "a"}) as ownership:
        shutil.rmtree(tmp_path / "spool")
        with owned(tmp_path / "spool", {"topic": "a"}), pytest.raises(SpoolInUseError):
            ownership.restore()


def test_a_spool_is_for_its_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with owned(tmp_path / "a" / "spool", {"topic": "a"}):
            spool = Spool(tmp_path / "a" / "spool")
            spool.append(HOUR, [b"line\n"])
            spool.close()
            (file,) = spooled(tmp_path / "a" / "spool", UTC)
            merge(file.path, file.hour, file.seq)
            spool.append(HOUR, [b"line\n"])
    finally:
        os.umask(before)
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "a").rglob("*")}
    assert len(modes) == 5  # the folder, the lock, whose it is, a merged file and an open one
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o600}
