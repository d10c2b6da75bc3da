"""`hourscope send` as a person and a script see it: the plan, the question, the canary, the receipt, the resume."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.send.commands import to
from tests.send.helpers import arrived, lines, write_lines
from tests.support.command import hourscope
from tests.support.nsqd import Nsqd, Nsqlookupd


@pytest.mark.nsq
def test_the_dry_run_reports_everything(archive: Path, nsqd: Nsqd, topic: str) -> None:
    nsqd.create_channel(topic, "archive")
    ran = hourscope("send", archive, *to(nsqd, topic), "--dry-run")
    text = ran.out.decode()
    assert ran.code == 0
    for words in (
        "what       4 records, 94 B",
        "hours      2015-01-20 12:00 UTC to 2015-01-20 13:00 UTC, included",
        'first      {"h":12,"a":1}',
        'last       {"h":13,"a":2,"error":{"code":7}}',
        "largest    line 2 of e.2015-01-20_12.log.gz (33 bytes)",
        "shapes     2 × a h\n           2 × +error",
        "skipped    2 blank lines",
        f"where      nsqd 1.3.0 at {nsqd.tcp_address}, topic {topic}, 0 waiting",
        "channel    archive, 0 waiting, 0 in flight, 0 readers",
    ):
        assert words in text
    assert ran.err.splitlines() == [
        "hourscope: 2 blank lines will not be sent: NSQ does not accept empty messages",
        "hourscope: the channel archive looks like an archiver: what is replayed would be archived again",
    ]
    assert arrived(nsqd, topic) == 0


@pytest.mark.nsq
def test_the_dry_run_for_a_script(archive: Path, nsqd: Nsqd, topic: str) -> None:
    ran = hourscope("send", archive, *to(nsqd, topic), "--dry-run", "--json", "--project", "error.code")
    plan = json.loads(ran.out)
    assert (plan["count"], plan["unfit"], plan["blank"], plan["first"], plan["last"]) == (2, 2, 2, "7", "7")
    assert plan["shapes"] == [{"keys": None, "count": 2}]
    assert plan["unfit_named"][1] == {
        "key": "e.2015-01-20_13.log.gz",
        "line": 1,
        "reason": "the projection gives null",
    }
    assert (plan["where"][0]["version"], plan["where"][0]["exists"]) == ("1.3.0", False)


@pytest.mark.nsq
def test_the_dry_run_refuses_what_the_send_would(tmp_path: Path, nsqd: Nsqd, topic: str) -> None:
    write_lines(tmp_path / "in", [b"x" * ((1 << 20) + 1), b"{}"])
    ran = hourscope("send", tmp_path / "in", *to(nsqd, topic), "--dry-run")
    assert ran.code == 2
    assert "line 1 of in (1,048,577 bytes) is larger" in ran.sentence
    assert hourscope("send", tmp_path / "in", *to(nsqd, topic), "--dry-run", "--skip-oversize").code == 0


_SOUND = gzip.compress(b'{"a":1}\n', mtime=0)


@pytest.mark.nsq
@pytest.mark.parametrize(
    ("data", "term", "code"),
    [
        pytest.param(_SOUND, "a", 0, id="sound"),
        pytest.param(_SOUND, "b", 1, id="no match"),
        pytest.param(b"\n\n{}\n", "b", 1, id="no match and blank lines"),
        pytest.param(_SOUND + _SOUND[:-6] + b"\xff" + _SOUND[-5:], "a", 2, id="damage"),
        pytest.param(_SOUND + b"trailing", "b", 2, id="damage and no match"),
        pytest.param(b"", "a", 2, id="no bytes"),
        pytest.param(b"text\n", "a", 2, id="text"),
        pytest.param(b'text\n{"a":1}\n', "a", 0, id="some text"),
    ],
)
def test_the_dry_run_has_the_exit_code_of_the_send(
    data: bytes, term: str, code: int, tmp_path: Path, nsqd: Nsqd, topic: str
) -> None:
    source = tmp_path / "in"
    source.write_bytes(data)
    for where in (["-o", tmp_path / "out"], [*to(nsqd, topic), "--yes"]):
        dry = hourscope("send", source, "-m", term, *where, "--dry-run", "--json")
        ran = hourscope("send", source, "-m", term, *where, "--json")
        assert (dry.code, ran.code) == (code, code)
        assert json.loads(dry.out)["damaged"] == json.loads(ran.out)["damaged"]
        assert ("not JSON" in dry.err) == ("not JSON" in ran.err) == data.startswith(b"text")


@pytest.mark.nsq
def test_an_earlier_send_of_the_same_is_reported(archive: Path, nsqd: Nsqd, topic: str) -> None:
    assert hourscope("send", archive, *to(nsqd, topic), "--yes").code == 0
    assert f"records were sent to {topic} on " in hourscope("send", archive, *to(nsqd, topic), "--dry-run").sentence


@pytest.mark.nsq
@pytest.mark.parametrize("how", ["--dry-run", "--yes"])
def test_what_speaks_against_it_is_on_stderr_and_in_the_json(how: str, nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    """Also for a script: paused, archived, #ephemeral, deeper than the ceiling, no HTTP."""
    write_lines(tmp_path / "in", lines(5))
    name = f"{topic[:40]}#ephemeral"
    nsqd.create_channel(name, "nsq_to_file")
    nsqd.publish(name, lines(30))
    nsqd.request("POST", f"/topic/pause?topic={quote(name)}")
    ran = hourscope("send", tmp_path / "in", *to(nsqd, name), how, "--json", "--max-depth", "1000")
    warnings = json.loads(ran.lines[-1])["warnings"]
    assert ran.code == 0
    assert ran.err.splitlines() == [f"hourscope: {words}" for words in warnings]
    for words in ("is ephemeral: nsqd drops", "is paused: it takes records", "looks like an archiver"):
        assert words in ran.err
    ran = hourscope("send", tmp_path / "in", *to(nsqd, name), "--dry-run", "--again", "--max-depth", "10")
    assert "above --max-depth 10: the send waits until it is drained" in ran.err
    nobody = [
        "--nsqd-tcp-address",
        nsqd.tcp_address,
        "--nsqd-http-address",
        "127.0.0.1:1",
        "--topic",
        f"{topic[:50]}.2",
    ]
    ran = hourscope("send", tmp_path / "in", *nobody, how, "--json")
    assert ran.code == 0
    assert "the state of the topic is unknown" in ran.sentence
    assert ran.sentence == f"hourscope: {json.loads(ran.lines[-1])['warnings'][0]}"


