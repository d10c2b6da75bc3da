"""Where records go in NSQ: addresses, a topic, TLS."""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass, field
from pathlib import Path

from tui.archive.local import reason
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
    """TLS to nsqd; its certificate and host name are always checked.

    `ca` is a PEM file; without it the system's CAs count. `cert` and `key` are the client's own, PEM files, too.
    """

    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None

    def context(self) -> ssl.SSLContext:
        """TLS 1.2 or later. SendError if a file cannot be used."""
        try:
            context = ssl.create_default_context(cafile=self.ca)
        except (OSError, ValueError) as error:
            raise SendError(f"the CA file {self.ca} cannot be used: {_words(error)}; give a PEM file") from error
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.cert is not None:
            try:
                context.load_cert_chain(self.cert, self.key, password=_no_password)
            except (OSError, ValueError) as error:
                files = f"{self.cert} with {self.key}" if self.key else str(self.cert)
                raise SendError(f"the certificate {files} cannot be used: {_words(error)}; give PEM files") from error
        return context


def _no_password() -> str:
    raise ValueError("the key is encrypted, which is not supported")  # else OpenSSL asks on the terminal


def _words(error: OSError | ValueError) -> str:
    if isinstance(error, ssl.SSLError):
        return f"{error.reason or 'it holds none'}".lower().replace("_", " ")
    return reason(error) if isinstance(error, OSError) else str(error)


@dataclass(frozen=True, slots=True)
class NsqTarget:
    """A topic and the nsqds that may take it, `HOST:PORT` each (`[::1]:4150` for IPv6).

    Of several addresses one is used at a time, so that order holds; the next takes over when one stays away. With
    `round_robin` batches go to all of them in turn, and there is no order. `nsqd_http_addresses` go with the TCP
    addresses one by one; where none is given, the port above the TCP port is tried, as nsqd's defaults have it (4150,
    4151); `https://HOST:PORT` is asked with `tls`. `looked_up`: nsqlookupd named the addresses.
    """

    topic: str
    nsqd_tcp_addresses: tuple[str, ...]
    nsqd_http_addresses: tuple[str, ...] = ()
    tls: Tls | None = None
    auth_secret: str | None = field(default=None, repr=False)
    round_robin: bool = False
    looked_up: bool = False

    def check(self) -> None:
        """SendError if the topic or an address makes no sense, or a file of TLS cannot be used."""
        if not valid_topic(self.topic):
            raise SendError(
                f"NSQ allows no topic named {self.topic!r}; use 1 to 64 letters, digits, '.', '_' or '-', "
                "at will with #ephemeral at the end"
            )
        if not self.nsqd_tcp_addresses:
            raise SendError("no nsqd was named; give --nsqd-tcp-address HOST:PORT")
        for address in self.nsqd_tcp_addresses:
            split_address(address)
        if self.tls is not None:
            self.tls.context()

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
    if not _is_host(host) or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65535:
        raise SendError(f"'{address}' is no address of an nsqd; write HOST:PORT, such as 127.0.0.1:4150")
    return host, int(port)


def _is_host(name: str) -> bool:
    """Could it be a host's name or address? The system's look-up fails with an error of its own for the others."""
    try:
        name.encode("idna")
    except UnicodeError:  # a label that is empty, or longer than 63 bytes
        return False
    return bool(name) and "/" not in name


def join_address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
