"""What earlier scans counted: all that the index has for a scan of a literal, which waits for no library."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple


class CountedDamage(NamedTuple):
    """A part of a chunk that cannot be read, as archive.Damage."""

    start: int
    stop: int
    reason: str
    doubtful: int = 0


class CountedChunk(NamedTuple):
    """What one scan of a chunk counted. `counts`: the figures of a scan's Counts, in their order.

    `exact`: records were counted, not just lines, also where nothing matched.
    """

    counts: list[int]
    damage: Sequence[CountedDamage] = ()
    form: str = ""
    codec: str = ""
    exact: bool = True


def pack_known(known: CountedChunk) -> bytes:
    """As it is stored."""
    return json.dumps(known).encode()


def unpack_known(data: bytes) -> CountedChunk | None:
    """None for what is not in this format."""
    try:
        counts, damage, form, codec, exact = json.loads(data)
        return CountedChunk(
            list(map(int, counts)), [CountedDamage(*part) for part in damage], str(form), str(codec), bool(exact)
        )
    except (ValueError, TypeError):
        return None
