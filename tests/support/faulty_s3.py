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
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import ClassVar, Self

HOST = "127.0.0.1"
_SLOW_DOWN = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
_DROPPED = ("connection", "transfer-encoding")


class FaultyS3:
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
        self._server = ThreadingHTTPServer((HOST, 0), _handler(self, port))
        self._server.daemon_threads = True

    @property
    def endpoint_url(self) -> str:
        return f"http://{HOST}:{self._server.server_port}"

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

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(front: FaultyS3, port: int) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass_on(self) -> None:
            if self.headers.get("Expect", "").lower() == "100-continue":
                self.send_response_only(http.HTTPStatus.CONTINUE)
                self.end_headers()
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            fault = front.fault(bool(body))
            if fault == "503":
                self._answer(http.HTTPStatus.SERVICE_UNAVAILABLE, {}, _SLOW_DOWN)
                return
            if fault == "damaged":
                middle = len(body) // 2
                body = body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :]
            found = self._ask(body, cut=fault == "cut")
            if found is None or fault == "unheard":
                self.close_connection = True
                return
            self._answer(*found)

        do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _pass_on  # noqa: N815

        def _ask(self, body: bytes, *, cut: bool) -> tuple[int, dict[str, str], bytes] | None:
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
                    return answer.status, dict(answer.getheaders()), answer.read()
                except OSError:  # the real one is away: so are we
                    return None

        def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response_only(status)
            for name, value in headers.items():
                if name.lower() not in (*_DROPPED, "content-length"):
                    self.send_header(name, value)
            length = headers.get("Content-Length") if self.command == "HEAD" else None
            self.send_header("Content-Length", length or str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                with contextlib.suppress(OSError):  # the client is gone
                    self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    return Handler
