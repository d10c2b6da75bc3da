"""An nsqlookupd that names any addresses.

with scripted_lookupd([("no-such-host.invalid", 4150)]) as address: ...
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.support.process import HOST


@contextmanager
def scripted_lookupd(nsqds: Sequence[tuple[object, object]]) -> Iterator[str]:
    """Its HTTP address. `nsqds`: broadcast address and TCP port of each; HTTP is said to be one port above."""
    producers = [
        {"broadcast_address": host, "tcp_port": port, "http_port": port + 1 if isinstance(port, int) else port}
        for host, port in nsqds
    ]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"producers": producers}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """A test prints nothing."""

    with ThreadingHTTPServer((HOST, 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"{HOST}:{server.server_port}"
        finally:
            server.shutdown()
