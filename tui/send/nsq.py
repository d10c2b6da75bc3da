"""NSQ as a sink, through pynsq. The only module of a send that imports it.

pynsq's Writer is used for exactly one connection and then dropped, because a connection that has met any error is worth
nothing: an error frame answers every publish that waits, a late OK would then be taken for the next one's, and there
is not a close(). So errors, timeouts and reconnecting are the engine's.
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
    """pynsq's Writer for one connection: it reports when it is ready and when it is over, and never connects again.

    `numeric` is where the connection goes, `address` what it is called and what the certificate is for.
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
            tls_v1=target.tls is not None,  # and no compression: with TLS it is broken on tornado 6
            auth_secret=target.auth_secret,
        )

    def connect(self) -> None:
        """Writer's own splits the address at its first colon, which no IPv6 address survives."""
        self.connect_to_nsqd(self._numeric, self._port)

    def connect_to_nsqd(self, host: str, port: int) -> None:
        if not self._over:
            super().connect_to_nsqd(host, port)

    def mpub(self, topic: str, records: list[bytes], callback: Callable[[object, object], None]) -> None:
        """Writer's own frames the records by adding each to all before it, which took a quarter of a send's time."""
        connection = self._connection
        connection.callback_queue.append(callback)
        try:
            connection.send(mpub_command(topic, records))
        except OSError as error:  # the stream is closed, and pynsq does not know it yet
            self.notify_end(error)

    def release(self) -> None:
        """Close the connection, also one that is not ready yet."""
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
        """Where nsqd offers no TLS pynsq would continue without, and give away the secret."""
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
        # First: the reason, before the callbacks say only that there was an error. pynsq keeps a TLS alert to itself.
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
    """MPUB as it goes over the wire: the body's size, the count, then each record behind its own size."""
    framed = [b""] * (2 * len(records))  # no Python per record: this runs in the event loop
    framed[::2] = map(_U32, map(len, records))
    framed[1::2] = records
    size = 4 + 4 * len(records) + sum(map(len, records))
    return b"".join([b"MPUB ", topic.encode(), b"\n", _U32(size), _U32(len(records)), *framed])


class NsqSink:
    """Links to the nsqds of a target: one at a time, the next one's turn comes when one cannot be had; or all."""

    def __init__(self, target: NsqTarget, *, connect_timeout: float = 5.0) -> None:
        self._target = target
        self._timeout = connect_timeout
        self._turn = 0
        self._rotation: Rotation | None = None

    @property
    def addresses(self) -> tuple[str, ...]:
        """The nsqds that records go to now."""
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
        """The host's first address: pynsq knows IPv6 by its colon only, and would look names up in the loop."""
        loop, (host, port) = asyncio.get_running_loop(), split_address(address)
        try:
            addresses = await asyncio.wait_for(loop.getaddrinfo(host, port, type=socket.SOCK_STREAM), self._timeout)
        except TimeoutError:
            raise LinkLost(f"nsqd at {address}: the host name is not found within {self._timeout:g} s") from None
        except OSError as error:
            raise LinkLost(f"nsqd at {address}: the host name is not found ({reason(error)})") from error
        return str(preferred(addresses)[1][0])


def trouble_of(address: str, topic: str, cause: object) -> Trouble:
    """What ended a connection: LinkLost where trying again may help, SendError where it does not."""
    if isinstance(cause, SendError | LinkLost):
        return cause
    why = refusal(address, cause, topic=topic)
    return SendError(f"{why}; nothing more was sent") if why.final else LinkLost(str(why))
