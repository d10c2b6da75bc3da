"""What is not nsqd, and what nsqd and nsqlookupd should never answer: one sentence, bounded, and nothing raw."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.send.commands import typed, until
from tests.send.helpers import lines, write_lines
from tests.send.scripted_nsqd import Client, ScriptedNsqd, honest
from tests.support.command import hourscope
from tests.support.nsqd import Nsqd, Nsqlookupd
from tui.errors import SendError
from tui.nsq.answers import Info
from tui.nsq.http import StrangeAnswer, get
from tui.send import NsqTarget, check_destination, find_nsqds

EVIL = "\x1b]0;title\x07\x1b[31m[red]red[/red]\u202e\x9b5m\r\n\x00"


@contextmanager
def server(serve: Callable[[socket.socket], None]) -> Iterator[str]:
    """Run a TCP server that passes every connection to `serve`; return its address."""
    listener = socket.create_server(("127.0.0.1", 0))

    def one(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            serve(connection)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=one, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def says(data: bytes) -> Callable[[socket.socket], None]:
    """A server with one answer to every request."""

    def serve(connection: socket.socket) -> None:
        connection.recv(1 << 16)
        connection.sendall(data)
        connection.recv(1 << 16)

    return serve


def web(answers: dict[str, object]) -> Callable[[socket.socket], None]:
    """An HTTP server that answers by the prefix of the path, with JSON or bytes."""

    def serve(connection: socket.socket) -> None:
        path = connection.recv(1 << 16).split(b" ")[1].decode()
        reply = next((answer for begin, answer in answers.items() if path.startswith(begin)), None)
        body = reply if isinstance(reply, bytes) else json.dumps(reply).encode()
        status = b"404 Not Found" if reply is None else b"200 OK"
        connection.sendall(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n" % (status, len(body)) + body)

    return serve


def info(tcp_address: str) -> dict[str, object]:
    return {"version": EVIL, "tcp_port": int(tcp_address.rpartition(":")[2])}


# What is not nsqd's TCP port


@pytest.mark.parametrize(
    ("data", "how"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "it speaks HTTP"),
        (b"SSH-2.0-OpenSSH_9.2p1\r\n", "it answers 'SSH-…'"),
        (b"\x15\x03\x01\x00\x02\x02\x16", "it answers "),
        (b"-ERR unknown command '  V2IDENTIFY'\r\n", "it answers '-ERR…'"),
        (b"E\0\0\0\xffj\x04Host is not allowed", "it answers "),
        (b"\0\0\0\x0eE_BAD_PROTOCOL", "it answers 'E_BAD_PROTOCOL'"),
        (struct.pack(">ii", 9, 0) + b"hello", "it answers IDENTIFY with 'hello'"),
        (struct.pack(">ii", 6, 0) + b"[]", "it answers IDENTIFY with '[]'"),
        (struct.pack(">ii", 20, 0) + b'{"tls_v1": "yes"}'[:16], "it answers IDENTIFY with "),
        (struct.pack(">ii", 30_004, 0) + b"[" * 30_000, "it answers IDENTIFY with "),
        (b"", "it closes the connection without an answer"),
    ],
)
def test_something_else_listens(data: bytes, how: str) -> None:
    """The check before a send, doctor and the archiver's check ask the same question."""
    serve = says(data) if data else lambda connection: None
    with server(serve) as address, pytest.raises(SendError) as error:
        check_destination(NsqTarget("t", (address,)))
    assert str(error.value).startswith(f"{address} is not nsqd's TCP port: {how}")


@pytest.mark.nsq
def test_the_other_ports_of_nsqd_and_nsqlookupd(nsqd: Nsqd, nsqlookupd: Nsqlookupd, tmp_path: Path) -> None:
    write_lines(tmp_path / "a", lines(10))
    for address in (nsqd.http_address, nsqlookupd.http_address, nsqlookupd.tcp_address):
        for how in ("--dry-run", "--yes"):
            ran = hourscope("send", tmp_path / "a", "--nsqd-tcp-address", address, "--topic", "t", how)
            assert ran.code == 2
            assert f"{address} is not nsqd's TCP port: " in ran.sentence


def test_a_server_that_says_nothing_or_drips() -> None:
    def drip(connection: socket.socket) -> None:
        while True:
            connection.sendall(b"\0")
            time.sleep(0.1)

    for serve in (lambda connection: time.sleep(20), drip):
        with server(serve) as address:
            began = time.monotonic()
            with pytest.raises(SendError):
                check_destination(NsqTarget("t", (address,)), timeout=1.0)
            assert time.monotonic() - began < 5


# HTTP answers


