"""What goes away and comes back: every loss and every return is a line in the log, and the state names the cause."""

import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.archiver.helpers import (
    CHANNEL,
    Running,
    archived,
    environment,
    is_drained,
    messages,
    options,
    publish,
    wait_for,
)
from tests.support.auth import auth_server
from tests.support.build import NsqPrograms
from tests.support.nsqd import Nsqd, Nsqlookupd
from tests.support.process import HOST
from tests.support.scripted_lookupd import scripted_lookupd
from tests.support.seaweed import REGION, Seaweed
from tui.archiver import ArchiverOptions, Status, TopicSource
from tui.archiver.outages import Outages
from tui.cli.archive_log import status_text
from tui.config import S3Options

pytestmark = pytest.mark.nsq


def of_source(tmp_path: Path, source: TopicSource) -> ArchiverOptions:
    given = options(tmp_path / "out", source.topic, tmp_path / "spool")
    return ArchiverOptions(given.archive, source, given.spool, "h", 0.1)


def test_an_nsqd_that_goes_twice_is_reported_twice_and_its_return_too(
    nsq_programs: NsqPrograms, topic: str, tmp_path: Path
) -> None:
    with Nsqd(nsq_programs.nsqd, tmp_path / "nsqd") as nsqd:
        nsqd.create_channel(topic, CHANNEL)
        with Running(options(tmp_path / "out", topic, tmp_path / "spool", nsqd)) as archiver:
            wait_for(lambda: archiver.status.counters.links)
            for _ in range(2):
                nsqd.stop()
                wait_for(lambda: archiver.status.counters.lost)
                assert f"nsqd at {nsqd.tcp_address}" in status_text(archiver.status)
                nsqd.start()
                wait_for(lambda: archiver.status.counters.links and not archiver.status.counters.lost)
    assert archiver.said.count(f"nsqd at {nsqd.tcp_address} closed the connection") == 2
    assert archiver.said.count(f"connected again to nsqd at {nsqd.tcp_address}") == 2


