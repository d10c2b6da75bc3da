"""`--order time` and `--pace`: an hour's hosts merged by their own time; nothing is lost or sent twice."""

from __future__ import annotations

import gzip
import json
import random
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.send.commands import to
from tests.send.helpers import arrived, digest
from tests.send.test_repeats import send, slow_send
from tests.send.test_resume import stopped
from tests.support.command import hourscope
from tests.support.consume import read_messages
from tests.support.nsqd import Nsqd
from tui.archive import open_archive
from tui.errors import SendError
from tui.send import Plan, SourceBlock, archive_source, earlier_sends, file_source, outgoing, survey
from tui.send.engine.rate import Pacer
from tui.send.messages import detect_order
from tui.send.time_order import by_time

HOUR = datetime(2015, 1, 20, 13, tzinfo=UTC)
EPOCH = 1_421_758_800_000_000  # of HOUR, in µs


def row(second: float, host: str, number: int, **more: object) -> bytes:
    return json.dumps({"ts": EPOCH / 1e6 + second, "host": host, "n": number, **more}).encode()


def write_hosts(folder: Path, hosts: int = 3, records: int = 400, hours: int = 1, step: float = 0.01) -> list[bytes]:
    """Chunks of hosts whose records interleave, each a little out of order; returns them in the order of time."""
    shuffle = random.Random(7)
    folder.mkdir(exist_ok=True)
    whole: list[list[tuple[float, bytes]]] = [[] for _ in range(hours)]
    for hour in range(hours):
        for host in range(hosts):
            rows = []
            for number in range(records):
                second = hour * 3600 + number * step * hosts + host * step
                rows.append((second, row(second, f"web{host}", number)))
            whole[hour] += rows
            rows.sort(key=lambda pair: pair[0] + shuffle.uniform(-5, 5) * step)
            path = folder / f"events.web{host}-000000.2015-01-20_{13 + hour}.log.gz"
            path.write_bytes(gzip.compress(b"".join(record + b"\n" for _, record in rows), mtime=0))
    return [record for group in whole for _, record in sorted(group)]


def ordered(folder: Path) -> list[bytes]:
    archive = open_archive(str(folder))
    source = outgoing(archive_source(archive, archive.catalog().chunks), Plan(order="ts"))
    return [record for block in source.open() for record in block.records]


# The order


def test_the_hosts_of_each_hour_are_merged_by_time(tmp_path: Path) -> None:
    records = write_hosts(tmp_path / "a", hours=2)
    assert ordered(tmp_path / "a") == records


def test_an_extract_gives_the_same_order_though_it_holds_one_host_after_the_other(tmp_path: Path) -> None:
    records = write_hosts(tmp_path / "a")
    ran = hourscope("scan", tmp_path / "a", "-g", "web", "-o", f"{tmp_path}/extract/")
    assert ran.code == 0
    assert ordered(tmp_path / "extract") == records


ROWS = st.lists(
    st.tuples(st.integers(-5, 5), st.binary(max_size=30).filter(lambda data: b"\n" not in data)), max_size=60
)


@given(st.lists(ROWS, max_size=4), st.sampled_from([1, 500, 1 << 20]))
def test_what_does_not_fit_into_memory_is_sorted_just_the_same(
    chunks: list[list[tuple[int, bytes]]], memory: int
) -> None:
    """Stable, by the key and line of each record, with nothing lost; empty records are counted as blank."""
    blocks = [
        SourceBlock(
            f"k{at}", None, [data for _, data in rows], range(1, len(rows) + 1), times=[time for time, _ in rows]
        )
        for at, rows in enumerate(chunks)
    ]
    out = list(by_time(blocks, in_memory=memory))
    rows = [
        (time, f"k{at}", line, data)
        for at, rows in enumerate(chunks)
        for line, (time, data) in enumerate(rows, 1)
        if data
    ]
    expected = sorted(rows, key=lambda item: item[0])
    times = [
        (place.key, place.line, record)
        for block in out
        for place, record in zip(map(block.place, range(len(block.records))), block.records, strict=True)
    ]
    assert times == [item[1:] for item in expected]
    assert sum(block.blank for block in out) == sum(not data for rows in chunks for _, data in rows)
    assert out[-1].archived == (digest(item[3] for item in rows) if rows else digest([]))


def test_records_without_a_time_stay_behind_the_record_before_and_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "m"
    path.write_bytes(
        b"\n".join([row(3, "a", 0), b"no json", row(1, "a", 1), b'{"ts":null}', b"\xff", row(2, "a", 2)]) + b"\n"
    )
    source = outgoing(file_source(path), Plan(order="ts"))
    records = [record for block in source.open() for record in block.records]
    assert records == [row(1, "a", 1), b'{"ts":null}', b"\xff", row(2, "a", 2), row(3, "a", 0), b"no json"]
    assert survey(source).no_time == 3


