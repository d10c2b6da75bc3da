"""The search for the first whole record after damage, among concatenated values or the items of a list."""

from __future__ import annotations

import re
from itertools import islice, product

from tui.archive.boundaries import (
    BEGINNINGS,
    BETWEEN_ITEMS,
    BETWEEN_VALUES,
    SEPARATORS,
    TRIES,
    boundaries,
    last_stops,
)
from tui.archive.json_values import items, values

_ITEM_START = re.compile(rb"(?:^|[\[,])\s*(?=\{)")
_VALUE_START = re.compile(rb"(?:^|[}\]])\s*(?=[{\[])")
_STOPS = 8
FIRST_TRIES = 1000  # starts to try, to find the first whole value
# Bytes that one search may parse, and all of them per byte read: hostile input must not take forever.
_TRIED_BYTES, _TRIED_PER_BYTE = 64 << 20, 64


def record_starts(text: bytes | memoryview, limit: int, *, in_list: bool) -> list[int]:
    """Return the first places, at most `limit`, where a record may begin."""
    begin = _ITEM_START if in_list else _VALUE_START
    return [match.end() for match in islice(begin.finditer(text), limit)]


class RecordSearch:
    """All searches of one stream. `read`: the bytes that were read of it."""

    def __init__(self) -> None:
        self.read = 0
        self._tried = 0  # bytes that were parsed

    def first(
        self, text: bytes, starts: list[int], *, in_list: bool, final: bool, cut: bool
    ) -> tuple[list[bytes], int]:
        """Return the records from the first start on from which everything parses, and where they end; [] if none.

        `final`: the stream ends with the text. `cut`: its end is before a hole, so its last record may be cut.
        """
        stops = [*(last_stops(text) if in_list else (len(text),))] if final else []
        if not final or cut:
            stops += boundaries(BETWEEN_ITEMS if in_list else BETWEEN_VALUES, text)
        stops = stops[:_STOPS]
        allowed = min(_TRIED_BYTES, _TRIED_BYTES + _TRIED_PER_BYTE * self.read - self._tried)
        tries = max(TRIES, allowed // max(len(text), 1)) // max(len(stops), 1)
        for stop, start in product(stops, starts[:tries]):
            piece = text[start:stop].strip(SEPARATORS)
            self._tried += len(piece)
            whole = (items(b"[" + piece + b"]") if in_list else values(piece)) if piece else None
            # `{}` may occur in a string, an object with a key cannot
            if whole and b'"' in whole[0] and all(record[:1] in BEGINNINGS for record in whole):
                return whole, stop
        return [], 0
