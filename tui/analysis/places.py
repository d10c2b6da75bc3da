"""The places in some records, and what is there: taken as whole columns where records are alike."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain, compress, islice, repeat
from typing import Any, TypeAlias

import msgspec

from tui.filter.fields import ANY, FieldPath

MOST_FIELDS = 1_000
MOST_ITEMS = 10_000  # of a list; a chunk with a longer one is read
_DEEP = 12
_UNSET = msgspec.UNSET

Text: TypeAlias = bytes | frozenset[bytes]


class Place:
    """A place in the records: the values there, and the places below. `records`: those of the values of lists.

    `numbered`: of all values. `others`: the records of objects, and of lists in lists. `texts`: the JSON of objects and
    lists that are kept as they are spelled, and how many records have each; in lists, those that a record has.
    `full`: not everything here was kept.
    """

    __slots__ = ("below", "full", "kinds", "numbered", "others", "path", "records", "texts", "values")

    def __init__(self, path: FieldPath = (), *, numbered: bool = False) -> None:
        self.path, self.numbered = path, numbered
        self.values: list[Any] = []
        self.records: list[int] | None = [] if numbered or ANY in path else None
        self.kinds: set[type] = set()  # of the values, at least
        self.others: defaultdict[type, list[int]] = defaultdict(list)
        self.texts: Counter[Text] = Counter()
        self.below: dict[Any, Place] = {}
        self.full = False

    def add_objects(self, objects: Sequence[Any], records: Sequence[int]) -> None:
        """Objects of one type of a `PlaceLearner`, each of the record whose number is at its place."""
        for name, get in type(objects[0]).getters if objects else ():
            if (place := self._at(name)) is not None:
                place.add_column(list(map(get, objects)), records)

    def add_column(self, column: list[Any], records: Sequence[int]) -> None:
        """What the fields of a name have; where they are in lists, several may be of a record."""
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
        """The fields of an object that was decoded by itself."""
        for name, inner in value.items():
            if (place := self._at(name)) is not None:
                place.add_value(inner, record)

    def add_value(self, value: Any, record: int) -> None:
        """What one record has here."""
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
        if max(map(len, lists)) > MOST_ITEMS:
            self.full, lists = True, [items[:MOST_ITEMS] for items in lists]
        numbers = list(chain.from_iterable(map(repeat, records, map(len, lists))))
        place.add_column(list(chain.from_iterable(lists)), numbers)  # null, too: a list of it is not empty

    def _add_texts(self, texts: list[bytes], records: Sequence[int]) -> None:
        """In order by record."""
        if self.records is None:
            self.texts.update(texts)
            return
        numbers = Counter(records).values()
        self.texts.update(map(frozenset, map(islice, repeat(iter(texts)), numbers)))

    def _at(self, step: Any) -> Place | None:
        place = self.below.get(step)
        if place is None:
            if len(self.below) >= MOST_FIELDS:
                self.full = True
                return None
            place = self.below[step] = Place((*self.path, step), numbered=self.numbered)
        return place

    def at(self, path: FieldPath) -> Place | None:
        """The place of a path."""
        place: Place | None = self
        for step in path:
            place = place.below.get(step) if place is not None else None
        return place

    def all(self) -> Iterable[Place]:
        """This place and those below."""
        yield self
        for place in self.below.values():
            yield from place.all()
