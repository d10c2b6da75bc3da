"""The options of `send` and `archive` that name nsqds and a topic, and their values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import click

from tui.archive.location import option_words
from tui.cli.command import option
from tui.config import NsqSpec, load_config, nsq_of_environment
from tui.nsq.lookup import configured_target, named_spec
from tui.nsq.target import NsqTarget

F = TypeVar("F", bound=Callable[..., Any])

_FILE = click.Path(dir_okay=False, path_type=Path)
_SERVER_OPTIONS = (
    option(
        "NSQ",
        "--nsqd-tcp-address",
        metavar="HOST:PORT",
        multiple=True,
        help="nsqd, or a name from the config. Repeatable.",
    ),
    option(
        "NSQ",
        "--lookupd-http-address",
        metavar="HOST:PORT",
        multiple=True,
        help="nsqlookupd that knows the nsqds. Repeatable.",
    ),
    option("NSQ", "--tls", is_flag=True, help="Use TLS. Without a CA file, trust the system's CAs."),
    option("NSQ", "--tls-root-ca-file", metavar="FILE", type=_FILE, help="CA that signed nsqd's certificate (PEM)."),
    option("NSQ", "--tls-cert", metavar="FILE", type=_FILE, help="Client certificate, if nsqd requires one (PEM)."),
    option("NSQ", "--tls-key", metavar="FILE", type=_FILE, help="Key of the client certificate (PEM)."),
)
_TLS_FILES = ("tls_root_ca_file", "tls_cert", "tls_key")
SERVER_OPTIONS = ("nsqd_tcp_address", "lookupd_http_address", "tls", *_TLS_FILES)
SEND_OPTIONS = (
    *SERVER_OPTIONS[:1],
    "nsqd_http_address",
    *SERVER_OPTIONS[1:2],
    "topic",
    "round_robin",
    *SERVER_OPTIONS[2:],
)


def server_options(function: F) -> F:
    """Add the options for nsqds, nsqlookupds and TLS; `nsq_spec` reads them."""
    for decorate in reversed(_SERVER_OPTIONS):
        function = decorate(function)
    return function


def take(given: dict[str, Any], names: Sequence[str], topic: str | None) -> dict[str, Any]:
    """Take options out of `given`; if there is a topic and no server, add the environment's servers."""
    asked = {name: given.pop(name) for name in names}
    if topic and not asked["nsqd_tcp_address"] and not asked["lookupd_http_address"]:
        asked |= nsq_of_environment()
    return asked


def nsq_spec(asked: Mapping[str, Any], named: Mapping[str, NsqSpec]) -> NsqSpec:
    """Build the destination from the options and the config's names. TLS options override the config."""
    if asked["tls_key"] and not asked["tls_cert"]:
        raise click.UsageError("--tls-key needs its --tls-cert")
    https = asked.get("nsqd_http_address", ())
    spec = named_spec(named, asked["nsqd_tcp_address"], https, asked["lookupd_http_address"])
    ca, cert, key = (str(asked[name]) if asked[name] else getattr(spec, name) for name in _TLS_FILES)
    tls = asked["tls"] or spec.tls or bool(ca or cert or key)
    return replace(spec, tls=tls, tls_root_ca_file=ca, tls_cert=cert, tls_key=key)


@dataclass(frozen=True, slots=True)
class TargetOptions:
    """A topic and its nsqds as given; `words` are the options that name them. Neither contains the secret."""

    spec: NsqSpec
    topic: str
    round_robin: bool
    words: tuple[str, ...]

    def target(self) -> tuple[NsqTarget, tuple[str, ...]]:
        """Look up the nsqds if necessary; also return the nsqlookupds that are silent. SendError without an nsqd."""
        return configured_target(self.spec, self.topic, round_robin=self.round_robin)


def target_options(given: dict[str, Any]) -> TargetOptions | None:
    """Return the destination of a send; None if none of its options is present."""
    asked = take(given, SEND_OPTIONS, given["topic"])
    words = option_words(asked)
    nsqds, lookupds, topic = asked["nsqd_tcp_address"], asked["lookupd_http_address"], asked["topic"]
    if not nsqds and not lookupds:
        if words:
            raise click.UsageError(f"{words[0]} needs --nsqd-tcp-address or --lookupd-http-address")
        return None
    if nsqds and lookupds:
        raise click.UsageError("give --nsqd-tcp-address or --lookupd-http-address, not both")
    if not topic:
        raise click.UsageError("--nsqd-tcp-address and --lookupd-http-address need a --topic")
    return TargetOptions(nsq_spec(asked, load_config().nsq), topic, asked["round_robin"], words)