@pytest.mark.nsq
def test_an_archiver_that_listens_is_recognised(
    archive: Path, nsqd: Nsqd, topic: str, nsq_programs, tmp_path: Path
) -> None:  # type: ignore[no-untyped-def]
    """A real nsq_to_file, on a channel whose name does not reveal it."""
    nsqd.create_topic(topic)
    words = [nsq_programs.nsq_to_file, f"-topic={topic}", "-channel=daily", f"-output-dir={tmp_path / 'files'}"]
    listener = subprocess.Popen([*words, f"-nsqd-tcp-address={nsqd.tcp_address}"], stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 10
        while not nsqd.stats(topic).channels.get("daily") or not nsqd.stats(topic).channels["daily"].clients:
            assert time.monotonic() < end
            time.sleep(0.05)
        ran = hourscope("send", archive, *to(nsqd, topic), "--dry-run")
    finally:
        listener.terminate()
        listener.wait()
    assert "the channel daily looks like an archiver" in ran.err
    assert b"1 reader (nsq_to_file/1.3.0" in ran.out


@pytest.mark.nsq
def test_names_of_the_config_and_nsqlookupd(archive: Path, nsqd: Nsqd, nsqlookupd: Nsqlookupd, topic: str) -> None:
    folder = Path(os.environ["XDG_CONFIG_HOME"]) / "hourscope"
    folder.mkdir()
    (folder / "config.toml").write_text(
        f'[nsq.here]\nnsqd_tcp_address = "{nsqd.tcp_address}"\nnsqd_http_address = "{nsqd.http_address}"\n'
        f'[nsq.cluster]\nlookupd_http_address = "{nsqlookupd.http_address}"\n'
    )
    ran = hourscope("send", archive, "--nsqd-tcp-address", "here", "--topic", topic, "--yes", "--json")
    assert (ran.code, json.loads(ran.out)["message_count_after"]) == (0, 4)
    end = time.monotonic() + 10
    while nsqd.tcp_address not in nsqlookupd.producers(topic):
        assert time.monotonic() < end
        time.sleep(0.05)
    for where in (("--nsqd-tcp-address", "cluster"), ("--lookupd-http-address", nsqlookupd.http_address)):
        ran = hourscope("send", archive, *where, "--topic", topic, "--yes", "--again", "--json", "-m", "a == `1`")
        assert (ran.code, json.loads(ran.out)["where"]) == (0, [nsqd.tcp_address])
    assert arrived(nsqd, topic) == 8


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--topic", "t"], "--topic needs --nsqd-tcp-address or --lookupd-http-address"),
        (["--nsqd-tcp-address", "h:1"], "need a --topic"),
        (["--nsqd-tcp-address", "h:1", "--lookupd-http-address", "h:2", "--topic", "t"], "not both"),
        (["--nsqd-tcp-address", "h:1", "--topic", "t", "-o", "x"], "give either"),
        (["--nsqd-tcp-address", "h:1", "--topic", "t", "--append"], "--append applies only to -o FILE"),
        (["--nsqd-tcp-address", "h:1", "--topic", "t", "--tls-key", "k"], "--tls-key needs its --tls-cert"),
        (["-o", "x", "--rate", "5"], "--rate applies only to NSQ"),
        (["-o", "x", "--round-robin"], "--round-robin needs --nsqd-tcp-address"),
        (["-o", "-", "--split", "hour"], "need a file, not stdout"),
        (["-o", "x", "--append", "--force"], "leave out --force and --split"),
        (["-o", "x", "--resume"], "there is nothing to --resume"),
        (["-o", "x/", "--project", "a"], "--project cannot be used with an extract"),
        (["-o", "x", "--project", "a["], "invalid JMESPath at column"),
        (["-o", "x", "--split", "day"], "is not a way to split"),
    ],
)
def test_options_that_do_not_go_together(words: list[str], sentence: str, archive: Path, tmp_path: Path) -> None:
    placed = [str(tmp_path / word) if word.startswith("x") else word for word in words]
    if placed != words and words[1].endswith("/"):
        placed[1] += "/"
    ran = hourscope("send", archive, *placed)
    assert (ran.code, ran.out) == (2, b"")
    assert sentence in ran.sentence


