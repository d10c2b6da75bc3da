"""`hourscope send` as a person and a script see it: the plan, the question, the canary, the receipt, the resume."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.app.emulator import Terminal
from tests.send.helpers import arrived, digest, lines, write_lines
from tests.support.command import hourscope
from tests.support.consume import read_messages
from tests.support.nsqd import Nsqd, Nsqlookupd

_RUN = "import sys; from tui.cli import main; main(sys.argv[1].split('\\x1f'))"


@contextmanager
def typed(*words: object) -> Iterator[Terminal]:
    with Terminal("\x1f".join(map(str, words)), 110, 40, script=_RUN) as terminal:
        yield terminal


def until(terminal: Terminal, text: str, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while text not in terminal.text:
        assert time.monotonic() < end, terminal.text
        terminal.read(quiet=0.05, most=0.2)


def to(nsqd: Nsqd, topic: str) -> list[str]:
    return ["--nsqd-tcp-address", nsqd.tcp_address, "--nsqd-http-address", nsqd.http_address, "--topic", topic]


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    folder = tmp_path / "archive"
    folder.mkdir()
    for hour in (12, 13):
        text = b'{"h":%d,"a":1}\n\n{"h":%d,"a":2,"error":{"code":7}}\n' % (hour, hour)
        (folder / f"e.2015-01-20_{hour}.log.gz").write_bytes(gzip.compress(text))
    return folder


# Before


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


# The question, the canary, the receipt


@pytest.mark.nsq
def test_the_topics_name_confirms_and_the_receipt_is_a_screen(archive: Path, nsqd: Nsqd, topic: str) -> None:
    with typed("send", archive, *to(nsqd, topic)) as terminal:
        until(terminal, "type the topic's name to send 4 records")
        os.write(terminal.fd, b"something-else\n")
        until(terminal, f"that is not {topic}: nothing was sent")
    assert arrived(nsqd, topic) == 0
    with typed("send", archive, *to(nsqd, topic)) as terminal:
        until(terminal, "type the topic's name to send 4 records")
        os.write(terminal.fd, topic.encode() + b"\n")
        until(terminal, "journal    /")
        text = terminal.text
    records = [b'{"h":%d,"a":%d%s}' % (h, a, b',"error":{"code":7}' * (a == 2)) for h in (12, 13) for a in (1, 2)]
    for words in (
        "sent       4 records, 94 B in ",
        "skipped    2 blank lines",
        f"sha256     {digest(records)}",
        "nsqd       message_count 0 before, 4 after, as many as were confirmed",
        "confirmed  means that nsqd has the record",
    ):
        assert words in text
    assert read_messages(nsqd, topic, 4) == records


@pytest.mark.nsq
@pytest.mark.parametrize(("answers", "sent", "code"), [((b"y\n", b"y\n"), 50, 0), ((b"y\n", b"n\n"), 11, 130)])
def test_the_canary_asks(
    answers: tuple[bytes, bytes], sent: int, code: int, nsqd: Nsqd, topic: str, tmp_path: Path
) -> None:
    write_lines(tmp_path / "in", lines(50))
    with typed("send", tmp_path / "in", *to(nsqd, topic), "--canary", "--yes") as terminal:
        until(terminal, "1 record arrived; continue?")
        assert arrived(nsqd, topic) == 1
        os.write(terminal.fd, answers[0])
        until(terminal, "11 records arrived; continue?")
        assert arrived(nsqd, topic) == 11
        os.write(terminal.fd, answers[1])
        until(terminal, "journal    /")
        terminal.read(most=2)
        assert terminal.text.count("hourscope send") == (1 if code else 0)
    assert arrived(nsqd, topic) == sent


@pytest.mark.nsq
def test_ctrl_z_pauses_without_repeating_anything_and_fg_goes_on(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    write_lines(tmp_path / "in", lines(6_000))
    words = ["send", tmp_path / "in", *to(nsqd, topic), "--rate", "1500", "--yes", "--json"]
    process = subprocess.Popen([sys.executable, "-m", "tui", *map(str, words)], stdout=subprocess.PIPE)
    try:
        while arrived(nsqd, topic) < 500:
            time.sleep(0.05)
        process.send_signal(signal.SIGTSTP)
        _, status = os.waitpid(process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        count = arrived(nsqd, topic)
        time.sleep(0.5)
        assert arrived(nsqd, topic) == count < 6_000
        process.send_signal(signal.SIGCONT)
        receipt = json.loads(process.communicate(timeout=30)[0])
    finally:
        process.kill()
    assert (process.returncode, receipt["confirmed"], receipt["repeated"]) == (0, 6_000, 0)
    assert arrived(nsqd, topic) == 6_000


# Where


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


# Into a file


def test_files_from_the_command_line(archive: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    assert f"into       {out}\n" in hourscope("send", archive, "-o", out, "--dry-run").out.decode()
    assert not out.exists()
    assert hourscope("send", archive, "-o", out).code == 0
    for more in ((), ("--dry-run",)):
        assert f"{out} exists" in hourscope("send", archive, "-o", out, *more).sentence
    assert hourscope("send", archive, "-o", out, "--append", "--project", "{n: h}", "-m", "error").code == 0
    text = b"".join(gzip.decompress(path.read_bytes()) for path in sorted(archive.iterdir())).replace(b"\n\n", b"\n")
    assert out.read_bytes() == text + b'{"n":12}\n{"n":13}\n'
    assert hourscope("send", archive, "-o", "-").out == text
    ran = hourscope("send", archive, "-o", tmp_path / "parts.jsonl", "--split", "hour", "--json")
    assert [Path(place).name for place in json.loads(ran.out)["where"]] == [
        "parts.2015-01-20_12.jsonl",
        "parts.2015-01-20_13.jsonl",
    ]


def test_copies_are_left_out_of_a_file(tmp_path: Path) -> None:
    write_lines(tmp_path / "in", [b"a", b"b", b"a", b"c", b"b"])
    ran = hourscope("send", tmp_path / "in", "-o", tmp_path / "out", "--unique", "--json")
    assert (ran.code, (tmp_path / "out").read_bytes()) == (0, b"a\nb\nc\n")
    assert json.loads(ran.out)["repeats"] == 2
    assert ran.sentence == "hourscope: 2 records left out by --unique: copies of earlier ones"
    assert hourscope("send", tmp_path / "in", "-o", f"{tmp_path}/x/", "--unique").code == 2


def test_what_a_projection_leaves_out_is_reported_even_in_a_pipe(archive: Path) -> None:
    ran = hourscope("send", archive, "-o", "-", "--project", "error.code")
    assert (ran.code, ran.out) == (0, b"7\n7\n")
    assert (
        "2 records left out by --project: line 1 of e.2015-01-20_12.log.gz (the projection gives null)" in ran.sentence
    )
    ran = hourscope("send", archive, "-o", "-", "--project", "nowhere")
    assert (ran.code, ran.out) == (1, b"")
    assert "no record is left to send" in ran.sentence


def test_a_filter_that_cannot_look_at_records_is_not_nothing(tmp_path: Path) -> None:
    """No match among records that are not JSON is not an answer: exit code 2, with the reason."""
    lines = tmp_path / "lines"
    lines.write_bytes(b'{"event":"play"}\na text\n{"event":')
    ran = hourscope("send", lines, "-m", "event == 'error'", "-o", tmp_path / "out", "--json")
    assert ran.code == 2
    assert "1 record is not JSON or over 8 MiB" in ran.err
    assert json.loads(ran.lines[-1])["warnings"]


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
