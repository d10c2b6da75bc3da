"""An S3 server in front of a real one that fails now and then, as S3 and the way to it do.

with FaultyS3(seaweed.port, seed=7) as s3:
    ... use s3.endpoint_url ...
    s3.struck     # how often each fault struck
"""

import contextlib
import http.client
import random
import threading
from collections import Counter
from typing import ClassVar

from tests.support.http_server import HttpHandler, HttpServer
from tests.support.process import HOST

_SLOW_DOWN = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
_DROPPED = ("connection", "transfer-encoding")


class FaultyS3(HttpServer):
    """Passes every request on to `port`, but for those that a fault strikes.

    Faults, each with its share of the requests: `503` (SlowDown, nothing done); `damaged` (a byte of the request's
    body is another one on arrival); `cut` (half of the body arrives, then the connection ends); `unheard` (the server
    does it all, and the answer is lost).
    """

    FAULTS: ClassVar = {"503": 0.2, "damaged": 0.15, "cut": 0.15, "unheard": 0.15}

    def __init__(self, port: int, *, seed: int = 7) -> None:
        self.struck: Counter[str] = Counter()
        self.faulty = True
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        super().__init__(_handler(self, port))

    def fault(self, has_body: bool) -> str:
        """The fault that strikes this request; "" if none does."""
        with self._lock:
            chance = self._random.random()
            for name, share in self.FAULTS.items():
                chance -= share
                if chance < 0 and self.faulty and (has_body or name in ("503", "unheard")):
                    self.struck[name] += 1
                    return name
            return ""


def _handler(front: FaultyS3, port: int) -> type[HttpHandler]:
    class Handler(HttpHandler):
        def respond(self) -> None:
            body = self.body()
            fault = front.fault(bool(body))
            if fault == "503":
                self.reply(http.HTTPStatus.SERVICE_UNAVAILABLE, _SLOW_DOWN)
                return
            if fault == "damaged":
                middle = len(body) // 2
                body = body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :]
            answer = self._ask(body, cut=fault == "cut")
            if answer is None or fault == "unheard":
                self.close_connection = True
                return
            self.reply(*answer)

        def _ask(self, body: bytes, *, cut: bool) -> tuple[int, bytes, dict[str, str]] | None:
            connection = http.client.HTTPConnection(HOST, port, timeout=30)
            with contextlib.closing(connection):
                try:
                    connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                    for name, value in self.headers.items():
                        if name.lower() != "expect":
                            connection.putheader(name, value)
                    connection.endheaders(body[: len(body) // 2] if cut else body)
                    if cut:
                        return None
                    answer = connection.getresponse()
                    kept = (name for name in answer.headers if name.lower() not in _DROPPED)
                    return answer.status, answer.read(), {name: answer.headers[name] for name in kept}
                except OSError:  # the real one is away: so are we
                    return None

    return Handler
