"""What passes between NSQ and the intake: deliveries, the links they came over, and words for what goes wrong."""

from __future__ import annotations

import ssl
import time
from dataclasses import dataclass, field
from typing import Protocol

from tui.archive.local import reason
from tui.errors import HourscopeError


class Link(Protocol):
    """A connection to one nsqd. Its answers are False if it is gone: nsqd then gives the messages out again."""

    @property
    def id(self) -> str:
        """The nsqd's address."""

    @property
    def rdy(self) -> int:
        """How many messages it may have unfinished."""

    @property
    def message_timeout(self) -> float:
        """Seconds after which nsqd gives an untouched message to another."""

    def finish(self, ids: list[bytes]) -> bool:
        """FIN."""

    def give_back(self, ids: list[bytes]) -> bool:
        """REQ, without a delay: our own slowness is no reason for one."""

    def touch(self, ids: list[bytes]) -> bool:
        """TOUCH: the message timeout begins anew."""

    def go_on(self) -> None:
        """Read again, after the intake was full."""


@dataclass(eq=False, slots=True)
class Delivery:
    """Messages that came together over one link, in order. `size` in bytes of bodies; `came` and
    was last `touched` on time.monotonic.

    `again` of them have been delivered before, to any consumer.
    """

    link: Link
    ids: list[bytes]
    bodies: list[bytes]
    size: int
    again: int
    came: float = field(default_factory=time.monotonic)
    touched: float = field(default_factory=time.monotonic)


def explained(address: str, cause: object, named_by: str = "") -> str:
    """What happened to a link, in a sentence for a person; `named_by` is the nsqlookupd that gave the address."""
    words = _explained(address, cause)
    if named_by and isinstance(cause, OSError) and not isinstance(cause, ssl.SSLError):
        return f"{words}; {blame_lookupd(named_by)}"
    return words


def blame_lookupd(lookupd: str) -> str:
    """Where an address comes from that the operator did not give."""
    return (
        f"nsqlookupd at {lookupd} gave this address: set nsqd's -broadcast-address to one that is reachable from here"
    )


def _explained(address: str, cause: object) -> str:
    if isinstance(cause, HourscopeError):
        return str(cause)
    where = f"nsqd at {address}"
    inner = getattr(cause, "error", None)
    if isinstance(inner, OSError):  # ssl.SSLError is one
        cause = inner
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"{where} does not prove who it is ({cause.verify_message}); check the CA and the host name"
    if isinstance(cause, ssl.SSLError):
        return f"{where} does not speak TLS as expected ({cause.reason}); check that it offers TLS, and the CA"
    if isinstance(cause, ConnectionError) and not cause.errno:
        return f"{where} {cause}"
    if isinstance(cause, TimeoutError):
        return f"{where} does not answer"
    if isinstance(cause, OSError):
        return f"{where} cannot be reached: {reason(cause)}"
    if said := _frame(cause):
        return f"{where} answered {said.decode('utf-8', 'backslashreplace')}"
    return f"{where}: {cause}"


def is_late(cause: object) -> bool:
    """Did nsqd refuse a FIN, REQ or TOUCH, because the message's time was over? It comes again, and is kept twice."""
    return _frame(cause).startswith(_LATE)


def _frame(cause: object) -> bytes:
    """The error frame that an error of pynsq's is made of, if it is."""
    arguments: tuple[object, ...] = getattr(cause, "args", ())
    return arguments[0] if arguments and isinstance(arguments[0], bytes) else b""


_LATE = (b"E_FIN_FAILED", b"E_REQ_FAILED", b"E_TOUCH_FAILED")
