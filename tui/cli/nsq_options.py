"""The options that name an NSQ topic and the way to it, and the target that they make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from tui.config import NsqSpec, load_config, nsq_of_environment
from tui.send import NsqTarget, configured_target

F = TypeVar("F", bound=Callable[..., Any])

_FILE = click.Path(dir_okay=False, path_type=Path)
_OPTIONS = (
    click.option(
        "--nsqd-tcp-address",
        metavar="HOST:PORT",
        multiple=True,
        help="nsqd to send to, or a name from the config. Several: the next takes over when one stays away.",
    ),
    click.option(
        "--nsqd-http-address",
        metavar="HOST:PORT",
        multiple=True,
        help="Its HTTP, or https://HOST:PORT.  [default: port + 1]",
    ),
    click.option(
        "--lookupd-http-address",
        metavar="HOST:PORT",
        multiple=True,
        help="nsqlookupd that knows the nsqds, instead of naming them.",
    ),
    click.option("--topic", metavar="TOPIC", help="NSQ topic."),
    click.option("--round-robin", is_flag=True, help="Send to all nsqds in turn; order is lost."),
    click.option("--tls", is_flag=True, help="TLS; without a CA file the system's CAs count."),
    click.option("--tls-root-ca-file", metavar="FILE", type=_FILE, help="CA of nsqd's certificate (PEM), for --tls."),
    click.option("--tls-cert", metavar="FILE", type=_FILE, help="Client certificate, if nsqd requires one (PEM)."),
    click.option("--tls-key", metavar="FILE", type=_FILE, help="Its key (PEM)."),
)
NSQ_OPTIONS = (
    "nsqd_tcp_address",
    "nsqd_http_address",
    "lookupd_http_address",
    "topic",
    "round_robin",
    "tls",
    "tls_root_ca_file",
    "tls_cert",
    "tls_key",
)


def nsq_options(function: F) -> F:
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


@dataclass(frozen=True, slots=True)
class NsqWay:
    """The options as they were given; `words` spell them again. The secret is in none of them."""

    spec: NsqSpec
    topic: str
    round_robin: bool
    words: tuple[str, ...]

    def target(self) -> tuple[NsqTarget, tuple[str, ...]]:
        """Looked up where it must be, and the nsqlookupds that are silent; SendError if nothing is found."""
        return configured_target(self.spec, self.topic, round_robin=self.round_robin)


def nsq_way(given: dict[str, Any]) -> NsqWay | None:
    """Take the options out of `given`; None if no server was named."""
    asked = {name: given.pop(name) for name in NSQ_OPTIONS}
    if asked["topic"] and not asked["nsqd_tcp_address"] and not asked["lookupd_http_address"]:
        asked |= nsq_of_environment()
    words = _words(asked)
    tcp, http, lookupd, topic = (asked[name] for name in NSQ_OPTIONS[:4])
    files = {name: asked[name] for name in ("tls_root_ca_file", "tls_cert", "tls_key")}
    if not tcp and not lookupd:
        given_for_nothing = words[0] if words else ""
        if given_for_nothing:
            raise click.UsageError(f"{given_for_nothing} needs --nsqd-tcp-address or --lookupd-http-address")
        return None
    if tcp and lookupd:
        raise click.UsageError("give --nsqd-tcp-address or --lookupd-http-address, not both")
    if not topic:
        raise click.UsageError("--nsqd-tcp-address and --lookupd-http-address need a --topic")
    if files["tls_key"] and not files["tls_cert"]:
        raise click.UsageError("--tls-key needs its --tls-cert")
    named = load_config().nsq
    if any(each in named for each in tcp):
        if len(tcp) > 1 or http:
            raise click.UsageError("a name from the config stands for all of its addresses; give it alone")
        spec = named[tcp[0]]
    else:
        spec = NsqSpec(tcp, http, lookupd)
    return NsqWay(_with_tls(spec, asked["tls"], files), topic, asked["round_robin"], words)


def _with_tls(spec: NsqSpec, tls: bool, files: dict[str, Path | None]) -> NsqSpec:
    """What is given on the command line wins over the config."""
    chosen = {name: str(file) if file else getattr(spec, name) for name, file in files.items()}
    wanted = tls or spec.tls or any(files.values())
    return NsqSpec(spec.nsqd_tcp_addresses, spec.nsqd_http_addresses, spec.lookupd_http_addresses, wanted, **chosen)


def _words(asked: dict[str, Any]) -> tuple[str, ...]:
    words: list[str] = []
    for name, value in asked.items():
        option = "--" + name.replace("_", "-")
        for each in value if isinstance(value, tuple) else (value,):
            words += [option] if each is True else [option, str(each)] if each else []
    return tuple(words)
