"""A GET of JSON from nsqd or nsqlookupd over HTTP or HTTPS, bounded in bytes and time; never through a proxy."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

import msgspec

from tui.errors import SendError, reason
from tui.nsq.address import join_address, split_http_address
from tui.nsq.refusals import tls_refusal
from tui.nsq.target import Tls
from tui.validation import explained

_UNKNOWN_TOPIC = b'"TOPIC_NOT_FOUND"'  # of nsqlookupd; nsqd's HTTP, easily mistaken for it, has NOT_FOUND

T = TypeVar("T")

_MAX_ANSWER_BYTES = 32 << 20  # /stats of some ten thousand clients


class StrangeAnswer(SendError):
    """An unexpected answer: another status, size or types, or not JSON."""


def get(kind: type[T], who: str, address: str, path: str, timeout: float, tls: Tls | None = None) -> T | None:
    """Get the answer of `who` (nsqd, nsqlookupd); None for a topic that nsqlookupd does not know.

    `timeout`, in seconds, is for the whole answer. SendError if the server cannot be reached. StrangeAnswer if it does
    not answer as `who` does: another status, over 32 MiB, not JSON, or fields with other types than `kind`.
    """
    scheme, host, port = split_http_address(address)
    other = f"{scheme}://{join_address(host, port)} does not answer as {who} does"
    try:
        status, body = _answer(scheme, host, port, path, timeout, tls)
    except ssl.SSLError as error:
        raise SendError(str(tls_refusal(f"{who}'s HTTP at {address}", host, error))) from error
    except OSError as error:
        words = "no answer" if isinstance(error, TimeoutError) else reason(error)
        raise SendError(f"{who}'s HTTP at {address} cannot be reached ({words})") from error
    except (http.client.HTTPException, ValueError) as error:
        raise StrangeAnswer(other) from error
    if status == http.HTTPStatus.NOT_FOUND and _UNKNOWN_TOPIC in body:
        return None
    if status != http.HTTPStatus.OK:
        raise StrangeAnswer(f"{other} (HTTP {status})")
    if len(body) > _MAX_ANSWER_BYTES:
        raise StrangeAnswer(f"{other} (over {_MAX_ANSWER_BYTES >> 20} MiB)")
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise StrangeAnswer(f"{other} ({explained(error)})") from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise StrangeAnswer(f"{other} (its answer is not JSON)") from error


def _answer(scheme: str, host: str, port: int, path: str, timeout: float, tls: Tls | None) -> tuple[int, bytes]:
    if scheme == "https":
        context = (tls or Tls()).context()
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            host, port, timeout=timeout, context=context
        )
    else:
        connection = http.client.HTTPConnection(host, port, timeout=timeout)
    until = time.monotonic() + timeout
    try:
        connection.connect()
        with _deadline(connection.sock, until):
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read(_MAX_ANSWER_BYTES + 1)
    finally:
        connection.close()


@contextmanager
def _deadline(stream: socket.socket, until: float) -> Iterator[None]:
    """Raise TimeoutError for a server that answers byte by byte, because each byte restarts a socket's own timeout."""
    late = threading.Event()

    def hang_up() -> None:
        late.set()
        with suppress(OSError):  # already closed
            stream.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(max(until - time.monotonic(), 0), hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    except (http.client.HTTPException, OSError) as error:
        if late.is_set():
            raise TimeoutError from error
        raise
    finally:
        timer.cancel()
    if late.is_set():
        raise TimeoutError
