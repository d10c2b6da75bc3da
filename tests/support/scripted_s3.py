"""An S3 server in memory whose answers a test scripts: what S3, and what is taken for it, says when something is wrong.

with ScriptedS3({"e.2015-01-20_13.log": b"..."}) as s3:
    s3.answer = lambda request: Answer(403, ACCESS_DENIED)   # None: as S3 would
    ... use s3.endpoint_url, bucket "b" ...

It also is the STS that gives an assumed role its credentials: `s3.sts` answers those requests.
"""

from __future__ import annotations

import contextlib
import email.utils
import hashlib
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

from tests.support.http_server import HttpHandler, HttpServer

BUCKET = "b"
UPLOADED = "2015-01-21T10:00:00.000Z"


@dataclass(frozen=True)
class Request:
    """What was asked. `key` is empty for the bucket itself."""

    method: str
    key: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True)
class Answer:
    """What is answered. `stall`: only so many bytes of the body come, then nothing.

    `cut`: the body's length is not announced, and after so many bytes the connection is closed.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    stall: int | None = None
    cut: int | None = None


def refused(status: int, code: str, message: str = "", more: str = "", **headers: str) -> Answer:
    """One of S3's own errors; `more` is XML."""
    text = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message>{more}</Error>"
    return Answer(status, text.encode(), {name.replace("_", "-"): value for name, value in headers.items()})


class ScriptedS3(HttpServer):
    """Objects of the bucket `b`, served as S3 does unless `answer` says otherwise."""

    def __init__(self, objects: Mapping[str, bytes]) -> None:
        self.objects = dict(objects)
        self.answer: Callable[[Request], Answer | None] = lambda request: None
        self.sts: Callable[[Mapping[str, str]], Answer] = lambda form: Answer(404)
        self.requests: list[Request] = []
        self.released = threading.Event()
        super().__init__(_handler(self))

    def usual(self, request: Request) -> Answer:
        """As S3 answers."""
        if request.method in ("PUT", "POST"):
            self.objects[request.key] = request.body
            return Answer(200, b"", {"ETag": _etag(request.body)})
        if not request.key:
            return Answer(200, self._listing(request.query.get("prefix", "")))
        body = self.objects.get(request.key)
        if body is None:
            return refused(404, "NoSuchKey")
        headers = {"ETag": _etag(body), "Last-Modified": email.utils.formatdate(1_421_834_400, usegmt=True)}
        if (etag := request.headers.get("if-match")) and etag != _etag(body):
            return refused(412, "PreconditionFailed")
        if asked := re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("range", "")):
            first, last = int(asked[1]), int(asked[2] or len(body) - 1)
            headers["Content-Range"] = f"bytes {first}-{last}/{len(body)}"
            return Answer(206, body[first : last + 1], headers)
        return Answer(200, body, headers)

    def _listing(self, prefix: str) -> bytes:
        objects = sorted((k, v) for k, v in self.objects.items() if k.startswith(prefix))
        rows = "".join(
            f"<Contents><Key>{escape(key)}</Key><LastModified>{UPLOADED}</LastModified><ETag>{escape(_etag(body))}</ETag>"
            f"<Size>{len(body)}</Size></Contents>"
            for key, body in objects
        )
        return f"<ListBucketResult><IsTruncated>false</IsTruncated>{rows}</ListBucketResult>".encode()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.released.set()
        super().__exit__(kind, error, trace)


def _etag(body: bytes) -> str:
    return f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'


def _handler(s3: ScriptedS3) -> type[HttpHandler]:
    class Handler(HttpHandler):
        def respond(self) -> None:
            body = self.body()
            if self.command == "POST" and self.path == "/":
                self._send(s3.sts({name: values[0] for name, values in parse_qs(body.decode()).items()}))
                return
            url = urlsplit(self.path)
            key = unquote(url.path).lstrip("/").partition("/")[2]
            query = {name: values[0] for name, values in parse_qs(url.query, keep_blank_values=True).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(self.command, key, query, headers, body)
            s3.requests.append(request)
            self._send(s3.answer(request) or s3.usual(request))

        def _send(self, answer: Answer) -> None:
            headers = {"Date": email.utils.formatdate(usegmt=True)} | dict(answer.headers)
            if self.command == "HEAD" or (answer.cut is None and answer.stall is None):
                self.reply(answer.status, answer.body, headers)
                return
            self.send_response_only(answer.status)
            if answer.cut is None:
                self.send_header("Content-Length", str(len(answer.body)))
            for name, value in headers.items():
                self.send_header(name, value)
            with contextlib.suppress(OSError):  # the client is gone
                self.end_headers()
                self.wfile.write(answer.body[: answer.stall if answer.cut is None else answer.cut])
                self.wfile.flush()
                self.close_connection = True
                if answer.stall is not None:
                    s3.released.wait()

    return Handler
