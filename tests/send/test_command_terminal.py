"""`hourscope send` at a terminal: the question, the canary, Ctrl-Z."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.send.commands import to, typed, until
from tests.send.helpers import arrived, digest, lines, write_lines
from tests.support.consume import read_messages
from tests.support.nsqd import Nsqd


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
    words = ["send", tmp_path / "in", *to(nsqd, topic), "--rate", "3000", "--yes", "--json"]
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
