"""NSQ as a sink, through pynsq. The only module here that imports it.

pynsq's Writer is used for exactly one connection and then let go, because a connection that has met any error is worth
nothing: an error frame answers every publish that waits, a late OK would then be taken for the next one's, and there
is no close(). So errors, timeouts and reconnecting are the engine's.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import socket
import ssl
from collections.abc import Callable
from typing import Any

import nsq

from tui.archive.local import reason
from tui.errors import SendError
from tui.send.sink import Link, LinkLost, Trouble
from tui.send.target import NsqTarget, join_address, split_address

HEARTBEAT = 15  # seconds; nsqd drops a client that misses two
_OK = b"OK"
# Error codes of nsqd (nsqd/protocol_v2.go) that a second try cannot mend, in words; others, such as E_MPUB_FAILED while
# nsqd stops, are worth one.
_REFUSALS = {
    "E_BAD_TOPIC": "does not allow this topic's name",
    "E_AUTH_FIRST": "wants a secret; give the one of -auth-secret",
    "E_AUTH_FAILED": "does not accept the secret, or its auth server does not answer",
    "E_AUTH_DISABLED": "knows no secrets; send without one",
    "E_UNAUTHORIZED": "does not allow this secret to publish to the topic",
    "E_INVALID": "refuses the request; if it wants TLS, give its CA",
    "E_BAD_BODY": "takes no request of this size; see its -max-body-size",
    "E_BAD_MESSAGE": "takes no record of this size; raise its -max-msg-size or add --skip-oversize",
    "E_MESSAGE_TOO_BIG": "takes no record of this size; raise its -max-msg-size or add --skip-oversize",
}

# A library prints nothing: without a handler, logging writes pynsq's warnings to stderr.
for _name in ("nsq", "tornado"):
    logging.getLogger(_name).addHandler(logging.NullHandler())


class _Writer(nsq.Writer):  # type: ignore[misc]
    """pynsq's Writer for one connection: tells when it is up and when it is over, and never connects again."""

    def __init__(self, host: str, port: int, up: Callable[[], None], over: Callable[[object], None], **options: Any):
        self._place = host, port
        self._up, self._tell_over = up, over
        self._over = False
        self._connection: Any = None
        super().__init__([join_address(host, port)], name=join_address(host, port), **options)

    def connect(self) -> None:
        """Writer's own splits the address at its first colon, which no IPv6 address survives."""
        self.connect_to_nsqd(*self._place)

    def connect_to_nsqd(self, host: str, port: int) -> None:
        if not self._over:
            super().connect_to_nsqd(host, port)

    def release(self) -> None:
        """Close the connection, also one that is not ready yet."""
        self._over = True
        connection = self._connection
        if connection is not None and connection.stream is not None:  # None while TLS is being set up
            connection.close()

    def _on_connection_identify(self, conn: Any, data: Any, **kwargs: Any) -> None:
        self._connection = conn
        super()._on_connection_identify(conn, data, **kwargs)

    def _on_connection_ready(self, conn: Any, **kwargs: Any) -> None:
        self._connection = conn
        super()._on_connection_ready(conn, **kwargs)
        if self._over:
            conn.close()
        else:
            self._up()

    def _on_connection_error(self, conn: Any, error: Any, **kwargs: Any) -> None:
        self._tell_over(error)  # first: the reason, before the callbacks say only that there was an error
        super()._on_connection_error(conn, error, **kwargs)

    def _on_connection_close(self, conn: Any, **kwargs: Any) -> None:
        self._tell_over(getattr(conn.stream, "error", None))
        super()._on_connection_close(conn, **kwargs)
        self._over = True


class _NsqLink:
    """A connection that is ready, as the engine's Link."""

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
            self._writer._tell_over(data)


