"""Records as bits: each fact has one integer with a bit per record, set where the fact holds, in order by hour."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial, reduce
from itertools import pairwise
from math import inf, nextafter
from operator import ne, or_
from typing import TypeAlias

from tui.analysis.facts import RecordFact
from tui.analysis.observed import FIRST, NONE, OTHER, Blanked, Codes, Observed, Truth, Value, padded
from tui.analysis.patterns import pattern_test, telling_pattern
from tui.filter.fields import ANY, FieldPath

_NO_NUMBER = 255
Planes: TypeAlias = "tuple[bytes, bytes | None]"  # the low bytes of codes, and the high bytes if codes have two


@dataclass(slots=True)
class ChunkRecords:
    """The records of one chunk, and the index of its hour."""

    hour: int
    observed: Observed
    _places: dict[FieldPath, bytes] = field(default_factory=dict)
    _codes: dict[FieldPath, Codes] = field(default_factory=dict)

    def places(self, path: FieldPath, cuts: Sequence[float]) -> bytes:
        """Return where each number of a field is among its cuts: 0 below the first, 1 at it, 2 above it, …"""
        column = self.observed.columns.get(path)
        if column is None:
            return b""
        if path not in self._places:
            numbers = column.numbers if column.numbers is not None else [float("nan")] * len(column.codes)
            edges = [edge for cut in cuts for edge in (cut, nextafter(cut, inf))]
            place = partial(bisect_right, edges)
            if any(map(ne, numbers, numbers)):
                self._places[path] = bytes([place(n) if n == n else _NO_NUMBER for n in numbers])
            else:
                self._places[path] = bytes(map(place, numbers))
        return self._places[path]

    def codes(self, path: FieldPath, classes: Classes) -> Codes:
        """Return the class of a field's value for each record or item."""
        column = self.observed.columns.get(path)
        if column is None:
            return array("H") if classes.wide else b""
        if path not in self._codes:
            table = [NONE, OTHER, *map(classes.code, column.values)]
            if not classes.wide and type(column.codes) is bytes:
                self._codes[path] = column.codes.translate(bytes(table) + bytes(256 - len(table)))
            else:
                codes = map(table.__getitem__, column.codes)
                self._codes[path] = array("H", codes) if classes.wide else bytes(codes)
        return self._codes[path]


class Classes:
    """The classes of a field's values that its facts distinguish, each with a code."""

    def __init__(self, facts: Iterable[RecordFact]) -> None:
        facts = list(facts)
        self._values = {value_of(fact.value) for fact in facts if fact.kind == "value"}
        self._patterns = Holding(str(fact.value) for fact in facts if fact.kind == "pattern")
        self._codes: dict[tuple[Value | None, tuple[str, ...]], int] = {}
        self.wide = len(self._values) + 2 * len(self._patterns) > 256 - FIRST

    def code(self, value: Value) -> int:
        """Return the code of a value's class."""
        class_ = value if value in self._values else None, self._patterns.of(value)
        if class_ == (None, ()) or (len(self._codes) >= 256 - FIRST and not self.wide):
            return self._codes.get(class_, OTHER)
        return self._codes.setdefault(class_, FIRST + len(self._codes))

    def of_fact(self, fact: RecordFact) -> list[int]:
        """Return the codes of the classes for which a fact holds."""
        if fact.kind == "value":
            fact_value = value_of(fact.value)
            return [code for (value, _), code in self._codes.items() if value == fact_value]
        return [code for (_, texts), code in self._codes.items() if fact.value in texts]


