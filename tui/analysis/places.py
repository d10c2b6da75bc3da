"""The places (paths) in some records and their values, handled as whole columns if records have the same type."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain, compress, islice, repeat
from typing import Any, TypeAlias

import msgspec

from tui.filter.fields import ANY, FieldPath

MAX_FIELDS = 1_000
MAX_ITEMS = 10_000  # of a list; the summary of a chunk with a longer one is incomplete
_DEEP = 12
_UNSET = msgspec.UNSET

Text: TypeAlias = bytes | frozenset[bytes]


class Place:
    """A place in the records: the values there, and the places below.

    `records`: the record of each value, kept for items of lists, or everywhere if `numbered`. `others`: the records
    with an object, or a list in a list, here. `texts`: the objects and lists kept as JSON text, and how many records
    have each; inside lists, the set of texts of a record. `full`: not everything here was kept.
    """

    __slots__ = ("below", "full", "kinds", "numbered", "others", "path", "records", "texts", "values")

    def __init__(self, path: FieldPath = (), *, numbered: bool = False) -> None:
        self.path, self.numbered = path, numbered
        self.values: list[Any] = []
        self.records: list[int] | None = [] if numbered or ANY in path else None
        self.kinds: set[type] = set()  # includes the types of all values
        self.others: defaultdict[type, list[int]] = defaultdict(list)
        self.texts: Counter[Text] = Counter()
        self.below: dict[Any, Place] = {}
        self.full = False

    def add_objects(self, objects: Sequence[Any], records: Sequence[int]) -> None:
        """Add objects of one type of a `PlaceLearner`; `records`: the number of the record of each."""
        for name, get in type(objects[0]).getters if objects else ():
            if (place := self._at(name)) is not None:
                place.add_column(list(map(get, objects)), records)

    def add_column(self, column: list[Any], records: Sequence[int]) -> None:
        """Add the values of a field, and their records; inside lists, a record may have several."""
        kinds = set(map(type, column))
        if msgspec.UnsetType in kinds:
            kinds.remove(msgspec.UnsetType)
            there = [value is not _UNSET for value in column]
            column, records = list(compress(column, there)), list(compress(records, there))
        if kinds == {msgspec.Raw}:
            self._add_texts(list(map(bytes, column)), records)
            return
        if not any(kind is list or kind is dict or issubclass(kind, msgspec.Struct) for kind in kinds):
            self.values = self.values + column if self.values else column
            self.kinds |= kinds
            if self.records is not None:
                self.records += records
            return
        for kind in kinds:
            values, numbers = column, records
            if len(kinds) > 1:
                alike = [type(value) is kind for value in column]
                values, numbers = list(compress(column, alike)), list(compress(records, alike))
            if kind is list:
                self._add_lists(values, numbers)
            elif kind is dict:
                for value, record in zip(values, numbers, strict=True):
                    self._add_object(value, record)
            elif issubclass(kind, msgspec.Struct):
                self.others[dict] += numbers
                self.add_objects(values, numbers)
            else:
                self.add_column(values, numbers)

    def add(self, value: dict[str, Any], record: int) -> None:
        """Add the fields of an object that was decoded on its own."""
        for name, inner in value.items():
            if (place := self._at(name)) is not None:
                place.add_value(inner, record)

    def add_value(self, value: Any, record: int) -> None:
        """Add the value of one record."""
        kind = type(value)
        if kind is dict:
            self._add_object(value, record)
        elif kind is list:
            self._add_lists([value], [record])
        else:
            self.values.append(value)
            self.kinds.add(kind)
            if self.records is not None:
                self.records.append(record)

    def _add_object(self, value: dict[str, Any], record: int) -> None:
        self.others[dict].append(record)
        if len(self.path) <= _DEEP:
            self.add(value, record)
        else:
            self.full = True

    def _add_lists(self, lists: list[list[Any]], records: Sequence[int]) -> None:
        if ANY in self.path and self.path[-1] is ANY:  # lists in lists
            self.others[list] += records
            self.full = True
            return
        place = self._at(ANY)
        if place is None:
            return
        if max(map(len, lists)) > MAX_ITEMS:
            self.full, lists = True, [items[:MAX_ITEMS] for items in lists]
        numbers = list(chain.from_iterable(map(repeat, records, map(len, lists))))
        place.add_column(list(chain.from_iterable(lists)), numbers)  # including null: [null] is not empty

    def _add_texts(self, texts: list[bytes], records: Sequence[int]) -> None:
        """Add texts, ordered by record."""
        if self.records is None:
            self.texts.update(texts)
            return
        numbers = Counter(records).values()
        self.texts.update(map(frozenset, map(islice, repeat(iter(texts)), numbers)))

    def _at(self, step: Any) -> Place | None:
        place = self.below.get(step)
        if place is None:
            if len(self.below) >= MAX_FIELDS:
                self.full = True
                return None
            place = self.below[step] = Place((*self.path, step), numbered=self.numbered)
        return place

    def at(self, path: FieldPath) -> Place | None:
        """Return the place at a path, or None."""
        place: Place | None = self
        for step in path:
            place = place.below.get(step) if place is not None else None
        return place

    def all(self) -> Iterable[Place]:
        """Yield this place and all places below."""
        yield self
        for place in self.below.values():
            yield from place.all()
