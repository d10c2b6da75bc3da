"""What nsqd's -auth-http-address asks: who may do what, by a secret."""

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

_MAY = {"good": ["publish", "subscribe"], "reader": ["subscribe"]}


class _AuthServer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        secret = parse_qs(urlsplit(self.path).query).get("secret", [""])[0]
        allowed = _MAY.get(secret)
        rules = [{"topic": ".*", "channels": [".*"], "permissions": allowed}] if allowed else []
        body = json.dumps({"ttl": 3600, "identity": "test", "authorizations": rules}).encode()
        self.send_response(200 if allowed else 403)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


@contextlib.contextmanager
def auth_server() -> Iterator[str]:
    """A server that knows two secrets: `good` may publish, `reader` may not. Its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _AuthServer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
