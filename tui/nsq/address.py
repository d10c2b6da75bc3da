"""Names and addresses as NSQ has them."""

from __future__ import annotations

import re

from tui.errors import SendError

# nsqd's own rule (internal/protocol/names.go): 1 to 64 characters, `#ephemeral` included.
_NAME = re.compile(r"[.a-zA-Z0-9_-]+(#ephemeral)?")
_MAX_NAME = 64
DEFAULT_TCP_PORT = 4150


def valid_name(name: str) -> bool:
    """Would nsqd accept this name of a topic or channel? It does not refuse all: pynsq sends `bad topic!` to `bad`."""
    return 0 < len(name) <= _MAX_NAME and _NAME.fullmatch(name) is not None


def name_error(what: str, name: str) -> SendError:
    """The sentence for an invalid name of a `what`: a topic or a channel."""
    return SendError(
        f"NSQ allows no {what} named {name!r}; use 1 to 64 letters, digits, '.', '_' or '-', "
        "optionally followed by #ephemeral"
    )


def split_address(address: str) -> tuple[str, int]:
    """`HOST:PORT` or `[IPV6]:PORT` → host and port; without a port nsqd's default. SendError if it is neither."""
    host, colon, port = address.rpartition(":")
    if address.startswith("[") and address.endswith("]"):
        host, colon, port = address, ":", str(DEFAULT_TCP_PORT)
    elif not colon:
        host, port = address, str(DEFAULT_TCP_PORT)
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        host = ""  # an IPv6 address without brackets: where does its port begin?
    if not _is_host(host) or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise SendError(f"'{address}' is not an address; write HOST:PORT, such as 127.0.0.1:4150")
    return host, int(port)


def split_http_address(address: str) -> tuple[str, str, int]:
    """`HOST:PORT`, `http://HOST:PORT` or `https://HOST:PORT` → scheme, host, port. SendError if it is none of them."""
    scheme, _, rest = address.rpartition("://")
    if scheme not in ("", "http", "https"):
        raise SendError(f"'{address}' is not an HTTP address; write HOST:PORT or https://HOST:PORT")
    return scheme or "http", *split_address(rest.rstrip("/"))


def join_address(host: str, port: int) -> str:
    """`HOST:PORT`, with brackets around an IPv6 address."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _is_host(name: str) -> bool:
    """Could it be a host's name or address? For others the system's lookup fails with an error of its own."""
    try:
        name.encode("idna")
    except UnicodeError:  # a label that is empty, or longer than 63 bytes
        return False
    return bool(name) and "/" not in name
