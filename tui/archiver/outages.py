"""The nsqds and nsqlookupds that are away, and why; each loss and each return is logged."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tui.nsq.lookup import blame_lookupd
from tui.nsq.refusals import refusal

_REPEAT_SECONDS = 300.0  # before the same cause is reported again


@dataclass(slots=True)
class _Outage:
    cause: str = ""
    reported: dict[str, float] = field(default_factory=dict)  # causes, and when (time.monotonic)


class Outages:
    """Reports outages; `report` receives sentences for the operator."""

    def __init__(self, report: Callable[[str], None]) -> None:
        self._report = report
        self._away: dict[str, _Outage] = {}

    @property
    def cause(self) -> str:
        """The cause of the latest outage that lasts; "" if there is none."""
        return next((outage.cause for outage in reversed(self._away.values()) if outage.cause), "")

    def lost(self, address: str, cause: object, named_by: str = "") -> None:
        """Record a loss or a failed attempt; `named_by` is the nsqlookupd that gave the address, if any."""
        why, now = refusal(address, cause), time.monotonic()
        text = f"{why}; {blame_lookupd(named_by)}" if named_by and why.unreachable else str(why)
        outage = self._away.setdefault(address, _Outage())
        outage.cause = text
        if now - outage.reported.get(text, -_REPEAT_SECONDS) >= _REPEAT_SECONDS:
            outage.reported[text] = now
            self._report(text)

    def back(self, address: str, who: str = "nsqd") -> None:
        if self._away.pop(address, None):
            self._report(f"connected again to {who} at {address}")

    def unlisted(self, address: str) -> None:
        """Forget an address that nsqlookupd no longer names; its return is still reported."""
        if address in self._away:
            self._away[address].cause = ""
