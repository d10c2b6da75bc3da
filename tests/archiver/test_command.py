"""`hourscope archive` as it is run: kills, signals, checks, what it says."""

import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.archiver.helpers import CHANNEL, archived, channel, environment, is_drained, messages, publish, wait_for
from tests.support.build import NsqPrograms
from tests.support.command import hourscope
from tests.support.nsqd import Nsqd, Nsqlookupd
from tests.support.process import free_ports
from tests.support.seaweed import Seaweed
from tui.archiver import destination
from tui.archiver.folder import owned
from tui.cli import run

pytestmark = pytest.mark.nsq


def words(archive: object, topic: str, nsqd: Nsqd, spool: Path) -> list[str]:
    given = ["--topic", topic, "--channel", CHANNEL, "--nsqd-tcp-address", nsqd.tcp_address, "--spool", str(spool)]
    return ["archive", str(archive), *given, "--host", "web01", "--sync-interval", "0.2"]


@contextmanager
def started(*command: object) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tui", *map(str, command)],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.s3
def test_kill_9_at_any_moment_loses_nothing(
    nsq_programs: NsqPrograms, seaweed: Seaweed, bucket: str, topic: str, tmp_path: Path
) -> None:
    """A test clock makes kills hit hour boundaries, rotations and uploads; only in-flight messages arrive twice."""
    chance, sent, in_flight = random.Random(11), messages(30_000), 0
    with (
        environment(seaweed.env),
        Nsqd(nsq_programs.nsqd, tmp_path / "nsqd", {"msg-timeout": "1s", "mem-queue-size": 100_000}) as nsqd,
    ):
        archive, spool = f"s3://{bucket}/logs", tmp_path / "spool"
        command = [sys.executable, "-m", "tests.archiver.archiver", archive, topic, nsqd.tcp_address, str(spool), "0.4"]
        for kill in range(4):
            publish(nsqd, topic, sent[6000 * kill : 6000 * (kill + 1)])
            wait_for(lambda: channel(nsqd, topic).depth >= 6000)  # nsqd moves them there from the topic
            archiver = subprocess.Popen(command, stderr=subprocess.DEVNULL)
            before = channel(nsqd, topic)
            wait_for(lambda before=before: channel(nsqd, topic).depth < before.depth)  # type: ignore[misc]
            time.sleep(chance.uniform(0, 0.8))
            archiver.kill()
            archiver.wait()
            in_flight += channel(nsqd, topic).in_flight
        publish(nsqd, topic, sent[24_000:])
        archiver = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        wait_for(lambda: is_drained(nsqd, topic))
        archiver.terminate()
        assert archiver.wait(30) == 0
        lines = archived(destination(archive).store)
    assert set(lines) == set(sent)
    assert sum(lines.values()) - len(sent) <= in_flight
    assert sorted(path.name for path in spool.iterdir()) == ["lock", "spool.json"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize("processes", [1, 2])
def test_a_signal_is_a_clean_end(
    nsqd: Nsqd, topic: str, tmp_path: Path, number: signal.Signals, processes: int
) -> None:
    sent = messages(3000)
    nsqd.create_channel(topic, CHANNEL)
    command = [*words(tmp_path / "out", topic, nsqd, tmp_path / "spool"), "--sync-interval", 30]
    with started(*command, "--processes", processes) as archiver:
        wait_for(lambda: channel(nsqd, topic).clients == processes)  # else one of them could take all messages
        publish(nsqd, topic, sent)
        wait_for(lambda: channel(nsqd, topic).in_flight and not channel(nsqd, topic).depth)
        archiver.send_signal(number)
        said = archiver.communicate(timeout=20)[1]
        assert archiver.returncode == 0
    assert archived(destination(str(tmp_path / "out")).store) == Counter(sent)
    stats = channel(nsqd, topic)
    assert (stats.depth, stats.in_flight, stats.requeue_count, stats.clients) == (0, 0, 0, 0)
    assert "stopping: waiting for" in said
    assert " 3,000 messages (" in said.splitlines()[-1]
    assert said.splitlines()[-1].endswith(" · 1 file uploaded" if processes == 1 else " · 2 files uploaded")


def _waits(archiver: "subprocess.Popen[str]") -> str:
    """Return the next line that reports what a stop waits for."""
    assert archiver.stderr is not None
    return next(line for line in archiver.stderr if "stopping: waiting for" in line)


def test_a_store_and_an_nsqd_that_hang_do_not_hold_the_stop(
    nsq_programs: NsqPrograms, topic: str, tmp_path: Path
) -> None:
    """It ends within ten seconds after the signal; the received messages are in the spool."""
    sent, spool = messages(300), tmp_path / "spool"
    with (
        Nsqd(nsq_programs.nsqd, tmp_path / "nsqd") as nsqd,
        socket.create_server(("127.0.0.1", 0)) as silent,
        environment({"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s"}),
    ):
        publish(nsqd, topic, sent)
        away = ["--endpoint-url", f"http://127.0.0.1:{silent.getsockname()[1]}", "--region", "us-east-1"]
        with started(*words("s3://logs/in", topic, nsqd, spool), *away, "--rotate-size", "1kB") as archiver:
            wait_for(lambda: is_drained(nsqd, topic))
            nsqd.freeze()
            began = time.monotonic()
            archiver.send_signal(signal.SIGTERM)
            assert "file" in _waits(archiver)
            said = archiver.communicate(timeout=20)[1]
            seconds = time.monotonic() - began
            nsqd.thaw()
    assert archiver.returncode == 2
    assert seconds < 10
    assert "could not be uploaded in time; nothing is lost" in said
    assert Counter(_spooled(spool)) == Counter(sent)


def _spooled(spool: Path) -> list[bytes]:
    return [line for path in spool.glob("2*") for line in subprocess.check_output(["zcat", path]).splitlines()]


@pytest.mark.parametrize("lost", ["closed", "full"])
def test_a_log_that_cannot_be_written_does_not_end_hourscope(nsqd: Nsqd, topic: str, tmp_path: Path, lost: str) -> None:
    sent = messages(500)
    nsqd.create_channel(topic, CHANNEL)
    command = [sys.executable, "-m", "tui", *words(tmp_path / "out", topic, nsqd, tmp_path / "spool")]
    reading, writing = os.pipe()
    with Path("/dev/full").open("wb") as full:
        stderr = full if lost == "full" else writing
        archiver = subprocess.Popen([*command, "--rotate-size", "1kB"], stderr=stderr, stdin=subprocess.DEVNULL)
    for end in (reading, writing):
        os.close(end)
    try:
        nsqd.publish(topic, sent)
        wait_for(lambda: is_drained(nsqd, topic))
        archiver.send_signal(signal.SIGHUP)
        assert archiver.wait(20) == 0
    finally:
        archiver.kill()
    assert archived(destination(str(tmp_path / "out")).store) == Counter(sent)


def test_a_second_signal_leaves_at_once_and_loses_nothing(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    """S3 does not answer, so the first signal's last uploads would take their time."""
    sent, spool = messages(2000), tmp_path / "spool"
    publish(nsqd, topic, sent)
    away = ["--endpoint-url", f"http://127.0.0.1:{free_ports(1)[0]}", "--region", "us-east-1"]
    with (
        environment({"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s"}),
        started(*words("s3://logs/in", topic, nsqd, spool), *away, "--rotate-size", "1kB") as archiver,
    ):
        wait_for(lambda: is_drained(nsqd, topic))
        archiver.send_signal(signal.SIGINT)
        _waits(archiver)
        archiver.send_signal(signal.SIGINT)
        said = archiver.communicate(timeout=5)[1]
        assert archiver.returncode == 130
    assert "stopped at once" in said
    assert Counter(_spooled(spool)) == Counter(sent)


def test_a_consuming_process_that_is_killed_is_replaced(nsq_programs: NsqPrograms, topic: str, tmp_path: Path) -> None:
    sent = messages(6000)
    with Nsqd(nsq_programs.nsqd, tmp_path / "nsqd", {"msg-timeout": "1s"}) as nsqd:
        publish(nsqd, topic, sent[:3000])
        command = words(tmp_path / "out", topic, nsqd, tmp_path / "spool")
        with started(*command, "--processes", 2) as archiver:
            wait_for(lambda: is_drained(nsqd, topic))
            victim = subprocess.check_output(["ps", "-o", "pid=", "--ppid", str(archiver.pid)], text=True).split()[0]
            os.kill(int(victim), signal.SIGKILL)
            publish(nsqd, topic, sent[3000:])
            wait_for(lambda: channel(nsqd, topic).clients == 2 and is_drained(nsqd, topic))
            archiver.terminate()
            said = archiver.communicate(timeout=30)[1]
            assert archiver.returncode == 0
    assert set(archived(destination(str(tmp_path / "out")).store)) == set(sent)
    assert "ended unexpectedly (killed by SIGKILL); started again" in said


def test_a_second_archiver_of_the_same_spool_is_refused(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    publish(nsqd, topic, [b"{}"])
    command = words(tmp_path / "out", topic, nsqd, tmp_path / "spool")
    with started(*command):
        wait_for(lambda: is_drained(nsqd, topic))
        refused = hourscope(*command)
        assert refused.code == 2
        assert "another archiver uses the spool" in refused.sentence


def test_status_over_http(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    publish(nsqd, topic, [*messages(100), b"two\nlines"])
    address = f"127.0.0.1:{free_ports(1)[0]}"
    command = words(tmp_path / "out", topic, nsqd, tmp_path / "spool")
    with started(*command, "--status-address", address):
        wait_for(lambda: is_drained(nsqd, topic))
        wait_for(lambda: _metrics(address)["hourscope_archiver_messages_total"] == 101)
        metrics = _metrics(address)
        assert metrics["hourscope_archiver_changed_lines_total:wrapped,newline"] == 1
        assert metrics["hourscope_archiver_nsqd_connections"] == 1
        assert metrics["hourscope_archiver_healthy"] == 1
        with urllib.request.urlopen(f"http://{address}/healthz") as answer:
            assert answer.status == 200
        (tmp_path / "spool").rename(tmp_path / "gone")
        (tmp_path / "spool").touch()  # nothing can be written now, and no folder made
        nsqd.publish(topic, messages(10))
        wait_for(lambda: _metrics(address)["hourscope_archiver_paused"] == 1)
        with pytest.raises(urllib.error.HTTPError) as unhealthy:
            urllib.request.urlopen(f"http://{address}/healthz")
        assert unhealthy.value.code == 503
        assert b"no messages are taken: the spool" in unhealthy.value.read()
        (tmp_path / "spool").unlink()
        wait_for(lambda: is_drained(nsqd, topic))
        wait_for(lambda: _metrics(address)["hourscope_archiver_healthy"] == 1)


def _metrics(address: str) -> dict[str, float]:
    with urllib.request.urlopen(f"http://{address}/metrics") as answer:
        text = answer.read().decode()
    return {
        ":".join(filter(None, [sample.name, ",".join(sample.labels.values())])): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.mark.s3
def test_check_looks_at_everything_and_takes_nothing(
    nsqd: Nsqd, nsqlookupd: Nsqlookupd, seaweed: Seaweed, bucket: str, topic: str, tmp_path: Path
) -> None:
    publish(nsqd, topic, messages(3))
    wait_for(lambda: nsqlookupd.producers(topic))
    command = [*words(f"s3://{bucket}/logs", topic, nsqd, tmp_path / "spool"), "--check"]
    ran = hourscope(*command, "--lookupd-http-address", nsqlookupd.http_address, env=seaweed.env)
    assert ran.code == 0, ran.out
    out = ran.out.decode()
    for case in (
        f"{tmp_path / 'spool'} can be written",
        f"s3://{bucket} can be written, read and listed, and refuses to overwrite; keys as logs/{topic}.web01-000000.",
        "agrees with the archive's",
        f"{topic} is on 1 nsqd",
        f"3 messages waiting in {topic}/{CHANNEL}",
    ):
        assert case in out
    assert channel(nsqd, topic).depth == 3
    with environment(seaweed.env):
        assert list(destination(f"s3://{bucket}/logs").store.objects()) == []
    failed = hourscope(*command, "--nsqd-tcp-address", "127.0.0.1:9", env=seaweed.env | {"AWS_SECRET_ACCESS_KEY": "no"})
    assert failed.code == 2
    assert failed.out.decode().count("✗") == 2


def test_check_leaves_a_spool_alone_that_is_used(
    nsqd: Nsqd, topic: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nsqd.create_channel(topic, CHANNEL)
    with owned(tmp_path / "spool", {"topic": topic}):
        assert run([*words(tmp_path / "out", topic, nsqd, tmp_path / "spool"), "--check"]) == 0
    spool, disk, *_ = capsys.readouterr().out.splitlines()
    assert spool.split()[0] == "!"
    assert "an archiver uses" in spool
    assert "free; the spool may use" in disk


@pytest.mark.parametrize(
    ("archive", "more", "sentence"),
    [
        ("{tmp}/out/{topic}.%Y-%m-%d_%H.log.gz", [], "needs a {rev}"),
        ("{tmp}/out/{topic}{rev}.%Y-%m-%d_%H.log", [], "does not end in .gz"),
        ("{tmp}/out/*{rev}.%Y-%m-%d_%H.log.gz", [], "has a '*'"),
        ("/proc/out", [], "/proc/out cannot be created: No such file or directory"),
        ("{tmp}/out", ["--host", "a/b"], "'a/b' cannot be part of a key"),
        ("{tmp}/out", ["--topic", "bad topic!"], "invalid topic name 'bad topic!'"),
        ("{tmp}/out", ["--channel", ""], "invalid channel name ''"),
        ("{tmp}/out", ["--rotate-size", "many"], "'many' is not a size"),
        ("{tmp}/out", ["--nsqd-tcp-address", "::1"], "'::1' is not an address"),
        ("{tmp}/out", ["--tls-key", "k.pem"], "--tls-key needs its --tls-cert"),
        ("{tmp}/out", ["--status-address", "192.0.2.1:1"], "--status-address 192.0.2.1:1 cannot be listened on"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(
    nsqd: Nsqd,
    tmp_path: Path,
    archive: str,
    more: list[str],
    sentence: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    place = archive.replace("{tmp}", str(tmp_path))
    assert run([*words(place, "topic", nsqd, tmp_path / "spool"), *more]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert sentence in line


def test_importing_the_archiver_is_cheap() -> None:
    program = "import sys, tui.archiver; print(*{name.split('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split()
    assert not {"nsq", "tornado", "textual", "boto3", "click", "rich", "prometheus_client"} & set(loaded)


def test_no_secret_is_shown(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    command = words(tmp_path / "out", topic, nsqd, tmp_path / "spool")
    environment_ = {**os.environ, "HOURSCOPE_NSQ_AUTH_SECRET": "hush-hush"}
    with environment(environment_), started(*command) as archiver:
        nsqd.create_channel(topic, CHANNEL)
        wait_for(lambda: channel(nsqd, topic).clients)
        archiver.terminate()
        assert "hush-hush" not in archiver.communicate(timeout=20)[1]
