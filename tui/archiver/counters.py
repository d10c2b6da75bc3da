"""The counters of one consuming process: written only by its event loop, read anywhere, sent between processes."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Counters:
    """Counters since the start, and the current state: `unfinished`, `oldest` (age of the oldest unfinished message in
    seconds), `links`, `alone` (seconds without a link), `missing` (nsqds not reached for a minute), `lost` (why an nsqd
    or nsqlookupd is away; "" if none is), `paused` (why no messages are requested; "" if they are) and `seen` (last
    activity, on time.monotonic, which all processes share).

    `messages`, `bytes` and `changed` count what is on disk. `again`: messages that were delivered before, to any
    consumer. `unsure`: messages whose FIN nsqd may not have processed, because the link was lost or the timeout had
    passed; each may be redelivered and is then in the archive twice. `changed`: lines that differ from their message's
    bytes, by reason.
    """

    messages: int = 0
    bytes: int = 0
    written: int = 0
    syncs: int = 0
    again: int = 0
    unsure: int = 0
    given_back: int = 0
    changed: Counter[str] = field(default_factory=Counter)
    unfinished: int = 0
    oldest: float = 0.0
    links: int = 0
    alone: float = 0.0
    missing: int = 0
    lost: str = ""
    paused: str = ""
    seen: float = field(default_factory=time.monotonic)


def together(all_: Iterable[Counters]) -> Counters:
    """Combine the counters of several processes."""
    total = Counters()
    for one in all_:
        for name in ("messages", "bytes", "written", "syncs", "again", "unsure", "given_back", "unfinished", "links"):
            setattr(total, name, getattr(total, name) + getattr(one, name))
        total.changed += one.changed
        total.oldest = max(total.oldest, one.oldest)
        total.missing = max(total.missing, one.missing)
        total.alone = max(total.alone, one.alone)
        total.lost = total.lost or one.lost
        total.paused = total.paused or one.paused
        total.seen = min(total.seen, one.seen)
    return total
