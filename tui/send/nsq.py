"""NSQ as a sink, through pynsq. No other module of a send imports pynsq.

Each pynsq Writer is used for one connection and then dropped, because a connection is unusable after any error: an
error frame answers every waiting publish, a late OK would then count for the next publish, and a Writer has no close().
The engine therefore handles errors, timeouts and reconnecting.
"""

from __future__ import annotations

import asyncio
import functools
import socket
import ssl
import struct
from collections.abc import Callable
from typing import Any

import nsq

from tui.errors import SendError, reason
from tui.nsq.address import split_address
from tui.nsq.pynsq import HEARTBEAT_SECONDS, preferred, start_tls
from tui.nsq.refusals import missing_secret, missing_tls, refusal
from tui.nsq.target import NsqTarget
from tui.send.rotation import Rotation, rotation
from tui.send.sink import Link, LinkLost, Trouble

_OK = b"OK"
_U32 = struct.Struct(">I").pack


class _Writer(nsq.Writer):  # type: ignore[misc]
    """pynsq's Writer for one connection: it reports when it is ready and when it has ended, and never reconnects.

    `numeric` is the IP address to connect to; `address` is its name in messages and for the certificate.
    """

    def __init__(
        self, address: str, numeric: str, target: NsqTarget, ready: Callable[[], None], end: Callable[[object], None]
    ) -> None:
        self._host, self._port = split_address(address)
        self._numeric = numeric
        self._where = f"nsqd at {address}"
        self._target = target
        self._context = target.tls.context() if target.tls is not None else None
        self._notify_ready, self.notify_end = ready, end
        self._over = False
        self._connection: Any = None
        super().__init__(
            [address],
            heartbeat_interval=HEARTBEAT_SECONDS,
            user_agent="hourscope pynsq",
            tls_v1=target.tls is not None,  # no compression, which is broken with TLS on tornado 6
            auth_secret=target.auth_secret,
        )

    def connect(self) -> None:
        """Connect. Writer's own method splits the address at its first colon, which breaks IPv6."""
        self.connect_to_nsqd(self._numeric, self._port)

    def connect_to_nsqd(self, host: str, port: int) -> None:
        if not self._over:
            super().connect_to_nsqd(host, port)

    def mpub(self, topic: str, records: list[bytes], callback: Callable[[object, object], None]) -> None:
        """Publish. Writer's own method concatenates records one by one, which took a quarter of a send's time."""
        connection = self._connection
        connection.callback_queue.append(callback)
        try:
            connection.send(mpub_command(topic, records))
        except OSError as error:  # the stream is closed, and pynsq has not noticed yet
            self.notify_end(error)

    def release(self) -> None:
        """Close the connection, even if it is not ready yet."""
        self._over = True
        connection = self._connection
        if connection is not None and connection.stream is not None:  # None while TLS is being set up
            connection.close()

    def _on_connection_identify(self, conn: Any, data: Any, **kwargs: Any) -> None:
        self._connection = conn
        if self._context is not None:
            conn.upgrade_to_tls = lambda _options: start_tls(conn, self._context, self._host)
        super()._on_connection_identify(conn, data, **kwargs)

    def _on_connection_identify_response(self, conn: Any, data: Any, **kwargs: Any) -> None:
        """Fail if nsqd offers no TLS: pynsq would continue without it, and reveal the secret."""
        super()._on_connection_identify_response(conn, data, **kwargs)
        if self._context is not None and not data.get("tls_v1"):
            conn.auth_secret = None
            self.notify_end(missing_tls(self._where))
        elif data.get("auth_required") and self._target.auth_secret is None:
            self.notify_end(missing_secret(self._where))

    def _on_connection_ready(self, conn: Any, **kwargs: Any) -> None:
        self._connection = conn
        super()._on_connection_ready(conn, **kwargs)
        if self._over:
            conn.close()
        else:
            self._notify_ready()

    def _on_connection_error(self, conn: Any, error: Any, **kwargs: Any) -> None:
        # Before the callbacks, which report an error without its reason. pynsq does not pass on a TLS alert.
        alert = getattr(conn.stream, "error", None)
        self.notify_end(alert if isinstance(alert, ssl.SSLError) else error)
        super()._on_connection_error(conn, error, **kwargs)

    def _on_connection_close(self, conn: Any, **kwargs: Any) -> None:
        self.notify_end(getattr(conn.stream, "error", None))
        super()._on_connection_close(conn, **kwargs)
        self._over = True


