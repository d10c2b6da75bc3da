"""Finding nsqds through nsqlookupd: those that have the topic, or all of them where it does not exist yet."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from tui.config import NsqSpec
from tui.errors import SendError
from tui.send.answers import Producers
from tui.send.refusals import SECRET_VARIABLE
from tui.send.target import NsqTarget, Tls, join_address, split_address
from tui.send.web import get


@dataclass(frozen=True, slots=True)
class Found:
    """nsqds by their addresses, TCP and HTTP, in order of the former; `exists` says that they have the topic."""

    nsqds: tuple[tuple[str, str], ...]
    exists: bool
    unanswered: tuple[str, ...] = ()

    def of(self, target: NsqTarget) -> NsqTarget:
        """The target with these nsqds."""
        return replace(
            target,
            nsqd_tcp_addresses=tuple(tcp for tcp, _ in self.nsqds),
            nsqd_http_addresses=tuple(http for _, http in self.nsqds),
            looked_up=True,
        )


def find_nsqds(lookupd_http_addresses: Sequence[str], topic: str, *, timeout: float = 5.0) -> Found:
    """Ask every nsqlookupd, and put together what they know; one that does not answer is named in `unanswered`.

    Asked once, before a send: an nsqd that comes later is not sent to. SendError if none answers, or knows an nsqd.
    """
    with_topic: set[tuple[str, str]] = set()
    all_nodes: set[tuple[str, str]] = set()
    failures: list[str] = []
    for address in lookupd_http_addresses:
        try:
            if found := get(Producers, "nsqlookupd", address, f"/lookup?topic={quote(topic)}", timeout):
                with_topic |= _addresses(address, found)
            if not with_topic:
                all_nodes |= _addresses(
                    address, get(Producers, "nsqlookupd", address, "/nodes", timeout) or Producers()
                )
        except SendError as error:
            failures.append(str(error))
    if len(failures) == len(lookupd_http_addresses):
        raise SendError("; ".join(failures) + "; check --lookupd-http-address")
    nsqds = with_topic or all_nodes
    if not nsqds:
        raise SendError(f"nsqlookupd at {', '.join(lookupd_http_addresses)} knows no nsqd; give --nsqd-tcp-address")
    return Found(tuple(sorted(nsqds)), bool(with_topic), tuple(failures))


def configured_target(spec: NsqSpec, topic: str, *, round_robin: bool = False) -> tuple[NsqTarget, tuple[str, ...]]:
    """What a name of the config stands for, with the secret of the environment, and the nsqlookupds that are silent.

    nsqlookupd is asked, where there is one: not for an event loop. SendError if that finds nothing, or makes no sense.
    """
    files = (spec.tls_root_ca_file, spec.tls_cert, spec.tls_key)
    tls = Tls(*(Path(file) if file else None for file in files)) if spec.tls else None
    secret = os.environ.get(SECRET_VARIABLE, "").strip() or None
    target = NsqTarget(topic, spec.nsqd_tcp_addresses, spec.nsqd_http_addresses, tls, secret, round_robin=round_robin)
    unanswered: tuple[str, ...] = ()
    if spec.lookupd_http_addresses:
        found = find_nsqds(spec.lookupd_http_addresses, topic)
        target, unanswered = found.of(target), found.unanswered
    target.check()
    return target, unanswered


def _addresses(lookupd: str, answer: Producers) -> set[tuple[str, str]]:
    found = set()
    for each in answer.producers or ():
        pair = join_address(each.broadcast_address, each.tcp_port), join_address(each.broadcast_address, each.http_port)
        for address in pair:
            try:
                split_address(address)
            except SendError as error:
                raise SendError(f"nsqlookupd at {lookupd} names an nsqd that cannot be reached: {error}") from error
        found.add(pair)
    return found
