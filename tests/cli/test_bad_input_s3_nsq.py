"""Bad input where the other side is a server: S3 refuses, nsqd is not there."""

import json
from pathlib import Path

import pytest

from tests.support.command import hourscope
from tests.support.nsqd import Nsqd
from tests.support.seaweed import Seaweed


def wrong(*words: object, env: dict[str, str] | None = None) -> str:
    ran = hourscope(*words, env=env)
    assert ran.code == 2, ran
    assert ran.out == b""
    return ran.sentence


def test_a_bucket_that_does_not_exist(seaweed: Seaweed) -> None:
    sentence = wrong("ls", "s3://no-such-bucket/", env=dict(seaweed.env))
    assert "s3://no-such-bucket" in sentence
    assert "no such bucket" in sentence


def test_an_empty_bucket(seaweed: Seaweed, bucket: str) -> None:
    assert "is empty" in wrong("ls", f"s3://{bucket}/", env=dict(seaweed.env))


def test_a_secret_that_is_wrong(seaweed: Seaweed, bucket: str) -> None:
    env = {**seaweed.env, "AWS_SECRET_ACCESS_KEY": "wrong"}
    sentence = wrong("ls", f"s3://{bucket}/", env=env)
    assert "403" in sentence
    assert "--profile" in sentence


def test_no_permission_for_somebody_without_credentials(seaweed: Seaweed, bucket: str) -> None:
    sentence = wrong("ls", f"s3://{bucket}/", "--no-sign-request", env=dict(seaweed.env))
    assert "permission denied (403)" in sentence


def test_no_credentials_at_all(seaweed: Seaweed, bucket: str) -> None:
    env = {**seaweed.env, "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
    assert "no AWS credentials" in wrong("ls", f"s3://{bucket}/", env=env)


def test_a_profile_that_is_not_there(seaweed: Seaweed, bucket: str) -> None:
    assert "--profile" in wrong("ls", f"s3://{bucket}/", "--profile", "nobody", env=dict(seaweed.env))


def test_an_endpoint_that_does_not_answer(seaweed: Seaweed, bucket: str) -> None:
    sentence = wrong("ls", f"s3://{bucket}/", "--endpoint-url", "http://127.0.0.1:1", env=dict(seaweed.env))
    assert "http://127.0.0.1:1 does not answer" in sentence


def test_an_endpoint_that_is_not_an_address(seaweed: Seaweed, bucket: str) -> None:
    assert "http://HOST:PORT" in wrong("ls", f"s3://{bucket}/", "--endpoint-url", "nonsense", env=dict(seaweed.env))


def test_a_location_without_a_bucket(seaweed: Seaweed) -> None:
    assert "s3://BUCKET/PREFIX" in wrong("ls", "s3://", env=dict(seaweed.env))


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    path = tmp_path / "lines.jsonl"
    path.write_bytes(b'{"n":1}\n{"n":2}\n')
    return path


def test_an_nsqd_that_is_not_there(lines: Path) -> None:
    sentence = wrong("send", lines, "--nsqd-tcp-address", "127.0.0.1:1", "--topic", "events", "--yes")
    assert "nsqd at 127.0.0.1:1 cannot be reached" in sentence
    assert "nothing was sent" in sentence


@pytest.mark.parametrize("topic", ["bad topic!", "x" * 65, "ümlaut"])
def test_a_topic_that_nsq_does_not_allow(lines: Path, nsqd: Nsqd, topic: str) -> None:
    sentence = wrong("send", lines, "--nsqd-tcp-address", nsqd.tcp_address, "--topic", topic, "--yes")
    assert "invalid topic name" in sentence


def test_a_record_larger_than_nsqd_takes_is_named_before_anything_is_sent(lines: Path, nsqd: Nsqd, topic: str) -> None:
    with lines.open("ab") as stream:
        stream.write(b'{"n":"' + b"x" * (1 << 20) + b'"}\n')
    words = ("send", lines, "--nsqd-tcp-address", nsqd.tcp_address, "--topic", topic, "--yes")
    sentence = wrong(*words)
    assert "line 3 of lines.jsonl" in sentence
    assert "--skip-oversize" in sentence
    assert nsqd.stats(topic).message_count == 0
    ran = hourscope(*words, "--skip-oversize", "--json")
    receipt = json.loads(ran.lines[-1])
    assert (ran.code, receipt["confirmed"], receipt["skipped"]) == (0, 2, 1)


def test_without_a_terminal_a_send_wants_a_yes(lines: Path, nsqd: Nsqd, topic: str) -> None:
    sentence = wrong("send", lines, "--nsqd-tcp-address", nsqd.tcp_address, "--topic", topic)
    assert "--dry-run" in sentence
    assert "--yes" in sentence
    assert nsqd.stats(topic).message_count == 0


def test_a_dry_run_sends_nothing(lines: Path, nsqd: Nsqd, topic: str) -> None:
    ran = hourscope("send", lines, "--nsqd-tcp-address", nsqd.tcp_address, "--topic", topic, "--dry-run", "--json")
    plan = json.loads(ran.out)
    assert (ran.code, plan["count"], plan["bytes"], plan["topic"]) == (0, 2, 14, topic)
    assert nsqd.stats(topic).message_count == 0


def test_nothing_that_matches_is_exit_code_one(lines: Path, nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    ran = hourscope("send", lines, "-g", "nowhere", "--nsqd-tcp-address", nsqd.tcp_address, "--topic", topic, "--yes")
    assert ran.code == 1
    assert hourscope("send", lines, "-g", "nowhere", "-o", tmp_path / "out").code == 1
    assert not (tmp_path / "out").exists()


def test_a_source_that_is_not_there(nsqd: Nsqd, topic: str) -> None:
    sentence = wrong("send", "/nowhere.jsonl", "--nsqd-tcp-address", nsqd.tcp_address, "--topic", topic, "--yes")
    assert "/nowhere.jsonl does not exist" in sentence


def test_a_destination_is_required(lines: Path) -> None:
    assert "-o" in wrong("send", lines)


def test_a_resume_without_a_journal(lines: Path, nsqd: Nsqd, topic: str) -> None:
    words = ("send", lines, "--nsqd-tcp-address", nsqd.tcp_address, "--topic", topic, "--yes")
    assert "no journal" in wrong(*words, "--resume")
    assert hourscope(*words).code == 0
    assert "finished send" in wrong(*words, "--resume")
