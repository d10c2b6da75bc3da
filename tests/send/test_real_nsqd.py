"""Sending to a real nsqd: all of it arrives, once, byte for byte."""

import gzip
import json
import random
import socket
import threading
import time
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
import zstandard

from tests.send.helpers import arrived, digest, finish, lines, records_source, target, write_lines
from tests.support.build import NsqPrograms
from tests.support.consume import read_messages
from tests.support.nsqd import Nsqd
from tui.archive import open_archive
from tui.errors import SendError
from tui.filter import parse_filter
from tui.send import (
    Control,
    Journal,
    NsqTarget,
    Rate,
    Sending,
    SendOptions,
    Sent,
    archive_source,
    check_destination,
    file_source,
    send_to_nsq,
    survey,
)

pytestmark = pytest.mark.nsq


def _to(nsqd: Nsqd, topic: str) -> NsqTarget:
    return target(topic, nsqd, http=[nsqd.http_address])


def test_all_are_confirmed_without_loss_or_duplicate(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    records = lines(20_000, 300)
    source = write_lines(tmp_path / "out.jsonl", records)
    receipt = finish(send_to_nsq(source, _to(nsqd, topic)))
    assert (receipt.sent, receipt.confirmed, receipt.repeated, receipt.unknown) == (20_000, 20_000, 0, 0)
    assert not receipt.partial
    assert (receipt.bytes, receipt.sha256) == (sum(map(len, records)), digest(records))
    assert (receipt.message_count_before, receipt.message_count_after) == (0, 20_000)
    assert sorted(read_messages(nsqd, topic, 20_000)) == sorted(records)


def test_order_is_kept_in_nsqds_memory(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    records = lines(3_000)
    finish(send_to_nsq(write_lines(tmp_path / "out.jsonl", records), _to(nsqd, topic)))
    assert read_messages(nsqd, topic, len(records)) == records


def test_bytes_are_exact(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    maker = random.Random(4)
    odd = [byte for byte in range(256) if byte not in (10, 13)]
    records = [b'{"x":"' + bytes(maker.choices(odd, k=maker.randint(1, 400))) for _ in range(500)]
    records += [b"a CR\rin the middle", b"\x00", b"caf\xc3\xa9", b"\xff\xfe", b"no newline behind this one"]
    source = write_lines(tmp_path / "odd", records, newline_at_end=False)
    receipt = finish(send_to_nsq(source, _to(nsqd, topic)))
    assert receipt.sha256 == digest(records)
    assert read_messages(nsqd, topic, len(records)) == records


@pytest.mark.parametrize("name", ["plain", "gzip", "zstd"])
def test_a_file_is_recognized_by_its_first_bytes(name: str, nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    data = b"one\n\n\ntwo\r\nthree"
    pack = {
        "plain": lambda d: d,
        "gzip": lambda d: gzip.compress(d[:6]) + gzip.compress(d[6:]),
        "zstd": zstandard.ZstdCompressor().compress,
    }[name]
    path = tmp_path / "no-suffix"
    path.write_bytes(pack(data))
    receipt = finish(send_to_nsq(file_source(path), _to(nsqd, topic)))
    assert (receipt.confirmed, receipt.blank) == (3, 2)
    assert read_messages(nsqd, topic, 3) == [b"one", b"two", b"three"]


def test_records_near_the_limits(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    records = [bytes([65 + number % 26]) * (1 << 20) for number in range(12)]  # 12 MiB: more than one body of 5 MiB
    records[3:3] = [b"small"] * 250
    source = write_lines(tmp_path / "big", records)
    largest = survey(source).largest
    assert largest is not None
    assert largest.size == 1 << 20
    receipt = finish(send_to_nsq(source, _to(nsqd, topic)))
    assert receipt.confirmed == len(records)
    assert sorted(read_messages(nsqd, topic, len(records))) == sorted(records)


def test_a_record_too_large_is_named_and_nothing_is_sent(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    source = write_lines(tmp_path / "big.jsonl", [b"a", b"", b"b" * ((1 << 20) + 1), b"c"])
    with pytest.raises(SendError, match=r"line 2 of big\.jsonl \(1,048,577 bytes\) is larger than the 1,048,576 bytes"):
        finish(send_to_nsq(source, _to(nsqd, topic)))
    assert arrived(nsqd, topic) == 0
    receipt = finish(send_to_nsq(source, _to(nsqd, topic), options=SendOptions(skip_oversize=True)))
    assert (receipt.confirmed, receipt.skipped, receipt.partial) == (2, 1, False)
    assert receipt.as_json()["left_out"] == [{"key": "big.jsonl", "line": 2, "size": (1 << 20) + 1}]
    assert read_messages(nsqd, topic, 2) == [b"a", b"c"]


def test_a_record_too_large_that_is_met_on_the_way_loses_nothing(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    source = write_lines(tmp_path / "big.jsonl", [*lines(250), b"b" * ((1 << 20) + 1), b"c"])
    with pytest.raises(SendError, match="line 251 of big"):
        finish(send_to_nsq(source, _to(nsqd, topic), options=SendOptions(check_first=False)))
    assert read_messages(nsqd, topic, 250) == lines(250)


def test_limits_are_asked_from_nsqd(nsq_programs: NsqPrograms, tmp_path: Path) -> None:
    with Nsqd(nsq_programs.nsqd, tmp_path / "nsqd", {"max-msg-size": 1000, "max-body-size": 5000}) as nsqd:
        limits = check_destination(_to(nsqd, "t")).limits
        assert (limits.max_message, limits.max_body, limits.asked) == (1000, 5000, True)
        assert not json.loads(nsqd.request("GET", "/stats?format=json"))["topics"]  # asking made no topic
        records = lines(300, 900)
        receipt = finish(send_to_nsq(write_lines(tmp_path / "out", records), _to(nsqd, "t")))
        assert receipt.confirmed == 300
        assert read_messages(nsqd, "t", 300) == records


def test_an_archive_with_a_filter_goes_by_hour_key_and_line(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    for name, text in {
        "e.2015-01-20_13.log.gz": b"a1 foo\nb\n\na2 foo\n",
        "e.2015-01-20_12.log.gz": b"b1 foo\nx\nb2 foo",
        "e.2015-01-20_14.log.gz": b"c1 foo\nc2",
    }.items():
        data = gzip.compress(text)
        (tmp_path / name).write_bytes(data[:-9] if "_14" in name else data)  # a torn tail
    archive = open_archive(f"{tmp_path}/e.%Y-%m-%d_%H.log.gz")
    source = archive_source(archive, reversed(archive.catalog().chunks), parse_filter(grep=["foo"]))
    receipt = finish(send_to_nsq(source, _to(nsqd, topic)))
    assert read_messages(nsqd, topic, 5) == [b"b1 foo", b"b2 foo", b"a1 foo", b"a2 foo", b"c1 foo"]
    assert [damaged.key for damaged in receipt.damaged] == ["e.2015-01-20_14.log.gz"]
    assert receipt.filter == "-g foo"


def test_an_empty_record_is_not_sent_and_counted(nsqd: Nsqd, topic: str) -> None:
    hour = datetime(2015, 1, 20, 13, tzinfo=UTC)
    source = records_source([("k", hour, 2, b"first"), ("k", hour, 3, b""), ("k", hour, 9, b"second")])
    receipt = finish(send_to_nsq(source, _to(nsqd, topic)))
    assert (receipt.confirmed, receipt.blank) == (2, 1)
    assert read_messages(nsqd, topic, 2) == [b"first", b"second"]


def test_nothing_to_send(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    source = write_lines(tmp_path / "empty", [b"", b""])
    for options in (SendOptions(), SendOptions(check_first=False)):
        with pytest.raises(SendError, match="there is nothing to send"):
            finish(send_to_nsq(source, _to(nsqd, topic), options=options))


def test_stop_drains_and_resume_sends_the_rest_once(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    records = lines(5_000)
    source, control = write_lines(tmp_path / "out", records), Control()
    to, options = _to(nsqd, topic), SendOptions(rate=Rate(1_000))
    with Journal.start(tmp_path / "journals", source, to) as journal:
        events = send_to_nsq(source, to, journal=journal, options=options, control=control)
        for event in events:
            if isinstance(event, Sending) and event.confirmed > 500:
                control.stop()
        assert isinstance(event, Sent)
        first = event.receipt
    assert first.partial
    assert 500 < first.confirmed < 5_000
    assert (first.unknown, first.sha256) == (0, digest(records[: first.confirmed]))
    assert arrived(nsqd, topic) == first.confirmed
    with Journal.resume(tmp_path / "journals", source, to) as journal:
        assert journal.confirmed_until == first.confirmed
        second = finish(send_to_nsq(source, to, journal=journal))
    assert (second.confirmed, second.resumed, second.sent) == (5_000, first.confirmed, 5_000 - first.confirmed)
    assert (second.sha256, second.partial) == (digest(records), False)
    assert read_messages(nsqd, topic, 5_000) == records
    with pytest.raises(SendError, match="finished send"):
        Journal.resume(tmp_path / "journals", source, to)


def test_pause_and_resume(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    control = Control()
    control.pause()
    events = send_to_nsq(write_lines(tmp_path / "out", lines(1_000)), _to(nsqd, topic), control=control)
    for event in events:
        if isinstance(event, Sending) and event.note == "paused":
            break
    assert arrived(nsqd, topic) == 0
    control.resume()
    assert finish(events).confirmed == 1_000


def test_a_canary_asks_before_the_rest(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    control, asked = Control(), []
    options = SendOptions(canary=(1, 11))
    events = send_to_nsq(write_lines(tmp_path / "out", lines(500)), _to(nsqd, topic), options=options, control=control)
    for event in events:
        if isinstance(event, Sending) and event.asking:
            asked.append((event.confirmed, arrived(nsqd, topic)))
            control.resume()
    assert sorted(set(asked)) == [(1, 1), (11, 11)]
    assert isinstance(event, Sent)
    assert event.receipt.confirmed == 500


def test_the_rate_holds(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    source = write_lines(tmp_path / "out", lines(3_000))
    began = time.monotonic()
    receipt = finish(send_to_nsq(source, _to(nsqd, topic), options=SendOptions(rate=Rate(2_000), check_first=False)))
    assert receipt.confirmed == 3_000
    assert 1.2 < time.monotonic() - began < 10  # 1.5, and what a busy machine adds


def test_max_depth_is_overshot_by_no_more_than_a_window(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    nsqd.create_topic(topic)
    nsqd.create_channel(topic, "slow")
    records = lines(6_000)
    options = SendOptions(max_depth=2_000)
    events = send_to_nsq(write_lines(tmp_path / "out", records), _to(nsqd, topic), options=options)
    deepest = 0
    taken: list[bytes] = []
    for event in events:
        if isinstance(event, Sending):
            deepest = max(deepest, nsqd.stats(topic).channels["slow"].depth)
            if event.note.startswith("paused: the topic is"):
                taken += read_messages(nsqd, topic, 1_500, "slow")
    assert isinstance(event, Sent)
    assert event.receipt.confirmed == 6_000
    assert 2_000 <= deepest <= 2_000 + 1_600
    assert sorted(taken + read_messages(nsqd, topic, 6_000 - len(taken), "slow")) == sorted(records)


def test_nsqd_restarted_in_mid_send(nsq_programs: NsqPrograms, tmp_path: Path) -> None:
    records, notes = lines(60_000), set()
    source = write_lines(tmp_path / "out", records)
    with Nsqd(nsq_programs.nsqd, tmp_path / "nsqd", {"mem-queue-size": 0}) as nsqd:
        to = _to(nsqd, "t")
        trouble = threading.Thread(target=_restart_twice, args=(nsqd, "t"))
        trouble.start()
        with Journal.start(tmp_path, source, to) as journal:
            events = send_to_nsq(source, to, journal=journal, options=SendOptions(rate=Rate(20_000)))
            for event in events:
                if isinstance(event, Sending):
                    notes.add(event.note)
        trouble.join()
        assert isinstance(event, Sent)
        receipt = event.receipt
        assert (receipt.confirmed, receipt.sha256) == (60_000, digest(records))
        arrived = read_messages(nsqd, "t", 60_000)
        assert set(records) == set(arrived) | set(read_messages(nsqd, "t", nsqd.stats("t").channels["judge"].depth))
        assert receipt.repeated <= 2 * 1_600
        assert any("connecting again" in note for note in notes)


def _restart_twice(nsqd: Nsqd, topic: str) -> None:
    for kill in (False, True):
        time.sleep(0.8)
        if kill:
            nsqd.kill()
        else:
            nsqd.stop()
        time.sleep(0.3)
        nsqd.start()


def test_the_next_nsqd_takes_over(nsq_programs: NsqPrograms, nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    records = lines(8_000)
    source = write_lines(tmp_path / "out", records)
    with Nsqd(nsq_programs.nsqd, tmp_path / "nsqd", {"mem-queue-size": 0}) as other:
        to = target(topic, other, nsqd, http=[other.http_address, nsqd.http_address])
        stopping = threading.Thread(target=other.stop)
        for event in send_to_nsq(source, to, options=SendOptions(rate=Rate(4_000))):
            if isinstance(event, Sending) and event.confirmed and not stopping.ident:
                stopping.start()
        stopping.join()
        assert isinstance(event, Sent)
        receipt = event.receipt
        assert receipt.confirmed == 8_000
        other.start()
        first = read_messages(other, topic, other.stats(topic).depth)
        second = read_messages(nsqd, topic, nsqd.stats(topic).depth)
    assert first
    assert second
    assert set(first) | set(second) == set(records)
    assert len(first) + len(second) <= 8_000 + receipt.repeated


def test_closing_the_generator_stops_the_send(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    source = write_lines(tmp_path / "out", lines(50_000))
    events = send_to_nsq(source, _to(nsqd, topic), options=SendOptions(rate=Rate(5_000)))
    for event in events:
        if isinstance(event, Sending) and event.confirmed:
            break
    events.close()
    count = arrived(nsqd, topic)
    time.sleep(0.3)
    assert arrived(nsqd, topic) == count
    assert not [thread for thread in threading.enumerate() if thread.name == "hourscope-send"]


def test_a_slow_reader_of_the_events_does_not_hold_up_the_send(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    events = send_to_nsq(write_lines(tmp_path / "out", lines(5_000)), _to(nsqd, topic))
    for event in events:
        if isinstance(event, Sending) and event.total:
            break
    time.sleep(1.5)
    assert arrived(nsqd, topic) == 5_000
    assert finish(events).confirmed == 5_000


def test_no_events_are_lost_to_a_slow_http(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    """An HTTP port that never answers costs seconds, but neither the events nor the send."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        to = target(topic, nsqd, http=[f"127.0.0.1:{mute.getsockname()[1]}"])
        times, events = [time.monotonic()], []
        for event in send_to_nsq(write_lines(tmp_path / "out", lines(10)), to):
            times.append(time.monotonic())
            events.append(event)
    receipt = finish(events)
    assert (receipt.confirmed, receipt.message_count_before) == (10, None)
    assert max(later - earlier for earlier, later in pairwise(times)) < 0.5
