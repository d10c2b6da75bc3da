"""NSQ as a source: a Reader with a connection to every nsqd that has the topic.

It is pynsq's Reader with other connections (connection.py), and without behavior that an archiver cannot use: no
message is given up after `max_tries` or requeued with a delay, and the reader never backs off.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import nsq

from tui import __version__
from tui.archiver.connection import Connection
from tui.archiver.delivery import Delivery
from tui.archiver.options import TopicSource
from tui.archiver.outages import Outages
from tui.archiver.threads import in_thread
from tui.errors import SendError
from tui.nsq.address import join_address, split_address
from tui.nsq.lookup import Nsqd, blame_lookupd, nsqds_with_topic
from tui.nsq.pynsq import HEARTBEAT_SECONDS, preferred
from tui.nsq.refusals import Refusal, error_frame, missing_tls

USER_AGENT = f"hourscope-archiver/{__version__}"
_CONNECT_SECONDS = 10.0
_MIN_RETRY_SECONDS, _MAX_RETRY_SECONDS = 0.5, 15.0
_STEADY_SECONDS = 30.0  # a connection that lasted this long is retried soon
LOOKUP_SECONDS = 10  # between two requests to nsqlookupd
# nsqd refuses these after a message's timeout: it is redelivered, and is then in the archive twice.
_LATE = (b"E_FIN_FAILED", b"E_REQ_FAILED", b"E_TOUCH_FAILED")


class Reader(nsq.Reader):  # type: ignore[misc]
    """pynsq's Reader with connections that read in bulk.

    `deliver` receives every delivery, `late` is called for each message that was answered after its timeout, and
    `outages` records every address that is lost or works again. `full`: stop reading for now.
    """

    def __init__(
        self,
        source: TopicSource,
        deliver: Callable[[Delivery], None],
        late: Callable[[], None],
        outages: Outages,
    ) -> None:
        super().__init__(
            source.topic,
            source.channel,
            message_handler=lambda message: None,  # never called, because messages arrive in bulk
            nsqd_tcp_addresses=list(source.nsqd_tcp_addresses),
            lookupd_http_addresses=list(source.lookupd_http_addresses),
            max_tries=0,
            max_in_flight=source.max_in_flight,
            user_agent=USER_AGENT,
            heartbeat_interval=HEARTBEAT_SECONDS,
            auth_secret=source.auth_secret,
            tls_v1=source.tls is not None,
        )
        self.context = source.tls.context() if source.tls else None
        self.max_in_flight: int
        self.total_rdy: int
        self.deliver = deliver
        self._late, self._outages = late, outages
        self._named_by: dict[str, str] = {}  # nsqds, by the nsqlookupd that gave the address
        self._broken: list[asyncio.Task[None]] = []  # tasks that ended with an error
        self.full = False
        self._closing = False
        self._connecting: set[str] = set()
        self._tries: dict[str, int] = {}
        self.missing: dict[str, float] = {}  # nsqds without a connection, and since when (time.monotonic)
        self._tasks: set[asyncio.Task[None]] = set()

    def trouble(self, conn: Any, error: object) -> None:
        if error_frame(error).startswith(_LATE):
            self._late()
        elif not conn.failed:  # later errors are consequences
            conn.failed = True
            self._outages.lost(conn.id, error, self._named_by.get(conn.id, ""))

    def joined(self, conn: Any) -> None:
        """Note that nsqd has accepted the subscription."""
        conn.joined = True
        self.missing.pop(conn.id, None)
        self._outages.back(conn.id)
        self.share()

    @property
    def links(self) -> int:
        """The number of nsqds that we are subscribed to."""
        return sum(conn.joined for conn in self.conns.values())

    def check(self) -> None:
        """Raise the error of a task that has ended."""
        for task in self._broken:
            task.result()

    def _run(self) -> None:
        for address in self.nsqd_tcp_addresses:
            self.connect_to_nsqd(*split_address(address))
        if self.lookupd_http_addresses:
            self._later(0.0, self._ask_lookupds)
        self._later(HEARTBEAT_SECONDS, self._watch)

    async def _watch(self) -> None:
        """Close connections to silent nsqds; keep connections alive that are not being read."""
        while not self._closing:
            now = time.monotonic()
            for conn in list(self.conns.values()):
                if conn.paused:
                    conn.keep_alive()
                elif now - conn.heard > 3 * HEARTBEAT_SECONDS:
                    self.trouble(conn, TimeoutError("silence"))
                    conn.close()
            await asyncio.sleep(HEARTBEAT_SECONDS / 2)

    def _check_last_recv_timestamps(self) -> None:
        """Do nothing: pynsq's check uses the wall clock, which can jump; `_watch` replaces it."""

    async def _ask_lookupds(self) -> None:
        """Ask all nsqlookupds periodically; pynsq asks one at a time, and does not report failures."""
        while not self._closing:
            known, heard = set(self.nsqd_tcp_addresses), True
            for address in self.lookupd_http_addresses:
                try:
                    asked = in_thread("lookup", partial(nsqds_with_topic, address, self.topic))
                    nsqds = await asyncio.wrap_future(asked)
                except SendError as error:
                    self._outages.lost(address, error)
                    heard = False
                    continue
                self._outages.back(address, "nsqlookupd")
                known |= self._connect_named(address, nsqds)
            if heard:
                self._forget(known)
            await asyncio.sleep(LOOKUP_SECONDS)

    def _forget(self, known: set[str]) -> None:
        """Forget missing nsqds that no nsqlookupd names any longer."""
        for gone in (self.missing.keys() | self._named_by.keys()) - known - self.conns.keys():
            self.missing.pop(gone, None)
            self._named_by.pop(gone, None)
            self._outages.unlisted(gone)

    def _connect_named(self, lookupd: str, nsqds: Iterable[Nsqd]) -> set[str]:
        """Connect to the nsqds that an nsqlookupd names, separately: an invalid address affects no other."""
        known = set()
        for address in dict.fromkeys(nsqd.tcp_address for nsqd in nsqds):
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
        """Connect without pynsq's limit of one attempt in ten seconds: our waits are shorter at first."""
        address = join_address(host, port)
        if self._closing or address in self.conns:
            return
        self.missing.setdefault(address, time.monotonic())
        if address in self._connecting:
            return
        self._connecting.add(address)
        self._later(0.0, lambda: self._connect(host, port))

    async def _connect(self, host: str, port: int) -> None:
        conn = Connection(self, host, port, **self.conn_kwargs)
        asked = in_thread("names", lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        try:
            addresses = await asyncio.wait_for(asyncio.wrap_future(asked), _CONNECT_SECONDS)
        except OSError as error:  # includes TimeoutError
            self.trouble(conn, error)
            self._again(conn)
            return
        except UnicodeError:
            text = f"nsqd at {conn.id} cannot be reached: this cannot be a host name"
            self.trouble(conn, Refusal(text, unreachable=True))
            self._again(conn)
            return
        for name, callback in (
            ("identify_response", self._on_identified),
            ("error", self._on_connection_error),
            ("close", self._on_connection_close),
            ("ready", self._on_connection_ready),
        ):
            conn.on(name, callback)
        conn.connect_to(*preferred(addresses))
        await asyncio.sleep(_CONNECT_SECONDS)
        if not conn.subscribed and conn.stream is not None and not conn.closed():
            self.trouble(conn, TimeoutError("no answer"))
            conn.close()

    def _on_identified(self, conn: Any, data: dict[str, Any], **kwargs: Any) -> None:
        conn.message_timeout = (data.get("msg_timeout") or 0) / 1000 or conn.message_timeout
        if conn.tls_v1 and not data.get("tls_v1"):
            self.trouble(conn, missing_tls(f"nsqd at {conn.id}"))
            conn.close()

    def _on_connection_ready(self, conn: Any, **kwargs: Any) -> None:
        self._connecting.discard(conn.id)
        conn.subscribed = True
        super()._on_connection_ready(conn, **kwargs)

    def _send_rdy(self, conn: Any, value: int) -> None:
        """Send RDY only after nsqd has accepted the subscription.

        If it refuses, it closes the connection: a write that fails would close ours before the reason is read.
        """
        if conn.joined:
            super()._send_rdy(conn, value)

    def _on_connection_error(self, conn: Any, error: Any, **kwargs: Any) -> None:
        self.trouble(conn, error)
        if conn.stream is None:  # TLS failed, and pynsq does not close such a connection
            self._again(conn)

    def _on_connection_close(self, conn: Any, **kwargs: Any) -> None:
        conn.left = True
        if self.conns.get(conn.id) is conn:
            del self.conns[conn.id]
        if not self._closing and not conn.failed:
            self.trouble(conn, getattr(conn.stream, "error", None))
        self.total_rdy = max(self.total_rdy - conn.rdy, 0)
        self._again(conn)
        self.share()

    def _again(self, conn: Any) -> None:
        """Retry after a wait; addresses from nsqlookupd come again with its next answer."""
        self._connecting.discard(conn.id)
        if time.monotonic() - conn.born > _STEADY_SECONDS:
            self._tries.pop(conn.id, None)
        if self._closing or (self.lookupd_http_addresses and conn.id not in self.nsqd_tcp_addresses):
            return
        tries = self._tries[conn.id] = self._tries.get(conn.id, -1) + 1
        wait = min(_MIN_RETRY_SECONDS * 2**tries, _MAX_RETRY_SECONDS)

        async def connect() -> None:
            self.connect_to_nsqd(conn.host, conn.port)

        self._later(wait, connect)

    def share(self) -> None:
        """Give each connection its share of `max_in_flight` at once, without a trial with RDY 1."""
        for conn in self.conns.values():
            self._send_rdy(conn, self._connection_max_in_flight() if self.max_in_flight else 0)

    def allow(self, in_flight: int) -> None:
        """Set the maximum of unfinished messages over all connections; 0 requests no more."""
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
        """Ask every nsqd to stop sending (CLS). Messages that it sent before have arrived when this returns."""
        self._closing = True
        self.allow(0)
        for conn in self.conns.values():
            conn.leave()
        deadline = time.monotonic() + grace
        while any(not conn.left for conn in self.conns.values()) and time.monotonic() < deadline:
            await asyncio.sleep(0.01)

    async def close_all(self, grace: float) -> None:
        """Close the connections once nsqd has read the last FIN, which is the case when it closes its side."""
        self._closing = True
        deadline = time.monotonic() + grace
        while any(conn.stream.writing() for conn in self.conns.values()) and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        for conn in self.conns.values():
            conn.close_writing()
        while self.conns and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        for conn in list(self.conns.values()):
            conn.close()
