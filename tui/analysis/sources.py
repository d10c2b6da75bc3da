"""The sources of records: users, sessions or the like. Records of one source are similar, so they prove less."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import compress

from tui.analysis.observed import NONE, OTHER, Value, padded
from tui.analysis.records import ChunkRecords
from tui.filter.fields import FieldPath

_ALONE = 0  # source of records without an id, or with one that no other record of their chunk has
_MAX_RECORDS = 20_000  # records per side; of more, only every n-th source is used
_BITS, _DIGITS = bytes.maketrans(b"01", b"\0\1"), bytes.maketrans(b"\0\1", b"01")


def sources_of(parts: Iterable[ChunkRecords], path: FieldPath) -> list[int] | None:
    """Return the number of each record's source, each chunk padded to a multiple of 8; None if no ids are shared."""
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
    """The sources of one side's records (or a sample). `sizes`: records per source; `squares`: sum of their squares."""

    numbers: list[int]
    mask: int
    sizes: Counter[int]
    squares: int

    @classmethod
    def of_side(cls, numbers: list[int], side: int) -> Sources:
        """`side`: a mask over the records in `numbers`."""
        step = max(1, side.bit_count() // _MAX_RECORDS)
        if step > 1:
            kept = [not (number or at) % step for at, number in enumerate(numbers)]
            side &= int(bytes(kept).translate(_DIGITS), 2)
        sizes = _among(numbers, side)
        return cls(numbers, side, sizes, sum(size * size if source else size for source, size in sizes.items()))

    def variance(self, mask: int) -> tuple[int, float, float]:
        """Return the number of sources of a mask, the variance of its share, and the same if records were independent.

        The first variance is that of a ratio between clusters (Kish 1965).
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
    """Count a mask's records by source."""
    return Counter(compress(numbers, f"{mask:0{len(numbers)}b}".encode().translate(_BITS)))


def _count(among: Counter[int]) -> int:
    """Count the sources; each record that is alone is one."""
    return among[_ALONE] + len(among) - (_ALONE in among)