def test_an_nsqlookupd_that_goes_and_returns(
    nsq_programs: NsqPrograms, topic: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.archiver.consume.LOOKUP_SECONDS", 0.1)
    with Nsqlookupd(nsq_programs.nsqlookupd, tmp_path / "lookupd") as lookupd:
        source = TopicSource(topic, CHANNEL, lookupd_http_addresses=(lookupd.http_address,))
        with Running(of_source(tmp_path, source)) as archiver:
            wait_for(lambda: archiver.status.seconds)
            lookupd.stop()
            wait_for(lambda: "nsqlookupd" in archiver.status.counters.lost)
            lookupd.start()
            wait_for(lambda: not archiver.status.counters.lost)
    assert f"connected again to nsqlookupd at {lookupd.http_address}" in archiver.said


def test_an_nsqd_that_no_nsqlookupd_names_any_longer_is_not_missed() -> None:
    said: list[str] = []
    outages = Outages(said.append)
    outages.lost("a:1", None)
    outages.unlisted("a:1")
    assert outages.cause == ""
    outages.back("a:1")
    assert said == ["nsqd at a:1 closed the connection", "connected again to nsqd at a:1"]


def test_the_same_cause_is_reported_once_in_an_outage_and_the_last_cause_is_the_state() -> None:
    said: list[str] = []
    outages = Outages(said.append)
    for _ in range(5):
        outages.lost("a:1", ConnectionRefusedError(111, "Connection refused"))
    outages.lost("b:1", TimeoutError("silence"))
    assert len(said) == 2
    assert outages.cause == "nsqd at b:1 does not answer"
    outages.back("b:1")
    assert "Connection refused" in outages.cause


def test_a_refused_subscription_does_not_return(nsq_programs: NsqPrograms, topic: str, tmp_path: Path) -> None:
    with auth_server() as auth, Nsqd(nsq_programs.nsqd, tmp_path / "nsqd", {"auth-http-address": auth}) as nsqd:
        source = TopicSource(topic, CHANNEL, (nsqd.tcp_address,), auth_secret="wrong")
        with Running(of_source(tmp_path, source)) as archiver:
            wait_for(lambda: "E_AUTH_FAILED" in archiver.status.counters.lost)
            assert archiver.status.counters.links == 0
    assert not any("again" in word for word in archiver.said)


def _identify(body: bytes) -> Callable[[socket.socket], None]:
    def answer(connection: socket.socket) -> None:
        connection.recv(1 << 16)
        connection.sendall(struct.pack(">ii", 4 + len(body), 0) + body)
        connection.recv(1 << 16)

    return answer


def _greet(words: bytes) -> Callable[[socket.socket], None]:
    return lambda connection: connection.sendall(words)


def _close(connection: socket.socket) -> None:
    """Close silently, without the reset that unread bytes would cause."""
    connection.shutdown(socket.SHUT_WR)
    while connection.recv(1 << 16):
        pass


@contextmanager
def _listening(serve: Callable[[socket.socket], None]) -> Iterator[str]:
    with socket.create_server((HOST, 0)) as listener:

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    serve(connection)

        threading.Thread(target=accept, daemon=True).start()
        try:
            yield f"{HOST}:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(
    ("serve", "words"),
    [
        (_greet(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "is not nsqd's TCP port: it speaks HTTP"),
        (_greet(b"SSH-2.0-OpenSSH_9.6\r\n"), "is not nsqd's TCP port: it does not answer as nsqd does"),
        (_identify(b"[]"), "is not nsqd's TCP port: it does not answer as nsqd does"),
        (_identify(b'{"max_rdy_count": "many"}'), "is not nsqd's TCP port: it does not answer as nsqd does"),
        (_identify(b'{"msg_timeout": 1e999}'), "is not nsqd's TCP port: it does not answer as nsqd does"),
        (_identify(b'{"max_rdy_count": \xff}'), "is not nsqd's TCP port: it does not answer as nsqd does"),
        (_close, "closed the connection"),
    ],
    ids=["http", "ssh", "a list", "text for a number", "no number", "no text", "silence"],
)
def test_what_is_not_an_nsqd_is_named_and_holds_up_no_other(
    nsqd: Nsqd,
    topic: str,
    tmp_path: Path,
    serve: Callable[[socket.socket], None],
    words: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    sent = messages(50)
    publish(nsqd, topic, sent)
    with _listening(serve) as address:
        source = TopicSource(topic, CHANNEL, (address, nsqd.tcp_address))
        with Running(of_source(tmp_path, source)) as archiver:
            wait_for(lambda: is_drained(nsqd, topic))
            wait_for(lambda: any(f"{address} {words}" in word for word in archiver.said))
    assert archived(of_source(tmp_path, source).archive.store) == Counter(sent)
    assert "Traceback" not in capfd.readouterr().err


def test_the_http_port_of_a_real_nsqd_is_recognized(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    with Running(of_source(tmp_path, TopicSource(topic, CHANNEL, (nsqd.http_address,)))) as archiver:
        wait_for(lambda: "is not nsqd's TCP port" in archiver.status.counters.lost)


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a..b", "x" * 70, "bad host/", 5, ""])
def test_an_address_that_nsqlookupd_gave_is_blamed_on_the_broadcast_address(
    nsqd: Nsqd, topic: str, tmp_path: Path, host: object, capfd: pytest.CaptureFixture[str]
) -> None:
    """The operator did not give this address, and the nsqd named with it works."""
    sent = messages(50)
    publish(nsqd, topic, sent)
    named = [(host, 4150), (HOST, nsqd.tcp_port)]
    with scripted_lookupd(named) as lookupd:
        source = TopicSource(topic, CHANNEL, lookupd_http_addresses=(lookupd,))
        with Running(of_source(tmp_path, source)) as archiver:
            wait_for(lambda: is_drained(nsqd, topic))
            wait_for(lambda: archiver.status.counters.lost)
    (blamed,) = (word for word in archiver.said if "-broadcast-address" in word)
    assert f"nsqlookupd at {lookupd} gave this address" in blamed
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.s3
def test_uploads_that_fail_and_work_again_are_reported_and_the_state_names_the_cause(
    nsqd: Nsqd, weed: Path, topic: str, tmp_path: Path
) -> None:
    seaweed = Seaweed(weed, tmp_path / "s3")
    s3 = S3Options(region=REGION, endpoint_url=seaweed.endpoint_url)
    publish(nsqd, topic, [b"message"])
    given = options("s3://logs/in", topic, tmp_path / "spool", nsqd, s3=s3, rotate_size=10)
    with environment(seaweed.env), Running(given) as archiver:
        wait_for(lambda: archiver.status.uploads.trouble)
        trouble = archiver.status.uploads.trouble
        assert trouble in status_text(archiver.status)
        assert archiver.status.troubles == ()  # which is not yet a reason to restart it
        with seaweed:
            wait_for(lambda: archiver.status.uploads.uploaded == 1)
            wait_for(lambda: "uploading again" in archiver.said)
    assert f"{trouble}; retrying" in archiver.said


def _credentials(path: Path, access: str, secret: str) -> None:
    path.write_text(f"[default]\naws_access_key_id = {access}\naws_secret_access_key = {secret}\n")


@pytest.mark.s3
@pytest.mark.parametrize("before", ["another key", "another secret", "none"])
def test_credentials_that_are_renewed_are_used_without_a_restart(
    nsqd: Nsqd, seaweed: Seaweed, bucket: str, topic: str, tmp_path: Path, before: str
) -> None:
    file = tmp_path / "credentials"
    if before != "none":
        access = "old-access" if before == "another key" else seaweed.access_key
        _credentials(file, access, "old-secret")
    env = {
        "AWS_SHARED_CREDENTIALS_FILE": str(file),
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    s3 = S3Options(region=REGION, endpoint_url=seaweed.endpoint_url)
    sent = messages(20)
    publish(nsqd, topic, sent)
    given = options(f"s3://{bucket}/in", topic, tmp_path / "spool", nsqd, s3=s3, rotate_size=10)
    with environment(env):
        given.archive.store.renew()  # what an earlier test has made
        with Running(given) as archiver:
            wait_for(lambda: archiver.status.uploads.trouble)
            _credentials(file, seaweed.access_key, seaweed.secret_key)
            wait_for(lambda: "uploading again" in archiver.said)
        assert archiver.stopped.left == 0
        assert archived(given.archive.store) == Counter(sent)


def test_a_state_without_trouble_has_no_notes() -> None:
    assert Status().notes == ()
