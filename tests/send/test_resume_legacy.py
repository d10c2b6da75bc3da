"""Journals of 0.1.0, made by it of `lines(5000)` and `long_and_short(2000)`, are continued."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.send.helpers import arrived, digest, lines, write_lines
from tests.send.test_repeats import send
from tests.send.test_resume import journals, long_and_short
from tests.support.build import NsqPrograms
from tests.support.nsqd import Nsqd
from tui.send import earlier_sends, file_source

pytestmark = pytest.mark.nsq

OLD = Path(__file__).parent / "state_0.1.0"


def _old(name: str, source: Path) -> Path:
    """The journal with the identity that its source has here, of path and time."""
    (old,) = OLD.glob(f"{name}.*")
    journals().mkdir(parents=True)
    text = old.read_text()
    identity = json.loads(text.splitlines()[0])["identity"]
    new = journals() / old.name.replace(identity[:12], file_source(source).identity[:12])
    new.write_text(text.replace(identity, file_source(source).identity))
    return new


@pytest.mark.parametrize(("name", "confirmed"), [("stopped", 1_350), ("killed", 900)])
def test_a_journal_of_0_1_0_is_continued(name: str, confirmed: int, nsqd: Nsqd, tmp_path: Path) -> None:
    records = lines(5_000)
    write_lines(tmp_path / "b", records)
    old, before = _old(name, tmp_path / "b"), arrived(nsqd, name)
    (earlier,) = earlier_sends(journals(), topic=name)
    assert (earlier.version, earlier.confirmed, earlier.finished) == (1, confirmed, False)
    ran = send(tmp_path / "b", nsqd, name, "--resume")
    receipt = json.loads(ran.lines[-1])
    assert (ran.code, receipt["confirmed"], receipt["resumed"]) == (0, 5_000, confirmed)
    assert (receipt["sha256"], arrived(nsqd, name) - before) == (digest(records), 5_000 - confirmed)
    assert len(receipt["where"]) == 2
    assert json.loads(old.read_text().splitlines()[-1]) == {"continued": receipt["journal"]}
    assert "there is nothing to resume" in send(tmp_path / "b", nsqd, name, "--resume").sentence
    assert "records were sent to" in send(tmp_path / "b", nsqd, name).sentence


@pytest.mark.parametrize("limit", [1_000, 1 << 20])
def test_a_journal_of_0_1_0_that_left_out_records(limit: int, nsq_programs: NsqPrograms, tmp_path: Path) -> None:
    """Its numbers include skipped records, which must not count as sent, or the resume is refused."""
    records = long_and_short(tmp_path / "m", 2_000)
    _old("skipped", tmp_path / "m")
    with Nsqd(nsq_programs.nsqd, tmp_path / "nsqd", {"max-msg-size": limit}) as nsqd:
        ran = send(tmp_path / "m", nsqd, "skipped", "--resume", "--skip-oversize")
        if limit == 1_000:
            receipt = json.loads(ran.lines[-1])
            assert (ran.code, receipt["resumed"], receipt["confirmed"], receipt["skipped"]) == (0, 401, 1_000, 1_000)
            assert arrived(nsqd, "skipped") == 599
            assert receipt["sha256"] == digest(records[::2])
        else:
            assert ran.code == 2
            assert "left out 400 records as too large" in ran.sentence
            assert arrived(nsqd, "skipped") == 0
