"""An S3 bucket of hundreds of thousands of keys, which counts the listings that it is asked for.

with LargeS3(hourly_keys(datetime(2015, 1, 1), datetime(2025, 1, 1), HOST_FIRST, hosts=4)) as s3:
    ... use s3.endpoint_url, bucket "b" ...
    s3.lists       # the prefix, the delimiter and the number of keys of each listing
    s3.gets        # the key and the range of each GET of an object

It does what S3 does for ListObjectsV2 with any prefix and delimiter, 1,000 keys a page, and answers every GET with the
same body.
"""

from __future__ import annotations

import bisect
import contextlib
import gzip
import hashlib
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

HOST = "127.0.0.1"
BODY = gzip.compress(b"".join(b'{"n":%d}\n' % n for n in range(50)), mtime=0)
ETAG = hashlib.md5(BODY, usedforsecurity=False).hexdigest()
HOST_FIRST = "events.web{host}-000000.%Y-%m-%d_%H.log.gz"
DATE_FIRST = "%Y/%m/%d/%H/web{host}.log.gz"
_PAGE = 1000


def hourly_keys(start: datetime, stop: datetime, pattern: str, hosts: int = 1) -> Iterator[str]:
    """A key for each hour and host; the pattern is strftime's, with `{host}`."""
    for hour in range((stop - start) // timedelta(hours=1)):
        text = (start + timedelta(hours=hour)).strftime(pattern)
        for host in range(hosts):
            yield text.replace("{host}", f"{host:02}")


@dataclass(frozen=True)
class Listed:
    """One listing as it was asked for and answered."""

    prefix: str
    delimiter: str
    keys: int


class LargeS3:
    """Serves the keys; `delimiters`: those that it heeds, any by default."""

    def __init__(self, keys: Iterable[str], *, delimiters: str | None = None) -> None:
        self.keys = sorted(keys)
        self.delimiters = delimiters
        self.lists: list[Listed] = []
        self.gets: list[tuple[str, str]] = []
        self._server = ThreadingHTTPServer((HOST, 0), _handler(self))
        self._server.daemon_threads = True

    @property
    def endpoint_url(self) -> str:
        return f"http://{HOST}:{self._server.server_port}"

    @property
    def env(self) -> dict[str, str]:
        """The environment of somebody who may use it."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": "k",
            "AWS_SECRET_ACCESS_KEY": "s",
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    def listing(self, query: dict[str, str]) -> bytes:
        """A page of ListObjectsV2."""
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        if self.delimiters is not None and delimiter not in self.delimiters:
            delimiter = ""
        keys, found, common = self.keys, [], []
        at = bisect.bisect_left(keys, max(prefix, query.get("continuation-token", "")))
        while at < len(keys) and keys[at].startswith(prefix) and len(found) + len(common) < _PAGE:
            key = keys[at]
            cut = key.find(delimiter, len(prefix)) if delimiter else -1
            if cut < 0:
                found.append(key)
                at += 1
            else:
                common.append(key[: cut + len(delimiter)])
                at = bisect.bisect_left(keys, common[-1] + "\U0010ffff", at)
        self.lists.append(Listed(prefix, delimiter, len(found)))
        more = at < len(keys) and keys[at].startswith(prefix)
        rows = [
            f"<Contents><Key>{escape(key)}</Key><LastModified>2015-01-01T00:00:00.000Z</LastModified>"
            f"<ETag>&quot;{ETAG}&quot;</ETag><Size>{len(BODY)}</Size></Contents>"
            for key in found
        ]
        rows += [f"<CommonPrefixes><Prefix>{escape(each)}</Prefix></CommonPrefixes>" for each in common]
        token = f"<NextContinuationToken>{escape(keys[at])}</NextContinuationToken>" if more else ""
        rows.append(f"<IsTruncated>{str(more).lower()}</IsTruncated>{token}")
        return f"<ListBucketResult>{''.join(rows)}</ListBucketResult>".encode()

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(s3: LargeS3) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 1 << 16

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            key = unquote(url.path).lstrip("/").partition("/")[2]
            if not key:
                query = {name: each[0] for name, each in parse_qs(url.query, keep_blank_values=True).items()}
                self._send(200, s3.listing(query))
            elif key in s3.keys[slice(at := bisect.bisect_left(s3.keys, key), at + 1)]:
                if self.command == "GET":
                    s3.gets.append((key, self.headers.get("Range", "")))
                self._send(200, BODY)
            else:
                self._send(404, b"<Error><Code>NoSuchKey</Code></Error>")

        do_HEAD = do_GET  # noqa: N815

        def _send(self, status: int, body: bytes) -> None:
            self.send_response_only(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("ETag", f'"{ETAG}"')
            self.send_header("Last-Modified", "Thu, 01 Jan 2015 00:00:00 GMT")
            self.end_headers()
            if self.command == "GET":
                with contextlib.suppress(OSError):  # the client is gone
                    self.wfile.write(body)
                    self.wfile.flush()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    return Handler
