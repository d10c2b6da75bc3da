"""Topic to archive on real servers: all that was published is there, in its hour, whatever fails."""

import gzip
import subprocess
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.archiver.helpers import (
    CHANNEL,
    Clock,
    Running,
    archived,
    channel,
    chunks,
    environment,
    is_drained,
    messages,
    options,
    publish,
    wait_for,
)
from tests.send.certificates import authority, nsqd_options
from tests.support.auth import auth_server
from tests.support.build import NsqPrograms
from tests.support.command import hourscope
from tests.support.consume import read_messages
from tests.support.nsqd import Nsqd, Nsqlookupd
from tests.support.seaweed import REGION, Seaweed
from tests.support.tls import make_certificate
from tui.archive.times import floor_hour
from tui.archiver import TopicSource
from tui.archiver.options import ArchiverOptions, destination
from tui.archiver.spool import Spool
from tui.config import S3Options
from tui.nsq.target import Tls

pytestmark = pytest.mark.nsq

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp()


def test_every_message_is_in_the_hour_of_the_clock(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    clock, sent = Clock(NOON), messages(3000)
    with Running(options(tmp_path / "out", topic, tmp_path / "spool", nsqd, now=clock)) as archiver:
        for hour in range(3):
            clock.time = NOON + 3600 * hour
            publish(nsqd, topic, sent[1000 * hour : 1000 * (hour + 1)])
            wait_for(lambda: is_drained(nsqd, topic))
            if hour == 0:
                clock.time += 3600
                wait_for(lambda: archiver.status.uploads.uploaded == 1)  # the hour is over, and nothing has to come
    store = destination(str(tmp_path / "out")).store
    keys = [f"{topic}.web01-000000.2026-11-23_{hour}.log.gz" for hour in (12, 13, 14)]
    uploaded = chunks(store)
    assert list(uploaded) == keys
    assert [Counter(uploaded[key]) for key in keys] == [Counter(sent[n : n + 1000]) for n in (0, 1000, 2000)]
    assert archiver.stopped.left == 0
    assert archiver.stopped.status.counters.messages == 3000
    zcat = subprocess.run(["zcat", *sorted((tmp_path / "out").iterdir())], capture_output=True, check=True).stdout
    assert Counter(zcat.splitlines()) == Counter(sent)
    cat = hourscope("cat", tmp_path / "out", "--hour", "2026-11-23T13")
    assert Counter(cat.lines) == Counter(sent[1000:2000])
    stats = channel(nsqd, topic)
    assert (stats.requeue_count, stats.timeout_count, stats.clients) == (0, 0, 0)


def test_hours_are_of_the_zone_that_was_asked_for(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    publish(nsqd, topic, [b"{}"])
    given = options("x", topic, tmp_path / "spool", nsqd, now=Clock(NOON))
    place = destination(f"{tmp_path}/out/%Y/%m/%d/%H/{{topic}}{{rev}}.gz", timezone="Asia/Kolkata")
    with Running(ArchiverOptions(place, given.source, given.spool, "h", 0.1, now=Clock(NOON))):
        wait_for(lambda: is_drained(nsqd, topic))
    assert list(chunks(place.store)) == [f"2026/11/23/17/{topic}-000000.gz"]  # half past five


@pytest.mark.s3
def test_s3_may_be_away_and_the_spool_full(
    nsq_programs: NsqPrograms, nsqd: Nsqd, weed: Path, topic: str, tmp_path: Path
) -> None:
    seaweed, sent = Seaweed(weed, tmp_path / "s3"), messages(20_000, size=200)
    s3 = S3Options(region=REGION, endpoint_url=seaweed.endpoint_url)
    more = {"spool_max": 1_000_000, "rotate_size": 300_000, "s3": s3}
    with environment(seaweed.env):
        publish(nsqd, topic, sent)
        with Running(options("s3://logs/in", topic, tmp_path / "spool", nsqd, **more)) as archiver:
            wait_for(lambda: "--spool-max" in archiver.status.counters.paused)
            assert any(word.startswith("paused: the spool holds") for word in archiver.said)
            assert archiver.status.troubles
            time.sleep(0.5)
            assert not is_drained(nsqd, topic)  # NSQ keeps the rest
            with seaweed:  # which makes a bucket of the first put to it
                wait_for(lambda: is_drained(nsqd, topic))
                wait_for(lambda: archiver.status.uploads.waiting == 0)
                archiver._stop.set()
                archiver._thread.join()
                store = destination("s3://logs/in", s3=s3).store
                assert archived(store) == Counter(sent)
    assert "resumed: the spool has room again" in archiver.said
    assert channel(nsqd, topic).timeout_count == 0


def test_a_full_disk_loses_nothing_and_is_left_behind(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    """A spool of 1 MB for 4 MB of messages: what does not fit goes back to NSQ, and comes when there is room."""
    sent = messages(20_000, size=400)
    publish(nsqd, topic, sent)
    spool = tmp_path / "spool"
    spool.mkdir()
    mounted = f"mount -t tmpfs -o size=1m none {spool} && exec .venv/bin/python"
    script = f"{mounted} -m tests.archiver.archiver {tmp_path}/out {topic} {nsqd.tcp_address} {spool} 3600"
    archiver = subprocess.Popen(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", script], stderr=subprocess.PIPE, text=True
    )
    try:
        wait_for(lambda: is_drained(nsqd, topic), 60)
    finally:
        archiver.terminate()
        said = archiver.communicate()[1]
    assert archiver.returncode == 0
    assert "No space left on device; NSQ keeps the messages" in said
    assert "resumed: the spool can be written again" in said
    assert archived(destination(str(tmp_path / "out")).store) == Counter(sent)
    assert channel(nsqd, topic).timeout_count == 0


def test_a_slow_disk_costs_no_message_its_time(
    nsq_programs: NsqPrograms, topic: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append, slow = Spool.append, [2.5]

    def slowly(spool: Spool, hour: datetime, blocks: list[bytes]) -> int:
        time.sleep(slow.pop() if slow else 0)
        return append(spool, hour, blocks)

    monkeypatch.setattr(Spool, "append", slowly)
    sent = messages(300)
    with Nsqd(nsq_programs.nsqd, tmp_path / "nsqd", {"msg-timeout": "1s"}) as nsqd:
        publish(nsqd, topic, sent)
        with Running(options(tmp_path / "out", topic, tmp_path / "spool", nsqd)):
            wait_for(lambda: is_drained(nsqd, topic))
        assert channel(nsqd, topic).timeout_count == 0
    assert archived(destination(str(tmp_path / "out")).store) == Counter(sent)


def test_an_nsqd_that_restarts_is_found_again(nsq_programs: NsqPrograms, topic: str, tmp_path: Path) -> None:
    sent = messages(4000)
    with Nsqd(nsq_programs.nsqd, tmp_path / "nsqd") as nsqd:
        publish(nsqd, topic, sent[:2000])
        with Running(options(tmp_path / "out", topic, tmp_path / "spool", nsqd)) as archiver:
            wait_for(lambda: archiver.status.counters.messages)
            nsqd.restart()
            publish(nsqd, topic, sent[2000:])
            wait_for(lambda: is_drained(nsqd, topic))
    assert set(archived(destination(str(tmp_path / "out")).store)) == set(sent)
    assert any("closed the connection" in word for word in archiver.said)


def test_two_hosts_share_a_channel_and_one_name(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    """Two archivers with the same host name do not overwrite each other's files."""
    sent = messages(8000)
    first = options(tmp_path / "out", topic, tmp_path / "spool1", nsqd, now=Clock(NOON))
    second = options(tmp_path / "out", topic, tmp_path / "spool2", nsqd, now=Clock(NOON))
    with Running(first) as one, Running(second) as two:
        wait_for(lambda: one.status.counters.links and two.status.counters.links)
        for start in range(0, 8000, 500):
            publish(nsqd, topic, sent[start : start + 500])
            time.sleep(0.02)
        wait_for(lambda: is_drained(nsqd, topic))
    uploaded = chunks(first.archive.store)
    assert sorted(uploaded) == [f"{topic}.web01-00000{rev}.2026-11-23_12.log.gz" for rev in (0, 1)]
    assert all(uploaded.values())
    assert archived(first.archive.store) == Counter(sent)


def test_two_processes_are_one_archiver(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    sent = messages(5000)
    publish(nsqd, topic, sent)
    with Running(options(tmp_path / "out", topic, tmp_path / "spool", nsqd, processes=2)) as archiver:
        wait_for(lambda: is_drained(nsqd, topic))
        wait_for(lambda: archiver.status.counters.links == 2)
    assert archived(destination(str(tmp_path / "out")).store) == Counter(sent)
    assert archiver.stopped.left == 0


def test_nsqlookupd_knows_where_a_topic_is(nsqd: Nsqd, nsqlookupd: Nsqlookupd, topic: str, tmp_path: Path) -> None:
    sent = messages(500)
    publish(nsqd, topic, sent)
    wait_for(lambda: nsqlookupd.producers(topic))
    given = options(tmp_path / "out", topic, tmp_path / "spool")
    source = TopicSource(topic, CHANNEL, lookupd_http_addresses=(nsqlookupd.http_address,))
    with Running(ArchiverOptions(given.archive, source, given.spool, "h", 0.1)):
        wait_for(lambda: is_drained(nsqd, topic))
    assert archived(given.archive.store) == Counter(sent)


def test_tls(nsq_programs: NsqPrograms, topic: str, tmp_path: Path) -> None:
    certificate, sent = make_certificate(tmp_path), messages(5000)
    with Nsqd(nsq_programs.nsqd, tmp_path / "nsqd", certificate.nsqd_options) as nsqd:
        publish(nsqd, topic, sent)
        given = options(tmp_path / "out", topic, tmp_path / "spool")
        source = TopicSource(topic, CHANNEL, (nsqd.tcp_address,), tls=Tls(certificate.certificate))
        with Running(ArchiverOptions(given.archive, source, given.spool, "h", 0.1)):
            wait_for(lambda: is_drained(nsqd, topic))
    assert archived(given.archive.store) == Counter(sent)


def test_tls_that_is_untrusted_or_not_offered_is_reported(
    nsq_programs: NsqPrograms, nsqd: Nsqd, topic: str, tmp_path: Path
) -> None:
    certificate, other = make_certificate(tmp_path), tmp_path / "other"
    other.mkdir()
    wrong = Tls(make_certificate(other).certificate)
    given = options(tmp_path / "out", topic, tmp_path / "spool")
    with Nsqd(nsq_programs.nsqd, tmp_path / "nsqd", certificate.nsqd_options) as safe:
        source = TopicSource(topic, CHANNEL, (safe.tcp_address, nsqd.tcp_address), tls=wrong)
        with Running(ArchiverOptions(given.archive, source, given.spool, "h", 0.1)) as archiver:
            wait_for(lambda: len(archiver.said) > 2)
    said = "\n".join(archiver.said)
    assert f"nsqd at {safe.tcp_address} cannot be verified" in said
    assert f"nsqd at {nsqd.tcp_address} does not offer TLS" in said
    assert archiver.stopped.status.counters.messages == 0


@pytest.mark.parametrize(
    ("certificate", "sentence"),
    [
        ({"days": -1}, "has a certificate that has expired; renew it"),
        ({"host": "DNS:nsqd.example.com"}, "has a certificate that is not for 127.0.0.1; use the host name"),
    ],
)
def test_a_bad_certificate_is_reported_as_a_send_reports_it(
    certificate: dict[str, object], sentence: str, nsq_programs: NsqPrograms, topic: str, tmp_path: Path
) -> None:
    ours = authority(tmp_path / "ca")
    given = options(tmp_path / "out", topic, tmp_path / "spool")
    pair = ours.issue("server", **certificate)  # type: ignore[arg-type]
    with Nsqd(nsq_programs.nsqd, tmp_path / "nsqd", nsqd_options(pair)) as nsqd:
        source = TopicSource(topic, CHANNEL, (nsqd.tcp_address,), tls=Tls(ours.ca))
        with Running(ArchiverOptions(given.archive, source, given.spool, "h", 0.1)) as archiver:
            wait_for(lambda: f"nsqd at {nsqd.tcp_address} {sentence}" in archiver.status.counters.lost)


def test_a_secret_that_is_missing_is_asked_for(nsq_programs: NsqPrograms, topic: str, tmp_path: Path) -> None:
    given = options(tmp_path / "out", topic, tmp_path / "spool")
    with auth_server() as auth, Nsqd(nsq_programs.nsqd, tmp_path / "nsqd", {"auth-http-address": auth}) as nsqd:
        source = TopicSource(topic, CHANNEL, (nsqd.tcp_address,))
        with Running(ArchiverOptions(given.archive, source, given.spool, "h", 0.1)) as archiver:
            wait_for(lambda: archiver.status.counters.lost)
            assert "requires a secret; set HOURSCOPE_NSQ_AUTH_SECRET" in archiver.status.counters.lost


def test_auth(nsq_programs: NsqPrograms, topic: str, tmp_path: Path) -> None:
    """A wrong secret is reported but does not end the archiver: the auth server may not have the right one yet."""
    sent = messages(10)
    with auth_server() as auth, Nsqd(nsq_programs.nsqd, tmp_path / "nsqd", {"auth-http-address": auth}) as nsqd:
        publish(nsqd, topic, sent)
        given = options(tmp_path / "out", topic, tmp_path / "spool")
        for secret in ("wrong", "reader"):
            source = TopicSource(topic, CHANNEL, (nsqd.tcp_address,), auth_secret=secret)
            with Running(ArchiverOptions(given.archive, source, given.spool, "h", 0.1)) as archiver:
                wait_for(lambda: "does not accept the secret" in str(archiver.said) or is_drained(nsqd, topic))
            assert secret not in str(archiver.said)
    assert archived(given.archive.store) == Counter(sent)


ODD = [
    b'{"plain": 1}',
    b'{\n  "pretty": [1,\n 2]\n}\n',
    b"two\nlines",
    b"\n",
    b"\xff\x00\n\xfe",
    b"\xff\xfe",
    b'{"hourscope:body":"not ours"}',
    b'{"hourscope:body:base64":"////"}',
    b"x" * 300_000 + b"\n" + b"y" * 300_000,
    "Grüße 🎬\r\n".encode(),
]


def test_odd_messages_come_back_byte_for_byte(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    publish(nsqd, topic, ODD)
    with Running(options(tmp_path / "out", topic, tmp_path / "spool", nsqd)) as archiver:
        wait_for(lambda: is_drained(nsqd, topic))
    assert archiver.stopped.status.counters.changed == {
        "json-newline": 1,
        "newline": 5,
        "lookalike": 2,
        "changed": 1,  # it could be the beginning of UTF-16
    }
    (lines,) = chunks(destination(str(tmp_path / "out")).store).values()
    assert len(lines) == len(ODD)
    back = f"{topic[:50]}-back"
    nsqd.create_channel(back, "judge")
    sent = hourscope(
        "send", tmp_path / "out", "--nsqd-tcp-address", nsqd.tcp_address, "--nsqd-http-address", nsqd.http_address,
        "--topic", back, "--yes",
    )  # fmt: skip
    assert sent.code == 0, sent.err
    spaced = [b'{   "pretty": [1,  2] } ' if b"pretty" in body else body for body in ODD]
    assert sorted(read_messages(nsqd, back, len(ODD))) == sorted(spaced)


def test_what_was_archived_is_as_nsq_to_file_writes_it(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    """The same names but for the host, the same lines."""
    publish(nsqd, topic, [b'{"a":1}'])
    with Running(options(tmp_path / "out", topic, tmp_path / "spool", nsqd)):
        wait_for(lambda: is_drained(nsqd, topic))
    hour = floor_hour(datetime.now(UTC))
    (path,) = (tmp_path / "out").iterdir()
    assert path.name == f"{topic}.web01-000000.{hour:%Y-%m-%d_%H}.log.gz"
    assert gzip.decompress(path.read_bytes()) == b'{"a":1}\n'
