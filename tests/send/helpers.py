"""What the tests of tui.send share."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from tests.support.nsqd import Nsqd
from tui.send import (
    NsqTarget,
    Receipt,
    SendEvent,
    Sending,
    SendOptions,
    Sent,
    Source,
    SourceBlock,
    file_source,
    send_to_nsq,
)
from tui.send.source import digest_of

FAST = SendOptions(batch=100, answer_timeout=1.0, connect_timeout=1.0, patience=4.0)


def lines(count: int, size: int = 100) -> list[bytes]:
    """Different records of about `size` bytes each."""
    return [b'{"n":%d,"pad":"%s"}' % (number, b"x" * max(size - 20, 0)) for number in range(count)]


def write_lines(path: Path, records: Iterable[bytes], *, newline_at_end: bool = True) -> Source:
    path.write_bytes(b"\n".join(records) + (b"\n" if newline_at_end else b""))
    return file_source(path)


def records_source(records: Iterable[tuple[str, datetime | None, int, bytes]]) -> Source:
    """Records in memory: (key, hour, line, bytes) each."""

    def blocks() -> Iterator[SourceBlock]:
        for key, hour, line, data in records:
            yield SourceBlock(key, hour, [data], (line,))

    return Source("records in memory", digest_of(*records), "every record", blocks)


def finish(events: Iterable[SendEvent]) -> Receipt:
    """Return the final receipt; everything before it must be Sending."""
    *before, last = events
    assert all(isinstance(event, Sending) for event in before)
    assert isinstance(last, Sent)
    return last.receipt


def states(events: Iterator[SendEvent]) -> Iterator[Sending]:
    for event in events:
        if isinstance(event, Sending):
            yield event


def target(topic: str, *servers: object, http: Sequence[str] = ()) -> NsqTarget:
    return NsqTarget(topic, tuple(server.tcp_address for server in servers), tuple(http))  # type: ignore[attr-defined]


def to_topic(nsqd: Nsqd, topic: str) -> NsqTarget:
    """With the nsqd's HTTP."""
    return target(topic, nsqd, http=[nsqd.http_address])


def send_lines(nsqd: object, folder: Path, count: int = 300, options: SendOptions = FAST) -> Receipt:
    """`lines(count)` to the topic `t`, to the end."""
    return finish(send_to_nsq(write_lines(folder / "out", lines(count)), target("t", nsqd), options=options))


def digest(records: Iterable[bytes]) -> str:
    """As `sha256sum` of the lines."""
    whole = hashlib.sha256()
    for record in records:
        whole.update(record + b"\n")
    return whole.hexdigest()


def arrived(nsqd: Nsqd, topic: str) -> int:
    """Return the number of messages nsqd has accepted for the topic, 0 for an unknown topic."""
    topics = json.loads(nsqd.request("GET", "/stats?format=json"))["topics"] or ()
    return sum(stats["message_count"] for stats in topics if stats["topic_name"] == topic)