class Holding:
    """Some patterns, to find those whose expression holds for a value."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._tests = [(text, pattern_test(text)) for text in patterns]
        self._known: dict[Value, tuple[str, ...]] = {}

    def __len__(self) -> int:
        return len(self._tests)

    def of(self, value: Value) -> tuple[str, ...]:
        """Return the patterns whose expression holds for a text; `Blanked` texts are tested by their pattern."""
        text = value.pattern if type(value) is Blanked else value
        if type(text) is not str or not text or not self._tests:
            return ()
        patterns = self._known.get(value)
        if patterns is None:
            patterns = self._known[value] = tuple(pattern for pattern, holds in self._tests if holds(text))
        return patterns


def value_of(plain: object) -> Value:
    """Return a plain value as columns store it."""
    return Truth(plain) if type(plain) is bool else plain  # type: ignore[return-value]


def pattern_of(value: Value) -> str | None:
    """Return the pattern of a text or of `Blanked` texts; None if it has no words, or the value is not a text."""
    if type(value) is Blanked:
        return value.pattern
    return telling_pattern(value) if type(value) is str else None


class TableRecords:
    """Some of a table's records as bits, in the order of their hours. `valid` has the bit of every record set."""

    def __init__(
        self,
        parts: Iterable[ChunkRecords],
        hours: int,
        facts: Mapping[FieldPath, Classes],
        cuts: Mapping[FieldPath, Sequence[float]],
        stride: Callable[[int], int] = lambda _: 1,
    ) -> None:
        """`cuts`: the bounds of the facts about numbers. `stride`: n, for every n-th record of an hour; 0 for none."""
        self._parts = [(part, stride(part.hour)) for part in parts if stride(part.hour) and part.observed.records]
        self._classes, self._cuts = facts, cuts
        self._starts = [0] * (hours + 1)  # bytes
        for part, step in self._parts:
            self._starts[part.hour + 1] += _bytes(part, step)
        for hour in range(hours):
            self._starts[hour + 1] += self._starts[hour]
        self._masks: dict[RecordFact, int] = {}
        self._planes: dict[tuple[FieldPath, bool], Planes] = {}
        self._items: dict[tuple[FieldPath, bool], dict[int, bytearray]] = {}
        ones = (b"1" * -(-part.observed.records // step) for part, step in self._parts)
        self.valid = int(b"".join(bits + b"0" * (-len(bits) % 8) for bits in ones) or b"0", 2)
        self.sizes = self.by_hour(self.valid)

    def mask(self, fact: RecordFact) -> int:
        """Return the bits of the records for which a fact holds."""
        bits = self._masks.get(fact)
        if bits is None:
            bits = self._masks[fact] = self._compute(fact)
        return bits

    def by_hour(self, mask: int) -> list[int]:
        """Return how many of a mask's records are in each hour."""
        starts = self._starts
        data = mask.to_bytes(starts[-1], "big")
        number = int.from_bytes
        return [number(data[start:stop], "big").bit_count() for start, stop in pairwise(starts)]

    def of_hours(self, hours: Iterable[int]) -> int:
        """Return the mask of all records of some hours."""
        starts = self._starts
        kept, whole = bytearray(starts[-1]), self.valid.to_bytes(starts[-1], "big")
        for hour in hours:
            kept[starts[hour] : starts[hour + 1]] = whole[starts[hour] : starts[hour + 1]]
        return int.from_bytes(kept, "big")

    def _compute(self, fact: RecordFact) -> int:
        path, numbers = fact.path, fact.kind in ("above", "below")
        if fact.kind == "missing":
            return self.valid & ~self.mask(RecordFact(path, "field"))
        codes = self._items_of(path, numbers=numbers) if ANY in path else self._field(path, numbers=numbers)
        if numbers:
            cuts = self._cuts[path]
            at = cuts.index(float(fact.value))  # type: ignore[arg-type]
            chosen: Iterable[int] = range(2 * at + 2, 2 * len(cuts) + 1) if fact.kind == "above" else range(2 * at + 1)
        elif fact.kind == "field":
            chosen = range(NONE + 1, 1 << 16)
        else:
            chosen = self._classes[path].of_fact(fact)
        if isinstance(codes, dict):
            return reduce(or_, (int.from_bytes(data, "big") for code, data in codes.items() if code in chosen), 0)
        lower, upper = codes
        if upper is None:
            return _where(lower, chosen)
        pages: dict[int, list[int]] = {}
        for code in chosen:
            pages.setdefault(code >> 8, []).append(code & 255)
        return reduce(or_, (_where(upper, (page,)) & _where(lower, low) for page, low in pages.items()), 0)

    def _codes(self, part: ChunkRecords, path: FieldPath, *, numbers: bool) -> Codes:
        return part.places(path, self._cuts[path]) if numbers else part.codes(path, self._classes[path])

    def _field(self, path: FieldPath, *, numbers: bool) -> Planes:
        """Return the codes of a field for every record; records without a value, or without a number, get a filler."""
        key = path, numbers
        if key not in self._planes:
            pieces: list[Codes] = []
            nothing = _NO_NUMBER if numbers else NONE
            wide = not numbers and self._classes[path].wide
            for part, step in self._parts:
                codes = self._codes(part, path, numbers=numbers)
                kept = padded(codes, part.observed.records - len(codes), nothing)[::step]
                pieces.append(padded(kept, -len(kept) % 8, nothing))
            joined = b"".join(bytes(piece) if isinstance(piece, bytes) else piece.tobytes() for piece in pieces)
            self._planes[key] = (joined[::2], joined[1::2]) if wide else (joined, None)
        return self._planes[key]

    def _items_of(self, path: FieldPath, *, numbers: bool) -> dict[int, bytearray]:
        """Return, for each code among the items of a list, the bits of the records that have it."""
        key = path, numbers
        if key not in self._items:
            bits_of = self._items[key] = {}
            start = 0  # bits
            for part, step in self._parts:
                column = part.observed.columns.get(path)
                if column is not None:
                    pairs = zip(column.records or (), self._codes(part, path, numbers=numbers), strict=True)
                    self._place(bits_of, start, pairs if step == 1 else _thinned(pairs, step))
                start += 8 * _bytes(part, step)
        return self._items[key]

    def _place(self, bits_of: dict[int, bytearray], start: int, pairs: Iterable[tuple[int, int]]) -> None:
        """Set the bits of (record, code) pairs by code; records are counted from `start`."""
        for record, code in pairs:
            data = bits_of.get(code)
            if data is None:
                data = bits_of[code] = bytearray(self._starts[-1])
            at = start + record
            data[at >> 3] |= 128 >> (at & 7)


def _thinned(pairs: Iterable[tuple[int, int]], step: int) -> Iterator[tuple[int, int]]:
    """Keep every `step`-th record and renumber them."""
    return ((record // step, code) for record, code in pairs if record % step == 0)


def _bytes(part: ChunkRecords, step: int) -> int:
    """Return the size in bytes of the bits of every `step`-th record of a part; each part starts on a byte."""
    return (-(-part.observed.records // step) + 7) // 8


def _where(codes: bytes, chosen: Iterable[int]) -> int:
    """Return an integer with a bit per code, set if it is one of `chosen` (in ascending order)."""
    table = bytearray(b"0" * 256)
    for code in chosen:
        if code > 255:
            break
        table[code] = ord("1")
    return int(codes.translate(table) or b"0", 2)
