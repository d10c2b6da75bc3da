"""NSQ as a source, on pynsq's Reader: the only module of the archiver that imports it.

pynsq's connection takes two awaits and an object walk for every frame, about 30,000 messages a second. This one, once
it is subscribed, reads whatever has come, cuts all whole frames out of it, and hands them over as one delivery; FINs go
out joined, in one write. Everything else is pynsq's: identify, TLS, AUTH, nsqlookupd, heartbeats, RDY.

What pynsq's Reader would do to an archiver's messages never happens here: none is given up after `max_tries`, none is
requeued with a delay, and nothing backs off.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import msgspec
import nsq
from nsq import event, protocol
from nsq.conn import AsyncConn
from tornado.ioloop import IOLoop
from tornado.iostream import IOStream, StreamClosedError

from tui import __version__
from tui.archiver.delivery import Delivery, blame_lookupd, is_late
from tui.archiver.frames import is_possible, messages, other
from tui.archiver.lookup import producers
from tui.archiver.options import Source
from tui.archiver.outages import Outages
from tui.archiver.threads import in_thread
from tui.errors import SendError
from tui.send.target import join_address, split_address

USER_AGENT = f"hourscope-archiver/{__version__}"
_HEARTBEAT = 15  # seconds; nsqd drops a client that misses two
_READ = 1 << 18
_CONNECT_TIMEOUT = 10.0
_RETRY_FIRST, _RETRY_MOST = 0.5, 15.0  # seconds between two attempts to reach an nsqd
_STEADY = 30.0  # a connection that held so long was a good one
_LOOKUP_EVERY = 10  # seconds
_DEFAULT_TIMEOUT = 60.0
_LARGEST_GREETING = 1 << 16  # bytes of an answer before the subscription
_NO_NSQD = "does not answer as nsqd does; give nsqd's TCP address (-tcp-address)"
_HTTP = "is not nsqd's TCP port: it speaks HTTP; give nsqd's TCP address (-tcp-address, by default port 4150)"


class _Identity(msgspec.Struct):
    """What we use of nsqd's answer to IDENTIFY; pynsq trusts the types of all of it."""

    max_rdy_count: int = 0
    msg_timeout: int = 0
    tls_v1: bool = False
    auth_required: bool = False


