"""One GET of JSON from nsqd's or nsqlookupd's HTTP or HTTPS; never through a proxy."""

from __future__ import annotations

import http.client
import json
import ssl
from typing import Any

from tui.archive.local import reason
from tui.errors import SendError
from tui.send.refusals import tls_failed
from tui.send.target import Tls, join_address, split_address


def split_http_address(address: str) -> tuple[str, str, int]:
    """`HOST:PORT`, `http://HOST:PORT` or `https://HOST:PORT` → scheme, host, port."""
    scheme, _, rest = address.rpartition("://")
    if scheme not in ("", "http", "https"):
        raise SendError(f"'{address}' is no HTTP address of nsqd; write HOST:PORT or https://HOST:PORT")
    return scheme or "http", *split_address(rest.rstrip("/"))


def get_json(who: str, address: str, path: str, timeout: float, tls: Tls | None = None) -> dict[str, Any] | None:
    """What `who` (nsqd, nsqlookupd) answers; None for 404. SendError if it cannot be reached, or is another."""
    scheme, host, port = split_http_address(address)
    if scheme == "https":
        context = (tls or Tls()).context()
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            host, port, timeout=timeout, context=context
        )
    else:
        connection = http.client.HTTPConnection(host, port, timeout=timeout)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        data = json.loads(response.read())
    except ssl.SSLError as error:
        raise tls_failed(f"{who}'s HTTP at {address}", host, error) from error
    except OSError as error:
        words = "no answer" if isinstance(error, TimeoutError) else reason(error)
        raise SendError(f"{who}'s HTTP at {address} cannot be reached ({words})") from error
    except (http.client.HTTPException, ValueError, RecursionError) as error:
        raise SendError(f"{scheme}://{join_address(host, port)} does not answer as {who} does") from error
    finally:
        connection.close()
    if response.status == http.HTTPStatus.NOT_FOUND:
        return None
    if response.status != http.HTTPStatus.OK or not isinstance(data, dict):
        raise SendError(f"{scheme}://{join_address(host, port)} does not answer as {who} does (HTTP {response.status})")
    return data