def test_a_clock_that_is_wrong_delays_nothing(tmp_path: Path) -> None:
    """It is ordered last, but due at the end of its hour."""
    path = tmp_path / "events.web0-000000.2015-01-20_13.log.gz"
    path.write_bytes(gzip.compress(row(10**9, "a", 0) + b"\n" + row(5, "a", 1) + b"\n" + row(-(10**6), "a", 2) + b"\n"))
    archive = open_archive(str(tmp_path))
    surveyed = survey(outgoing(archive_source(archive, archive.catalog().chunks), Plan(order="ts")))
    assert surveyed.last_time == EPOCH + 3_600_000_000
    assert surveyed.last == row(10**9, "a", 0)


def test_the_field_of_the_time_is_detected_or_must_be_named(tmp_path: Path) -> None:
    write_hosts(tmp_path / "a")
    archive = open_archive(str(tmp_path / "a"))
    assert detect_order(archive_source(archive, archive.catalog().chunks)) == "ts"
    (tmp_path / "m").write_bytes(b'{"n":1}\n')
    with pytest.raises(SendError, match="no field of the records holds their time; name it with --time-field"):
        detect_order(file_source(tmp_path / "m"))


# The pace


def test_the_pacer_holds_the_spacing_and_does_not_make_up_for_a_pause() -> None:
    now = [100.0]
    pacer = Pacer(10, lambda: now[0])
    assert pacer.wait(0) == 0
    assert pacer.wait(20_000_000) == pytest.approx(2)
    assert pacer.left(40_000_000) == pytest.approx(4)
    now[0] += 2
    assert pacer.wait(20_000_000) == 0
    now[0] += 60  # paused
    assert pacer.wait(30_000_000) == 0
    assert pacer.wait(40_000_000) == pytest.approx(1)