@pytest.mark.nsq
def test_records_that_are_all_too_large_are_not_nothing(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    (tmp_path / "lines").write_bytes(b"x" * (1 << 20) + b"y\n")
    to = ("--nsqd-tcp-address", nsqd.tcp_address, "--nsqd-http-address", nsqd.http_address, "--topic", topic)
    ran = hourscope("send", tmp_path / "lines", *to, "--skip-oversize", "--yes", "--json")
    assert ran.code == 2
    assert "no record is left to send; line 1 of lines (1,048,577 bytes)" in ran.err
    assert json.loads(ran.lines[-1])["warnings"] == [
        "1 record too large for nsqd, left out: line 1 of lines (1,048,577 bytes)"
    ]


@pytest.mark.nsq
def test_a_journal_that_cannot_be_made_is_not_blamed_on_a_full_disk(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file\n")
    (tmp_path / "lines").write_bytes(b"x\n")
    to = ("--nsqd-tcp-address", nsqd.tcp_address, "--nsqd-http-address", nsqd.http_address, "--topic", topic)
    ran = hourscope("send", tmp_path / "lines", *to, "--yes", env={"XDG_STATE_HOME": str(tmp_path / "state")})
    assert (ran.code, nsqd.stats(topic).message_count) == (2, 0)
    assert "Not a directory; make it writable, or set XDG_STATE_HOME" in ran.err