class NsqSink:
    """Links to the nsqds of a target, one at a time; the next one's turn comes when one cannot be had."""

    def __init__(self, target: NsqTarget, *, connect_timeout: float = 5.0) -> None:
        self._target = target
        self._timeout = connect_timeout
        self._turn = 0

    @property
    def address(self) -> str:
        """The nsqd whose turn it is."""
        return self._target.nsqd_tcp_addresses[self._turn]

    async def connect(self, confirmed: Callable[[int], None], trouble: Callable[[Trouble], None]) -> Link:
        addresses = self._target.nsqd_tcp_addresses
        reasons: list[str] = []
        for _ in addresses:
            try:
                return await self._connect(self.address, confirmed, trouble)
            except LinkLost as error:
                reasons.append(str(error))
                self._turn = (self._turn + 1) % len(addresses)
        raise LinkLost("; ".join(reasons))

    async def _connect(
        self, address: str, confirmed: Callable[[int], None], trouble: Callable[[Trouble], None]
    ) -> Link:
        host, port = split_address(address)
        numeric = await self._resolve(address, host, port)
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def up() -> None:
            if not ready.done():
                ready.set_result(None)

        def over(cause: object) -> None:
            error = explained(address, self._target.topic, cause)
            if ready.done():
                trouble(error)
            else:
                ready.set_exception(error)

        options = _options(self._target)
        writer = _Writer(host if self._target.tls else numeric, port, up, over, **options)
        try:
            await asyncio.wait_for(ready, self._timeout)
        except TimeoutError:
            writer.release()
            raise LinkLost(f"nsqd at {address} does not answer within {self._timeout:g} s") from None
        except (LinkLost, SendError):
            writer.release()
            raise
        return _NsqLink(f"nsqd at {address}", self._target.topic, writer, confirmed)

    async def _resolve(self, address: str, host: str, port: int) -> str:
        """The host's first address: pynsq knows IPv6 by its colon only, and would look names up in the loop."""
        loop = asyncio.get_running_loop()
        try:
            found = await asyncio.wait_for(loop.getaddrinfo(host, port, type=socket.SOCK_STREAM), self._timeout)
        except TimeoutError:
            raise LinkLost(f"nsqd at {address}: its name is not found within {self._timeout:g} s") from None
        except OSError as error:
            raise LinkLost(f"nsqd at {address}: its name is not found ({reason(error)})") from error
        return str(min(found, key=lambda item: item[0] != socket.AF_INET)[4][0])


def explained(address: str, topic: str, cause: object) -> Trouble:
    """What ended a connection, in a sentence: LinkLost where trying again may help, SendError where it cannot."""
    where = f"nsqd at {address}"
    inner = getattr(cause, "error", None)
    if isinstance(inner, ssl.SSLError | OSError):
        cause = inner
    if isinstance(cause, ssl.SSLCertVerificationError):
        return SendError(f"{where} does not prove who it is ({cause.verify_message}); check the CA and the host name")
    if isinstance(cause, ssl.SSLError):
        return SendError(f"{where} cannot be talked to by TLS ({cause.reason}); check that it offers TLS, and the CA")
    if isinstance(cause, OSError):
        return LinkLost(f"{where} cannot be reached: {reason(cause)}")
    if isinstance(cause, nsq.protocol.Error) and cause.args and isinstance(cause.args[0], bytes):
        text = cause.args[0].decode("utf-8", "backslashreplace")
        code = text.split(" ", 1)[0]
        if code in _REFUSALS:
            return SendError(
                f"{where} {_REFUSALS[code]} (topic {topic}: {text}); what was confirmed stays, and can be resumed"
            )
        return LinkLost(f"{where} could not take a batch ({text})")
    return LinkLost(f"{where} closed the connection")


def _options(target: NsqTarget) -> dict[str, Any]:
    """AsyncConn's options. No compression: with TLS it is broken on tornado 6."""
    options: dict[str, Any] = {"heartbeat_interval": HEARTBEAT, "user_agent": "hourscope pynsq"}
    if target.auth_secret:
        options["auth_secret"] = target.auth_secret
    if target.tls:
        # pynsq's own default does not check the host name; this protocol does.
        tls: dict[str, Any] = {"ssl_version": ssl.PROTOCOL_TLS_CLIENT, "ca_certs": str(target.tls.ca)}
        if target.tls.cert:
            tls |= {"certfile": str(target.tls.cert), "keyfile": str(target.tls.key or target.tls.cert)}
        options |= {"tls_v1": True, "tls_options": tls}
    return options
