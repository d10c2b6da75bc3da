"""A connection to one nsqd that reads in bulk, based on pynsq's.

pynsq's connection needs two awaits and several objects per frame, which limits it to about 30,000 messages per second.
After the subscription, this one reads whatever has arrived and passes on all whole frames as one delivery; FINs are
joined in one write. Everything else is pynsq's: identify, TLS, AUTH, heartbeats, RDY.
"""

from __future__ import annotations

import socket
import ssl
import time
from contextlib import suppress
from typing import Any, Protocol

import msgspec
import nsq
from nsq import event
from nsq.conn import AsyncConn
from tornado.ioloop import IOLoop
from tornado.iostream import IOStream, StreamClosedError

from tui.archiver.delivery import Delivery
from tui.nsq.address import join_address
from tui.nsq.answers import Identified
from tui.nsq.frames import is_possible, messages, other
from tui.nsq.pynsq import start_tls
from tui.nsq.refusals import not_nsqd

_READ_BYTES = 1 << 18
_DEFAULT_TIMEOUT_SECONDS = 60.0
_MAX_GREETING_BYTES = 1 << 16  # maximum of an answer before the subscription


class Owner(Protocol):
    """The receiver of a connection's messages and events."""

    context: ssl.SSLContext | None
    full: bool

    def deliver(self, delivery: Delivery) -> None: ...

    def joined(self, conn: Connection) -> None:
        """Called when nsqd has accepted the subscription."""

    def trouble(self, conn: Connection, cause: object) -> None: ...


class Connection(AsyncConn):  # type: ignore[misc]
    """pynsq's connection, which reads in bulk after the subscription, and only while its owner is not full."""

    def __init__(self, owner: Owner, host: str, port: int, **options: Any) -> None:
        super().__init__(host, port, **options)
        self._owner = owner
        self.stream: Any  # None while TLS is being set up
        self._rest = b""
        self.subscribed = self.joined = self.paused = self.left = self.failed = False
        self.message_timeout = _DEFAULT_TIMEOUT_SECONDS
        self.born = self.heard = time.monotonic()

    @property
    def id(self) -> str:
        return join_address(self.host, self.port)

    def connect_to(self, family: int, address: tuple[Any, ...]) -> None:
        """Connect. pynsq's own method resolves the name in the loop, and reads 64 KB at a time."""
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.setblocking(False)
        self.stream = IOStream(self.socket, read_chunk_size=_READ_BYTES)
        self.stream.set_close_callback(self._socket_close)
        self.stream.set_nodelay(True)
        self.state = nsq.conn.CONNECTING
        self.on(event.CONNECT, self._on_connect)
        self.on(event.DATA, self._on_data)
        IOLoop.current().add_future(self.stream.connect(address), self._connect_callback)

    def _connect_callback(self, fut: Any) -> None:
        if isinstance(error := fut.exception(), StreamClosedError):
            self._owner.trouble(self, error.real_error or error)
            return  # the close callback does the rest
        super()._connect_callback(fut)

    def _fail(self, how: str) -> None:
        """Report that the server is not nsqd; `how` describes its answer."""
        self._owner.trouble(self, not_nsqd(self.id, how))
        self.close()

    def _read_size(self, fut: Any) -> None:
        """Check a frame's size before the subscription; pynsq would read `HTTP` as a size and wait for 1.2 GB."""
        if fut.exception() is not None:  # the close callback reports it
            return
        data = fut.result()
        if 4 <= int.from_bytes(data, "big") <= _MAX_GREETING_BYTES:
            super()._read_size(fut)
        else:
            self._fail("it speaks HTTP" if data == b"HTTP" else "it does not answer as nsqd does")

    def _on_identify_response(self, data: bytes, **kwargs: Any) -> None:
        """Check the types in nsqd's answer, which pynsq does not."""
        try:
            msgspec.json.decode(data, type=Identified)
        except (msgspec.DecodeError, UnicodeDecodeError):
            if data != b"OK":  # from an nsqd older than IDENTIFY's answer
                self._fail("it does not answer as nsqd does")
                return
        super()._on_identify_response(data, **kwargs)

    def upgrade_to_tls(self, options: object = None) -> None:
        """Use our own context, because pynsq's does not check the host name."""
        start_tls(self, self._owner.context, self.host)

    def _start_read(self) -> None:
        if not self.subscribed or self.stream is None:
            super()._start_read()
            return
        self.paused = self._owner.full
        if self.paused:
            return
        try:
            reading = self.stream.read_bytes(_READ_BYTES, partial=True)
        except StreamClosedError:
            return
        IOLoop.current().add_future(reading, self._read_bulk)

    def resume(self) -> None:
        """Resume reading after the owner was full."""
        if self.paused:
            self.heard = time.monotonic()
            self._start_read()

    def _read_bulk(self, fut: Any) -> None:
        if fut.exception() is not None:  # the close callback reports it
            return
        self.heard = time.monotonic()
        self.split(self._rest + fut.result() if self._rest else fut.result())
        self._start_read()

    def split(self, data: bytes) -> None:
        """Pass on every whole frame of `data`; keep the rest for later."""
        start = 0
        while True:
            ids, bodies, again, stop = messages(data, start)
            if ids:
                self.in_flight += len(ids)
                self._owner.deliver(Delivery(self, ids, bodies, sum(map(len, bodies)), again))
            frame, start = other(data, stop)
            if not frame:
                break
            if frame[4:] == b"OK":
                self._owner.joined(self)
            self.left = self.left or frame[4:] == b"CLOSE_WAIT"
            self.trigger(event.DATA, conn=self, data=frame)
        self._rest = data[start:]
        if not is_possible(self._rest):
            self._fail("it does not answer as nsqd does")

    def finish(self, ids: list[bytes]) -> bool:
        self.in_flight -= len(ids)
        return self._write(b"FIN " + b"\nFIN ".join(ids) + b"\n")

    def requeue(self, ids: list[bytes]) -> None:
        """Send REQ without a delay, because the consumer is slow, not the message."""
        self.in_flight -= len(ids)
        self._write(b"REQ " + b" 0\nREQ ".join(ids) + b" 0\n")

    def touch(self, ids: list[bytes]) -> None:
        self._write(b"TOUCH " + b"\nTOUCH ".join(ids) + b"\n")

    def keep_alive(self) -> None:
        """Send NOP, because nsqd's heartbeats are not being read."""
        self._write(b"NOP\n")

    def leave(self) -> None:
        """Send CLS: nsqd stops sending messages and answers CLOSE_WAIT, which sets `left`."""
        self._write(b"CLS\n")

    def close_writing(self) -> None:
        """Close our half of the connection; with TLS, Python can only close both halves."""
        if self.tls_v1:
            self.close()
            return
        with suppress(OSError):  # already closed by nsqd
            self.socket.shutdown(socket.SHUT_WR)

    def _write(self, commands: bytes) -> bool:
        try:
            self.send(commands)
        except StreamClosedError:
            return False
        return True
