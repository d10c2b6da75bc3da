"""What is on disk after a sync, after a crash, and after a failure."""

import gzip
import os
import subprocess
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from isal import igzip

from tui.archiver.folder import OPEN, SEALED, TORN, owned, spooled
from tui.archiver.merge import drop_leftovers, merge
from tui.archiver.repair import repair, sound_length
from tui.archiver.spool import Spool, member
from tui.errors import ArchiveError, OutputError

HOUR = datetime(2026, 11, 23, 13, tzinfo=UTC)
NEXT = HOUR + timedelta(hours=1)


def states(folder: Path) -> list[str]:
    return [file.state for file in spooled(folder, UTC)]


def test_a_sync_is_a_gzip_member_and_an_hour_a_file(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append(HOUR, [b"one\n", b"two\n"])
    spool.append(HOUR, [b"three\n"])
    spool.append(NEXT, [b"four\n"])
    assert states(tmp_path) == [OPEN, OPEN]
    spool.rotate(NEXT)
    assert states(tmp_path) == [SEALED, OPEN]
    spool.close()
    first, second = spooled(tmp_path, UTC)
    assert (first.hour, second.hour) == (HOUR, NEXT)
    assert gzip.decompress(first.path.read_bytes()) == b"one\ntwo\nthree\n"
    assert first.path.read_bytes().count(b"\x1f\x8b\x08") == 2
    assert gzip.decompress(second.path.read_bytes()) == b"four\n"


def test_a_large_file_is_whole_before_its_hour_is_over(tmp_path: Path) -> None:
    spool = Spool(tmp_path, rotate_size=1000)
    for _ in range(4):
        spool.append(HOUR, [os.urandom(600).hex().encode() + b"\n"])
    assert states(tmp_path) == [SEALED, SEALED]  # 600 bytes and more each, two to a file


lines = st.lists(st.binary(max_size=30).map(lambda line: line.replace(b"\n", b"") + b"\n"), min_size=1, max_size=5)


@given(st.lists(lines.map(b"".join), min_size=1, max_size=4), st.data())
def test_a_repair_keeps_every_whole_line_that_can_be_read(
    tmp_path_factory: pytest.TempPathFactory, blocks: list[bytes], data: st.DataObject
) -> None:
    members = [member(block) for block in blocks]
    whole = b"".join(members)
    cut = data.draw(st.integers(0, len(whole)))
    path = tmp_path_factory.mktemp("torn") / "torn"
    path.write_bytes(whole[:cut] + data.draw(st.sampled_from([b"", bytes(9), bytes(5000)])))
    repair(path)
    kept = gzip.decompress(path.read_bytes()) if path.stat().st_size else b""
    sound = [block for index, block in enumerate(blocks) if sum(map(len, members[: index + 1])) <= cut]
    assert kept.startswith(b"".join(sound))
    assert b"".join(blocks).startswith(kept)
    assert kept == b"" or kept.endswith(b"\n")
    assert sound_length(path) == path.stat().st_size
    before = path.read_bytes()
    assert repair(path) == 0
    assert path.read_bytes() == before


def test_a_repair_gets_whole_lines_out_of_a_torn_member(tmp_path: Path) -> None:
    torn = member(b"".join(b'{"n":%d,"pad":"%s"}\n' % (n, os.urandom(40).hex().encode()) for n in range(2000)))
    path = tmp_path / "torn"
    path.write_bytes(member(b"sound\n") + torn[: len(torn) // 2])
    kept = repair(path)
    assert 800 < kept < 1100
    assert len(gzip.decompress(path.read_bytes()).splitlines()) == kept + 1


MESSAGES = b"".join(
    b'{"n":%d,"user":"ann","message":"request took %d ms"}\n' % (n, n * 7919 % 9973) for n in range(6000)
)


@pytest.mark.parametrize("sound", [b"", member(b"sound\n") * 20], ids=["torn", "torn behind sound"])
@pytest.mark.parametrize("pages", [slice(1, 2), slice(3, 5), slice(2, None)])
def test_a_power_loss_invents_no_lines(tmp_path: Path, sound: bytes, pages: slice) -> None:
    """Blocks that had not reached the disk read as zeros, which deflate accepts as lines."""
    path = tmp_path / "torn"
    whole = sound + member(MESSAGES)
    data = bytearray(whole)
    hole = slice(pages.start * 4096, min(len(data), (pages.stop or 1000) * 4096))
    data[hole] = bytes(hole.stop - hole.start)
    path.write_bytes(data)
    kept = repair(path)
    lines = gzip.decompress(path.read_bytes())[len(b"sound\n") * sound.count(b"\x1f\x8b\x08") :]
    assert MESSAGES.startswith(lines)
    assert lines.count(b"\n") == kept
    assert kept > 100  # what was written before the hole


def test_a_repair_that_is_killed_is_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def half(descriptor: int, data: bytes) -> None:
        os.write(descriptor, data[: len(data) // 2])
        raise KeyboardInterrupt

    path = tmp_path / "torn"
    path.write_bytes(member(MESSAGES)[:-5000])
    with monkeypatch.context() as killed:
        killed.setattr("tui.archiver.repair.write_all", half)
        with pytest.raises(KeyboardInterrupt):
            repair(path)
    repair(path)
    lines = gzip.decompress(path.read_bytes())
    assert MESSAGES.startswith(lines)
    assert lines.count(b"\n") > 100


def test_a_file_that_no_crash_can_have_torn_is_unchanged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.archiver.repair.MAX_BYTES", 1000)
    path = tmp_path / "damaged"
    path.write_bytes(member(b"sound\n") + b"damaged" + member(os.urandom(2000).hex().encode() + b"\n"))
    before = path.read_bytes()
    assert repair(path) is None
    assert path.read_bytes() == before


@pytest.mark.parametrize("rotten", [0, 2, 4])
def test_what_a_disk_has_damaged_is_not_cut(tmp_path: Path, rotten: int) -> None:
    """Its messages were finished, so there is no other copy of what is before or after the damage."""
    members = [bytearray(member(os.urandom(2000).hex().encode() + b"\n")) for _ in range(5)]
    members[rotten][500] ^= 4
    path = tmp_path / "damaged"
    path.write_bytes(b"".join(members))
    before = path.read_bytes()
    assert repair(path) is None
    assert path.read_bytes() == before


def test_a_failed_write_leaves_what_was_whole_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(tmp_path)
    spool.append(HOUR, [b"safe\n"])
    sync = os.fsync
    failures = iter([OSError(5, "Input/output error")])

    def fails_once(descriptor: int) -> None:
        for error in failures:
            raise error
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", fails_once)
    with pytest.raises(OutputError, match="cannot be written: Input/output error"):
        spool.append(HOUR, [b"not safe\n"])
    spool.append(HOUR, [b"safe again\n"])
    spool.close()
    kept = [gzip.decompress(file.path.read_bytes()) for file in spooled(tmp_path, UTC)]
    assert kept == [b"safe\n", b"safe again\n"]


def test_no_two_files_are_the_same_bytes_and_every_reader_reads_them(tmp_path: Path) -> None:
    """Otherwise an archiver would mistake another one's object for its own."""
    spool = Spool(tmp_path)
    for hour in (HOUR, NEXT):
        spool.append(hour, [b"tick\n"])
    spool.close()
    files = [file.path for file in spooled(tmp_path, UTC)]
    assert files[0].read_bytes() != files[1].read_bytes()
    files = [merge(file.path, file.hour, file.seq) for file in spooled(tmp_path, UTC)]
    first, second = (path.read_bytes() for path in files)
    assert first != second
    assert zlib.decompress(first, 31) == gzip.decompress(first) == igzip.decompress(first) == b"tick\n"
    assert subprocess.check_output(["zcat", *files]) == b"tick\ntick\n"


def test_what_is_on_disk_counts_even_if_its_file_cannot_be_sealed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(path: Path, name: str) -> Path:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("tui.archiver.spool.rename", fails)
    assert Spool(tmp_path, rotate_size=10).append(HOUR, [b"safe\n"])
    (file,) = spooled(tmp_path, UTC)
    assert file.state == TORN
    assert gzip.decompress(file.path.read_bytes()) == b"safe\n"


@pytest.mark.parametrize("step", ["close", "unlink"])
def test_whatever_fails_is_reported_in_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """A close may also report the disk's failure, and a read-only disk refuses even to remove a missing file."""
    spool = Spool(tmp_path)
    spool.append(HOUR, [b"safe\n"])

    def fails(*words: object, **more: object) -> None:
        raise OSError(30, "Read-only file system")

    with monkeypatch.context() as broken:
        broken.setattr(*((os, step) if step == "close" else (Path, step)), fails)
        with pytest.raises(OutputError, match="Read-only file system"):
            spool.probe()


def test_a_merge_is_one_member_and_a_crash_in_it_leaves_one_of_both(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    for number in range(50):
        spool.append(HOUR, [b'{"n":%d,"event":"play"}\n' % number])
    spool.close()
    (file,) = spooled(tmp_path, UTC)
    content, size = gzip.decompress(file.path.read_bytes()), file.size
    copy = file.path.read_bytes()
    merged = merge(file.path, file.hour, file.seq)
    assert gzip.decompress(merged.read_bytes()) == content
    assert merged.read_bytes().count(b"\x1f\x8b\x08") == 1
    assert merged.stat().st_size < size / 4
    file.path.write_bytes(copy)  # as after a crash before it was removed
    (tmp_path / "2026-11-23T13.half.merging").write_bytes(copy[:10])
    assert [left.path for left in drop_leftovers(tmp_path, spooled(tmp_path, UTC))] == [merged]
    assert [path.name for path in tmp_path.iterdir()] == [merged.name]


def test_a_spool_has_one_owner_at_a_time(tmp_path: Path) -> None:
    with (
        owned(tmp_path, {"topic": "a"}),
        pytest.raises(ArchiveError, match="another archiver uses the spool"),
        owned(tmp_path, {"topic": "a"}),
    ):
        pass
    with owned(tmp_path, {"topic": "a"}):
        Spool(tmp_path).append(HOUR, [b"left\n"])


def test_a_spool_with_files_of_another_archiver_is_refused(tmp_path: Path) -> None:
    with owned(tmp_path, {"topic": "a", "host": "web01"}):
        Spool(tmp_path).append(HOUR, [b"left\n"])
    other = pytest.raises(ArchiveError, match=r"files of another archiver \(topic a\)")
    with other, owned(tmp_path, {"topic": "b", "host": "web01"}):
        pass
    for file in spooled(tmp_path, UTC):
        file.path.unlink()
    with owned(tmp_path, {"topic": "b", "host": "web01"}):
        pass  # empty, it may change hands
