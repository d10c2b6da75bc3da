"""An nsqlookupd that names any addresses.

with scripted_lookupd([("no-such-host.invalid", 4150)]) as address: ...
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tests.support.http_server import HttpHandler, HttpServer


@contextmanager
def scripted_lookupd(nsqds: Sequence[tuple[object, object]]) -> Iterator[str]:
    """Its HTTP address. `nsqds`: broadcast address and TCP port of each; HTTP is said to be one port above."""
    producers = [
        {"broadcast_address": host, "tcp_port": port, "http_port": port + 1 if isinstance(port, int) else port}
        for host, port in nsqds
    ]

    class Handler(HttpHandler):
        def respond(self) -> None:
            self.reply(200, json.dumps({"producers": producers}).encode())

    with HttpServer(Handler) as server:
        yield server.address