class _Connection(AsyncConn):  # type: ignore[misc]
    """pynsq's connection, reading in bulk once it is subscribed, and only as fast as the reader wants."""

    def __init__(self, reader: Reader, host: str, port: int, **options: Any) -> None:
        super().__init__(host, port, **options)
        self._reader = reader
        self.stream: Any  # None while TLS is being set up
        self._rest = b""
        self.subscribed = self.joined = self.held = self.left = self.failed = False
        self.message_timeout = _DEFAULT_TIMEOUT
        self.born = self.heard = time.monotonic()

    @property
    def id(self) -> str:
        return join_address(self.host, self.port)

    def connect_to(self, family: int, address: tuple[Any, ...]) -> None:
        """pynsq's own looks the name up in the loop, and reads 64 KB at a time."""
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.setblocking(False)
        self.stream = IOStream(self.socket, read_chunk_size=_READ)
        self.stream.set_close_callback(self._socket_close)
        self.stream.set_nodelay(True)
        self.state = nsq.conn.CONNECTING
        self.on(event.CONNECT, self._on_connect)
        self.on(event.DATA, self._on_data)
        IOLoop.current().add_future(self.stream.connect(address), self._connect_callback)

    def _connect_callback(self, fut: Any) -> None:
        if isinstance(error := fut.exception(), StreamClosedError):
            self._reader.trouble(self, error.real_error or error)
            return  # the close callback does the rest
        super()._connect_callback(fut)

    def _fail(self, words: str) -> None:
        """This is not an nsqd that we can talk to."""
        self._reader.trouble(self, ConnectionError(words))
        self.close()

    def _read_size(self, fut: Any) -> None:
        """Before the subscription; pynsq would wait for the 1.2 GB that `HTTP` means as a size."""
        if fut.exception() is not None:  # the connection is closed, which the close callback reports
            return
        data = fut.result()
        if 4 <= int.from_bytes(data, "big") <= _LARGEST_GREETING:
            super()._read_size(fut)
        else:
            self._fail(_HTTP if data == b"HTTP" else _NO_NSQD)

    def _on_identify_response(self, data: bytes, **kwargs: Any) -> None:
        try:
            msgspec.json.decode(data, type=_Identity)
        except (msgspec.DecodeError, UnicodeDecodeError):
            if data != b"OK":  # of an nsqd that is older than IDENTIFY's answer
                self._fail(_NO_NSQD)
                return
        super()._on_identify_response(data, **kwargs)

    def upgrade_to_tls(self, options: object = None) -> None:
        """With a context of ours: pynsq's own does not check the host name."""
        started = self.stream.start_tls(False, ssl_options=self._reader.context, server_hostname=self.host)
        self.stream = None

        def finish(fut: Any) -> None:
            if (error := fut.exception()) is not None:
                self.trigger(event.ERROR, conn=self, error=protocol.SendError("no TLS", error))
                return
            self.stream = fut.result()
            self.socket = self.stream.socket
            self._start_read()

        IOLoop.current().add_future(started, finish)

    def _start_read(self) -> None:
        if not self.subscribed or self.stream is None:
            super()._start_read()
            return
        self.held = self._reader.full
        if self.held:
            return
        try:
            reading = self.stream.read_bytes(_READ, partial=True)
        except StreamClosedError:
            return
        IOLoop.current().add_future(reading, self._read_bulk)

    def go_on(self) -> None:
        """Read again, after the reader was full."""
        if self.held:
            self.heard = time.monotonic()
            self._start_read()

    def _read_bulk(self, fut: Any) -> None:
        if fut.exception() is not None:  # the connection is closed, which its close callback reports
            return
        self.heard = time.monotonic()
        self._cut(self._rest + fut.result() if self._rest else fut.result())
        self._start_read()

    def _cut(self, data: bytes) -> None:
        """Hand over every whole frame of `data`; what is left over waits for more."""
        start = 0
        while True:
            ids, bodies, again, stop = messages(data, start)
            if ids:
                self.in_flight += len(ids)
                self._reader.deliver(Delivery(self, ids, bodies, sum(map(len, bodies)), again))
            frame, start = other(data, stop)
            if not frame:
                break
            if frame[4:] == b"OK":
                self._reader.joined(self)
            self.left = self.left or frame[4:] == b"CLOSE_WAIT"
            self.trigger(event.DATA, conn=self, data=frame)
        self._rest = data[start:]
        if not is_possible(self._rest):
            self._fail(_NO_NSQD)

    def finish(self, ids: list[bytes]) -> bool:
        self.in_flight -= len(ids)
        return self._write(b"FIN " + b"\nFIN ".join(ids) + b"\n")

    def give_back(self, ids: list[bytes]) -> bool:
        """Requeue at once: our own slowness is no reason for a delay."""
        self.in_flight -= len(ids)
        return self._write(b"REQ " + b" 0\nREQ ".join(ids) + b" 0\n")

    def touch(self, ids: list[bytes]) -> bool:
        return self._write(b"TOUCH " + b"\nTOUCH ".join(ids) + b"\n")

    def keep(self) -> None:
        """A sign of life: nsqd's heartbeats are not read now."""
        self._write(b"NOP\n")

    def leave(self) -> None:
        self._write(b"CLS\n")

    def hang_up(self) -> None:
        """Close our half of the connection; with TLS, Python can only close both."""
        if self.tls_v1:
            self.close()
            return
        with suppress(OSError):  # nsqd was quicker
            self.socket.shutdown(socket.SHUT_WR)

    def _write(self, commands: bytes) -> bool:
        try:
            self.send(commands)
        except StreamClosedError:
            return False
        return True


