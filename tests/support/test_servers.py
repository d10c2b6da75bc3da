"""The servers that the other tests rest on do what a real one does."""

import os
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.support.build import NsqPrograms
from tests.support.consume import MissingMessagesError, drain, read_messages
from tests.support.nsqd import Nsqd, Nsqlookupd
from tests.support.seaweed import Seaweed
from tests.support.tls import make_certificate

AWKWARD = [b"plain", b"two\nlines", b"\x00\xff\r\n", "Ωrə".encode(), b'{"a":1}', b"x" * 1_000_000]


def publish_over_tcp(nsqd: Nsqd, topic: str, messages: list[bytes]) -> bytes:
    framed = b"".join(struct.pack(">I", len(message)) + message for message in messages)
    body = struct.pack(">I", len(messages)) + framed
    with socket.create_connection(("127.0.0.1", nsqd.tcp_port), timeout=10) as connection:
        connection.sendall(b"  V2MPUB %s\n%s" % (topic.encode(), struct.pack(">I", len(body)) + body))
        return connection.recv(100)


@pytest.mark.nsq
def test_messages_come_back_byte_for_byte(nsqd: Nsqd, topic: str) -> None:
    nsqd.publish(topic, AWKWARD)
    assert publish_over_tcp(nsqd, topic, AWKWARD) == struct.pack(">II", 6, 0) + b"OK"
    assert sorted(read_messages(nsqd, topic, 2 * len(AWKWARD))) == sorted(2 * AWKWARD)
    stats = nsqd.stats(topic)
    assert (stats.message_count, stats.depth) == (12, 0)
    assert (stats.channels["judge"].depth, stats.channels["judge"].in_flight) == (0, 0)


@pytest.mark.nsq
def test_a_reader_reads_no_more_than_it_was_asked_for(nsqd: Nsqd, topic: str) -> None:
    messages = [b"%d" % number for number in range(30_000)]
    nsqd.publish(topic, messages)
    first = read_messages(nsqd, topic, 9_999)
    assert (len(first), nsqd.stats(topic).channels["judge"].in_flight) == (9_999, 0)
    assert sorted(first + drain(nsqd, topic)) == sorted(messages)
    assert drain(nsqd, topic, idle=0.1) == []


@pytest.mark.nsq
def test_missing_messages_are_counted(nsqd: Nsqd, topic: str) -> None:
    nsqd.publish(topic, [b"a", b"b"])
    with pytest.raises(MissingMessagesError, match=r"2 of 3 messages arrived within 0\.3 s") as missing:
        read_messages(nsqd, topic, 3, timeout=0.3)
    assert sorted(missing.value.messages) == [b"a", b"b"]


@pytest.mark.nsq
def test_nsqd_comes_back_with_its_data(nsq_programs: NsqPrograms, tmp_path: Path) -> None:
    messages = [b"%d" % number for number in range(1_000)]
    with Nsqd(nsq_programs.nsqd, tmp_path) as nsqd:
        address = nsqd.tcp_address
        nsqd.publish("kept", messages)
        nsqd.restart()
        assert nsqd.tcp_address == address
        assert sorted(read_messages(nsqd, "kept", 1_000)) == sorted(messages)
    assert not nsqd.running


@pytest.mark.nsq
def test_only_an_nsqd_that_writes_at_once_survives_a_kill(nsq_programs: NsqPrograms, tmp_path: Path) -> None:
    with (
        Nsqd(nsq_programs.nsqd, tmp_path / "memory") as forgetful,
        # Without sync-every a young queue has no metadata yet, and what it holds is overwritten after the kill.
        Nsqd(nsq_programs.nsqd, tmp_path / "disk", {"mem-queue-size": 0, "sync-every": 1}) as careful,
    ):
        for nsqd in (forgetful, careful):
            nsqd.publish("events", [b"one", b"two"])
            nsqd.kill()
            nsqd.start()
        assert drain(forgetful, "events") == []
        assert read_messages(careful, "events", 2) == [b"one", b"two"]


@pytest.mark.nsq
def test_nsqd_keeps_to_its_options(nsq_programs: NsqPrograms, tmp_path: Path) -> None:
    with Nsqd(nsq_programs.nsqd, tmp_path, {"max-msg-size": 10}) as nsqd:
        assert b"E_BAD_MESSAGE" in publish_over_tcp(nsqd, "events", [b"x" * 11])


@pytest.mark.nsq
def test_a_frozen_nsqd_does_not_answer_until_it_is_thawed(nsq_programs: NsqPrograms, tmp_path: Path) -> None:
    with Nsqd(nsq_programs.nsqd, tmp_path) as nsqd:
        nsqd.freeze()
        with pytest.raises(TimeoutError), socket.create_connection(("127.0.0.1", nsqd.tcp_port), 5) as connection:
            connection.settimeout(0.2)
            connection.sendall(b"  V2PUB events\n\x00\x00\x00\x01x")
            connection.recv(1)
        nsqd.thaw()
        nsqd.publish("events", [b"awake"])
        nsqd.freeze()
    assert not nsqd.running


