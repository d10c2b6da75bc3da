"""Continuing a journal of 0.1.0, whose numbers also count records that were too large to send."""

from __future__ import annotations

from tui.errors import SendError
from tui.send.earlier import Earlier
from tui.send.source import Source
from tui.units import plural


def renumbered(earlier: Earlier, source: Source) -> int:
    """Return how many of the records of this send a journal of 0.1.0 has confirmed; reads that part of the source.

    SendError if its receipt shows that other records were too large then, because nsqd had another limit.
    """
    sent = _among_first(source, earlier.confirmed)
    receipt = earlier.receipt
    if receipt is not None and receipt.partial and receipt.confirmed < sent:
        never = plural(sent - receipt.confirmed, "record")
        raise SendError(
            f"{earlier.path} was written by hourscope 0.1.0, which left out {never} as too large for nsqd that this "
            "send would count as sent; resume with the -max-msg-size that nsqd had then, and --skip-oversize"
        )
    return sent


def _among_first(source: Source, count: int) -> int:
    """Return how many of the first `count` records that are not blank the source's plan keeps."""
    seen = sent = 0
    for whole in source.open():
        block = whole.filled()
        lines = [(line, True) for line in block.lines] + [(place.line, False) for place in block.oversize]
        for _, is_sent in sorted(lines)[: count - seen]:
            seen += 1
            sent += is_sent
        if seen >= count:
            break
    return sent
