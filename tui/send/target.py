"""Where records go in NSQ: addresses, a topic, TLS."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from tui.errors import SendError

# nsqd's own rule (internal/protocol/names.go): 1 to 64 characters, `#ephemeral` included.
_NAME = re.compile(r"[.a-zA-Z0-9_-]+(#ephemeral)?")
_MAX_NAME = 64
DEFAULT_TCP_PORT = 4150


def valid_topic(name: str) -> bool:
    """Would nsqd take it? It does not say no to all that it should: pynsq sends `bad topic!` to the topic `bad`."""
    return 0 < len(name) <= _MAX_NAME and _NAME.fullmatch(name) is not None


@dataclass(frozen=True, slots=True)
class Tls:
    """TLS to nsqd, with its host name checked. `ca` is a PEM file; `cert` and `key` are the client's own."""

    ca: Path
    cert: Path | None = None
    key: Path | None = None


@dataclass(frozen=True, slots=True)
class NsqTarget:
    """A topic and the nsqds that may take it, `HOST:PORT` each (`[::1]:4150` for IPv6).

    Of several addresses one is used at a time, so that order holds; the next takes over when one stays away.
    `nsqd_http_addresses` go with the TCP addresses one by one; where none is given, the port above the TCP port is
    tried, as nsqd's defaults have it (4150, 4151).
    """

    topic: str
    nsqd_tcp_addresses: tuple[str, ...]
    nsqd_http_addresses: tuple[str, ...] = ()
    tls: Tls | None = None
    auth_secret: str | None = field(default=None, repr=False)

    def check(self) -> None:
        """SendError if the topic or an address makes no sense."""
        if not valid_topic(self.topic):
            raise SendError(
                f"NSQ allows no topic named {self.topic!r}; use 1 to 64 letters, digits, '.', '_' or '-', "
                "at will with #ephemeral at the end"
            )
        if not self.nsqd_tcp_addresses:
            raise SendError("no nsqd was named; give --nsqd-tcp-address HOST:PORT")
        for address in (*self.nsqd_tcp_addresses, *self.nsqd_http_addresses):
            split_address(address)

    def http_address(self, tcp_address: str) -> str:
        """nsqd's HTTP address that belongs to a TCP address."""
        index = self.nsqd_tcp_addresses.index(tcp_address)
        if index < len(self.nsqd_http_addresses):
            return self.nsqd_http_addresses[index]
        host, port = split_address(tcp_address)
        return join_address(host, port + 1)


def split_address(address: str) -> tuple[str, int]:
    """`HOST:PORT` or `[IPV6]:PORT` → host and port; without a port nsqd's default."""
    host, colon, port = address.rpartition(":")
    if address.startswith("[") and address.endswith("]"):
        host, colon, port = address, ":", str(DEFAULT_TCP_PORT)
    elif not colon:
        host, port = address, str(DEFAULT_TCP_PORT)
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        host = ""  # an IPv6 address without brackets: where does its port begin?
    if not host or "/" in host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65535:
        raise SendError(f"'{address}' is no address of an nsqd; write HOST:PORT, such as 127.0.0.1:4150")
    return host, int(port)


def join_address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