@pytest.mark.nsq
def test_nsqd_over_tls(nsq_programs: NsqPrograms, tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)
    trust = ssl.create_default_context(cafile=str(certificate.certificate))
    with Nsqd(nsq_programs.nsqd, tmp_path / "nsqd", certificate.nsqd_options) as nsqd:
        nsqd.publish("secret", AWKWARD)
        assert sorted(read_messages(nsqd, "secret", len(AWKWARD), tls=trust)) == sorted(AWKWARD)
        assert b"E_INVALID" in publish_over_tcp(nsqd, "secret", [b"in the clear"])


@pytest.mark.nsq
def test_nsqlookupd_knows_who_has_a_topic(nsqd: Nsqd, nsqlookupd: Nsqlookupd, topic: str) -> None:
    assert nsqlookupd.producers(topic) == []
    nsqd.create_topic(topic)
    deadline = time.monotonic() + 10
    while nsqlookupd.producers(topic) != [nsqd.tcp_address]:
        assert time.monotonic() < deadline, "nsqd did not register its topic"
        time.sleep(0.02)


@pytest.mark.nsq
def test_a_server_outlives_the_thread_that_started_it(nsq_programs: NsqPrograms, tmp_path: Path) -> None:
    nsqd = Nsqd(nsq_programs.nsqd, tmp_path)
    starter = threading.Thread(target=nsqd.start)
    starter.start()
    starter.join()
    with nsqd:
        nsqd.publish("events", [b"alive"])
        assert read_messages(nsqd, "events", 1) == [b"alive"]


@pytest.mark.nsq
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent died")
def test_a_server_goes_when_the_tests_are_killed(nsq_programs: NsqPrograms, tmp_path: Path) -> None:
    script = (
        "import os, pathlib, signal, sys\n"
        "from tests.support.nsqd import Nsqd\n"
        "nsqd = Nsqd(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))\n"
        "nsqd.start()\n"
        "print(nsqd.tcp_port, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    command = [sys.executable, "-c", script, str(nsq_programs.nsqd), str(tmp_path)]
    killed = subprocess.run(command, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, text=True)
    assert killed.returncode < 0
    deadline = time.monotonic() + 5
    while _listens(int(killed.stdout)):
        assert time.monotonic() < deadline, "nsqd is still there"
        time.sleep(0.02)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.s3
def test_s3_puts_gets_and_lists(seaweed: Seaweed, bucket: str, tmp_path: Path) -> None:
    for name in ("2015-01-20_13.log.gz", "2015-01-20_14.log.gz", "deep/er.log"):
        (tmp_path / "logs" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "logs" / name).write_bytes(name.encode() * 1_000)
    keys = seaweed.upload_folder(tmp_path / "logs", bucket, "events/")
    client = seaweed.client()
    listed = client.list_objects_v2(Bucket=bucket, Prefix="events/")["Contents"]
    assert [object_["Key"] for object_ in listed] == keys
    assert keys == ["events/2015-01-20_13.log.gz", "events/2015-01-20_14.log.gz", "events/deep/er.log"]
    part = client.get_object(Bucket=bucket, Key=keys[0], Range="bytes=20-39", IfMatch=listed[0]["ETag"])
    assert part["Body"].read() == b"2015-01-20_13.log.gz"


@pytest.mark.s3
def test_s3_conditional_put(seaweed: Seaweed, bucket: str) -> None:
    client = seaweed.client()
    client.put_object(Bucket=bucket, Key="k", Body=b"first", IfNoneMatch="*")
    with pytest.raises(ClientError, match="PreconditionFailed"):
        client.put_object(Bucket=bucket, Key="k", Body=b"second", IfNoneMatch="*")
    assert client.get_object(Bucket=bucket, Key="k")["Body"].read() == b"first"


@pytest.mark.s3
def test_s3_refuses_a_wrong_key(seaweed: Seaweed, bucket: str) -> None:
    for stranger in (seaweed.client(access_key="nobody"), seaweed.client(secret_key="wrong")):
        with pytest.raises(ClientError) as refused:
            stranger.list_objects_v2(Bucket=bucket)
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


@pytest.mark.s3
def test_s3_is_reached_by_its_environment_alone(seaweed: Seaweed, bucket: str) -> None:
    script = "import boto3; print([b['Name'] for b in boto3.client('s3').list_buckets()['Buckets']])"
    listed = subprocess.run(
        [sys.executable, "-c", script], env=os.environ | seaweed.env, capture_output=True, text=True, check=True
    )
    assert bucket in listed.stdout


def test_the_environment_is_clean(tmp_path_factory: pytest.TempPathFactory) -> None:
    assert [name for name in os.environ if name.startswith(("HOURSCOPE_", "SSH_CONNECTION"))] == []
    assert [name for name in os.environ if name.startswith("AWS_")] == ["AWS_EC2_METADATA_DISABLED"]
    assert Path.home().is_relative_to(tmp_path_factory.getbasetemp())
    assert [path for path in Path.home().rglob("*") if path.is_file()] == []