class Reader(nsq.Reader):  # type: ignore[misc]
    """pynsq's Reader with connections that read in bulk.

    `deliver` gets every delivery, `late` is called for each message whose time was over when it was answered, and
    `outages` hears of every address that is lost or works again. `full` says that nothing more should be read for now.
    """

    def __init__(
        self,
        source: Source,
        deliver: Callable[[Delivery], None],
        late: Callable[[], None],
        outages: Outages,
    ) -> None:
        super().__init__(
            source.topic,
            source.channel,
            message_handler=lambda message: None,  # never called: what arrives does so in bulk
            nsqd_tcp_addresses=list(source.nsqd_tcp_addresses),
            lookupd_http_addresses=list(source.lookupd_http_addresses),
            max_tries=0,
            max_in_flight=source.max_in_flight,
            user_agent=USER_AGENT,
            heartbeat_interval=_HEARTBEAT,
            auth_secret=source.auth_secret,
            tls_v1=source.tls is not None,
        )
        self.context = source.tls.context() if source.tls else None
        self.max_in_flight: int
        self.total_rdy: int
        self.deliver = deliver
        self._late, self._outages = late, outages
        self._named_by: dict[str, str] = {}  # nsqds, by the nsqlookupd that gave the address
        self._broken: list[asyncio.Task[None]] = []  # what an error has ended
        self.full = False
        self._closing = False
        self._connecting: set[str] = set()
        self._tries: dict[str, int] = {}
        self.missing: dict[str, float] = {}  # nsqds without a connection, and since when (time.monotonic)
        self._tasks: set[asyncio.Task[None]] = set()

    def trouble(self, conn: Any, error: object) -> None:
        if is_late(error):
            self._late()
        elif not conn.failed:  # what follows is a consequence
            conn.failed = True
            self._outages.lost(conn.id, error, self._named_by.get(conn.id, ""))

    def joined(self, conn: Any) -> None:
        """nsqd has accepted the subscription."""
        conn.joined = True
        self.missing.pop(conn.id, None)
        self._outages.back(conn.id)

    @property
    def links(self) -> int:
        """How many nsqds we are subscribed at."""
        return sum(conn.joined for conn in self.conns.values())

    def check(self) -> None:
        """Raise what ended one of the tasks here, if one has ended."""
        for task in self._broken:
            task.result()

    def _run(self) -> None:
        for address in self.nsqd_tcp_addresses:
            self.connect_to_nsqd(*split_address(address))
        if self.lookupd_http_addresses:
            self._later(0.0, self._ask_lookupds)
        self._later(_HEARTBEAT, self._watch)

    async def _watch(self) -> None:
        """Hang up on an nsqd that is silent, and stay alive for one that is not read for now."""
        while not self._closing:
            now = time.monotonic()
            for conn in list(self.conns.values()):
                if conn.held:
                    conn.keep()
                elif now - conn.heard > 3 * _HEARTBEAT:
                    self.trouble(conn, TimeoutError("silence"))
                    conn.close()
            await asyncio.sleep(_HEARTBEAT / 2)

    def _check_last_recv_timestamps(self) -> None:
        """pynsq's goes by the clock on the wall, which may be set; `_watch` takes its place."""

    async def _ask_lookupds(self) -> None:
        """All of them, again and again; pynsq asks one at a time, and reports no failure."""
        while not self._closing:
            known, heard = set(self.nsqd_tcp_addresses), True
            for address in self.lookupd_http_addresses:
                try:
                    found = await asyncio.wrap_future(in_thread("lookup", lambda a=address: producers(a, self.topic)))  # type: ignore[misc]
                except SendError as error:
                    self._outages.lost(address, error)
                    heard = False
                    continue
                self._outages.back(address, "nsqlookupd")
                known |= self._connect_named(address, found)
            if heard:
                self._forget(known)
            await asyncio.sleep(_LOOKUP_EVERY)

    def _forget(self, known: set[str]) -> None:
        """No nsqlookupd names the others any longer, so none of them is missing."""
        for gone in (self.missing.keys() | self._named_by.keys()) - known - self.conns.keys():
            self.missing.pop(gone, None)
            self._named_by.pop(gone, None)
            self._outages.unlisted(gone)

    def _connect_named(self, lookupd: str, addresses: Iterable[str]) -> set[str]:
        """Connect to what an nsqlookupd names, one by one: an address that is not one holds up no other."""
        known = set()
        for address in addresses:
            try:
                host, port = split_address(address)
            except SendError as error:
                self._outages.lost(address, SendError(f"{error}; {blame_lookupd(lookupd)}"))
                continue
            if address not in self.nsqd_tcp_addresses:
                self._named_by[address] = lookupd
            self.connect_to_nsqd(host, port)
            known.add(address)
        return known

    def connect_to_nsqd(self, host: str, port: int) -> None:
        """Without pynsq's rule of one attempt in ten seconds: our own waits are shorter at first."""
        address = join_address(host, port)
        if self._closing or address in self.conns:
            return
        self.missing.setdefault(address, time.monotonic())
        if address in self._connecting:
            return
        self._connecting.add(address)
        self._later(0.0, lambda: self._connect(host, port))

    async def _connect(self, host: str, port: int) -> None:
        conn = _Connection(self, host, port, **self.conn_kwargs)
        asked = in_thread("names", lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        try:
            found = await asyncio.wait_for(asyncio.wrap_future(asked), _CONNECT_TIMEOUT)
        except (OSError, UnicodeError) as error:  # TimeoutError is an OSError; a name that cannot be one is the other
            words = "is not reachable: this cannot be a host's name"
            self.trouble(conn, error if isinstance(error, OSError) else ConnectionError(words))
            self._again(conn)
            return
        for name, callback in (
            ("identify_response", self._on_identified),
            ("error", self._on_connection_error),
            ("close", self._on_connection_close),
            ("ready", self._on_connection_ready),
        ):
            conn.on(name, callback)
        family, _, _, _, address = min(found, key=lambda item: item[0] != socket.AF_INET)
        conn.connect_to(family, address)
        await asyncio.sleep(_CONNECT_TIMEOUT)
        if not conn.subscribed and conn.stream is not None and not conn.closed():
            self.trouble(conn, TimeoutError("no answer"))
            conn.close()

    def _on_identified(self, conn: Any, data: dict[str, Any], **kwargs: Any) -> None:
        conn.message_timeout = (data.get("msg_timeout") or 0) / 1000 or _DEFAULT_TIMEOUT
        if conn.tls_v1 and not data.get("tls_v1"):
            self.trouble(conn, ConnectionError("offers no TLS; leave out --tls, or give the address of one that does"))
            conn.close()

    def _on_connection_ready(self, conn: Any, **kwargs: Any) -> None:
        self._connecting.discard(conn.id)
        conn.subscribed = True
        super()._on_connection_ready(conn, **kwargs)
        self.share()

    def _on_connection_error(self, conn: Any, error: Any, **kwargs: Any) -> None:
        self.trouble(conn, error)
        if conn.stream is None:  # TLS failed, and pynsq leaves such a connection as it is
            self._again(conn)

    def _on_connection_close(self, conn: Any, **kwargs: Any) -> None:
        conn.left = True
        if self.conns.get(conn.id) is conn:
            del self.conns[conn.id]
        if not self._closing and not conn.failed:
            self.trouble(conn, getattr(conn.stream, "error", None) or ConnectionError("closed the connection"))
        self.total_rdy = max(self.total_rdy - conn.rdy, 0)
        self._again(conn)
        self.share()

    def _again(self, conn: Any) -> None:
        """Try it again, sooner or later; what nsqlookupd knows it names again by itself."""
        self._connecting.discard(conn.id)
        if time.monotonic() - conn.born > _STEADY:
            self._tries.pop(conn.id, None)
        if self._closing or (self.lookupd_http_addresses and conn.id not in self.nsqd_tcp_addresses):
            return
        tries = self._tries[conn.id] = self._tries.get(conn.id, -1) + 1
        wait = min(_RETRY_FIRST * 2**tries, _RETRY_MOST)

        async def connect() -> None:
            self.connect_to_nsqd(conn.host, conn.port)

        self._later(wait, connect)

    def share(self) -> None:
        """Each connection its part of `max_in_flight`, at once: nothing is tried with RDY 1 first."""
        for conn in self.conns.values():
            self._send_rdy(conn, self._connection_max_in_flight() if self.max_in_flight else 0)

    def allow(self, in_flight: int) -> None:
        """How many messages may be unfinished, over all connections; 0 asks for no more."""
        if in_flight != self.max_in_flight:
            self.max_in_flight = in_flight
            self.share()

    def _later(self, wait: float, work: Callable[[], Any]) -> None:
        async def run() -> None:
            await asyncio.sleep(wait)
            await work()

        task = asyncio.ensure_future(run())
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._broken.append(task)

    async def leave(self, grace: float) -> None:
        """Ask every nsqd to stop sending (CLS). What it had sent by then has arrived when this returns."""
        self._closing = True
        self.allow(0)
        for conn in self.conns.values():
            conn.leave()
        deadline = time.monotonic() + grace
        while any(not conn.left for conn in self.conns.values()) and time.monotonic() < deadline:
            await asyncio.sleep(0.01)

    async def close_all(self, grace: float) -> None:
        """Close the connections once nsqd has read the last FIN, which it has when it closes its own side."""
        self._closing = True
        deadline = time.monotonic() + grace
        while any(conn.stream.writing() for conn in self.conns.values()) and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        for conn in self.conns.values():
            conn.hang_up()
        while self.conns and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        for conn in list(self.conns.values()):
            conn.close()
