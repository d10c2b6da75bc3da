"""What one consuming process counts: written by its event loop only, read by anyone, sent between processes."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Counters:
    """Since the start, but for those that are now: `unfinished`, `oldest` (seconds that the oldest unfinished message
    waits), `links`, `alone` (seconds without any), `missing` (nsqds not reached for a minute), `lost` (why an nsqd or
    nsqlookupd is away; "" if none is), `paused` (why nothing is asked for; "" if something is) and `seen` (when it was
    last at work, on time.monotonic, which all processes share).

    `messages`, `bytes` and `changed` count what is on disk. `again`: messages that had been delivered before, to any
    consumer. `unsure`: those whose FIN may not have counted, since the link was gone or the message's time over; each
    of them may come again and is then in the archive twice. `changed`: lines that are not their message's bytes, by
    reason.
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
    """Those of several processes as one."""
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
