"""Finding nsqds: by a name in the config, by address, or through nsqlookupd."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

import msgspec

from tui.config import NsqSpec
from tui.errors import SendError
from tui.nsq.address import join_address, split_address
from tui.nsq.answers import Producer, Producers, Topics
from tui.nsq.http import get
from tui.nsq.target import NsqTarget, environment_secret, tls_of

_SHOWN_BYTES = 80  # of an invalid answer
_TIMEOUT_SECONDS = 5.0


@dataclass(frozen=True, slots=True, order=True)
class Nsqd:
    """An nsqd's addresses, each `HOST:PORT`, as an nsqlookupd reports them."""

    tcp_address: str
    http_address: str


@dataclass(frozen=True, slots=True)
class Lookup:
    """nsqds in order of address; `exists`: they have the topic. `unanswered`: a sentence per silent nsqlookupd."""

    nsqds: tuple[Nsqd, ...]
    exists: bool
    unanswered: tuple[str, ...] = ()


def nsqds_with_topic(lookupd_http_address: str, topic: str, *, timeout: float = _TIMEOUT_SECONDS) -> tuple[Nsqd, ...]:
    """Return the nsqds that an nsqlookupd names for a topic; none if it does not know the topic.

    The addresses are not checked. SendError if it cannot be reached or does not answer as nsqlookupd does.
    """
    return _nsqds(lookupd_http_address, f"/lookup?topic={quote(topic)}", timeout)


def topics(lookupd_http_address: str, *, timeout: float = _TIMEOUT_SECONDS) -> tuple[str, ...]:
    """Return the topics that an nsqlookupd knows. SendError if it cannot be reached or is not an nsqlookupd."""
    answer = get(Topics, "nsqlookupd", lookupd_http_address, "/topics", timeout)
    return tuple(sorted(answer.topics)) if answer else ()


def find_nsqds(lookupd_http_addresses: Sequence[str], topic: str) -> Lookup:
    """Ask every nsqlookupd for the nsqds that have the topic, or for all nsqds if the topic does not exist yet.

    Called once, before a send: nsqds that appear later are not used. SendError if no nsqlookupd answers or knows an
    nsqd, or if one names an invalid address.
    """
    with_topic: set[Nsqd] = set()
    all_nsqds: set[Nsqd] = set()
    failures: list[str] = []
    for address in lookupd_http_addresses:
        try:
            with_topic |= _checked(address, nsqds_with_topic(address, topic))
            if not with_topic:
                all_nsqds |= _checked(address, _nsqds(address, "/nodes", _TIMEOUT_SECONDS))
        except SendError as error:
            failures.append(str(error))
    if len(failures) == len(lookupd_http_addresses):
        raise SendError("; ".join(failures) + "; check --lookupd-http-address")
    nsqds = with_topic or all_nsqds
    if not nsqds:
        raise SendError(
            f"nsqlookupd at {', '.join(lookupd_http_addresses)} does not know any nsqd; use --nsqd-tcp-address"
        )
    return Lookup(tuple(sorted(nsqds)), bool(with_topic), tuple(failures))


def named_spec(
    named: Mapping[str, NsqSpec], nsqds: Sequence[str], https: Sequence[str] = (), lookupds: Sequence[str] = ()
) -> NsqSpec:
    """Return the nsqds that are named by TCP address or by one name in the config, with HTTP addresses or nsqlookupds.

    SendError if a name is combined with anything else: it stands for all of its addresses.
    """
    if not any(address in named for address in nsqds):
        return NsqSpec(tuple(nsqds), tuple(https), tuple(lookupds))
    if len(nsqds) > 1 or https or lookupds:
        raise SendError("a name from the config stands for all of its addresses; it cannot be combined with others")
    return named[nsqds[0]]


def configured_target(spec: NsqSpec, topic: str, *, round_robin: bool = False) -> tuple[NsqTarget, tuple[str, ...]]:
    """Return the nsqds of `spec` with the environment's secret, and a sentence for each silent nsqlookupd.

    May ask nsqlookupd, so do not call it in an event loop. SendError if no nsqd is found, or if a name, address or file
    is invalid.
    """
    target = NsqTarget(
        topic,
        spec.nsqd_tcp_addresses,
        spec.nsqd_http_addresses,
        tls_of(spec),
        environment_secret(),
        round_robin=round_robin,
    )
    unanswered: tuple[str, ...] = ()
    if spec.lookupd_http_addresses:
        lookup = find_nsqds(spec.lookupd_http_addresses, topic)
        target = replace(
            target,
            nsqd_tcp_addresses=tuple(nsqd.tcp_address for nsqd in lookup.nsqds),
            nsqd_http_addresses=tuple(nsqd.http_address for nsqd in lookup.nsqds),
            looked_up=True,
        )
        unanswered = lookup.unanswered
    target.check()
    return target, unanswered


def blame_lookupd(lookupd: str) -> str:
    """Explain the origin of an address that the operator did not give."""
    return (
        f"nsqlookupd at {lookupd} gave this address: set nsqd's -broadcast-address to one that is reachable from here"
    )


def _nsqds(lookupd: str, path: str, timeout: float) -> tuple[Nsqd, ...]:
    answer = get(Producers, "nsqlookupd", lookupd, path, timeout) or Producers()
    return tuple(map(_nsqd, answer.producers or ()))


def _nsqd(producer: msgspec.Raw) -> Nsqd:
    """Decode one nsqd; keep an invalid address, which is reported when it is used."""
    try:
        known = msgspec.json.decode(producer, type=Producer)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        text = bytes(producer)[:_SHOWN_BYTES].decode("utf-8", "backslashreplace")
        return Nsqd(text, text)
    host = known.broadcast_address
    return Nsqd(join_address(host, known.tcp_port), join_address(host, known.http_port))


def _checked(lookupd: str, nsqds: Sequence[Nsqd]) -> set[Nsqd]:
    for nsqd in nsqds:
        for address in (nsqd.tcp_address, nsqd.http_address):
            try:
                split_address(address)
            except SendError as error:
                raise SendError(f"nsqlookupd at {lookupd} names an nsqd that cannot be reached: {error}") from error
    return set(nsqds)