@pytest.mark.parametrize(
    "stats",
    [
        {"topics": [{"topic_name": "t", "depth": "x"}]},
        {"topics": [{"topic_name": "t", "depth": 1.5}]},
        {"topics": [{"topic_name": "t", "message_count": 10**30}]},
        {"topics": [{"topic_name": "t", "paused": "no"}]},
        {"topics": [{"topic_name": 7}]},
        {"topics": {"t": {}}},
        {"topics": [None]},
        {"topics": [{"topic_name": "t", "channels": [{"depth": 1}]}]},
        {"topics": [{"topic_name": "t", "channels": [{"channel_name": "c", "clients": [{"user_agent": []}]}]}]},
        b"[" * 100_000,
        b'{"topics": ' + b"[" * 100_000,
        b'{"topics": [{"topic_name": "\xff"}]}',
        b"<html>not nsqd</html>",
        b"",
        b"null",
    ],
)
def test_types_are_checked(stats: object, tmp_path: Path) -> None:
    """The dry run and the send: one sentence, exit 2."""
    write_lines(tmp_path / "a", lines(10))
    with ScriptedNsqd(honest) as nsqd, server(web({"/info": info(nsqd.tcp_address), "/stats": stats})) as http:
        words = ["send", tmp_path / "a", "--nsqd-tcp-address", nsqd.tcp_address, "--nsqd-http-address", http]
        for how in ("--dry-run", "--yes"):
            ran = hourscope(*words, "--topic", "t", how)
            assert (ran.code, ran.out) == (2, b"")
            assert f"http://{http} does not answer as nsqd does" in ran.sentence
        assert nsqd.records == []


@pytest.mark.parametrize(
    "answer",
    [
        {"producers": [{"broadcast_address": "h", "tcp_port": "4150", "http_port": 4151}]},
        {"producers": [{"broadcast_address": "h", "tcp_port": 99999, "http_port": 4151}]},
        {"producers": [{"broadcast_address": None, "tcp_port": 4150, "http_port": 4151}]},
        {"producers": [{"tcp_port": 4150, "http_port": 4151}]},
        {"producers": "many"},
        {"producers": [{"broadcast_address": "a/b\x1b", "tcp_port": 4150, "http_port": 4151}]},
        [],
    ],
)
def test_types_of_nsqlookupds_answer(answer: object) -> None:
    with server(web({"/lookup": answer, "/nodes": answer})) as address, pytest.raises(SendError, match="nsqlookupd"):
        find_nsqds([address], "t")


def test_an_answer_is_bounded_in_bytes_and_time() -> None:
    def endless(connection: socket.socket) -> None:
        connection.recv(1 << 16)
        connection.sendall(b'HTTP/1.1 200 OK\r\n\r\n{"a":"')
        while True:
            connection.sendall(b"x" * (1 << 20))

    def headers(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            connection.sendall(b"x")
            time.sleep(0.1)

    def body(connection: socket.socket) -> None:
        connection.sendall(b'HTTP/1.1 200 OK\r\n\r\n{"a":"')
        while True:
            connection.sendall(b"x")
            time.sleep(0.1)

    with server(endless) as address, pytest.raises(StrangeAnswer, match="over 32 MiB"):
        get(Info, "nsqd", address, "/info", 20.0)
    for serve in (headers, body):
        with server(serve) as address:
            began = time.monotonic()
            with pytest.raises(SendError, match="cannot be reached \\(no answer\\)"):
                get(Info, "nsqd", address, "/info", 1.0)
            assert time.monotonic() - began < 5


# Strings


def _evil_stats(depth: int = 5) -> dict[str, object]:
    client = {"client_id": EVIL, "user_agent": EVIL}
    channel = {"channel_name": EVIL, "depth": depth, "in_flight_count": 1, "paused": True, "clients": [client] * 3}
    topic = {"topic_name": "t", "depth": depth, "message_count": 1, "paused": True, "channels": [channel] * 200}
    return {"topics": [topic]}


def _refuses(client: Client, turn: int) -> None:
    client.mpub()
    client.error(b"E_BAD_BODY " + EVIL.encode())


def test_no_string_of_a_server_reaches_the_terminal_raw(tmp_path: Path) -> None:
    """Not in the plan, a warning, an error or the progress, on a pipe or on a terminal."""
    write_lines(tmp_path / "a", lines(10))
    with (
        ScriptedNsqd(_refuses, version=EVIL) as nsqd,
        server(web({"/info": info(nsqd.tcp_address), "/stats": _evil_stats()})) as http,
    ):
        words = ["send", tmp_path / "a", "--nsqd-tcp-address", nsqd.tcp_address, "--nsqd-http-address", http]
        for how in (("--dry-run",), ("--yes", "--json")):
            ran = hourscope(*words, "--topic", "t", *how)
            for text in (ran.out.decode(), ran.err):
                assert not set(text) & set("\x1b\x07\x9b\u202e\x00\r")
            assert "\\x1b[31m[red]red[/red]\\u202e" in ran.err
            assert len(ran.out.splitlines()) < 80  # the 200 channels are cut short
        with typed(*words, "--topic", "t", "--again") as terminal:
            until(terminal, "type the topic's name")
            os.write(terminal.fd, b"t\n")
            until(terminal, "does not accept a request of this size")
            assert "[red]red[/red]" in terminal.text
            assert terminal.screen.title == ""
