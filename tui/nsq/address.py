"""NSQ's names and addresses."""

from __future__ import annotations

import re

from tui.errors import SendError

# nsqd's own rule (internal/protocol/names.go): 1 to 64 characters, `#ephemeral` included.
_NAME = re.compile(r"[.a-zA-Z0-9_-]+(#ephemeral)?")
_MAX_NAME = 64
DEFAULT_TCP_PORT = 4150


def valid_name(name: str) -> bool:
    """Return whether nsqd allows a topic or channel name. It does not check all: `bad topic!` goes to `bad`."""
    return 0 < len(name) <= _MAX_NAME and _NAME.fullmatch(name) is not None


def name_error(what: str, name: str) -> SendError:
    """Return the error for an invalid name of a `what`: a topic or a channel."""
    return SendError(
        f"invalid {what} name {name!r}; use 1 to 64 letters, digits, '.', '_' or '-', optionally followed by #ephemeral"
    )


def split_address(address: str) -> tuple[str, int]:
    """Split `HOST:PORT` or `[IPV6]:PORT` into host and port; the default is nsqd's port. SendError if it is neither."""
    host, colon, port = address.rpartition(":")
    if address.startswith("[") and address.endswith("]"):
        host, colon, port = address, ":", str(DEFAULT_TCP_PORT)
    elif not colon:
        host, port = address, str(DEFAULT_TCP_PORT)
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        host = ""  # an IPv6 address without brackets has no clear port
    if not _is_host(host) or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise SendError(f"'{address}' is not an address; write HOST:PORT, such as 127.0.0.1:4150")
    return host, int(port)


def split_http_address(address: str) -> tuple[str, str, int]:
    """Split `HOST:PORT`, `http://HOST:PORT` or `https://HOST:PORT` into scheme, host, port. SendError otherwise."""
    scheme, _, rest = address.rpartition("://")
    if scheme not in ("", "http", "https"):
        raise SendError(f"'{address}' is not an HTTP address; write HOST:PORT or https://HOST:PORT")
    return scheme or "http", *split_address(rest.rstrip("/"))


def join_address(host: str, port: int) -> str:
    """Return `HOST:PORT`, with brackets around an IPv6 address."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _is_host(name: str) -> bool:
    """Return whether this can be a host name or address; others raise UnicodeError in the system's lookup."""
    try:
        name.encode("idna")
    except UnicodeError:  # an empty label, or one over 63 bytes
        return False
    return bool(name) and "/" not in name
