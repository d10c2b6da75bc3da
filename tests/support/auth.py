"""What nsqd's -auth-http-address asks: who may do what, by a secret."""

import contextlib
import json
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

from tests.support.http_server import HttpHandler, HttpServer

_MAY = {"good": ["publish", "subscribe"], "reader": ["subscribe"]}


class _AuthServer(HttpHandler):
    def respond(self) -> None:
        secret = parse_qs(urlsplit(self.path).query).get("secret", [""])[0]
        allowed = _MAY.get(secret)
        rules = [{"topic": ".*", "channels": [".*"], "permissions": allowed}] if allowed else []
        body = json.dumps({"ttl": 3600, "identity": "test", "authorizations": rules}).encode()
        self.reply(200 if allowed else 403, body)


@contextlib.contextmanager
def auth_server() -> Iterator[str]:
    """A server that knows two secrets: `good` may publish, `reader` may not. Its address."""
    with HttpServer(_AuthServer) as server:
        yield server.address
