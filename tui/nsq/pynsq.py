"""What both of our clients need of pynsq and tornado that pynsq does not offer, or does otherwise.

pynsq (0.9) makes its own TLS context, which does not check the host name and knows none of the system's CAs, and it
looks names up in the event loop. So the names of it that are used here are private or undocumented; `nsq` is pinned
below 0.10 for that reason.
"""

from __future__ import annotations

import logging
import socket
import ssl
from collections.abc import Sequence
from typing import Any

import nsq
from tornado.ioloop import IOLoop

HEARTBEAT_SECONDS = 15  # nsqd drops a client that misses two

# A library prints nothing: without a handler, logging writes pynsq's warnings to stderr.
for _name in ("nsq", "tornado"):
    logging.getLogger(_name).addHandler(logging.NullHandler())


def start_tls(conn: Any, context: ssl.SSLContext | None, host: str) -> None:
    """AsyncConn.upgrade_to_tls with our own context, for the host of nsqd's certificate.

    `conn.stream` is None meanwhile. A failure is the connection's "error" event, and pynsq does not close it then.
    """
    started = conn.stream.start_tls(False, ssl_options=context, server_hostname=host)
    conn.stream = None

    def finish(future: Any) -> None:
        try:
            conn.stream = future.result()
        except OSError as error:
            conn.trigger(nsq.event.ERROR, conn=conn, error=nsq.protocol.SendError("no TLS", error))
            return
        conn.socket = conn.stream.socket
        conn._start_read()

    IOLoop.current().add_future(started, finish)


def preferred(addresses: Sequence[tuple[Any, ...]]) -> tuple[int, tuple[Any, ...]]:
    """Of what getaddrinfo found, the family and address to connect to: IPv4 first, as many nsqds listen only there."""
    family, _, _, _, address = min(addresses, key=lambda item: item[0] != socket.AF_INET)
    return family, address
