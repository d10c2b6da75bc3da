"""kill -9 of the sender: resumed, nothing is missing, and each crash repeats a window at most."""

import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.send.helpers import arrived, lines, write_lines
from tests.servers.consume import read_messages
from tests.servers.nsqd import Nsqd
from tui.send import SendOptions, earlier_sends

pytestmark = pytest.mark.nsq
CRASHES = 4


def test_kill_9_of_the_sender_loses_nothing_and_repeats_a_window_at_most(
    nsqd: Nsqd, topic: str, tmp_path: Path
) -> None:
    records, maker = lines(40_000), random.Random(7)
    source = write_lines(tmp_path / "out.jsonl", records)
    addresses = [topic, nsqd.tcp_address, nsqd.http_address]
    command = [sys.executable, "-m", "tests.send.sender", str(tmp_path / "out.jsonl"), *addresses, str(tmp_path / "j")]
    for _ in range(CRASHES):
        before = arrived(nsqd, topic)
        sender = subprocess.Popen([*command, "15000"])
        while sender.poll() is None and arrived(nsqd, topic) <= before:
            time.sleep(0.01)
        time.sleep(maker.uniform(0, 0.4))
        sender.kill()
        sender.wait()
    assert not earlier_sends(tmp_path / "j", source)[-1].finished
    subprocess.run([*command, "1000000"], check=True)
    assert earlier_sends(tmp_path / "j", source)[-1].finished
    found = Counter(read_messages(nsqd, topic, arrived(nsqd, topic)))
    assert set(found) == set(records)
    options = SendOptions()
    assert sum(found.values()) - len(records) <= CRASHES * options.batch * options.unconfirmed
    assert max(found.values()) <= 1 + CRASHES