class _NsqLink:
    """A connection that is ready, as the engine's Link."""

    note = ""

    def __init__(self, where: str, topic: str, writer: _Writer, confirmed: Callable[[int], None]) -> None:
        self.where = where
        self._topic = topic
        self._writer = writer
        self._confirmed = confirmed

    def put(self, number: int, records: list[bytes]) -> None:
        self._writer.mpub(self._topic, records, callback=functools.partial(self._answer, number))

    def close(self) -> None:
        self._writer.release()

    def _answer(self, number: int, _connection: object, data: object) -> None:
        if data == _OK:
            self._confirmed(number)
        else:
            self._writer.notify_end(data)


def mpub_command(topic: str, records: list[bytes]) -> bytes:
    """Return the bytes of an MPUB: the body's size, the count, then each record after its size."""
    framed = [b""] * (2 * len(records))  # no Python code per record, because this runs in the event loop
    framed[::2] = map(_U32, map(len, records))
    framed[1::2] = records
    size = 4 + 4 * len(records) + sum(map(len, records))
    return b"".join([b"MPUB ", topic.encode(), b"\n", _U32(size), _U32(len(records)), *framed])


class NsqSink:
    """Links to the nsqds of a target: to one at a time, and to the next if it cannot be reached; or to all."""

    def __init__(self, target: NsqTarget, *, connect_timeout: float = 5.0) -> None:
        self._target = target
        self._timeout = connect_timeout
        self._turn = 0
        self._rotation: Rotation | None = None

    @property
    def addresses(self) -> tuple[str, ...]:
        """The nsqds to which records are being sent."""
        if self._rotation is not None:
            return self._rotation.addresses
        return (self._target.nsqd_tcp_addresses[self._turn],)

    async def connect(self, confirmed: Callable[[int], None], trouble: Callable[[Trouble], None]) -> Link:
        addresses = self._target.nsqd_tcp_addresses
        if self._target.round_robin:
            self._rotation = await rotation(addresses, lambda address: self._connect(address, confirmed, trouble))
            return self._rotation
        reasons: list[str] = []
        for _ in addresses:
            try:
                return await self._connect(addresses[self._turn], confirmed, trouble)
            except LinkLost as error:
                reasons.append(str(error))
                self._turn = (self._turn + 1) % len(addresses)
        raise LinkLost("; ".join(reasons))

    async def _connect(
        self, address: str, confirmed: Callable[[int], None], trouble: Callable[[Trouble], None]
    ) -> Link:
        numeric = await self._resolve(address)
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def is_ready() -> None:
            if not ready.done():
                ready.set_result(None)

        def end(cause: object) -> None:
            error = trouble_of(address, self._target.topic, cause)
            if not ready.done():
                ready.set_exception(error)
            elif not ready.cancelled() and ready.exception() is None:
                trouble(error)

        writer = _Writer(address, numeric, self._target, is_ready, end)
        try:
            await asyncio.wait_for(ready, self._timeout)
        except TimeoutError:
            writer.release()
            raise LinkLost(f"nsqd at {address} does not answer within {self._timeout:g} s") from None
        except (LinkLost, SendError, asyncio.CancelledError):
            writer.release()
            raise
        return _NsqLink(f"nsqd at {address}", self._target.topic, writer, confirmed)

    async def _resolve(self, address: str) -> str:
        """Resolve the host's first address: pynsq detects IPv6 by a colon, and would block the loop with the lookup."""
        loop, (host, port) = asyncio.get_running_loop(), split_address(address)
        try:
            addresses = await asyncio.wait_for(loop.getaddrinfo(host, port, type=socket.SOCK_STREAM), self._timeout)
        except TimeoutError:
            raise LinkLost(f"nsqd at {address}: the host name is not found within {self._timeout:g} s") from None
        except OSError as error:
            raise LinkLost(f"nsqd at {address}: the host name is not found ({reason(error)})") from error
        return str(preferred(addresses)[1][0])


def trouble_of(address: str, topic: str, cause: object) -> Trouble:
    """Return the error that ended a connection: LinkLost if a retry may help, otherwise SendError."""
    if isinstance(cause, SendError | LinkLost):
        return cause
    why = refusal(address, cause, topic=topic)
    return SendError(f"{why}; nothing more was sent") if why.final else LinkLost(str(why))
