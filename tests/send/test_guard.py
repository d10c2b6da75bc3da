"""Looking at the destination, and saying what speaks against it."""

import json
import socket
import threading
import time
from pathlib import Path

import pytest

from tests.send.helpers import finish, lines, target, write_lines
from tests.support.build import NsqPrograms
from tests.support.nsqd import Nsqd
from tui.errors import SendError
from tui.nsq.address import split_address
from tui.send import NsqTarget, SendOptions, check_destination, send_to_nsq

pytestmark = pytest.mark.nsq


def test_a_topic_that_is_not_there_yet(nsqd: Nsqd, topic: str) -> None:
    checked = check_destination(target(topic, nsqd, http=[nsqd.http_address]))
    assert (checked.http, checked.exists, checked.version, checked.deepest) == (True, False, "1.3.0", 0)
    assert checked.warnings == (f"the topic {topic} is new: nsqd creates it, and nothing reads it yet",)


def test_what_speaks_against_it(nsqd: Nsqd, topic: str) -> None:
    nsqd.create_topic(topic)
    nsqd.create_channel(topic, "nsq_to_file")
    nsqd.create_channel(topic, "web")
    nsqd.publish(topic, lines(12_000, 30))
    while nsqd.stats(topic).channels["nsq_to_file"].depth < 12_000:
        time.sleep(0.01)
    nsqd.request("POST", f"/channel/pause?topic={topic}&channel=web")
    nsqd.request("POST", f"/topic/pause?topic={topic}")
    checked = check_destination(target(topic, nsqd, http=[nsqd.http_address]))
    assert checked.exists
    assert checked.message_count == 12_000
    assert checked.deepest >= 12_000
    text = "\n".join(checked.warnings)
    assert f"the topic {topic} is paused" in text
    assert "the channel nsq_to_file looks like an archiver" in text
    assert "the channel web is paused" in text
    assert "the channel nsq_to_file is already 12,000 messages behind" in text


@pytest.mark.parametrize(
    ("agent", "archives"),
    [
        ("nsq_to_file/1.3.0 go-nsq/1.1.0", True),
        ("hourscope-archiver/0.1.0 pynsq/0.9.1", True),
        ("nsq-to-s3/0.1", True),
        ("billing/3.1 go-nsq/1.1.0", False),
    ],
)
def test_an_archiver_is_known_by_its_client(agent: str, archives: bool, nsqd: Nsqd, topic: str) -> None:
    nsqd.create_topic(topic)
    with socket.create_connection(("127.0.0.1", nsqd.tcp_port)) as consumer:
        identity = json.dumps({"feature_negotiation": True, "user_agent": agent}).encode()
        consumer.sendall(b"  V2IDENTIFY\n" + len(identity).to_bytes(4, "big") + identity)
        consumer.sendall(b"SUB %s daily\n" % topic.encode())
        answers = b""
        while not answers.endswith(b"OK"):
            answers += consumer.recv(1000)
        checked = check_destination(target(topic, nsqd, http=[nsqd.http_address]))
    assert checked.channels[0].looks_like_archiver is archives
    assert any("would be archived again" in warning for warning in checked.warnings) is archives


def test_an_unreachable_http_port_is_reported(nsqd: Nsqd, topic: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = f"127.0.0.1:{taken.getsockname()[1]}"
    checked = check_destination(target(topic, nsqd, http=[nobody]))
    assert not checked.http
    assert checked.limits.asked
    assert f"nsqd's HTTP at {nobody} cannot be reached (Connection refused)" in checked.warnings[0]


def test_another_nsqds_http_is_not_believed(nsqd: Nsqd, nsq_programs: NsqPrograms, tmp_path: Path) -> None:
    other = Nsqd(nsq_programs.nsqd, tmp_path / "other")
    other.http_port = nsqd.tcp_port + 1
    with other:
        checked = check_destination(target("t", nsqd))
    assert "is not the HTTP of the nsqd at" in checked.warnings[0]


def test_a_ceiling_that_cannot_be_watched_is_refused(nsqd: Nsqd, topic: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        to = target(topic, nsqd, http=[f"127.0.0.1:{taken.getsockname()[1]}"])
    with pytest.raises(SendError, match=r"HTTP at .* cannot be reached"):
        finish(send_to_nsq(write_lines(tmp_path / "out", [b"a"]), to, options=SendOptions(max_depth=10)))


@pytest.mark.parametrize(
    ("text", "parts"),
    [("h:1", ("h", 1)), ("h", ("h", 4150)), ("[::1]:4150", ("::1", 4150)), ("[::1]", ("::1", 4150))],
)
def test_addresses(text: str, parts: tuple[str, int]) -> None:
    assert split_address(text) == parts


@pytest.mark.parametrize("text", ["", ":1", "h:", "h:x", "h:0", "h:70000", "::1:4150", "http://h:1", "h:٣"])
def test_an_invalid_address(text: str) -> None:
    with pytest.raises(SendError, match="is not an address"):
        split_address(text)


def test_ipv6(nsq_programs: NsqPrograms, tmp_path: Path) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    with Nsqd(nsq_programs.nsqd, tmp_path / "nsqd") as nsqd:
        relay = socket.create_server(("::1", 0), family=socket.AF_INET6)
        threading.Thread(target=_relay, args=(relay, nsqd.tcp_port), daemon=True).start()
        to = NsqTarget("t", (f"[::1]:{relay.getsockname()[1]}",), (nsqd.http_address,))
        assert finish(send_to_nsq(write_lines(tmp_path / "out", lines(300)), to)).confirmed == 300
        relay.close()


def _relay(listener: socket.socket, port: int) -> None:
    while True:
        try:
            near, _ = listener.accept()
        except OSError:
            return
        far = socket.create_connection(("127.0.0.1", port))
        for a, b in ((near, far), (far, near)):
            threading.Thread(target=_copy, args=(a, b), daemon=True).start()


def _copy(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(1 << 16):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        return