@pytest.mark.nsq
def test_a_paced_send_takes_as_long_as_the_records_did(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    records = write_hosts(tmp_path / "a", records=50, step=0.2)  # 30 s
    ran = send(tmp_path / "a", nsqd, topic, "--pace", "20")
    receipt = json.loads(ran.lines[-1])
    assert (ran.code, receipt["confirmed"], receipt["order"]) == (0, 150, "ts")
    assert receipt["sha256"] == digest(records)
    assert receipt["seconds"] >= 1.4
    assert list(read_messages(nsqd, topic, 150)) == records


def test_a_pace_makes_no_sense_for_a_file(tmp_path: Path) -> None:
    write_hosts(tmp_path / "a", records=5)
    ran = hourscope("send", tmp_path / "a", "-o", tmp_path / "out", "--pace", "10")
    assert (ran.code, "--pace applies only to NSQ" in ran.sentence) == (2, True)
    assert hourscope("send", tmp_path / "a", "-o", tmp_path / "out", "--pace", "nan").code == 2
    assert hourscope("send", tmp_path / "a", "-o", tmp_path / "out", "--order", "time").code == 0
    assert (tmp_path / "out").read_bytes().splitlines() == ordered(tmp_path / "a")


# Resuming, and what is the same


@pytest.mark.nsq
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_send_by_time_that_died_resumes_without_a_loss(
    how: signal.Signals, nsqd: Nsqd, topic: str, tmp_path: Path
) -> None:
    nsqd.create_channel(topic, "reader")
    records = write_hosts(tmp_path / "a", records=2_000)
    before = stopped(tmp_path / "a", nsqd, topic, "--order", "time", how=how)
    assert 0 < before < 6_000
    ran = send(tmp_path / "a", nsqd, topic, "--resume")  # the order is that of the journal
    receipt = json.loads(ran.lines[-1])
    assert (ran.code, receipt["confirmed"], receipt["order"], receipt["sha256"]) == (0, 6_000, "ts", digest(records))
    assert "this resumes a send that began by ts: the rest goes in the same order" in ran.err
    twice = arrived(nsqd, topic) - 6_000
    assert twice == before - receipt["resumed"] if how == signal.SIGKILL else twice == 0
    assert set(read_messages(nsqd, topic, 6_000 + twice, "reader")) == set(records)


@pytest.mark.nsq
def test_a_paced_send_that_was_killed_resumes_at_another_pace(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    nsqd.create_channel(topic, "reader")
    records = write_hosts(tmp_path / "a", records=500)
    with slow_send(tmp_path / "a", nsqd, topic, "--pace", "2") as process:
        process.kill()
    ran = send(tmp_path / "a", nsqd, topic, "--resume", "--pace", "1000", "--rate", "100k")
    receipt = json.loads(ran.lines[-1])
    assert (ran.code, receipt["confirmed"], receipt["sha256"]) == (0, 1_500, digest(records))
    assert set(read_messages(nsqd, topic, arrived(nsqd, topic), "reader")) == set(records)


@pytest.mark.nsq
def test_the_same_records_in_another_order_are_a_repeat(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    write_hosts(tmp_path / "a", records=100)
    assert send(tmp_path / "a", nsqd, topic).code == 0
    ran = send(tmp_path / "a", nsqd, topic, "--order", "time")
    assert (ran.code, f"records were sent to {topic} on " in ran.sentence) == (2, True)
    other = f"{topic}b"
    assert send(tmp_path / "a", nsqd, other, "--order", "time").code == 0
    assert send(tmp_path / "a", nsqd, other).code == 2
    assert (arrived(nsqd, topic), arrived(nsqd, other)) == (300, 300)
    # A file in a third order has no digest in common; that it is as much is a warning.
    lines = sorted(ordered(tmp_path / "a"), key=lambda record: json.loads(record)["n"], reverse=True)
    (tmp_path / "m").write_bytes(b"".join(line + b"\n" for line in lines))
    assert "in another order: they may be the same" in send(tmp_path / "m", nsqd, other, "--dry-run").err


@pytest.mark.nsq
def test_a_send_in_the_order_of_the_archive_is_not_resumed_at_a_pace(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    nsqd.create_channel(topic, "reader")
    write_hosts(tmp_path / "a", records=2_000)
    stopped(tmp_path / "a", nsqd, topic)
    ran = send(tmp_path / "a", nsqd, topic, "--resume", "--pace", "10")
    assert (ran.code, "resume it without --pace" in ran.sentence) == (2, True)
    ran = send(tmp_path / "a", nsqd, topic, "--resume", "--order", "time")
    assert (ran.code, arrived(nsqd, topic)) == (0, 6_000)
    assert "began in the order of the archive" in ran.err


# Names and histograms


@pytest.mark.nsq
def test_a_name_is_in_the_journal_and_in_the_receipt(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    write_hosts(tmp_path / "a", records=10)
    ran = send(tmp_path / "a", nsqd, topic, "--name", "player replay")
    receipt = json.loads(ran.lines[-1])
    assert receipt["name"] == "player replay"
    journals = Path(receipt["journal"]).parent
    assert earlier_sends(journals, topic=topic)[0].header.name == "player replay"
    ran = send(tmp_path / "a", nsqd, topic, "--again", "-g", "web1")
    receipt = json.loads(ran.lines[-1])
    assert receipt["name"].startswith(receipt["started"][:14]) and receipt["name"].endswith(" -g web1")
    for name in ("", "x" * 81, "a\nb", "\x1b[31m"):
        assert send(tmp_path / "a", nsqd, topic, "--name", name).code == 2


@pytest.mark.nsq
def test_the_dry_run_counts_by_hour_and_by_value(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    path = tmp_path / "events.web0-000000.2015-01-20_{}.log"
    for hour, kinds in ((13, ["a", "b", "b", "b"]), (15, ["a", "b\x1b[31m", "c", "b", "b"] * 2)):
        lines = [row((hour - 13) * 3600 + at, "x", at, kind=kind) for at, kind in enumerate(kinds)]
        Path(str(path).format(hour)).write_bytes(b"".join(line + b"\n" for line in lines))
    ran = hourscope("send", tmp_path, *to(nsqd, topic), "--dry-run", "--json", "--pace", "60")
    plan = json.loads(ran.lines[-1])
    assert plan["by_hour"] == [{"hour": "2015-01-20T13", "count": 4}, {"hour": "2015-01-20T15", "count": 10}]
    assert plan["by_value"]["field"] == "kind"
    assert {item["value"]: item["count"] for item in plan["by_value"]["values"]} == {
        "a": 3,
        "b": 7,
        "b\x1b[31m": 2,
        "c": 2,
    }
    assert (plan["order"], plan["pace"]) == ("ts", 60.0)
    shown = hourscope("send", tmp_path, *to(nsqd, topic), "--dry-run", "--pace", "60").out.decode()
    assert "by hour    ▃ ▇" in shown and "pace 60: it takes 2m" in shown
    assert "\x1b" not in shown


def test_ordering_a_large_hour_takes_bounded_memory(tmp_path: Path) -> None:
    """Two hosts of 100 MB of lines each in one hour, at 64 MiB at once."""
    pad = "x" * 4_000
    for host in ("a", "b"):
        with gzip.open(tmp_path / f"events.{host}-000000.2015-01-20_13.log.gz", "wb", 1) as out:
            for number in range(25_000):
                out.write(row(number * 0.01, host, number, pad=pad) + b"\n")
    program = (
        "import re,sys\nfrom tui.cli import main\ntry:\n    main()\nfinally:\n    "  # ru_maxrss would count the parent
        "print(int(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1]) >> 10, file=sys.stderr)"
    )
    words = ["send", str(tmp_path), "-o", "-", "--order", "time"]
    with (tmp_path / "out").open("wb") as out:
        ran = subprocess.run(
            [sys.executable, "-c", program, *words],
            stdout=out,
            stderr=subprocess.PIPE,
            check=True,
        )
    assert int(ran.stderr.split()[-1]) < 300
    times = [json.loads(line)["ts"] for line in (tmp_path / "out").open("rb")]
    assert len(times) == 50_000 and times == sorted(times)
