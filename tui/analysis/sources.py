"""Which user, session or the like each record is of: those of one are alike, and tell less than as many others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import compress

from tui.analysis.observed import NONE, OTHER, Value, padded
from tui.analysis.records import ChunkRecords
from tui.filter.fields import FieldPath

_ALONE = 0  # the number of records without an id, or with one that no other record of their chunk has
_MOST = 20_000  # records of a side that are looked at; of more, every so many sources
_BITS, _DIGITS = bytes.maketrans(b"01", b"\0\1"), bytes.maketrans(b"\0\1", b"01")


def sources_of(parts: Iterable[ChunkRecords], path: FieldPath) -> list[int] | None:
    """The number of each record's source, each part filled up to a byte; None where no two have an id in common."""
    numbers, number_of = list[int](), dict[Value, int]()
    for part in parts:
        column = part.observed.columns.get(path)
        codes = column.codes if column is not None else b""
        table = {NONE: _ALONE, OTHER: _ALONE}
        for code, value in enumerate(column.values if column is not None else (), OTHER + 1):
            table[code] = number_of.setdefault(value, len(number_of) + 1)
        size = -(-part.observed.records // 8) * 8
        numbers.extend(map(table.__getitem__, padded(codes, size - len(codes), NONE)))
    return numbers if number_of else None


@dataclass(frozen=True, slots=True)
class Sources:
    """Those of the records of one side, or some of them: of each its records. `squares`: the sum of their squares."""

    numbers: list[int]
    mask: int
    sizes: Counter[int]
    squares: int

    @classmethod
    def of_side(cls, numbers: list[int], side: int) -> Sources:
        """`side`: a mask of all records, as `numbers` has them."""
        step = max(1, side.bit_count() // _MOST)
        if step > 1:
            kept = [not (number or at) % step for at, number in enumerate(numbers)]
            side &= int(bytes(kept).translate(_DIGITS), 2)
        sizes = _among(numbers, side)
        return cls(numbers, side, sizes, sum(size * size if source else size for source, size in sizes.items()))

    def variance(self, mask: int) -> tuple[int, float, float]:
        """How many sources some records have; how much their share varies, and would if each were a source of its own.

        The variance is that of a ratio between clusters (Kish 1965).
        """
        hits = _among(self.numbers, mask & self.mask)
        number, sources = self.sizes.total(), _count(self.sizes)
        if sources < 2:
            return _count(hits), 0.0, 0.0
        share = hits.total() / number
        crossed = sum(hit * (self.sizes[source] if source else 1) for source, hit in hits.items())
        squares = sum(hit * hit if source else hit for source, hit in hits.items())
        spread = squares - 2 * share * crossed + share * share * self.squares
        return _count(hits), spread * sources / (sources - 1) / number**2, share * (1 - share) / number


def _among(numbers: list[int], mask: int) -> Counter[int]:
    """How many of a mask's records are of each source."""
    return Counter(compress(numbers, f"{mask:0{len(numbers)}b}".encode().translate(_BITS)))


def _count(among: Counter[int]) -> int:
    """Those that are alone, and the others."""
    return among[_ALONE] + len(among) - (_ALONE in among)
