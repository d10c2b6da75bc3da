"""What a connection makes of bytes that come in any pieces."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.archiver.connection import Connection
from tui.archiver.delivery import Delivery
from tui.nsq.frames import ERROR, MESSAGE, RESPONSE


def frame(kind: int, data: bytes) -> bytes:
    return struct.pack(">ii", 4 + len(data), kind) + data


def message(number: int, body: bytes, attempts: int) -> bytes:
    return frame(MESSAGE, struct.pack(">qH", 1, attempts) + b"%016d" % number + body)


class _FakeReader:
    full = False

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []
        self.causes: list[object] = []

    def deliver(self, delivery: Delivery) -> None:
        self.deliveries.append(delivery)

    def joined(self, conn: object) -> None:
        """The subscription is accepted."""

    def trouble(self, conn: object, cause: object) -> None:
        self.causes.append(cause)


class _Stream:
    closed = False

    def close(self) -> None:
        self.closed = True


frames = st.lists(
    st.one_of(
        st.tuples(st.just(MESSAGE), st.binary(max_size=50)),
        st.tuples(st.just(RESPONSE), st.sampled_from([b"OK", b"CLOSE_WAIT"])),
        st.tuples(st.just(ERROR), st.just(b"E_FIN_FAILED FIN 0123456789abcdef failed ID not in flight")),
    ),
    max_size=30,
)


@given(frames, st.lists(st.integers(1, 200), max_size=20))
def test_every_frame_arrives_once_and_in_order(sent: list[tuple[int, bytes]], cuts: list[int]) -> None:
    stream = b"".join(
        message(number, data, 1 + number % 2) if kind == MESSAGE else frame(kind, data)
        for number, (kind, data) in enumerate(sent)
    )
    reader = _FakeReader()
    conn = Connection(reader, "127.0.0.1", 4150)  # type: ignore[arg-type]
    others: list[bytes] = []
    conn.on("data", lambda conn, data: others.append(data[4:]))
    position = 0
    for cut in (*cuts, len(stream)):
        piece = stream[position : position + cut]
        conn.split(conn._rest + piece)
        position += cut
    numbers = [number for number, (kind, _) in enumerate(sent) if kind == MESSAGE]
    assert [int(name) for delivery in reader.deliveries for name in delivery.ids] == numbers
    bodies = [body for delivery in reader.deliveries for body in delivery.bodies]
    assert bodies == [sent[number][1] for number in numbers]
    assert sum(delivery.size for delivery in reader.deliveries) == sum(map(len, bodies))
    assert sum(delivery.again for delivery in reader.deliveries) == sum(number % 2 for number in numbers)
    assert others == [data for kind, data in sent if kind != MESSAGE]
    assert conn.left == (b"CLOSE_WAIT" in others)
    assert conn.in_flight == len(numbers)


def test_a_flood_of_errors_does_not_recurse_deeply() -> None:
    reader = _FakeReader()
    conn = Connection(reader, "127.0.0.1", 4150)  # type: ignore[arg-type]
    conn.split(frame(ERROR, b"E_FIN_FAILED") * 5000 + message(1, b"last", 1))
    assert [delivery.bodies for delivery in reader.deliveries] == [[b"last"]]


@pytest.mark.parametrize(
    ("kind", "size"),
    [
        *((kind, size) for kind in (RESPONSE, MESSAGE) for size in (-40, -4, 0, 3, 1 << 30 | 1, 0x7FFFFFFF)),
        (MESSAGE, 4),  # which would be a message without an id
        (MESSAGE, 29),
    ],
)
def test_a_frame_of_an_impossible_size_ends_the_connection(kind: int, size: int) -> None:
    """Waiting for the rest would never end, and everything received would be kept in memory."""
    reader, stream = _FakeReader(), _Stream()
    conn = Connection(reader, "127.0.0.1", 4150)  # type: ignore[arg-type]
    conn.stream = stream
    conn.split(message(1, b"sound", 1) + struct.pack(">ii", size, kind) + bytes(100))
    assert [delivery.bodies for delivery in reader.deliveries] == [[b"sound"]]
    assert stream.closed
    assert "does not answer as nsqd does" in str(reader.causes)


def test_answers_are_joined_into_one_write() -> None:
    conn = Connection(_FakeReader(), "127.0.0.1", 4150)  # type: ignore[arg-type]
    written: list[bytes] = []
    conn.send = written.append
    for answer in (conn.finish, conn.requeue, conn.touch):
        answer([b"a" * 16, b"b" * 16])
    assert written == [
        b"FIN aaaaaaaaaaaaaaaa\nFIN bbbbbbbbbbbbbbbb\n",
        b"REQ aaaaaaaaaaaaaaaa 0\nREQ bbbbbbbbbbbbbbbb 0\n",
        b"TOUCH aaaaaaaaaaaaaaaa\nTOUCH bbbbbbbbbbbbbbbb\n",
    ]
