"""Which user, session or the like each record is of: those of one are alike, and tell less than as many others."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import compress

from tui.analysis.observed import NONE, OTHER, Value, padded
from tui.analysis.records import Part
from tui.filter.fields import Path

_ALONE = 0  # the number of records without an id, or with one that no other record of their chunk has
_BITS = bytes.maketrans(b"01", b"\0\1")


@dataclass(frozen=True, slots=True)
class Sources:
    """Of all records of some parts, each part filled up to a byte, as one field of ids tells them apart."""

    numbers: array[int]

    def among(self, mask: int) -> Counter[int]:
        """How many of a mask's records are of each source."""
        bits = f"{mask:0{len(self.numbers)}b}".encode().translate(_BITS)
        return Counter(compress(self.numbers, bits))


def sources_of(parts: Iterable[Part], path: Path) -> Sources | None:
    """None where no two records have an id in common."""
    numbers, number_of = array("I"), dict[Value, int]()
    for part in parts:
        column = part.observed.columns.get(path)
        codes = column.codes if column is not None else b""
        table = {NONE: _ALONE, OTHER: _ALONE}
        for code, value in enumerate(column.values if column is not None else (), OTHER + 1):
            table[code] = number_of.setdefault(value, len(number_of) + 1)
        size = -(-part.observed.records // 8) * 8
        numbers.extend(map(table.__getitem__, padded(codes, size - len(codes), NONE)))
    return Sources(numbers) if number_of else None


def number_of_sources(among: Counter[int]) -> int:
    """Those that are alone, and the others."""
    return among[_ALONE] + len(among) - (_ALONE in among)


def variance(hits: Counter[int], sizes: Counter[int]) -> tuple[float, float]:
    """Of the share of hits among some records, and what it would be if each record were a source of its own.

    The first is that of a ratio between clusters (Kish 1965).
    """
    number, sources = sizes.total(), number_of_sources(sizes)
    if sources < 2:
        return 0.0, 0.0
    share = hits.total() / number
    crossed = sum(hit * (sizes[source] if source else 1) for source, hit in hits.items())
    squares = sum(hit * hit if source else hit for source, hit in hits.items())
    whole = sum(size * size if source else size for source, size in sizes.items())
    spread = squares - 2 * share * crossed + share * share * whole
    return spread * sources / (sources - 1) / number**2, share * (1 - share) / number
