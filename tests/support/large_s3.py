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
import gzip
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

from tests.support.http_server import HttpHandler, HttpServer

BODY = gzip.compress(b"".join(b'{"n":%d}\n' % n for n in range(50)), mtime=0)
ETAG = hashlib.md5(BODY, usedforsecurity=False).hexdigest()
HOST_FIRST = "events.web{host}-000000.%Y-%m-%d_%H.log.gz"
DATE_FIRST = "%Y/%m/%d/%H/web{host}.log.gz"
_HEADERS = {"ETag": f'"{ETAG}"', "Last-Modified": "Thu, 01 Jan 2015 00:00:00 GMT"}
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


class LargeS3(HttpServer):
    """Serves the keys; `delimiters`: those that it heeds, any by default."""

    def __init__(self, keys: Iterable[str], *, delimiters: str | None = None) -> None:
        self.keys = sorted(keys)
        self.delimiters = delimiters
        self.lists: list[Listed] = []
        self.gets: list[tuple[str, str]] = []
        super().__init__(_handler(self))

    def listing(self, query: dict[str, str]) -> bytes:
        """A page of ListObjectsV2."""
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        if self.delimiters is not None and delimiter not in self.delimiters:
            delimiter = ""
        keys, here, common = self.keys, [], []
        at = bisect.bisect_left(keys, max(prefix, query.get("continuation-token", "")))
        while at < len(keys) and keys[at].startswith(prefix) and len(here) + len(common) < _PAGE:
            key = keys[at]
            cut = key.find(delimiter, len(prefix)) if delimiter else -1
            if cut < 0:
                here.append(key)
                at += 1
            else:
                common.append(key[: cut + len(delimiter)])
                at = bisect.bisect_left(keys, common[-1] + "\U0010ffff", at)
        self.lists.append(Listed(prefix, delimiter, len(here)))
        more = at < len(keys) and keys[at].startswith(prefix)
        rows = [
            f"<Contents><Key>{escape(key)}</Key><LastModified>2015-01-01T00:00:00.000Z</LastModified>"
            f"<ETag>&quot;{ETAG}&quot;</ETag><Size>{len(BODY)}</Size></Contents>"
            for key in here
        ]
        rows += [f"<CommonPrefixes><Prefix>{escape(deeper)}</Prefix></CommonPrefixes>" for deeper in common]
        token = f"<NextContinuationToken>{escape(keys[at])}</NextContinuationToken>" if more else ""
        rows.append(f"<IsTruncated>{str(more).lower()}</IsTruncated>{token}")
        return f"<ListBucketResult>{''.join(rows)}</ListBucketResult>".encode()


def _handler(s3: LargeS3) -> type[HttpHandler]:
    class Handler(HttpHandler):
        def respond(self) -> None:
            url = urlsplit(self.path)
            key = unquote(url.path).lstrip("/").partition("/")[2]
            if not key:
                query = {name: values[0] for name, values in parse_qs(url.query, keep_blank_values=True).items()}
                self.reply(200, s3.listing(query), _HEADERS)
            elif key in s3.keys[slice(at := bisect.bisect_left(s3.keys, key), at + 1)]:
                if self.command == "GET":
                    s3.gets.append((key, self.headers.get("Range", "")))
                self.reply(200, BODY, _HEADERS)
            else:
                self.reply(404, b"<Error><Code>NoSuchKey</Code></Error>")

    return Handler
