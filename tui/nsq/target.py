"""A topic, its nsqds, and how to reach them: TLS and the secret for AUTH."""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass, field
from pathlib import Path

from tui.config import NsqSpec
from tui.errors import SendError, reason
from tui.nsq.address import join_address, name_error, split_address, valid_name

SECRET_VARIABLE = "HOURSCOPE_NSQ_AUTH_SECRET"


@dataclass(frozen=True, slots=True)
class Tls:
    """TLS to nsqd; its certificate and host name are always checked.

    `ca` is a PEM file; without it the system's CAs are trusted. `cert` and `key` are the client's, also PEM files.
    """

    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None

    def context(self) -> ssl.SSLContext:
        """Return a context for TLS 1.2 or later. SendError if a file cannot be used."""
        try:
            context = ssl.create_default_context(cafile=self.ca)
        except (OSError, ValueError) as error:
            raise SendError(f"the CA file {self.ca} cannot be used: {_words(error)}; use a PEM file") from error
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        # Since Python 3.13 a CA must have the key usage extension, which `openssl req -x509` leaves out; Go, and so
        # NSQ's own programs, accept such a CA.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        if self.cert is not None:
            try:
                context.load_cert_chain(self.cert, self.key, password=_no_password)
            except (OSError, ValueError) as error:
                files = f"{self.cert} with {self.key}" if self.key else str(self.cert)
                raise SendError(f"the certificate {files} cannot be used: {_words(error)}; use PEM files") from error
        return context


def tls_of(spec: NsqSpec) -> Tls | None:
    """Return the TLS settings of a named destination or the command line."""
    files = (spec.tls_root_ca_file, spec.tls_cert, spec.tls_key)
    return Tls(*(Path(file) if file else None for file in files)) if spec.tls else None


def environment_secret() -> str | None:
    """Return the secret for AUTH, which is read only from the environment."""
    return os.environ.get(SECRET_VARIABLE, "").strip() or None


def _no_password() -> str:
    raise ValueError("the key is encrypted, which is not supported")  # otherwise OpenSSL prompts on the terminal


def _words(error: OSError | ValueError) -> str:
    if isinstance(error, ssl.SSLError):
        return f"{error.reason or 'it holds none'}".lower().replace("_", " ")
    return reason(error) if isinstance(error, OSError) else str(error)


@dataclass(frozen=True, slots=True)
class NsqTarget:
    """A topic and the nsqds that may receive it, each `HOST:PORT` (`[::1]:4150` for IPv6).

    Of several addresses one is used at a time, which keeps the order; the next takes over when one stays away. With
    `round_robin` batches go to all of them in turn, without order. `nsqd_http_addresses` correspond to the TCP
    addresses; without them, the port after the TCP port is tried, as in nsqd's defaults (4150, 4151).
    `https://HOST:PORT` is requested with `tls`. `looked_up`: nsqlookupd named the addresses.
    """

    topic: str
    nsqd_tcp_addresses: tuple[str, ...]
    nsqd_http_addresses: tuple[str, ...] = ()
    tls: Tls | None = None
    auth_secret: str | None = field(default=None, repr=False)
    round_robin: bool = False
    looked_up: bool = False

    def check(self) -> None:
        """Raise SendError if the topic or an address is invalid, or a TLS file cannot be used."""
        if not valid_name(self.topic):
            raise name_error("topic", self.topic)
        if not self.nsqd_tcp_addresses:
            raise SendError("no nsqd was named; use --nsqd-tcp-address HOST:PORT")
        for address in self.nsqd_tcp_addresses:
            split_address(address)
        if self.tls is not None:
            self.tls.context()

    def http_address(self, tcp_address: str) -> str:
        """Return the HTTP address of the nsqd at a TCP address."""
        index = self.nsqd_tcp_addresses.index(tcp_address)
        if index < len(self.nsqd_http_addresses):
            return self.nsqd_http_addresses[index]
        host, port = split_address(tcp_address)
        return join_address(host, port + 1)
