"""Extensions of pynsq and tornado that both the sender and the archiver need.

pynsq (0.9) makes its own TLS context, which does not check the host name or know the system's CAs, and it resolves
names in the event loop. Replacing that takes private or undocumented names, so `pynsq` is pinned below 0.10.
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

# Without a handler, logging writes pynsq's warnings to stderr; a library must not print.
for _name in ("nsq", "tornado"):
    logging.getLogger(_name).addHandler(logging.NullHandler())


def start_tls(conn: Any, context: ssl.SSLContext | None, host: str) -> None:
    """Do what AsyncConn.upgrade_to_tls does, with our own context and a check of the certificate's host.

    `conn.stream` is None meanwhile. A failure is the connection's "error" event, after which pynsq does not close it.
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
    """Choose a family and address from getaddrinfo's results: IPv4 first, because many nsqds listen only on IPv4."""
    family, _, _, _, address = min(addresses, key=lambda item: item[0] != socket.AF_INET)
    return family, address
