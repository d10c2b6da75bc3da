"""HTTP servers of this process, whose answers a test scripts."""

from __future__ import annotations

import contextlib
import http
import sys
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from tests.support.process import HOST

_POLL_SECONDS = 0.05  # how long the end of a test may wait for a server


class HttpHandler(BaseHTTPRequestHandler):
    """Keeps connections open, sends headers and body at once, and prints nothing."""

    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16

    def respond(self) -> None:
        """Answer a request of any method."""
        raise NotImplementedError

    def do_GET(self) -> None:
        self.respond()

    do_HEAD = do_PUT = do_POST = do_DELETE = do_GET  # noqa: N815

    def body(self) -> bytes:
        """The request's, asked for where a client waits for that."""
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.send_response_only(http.HTTPStatus.CONTINUE)
            self.end_headers()
            self.wfile.flush()
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def reply(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        """A whole answer; of a HEAD without the body."""
        self.send_response_only(status)
        for name, value in ({"Content-Length": str(len(body))} | dict(headers or {})).items():
            self.send_header(name, value)
        with contextlib.suppress(OSError):  # the client is gone
            self.end_headers()
            self.wfile.write(body if self.command != "HEAD" else b"")
            self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(sys.exception(), ConnectionError):  # the client is gone
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class HttpServer:
    """Serves from a port of its own within a `with`, each connection in a thread."""

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        self._server = _Server((HOST, 0), handler)

    @property
    def address(self) -> str:
        return f"{HOST}:{self._server.server_port}"

    @property
    def endpoint_url(self) -> str:
        return f"http://{self.address}"

    @property
    def env(self) -> dict[str, str]:
        """The environment of somebody who may use it as S3."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": "k",
            "AWS_SECRET_ACCESS_KEY": "s",
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(_POLL_SECONDS,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
