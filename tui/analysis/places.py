"""The places in some records, and what is there: decoded and taken as whole columns where records are alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain, compress, repeat
from operator import attrgetter
from typing import Any, TypeAlias

import msgspec

from tui.filter.compiled import NotJsonError
from tui.filter.fields import ANY, FieldPath
from tui.filter.jmespath import load
from tui.filter.shapes import MISFITS

MOST_FIELDS = 1_000
MOST_ITEMS = 10_000  # of a list; a chunk with a longer one is read
_MOST_NAMES = 200  # of an object whose fields have a type; one with more is a map
_MOST_LEARNED = 32  # kinds of records: more are looked at one by one
_DEEP = 12
_UNSET = msgspec.UNSET


class Place:
    """A place in the records: the values there, and the places below. `records`: those of the values of lists.

    `full`: not everything here was kept.
    """

    __slots__ = ("below", "full", "kinds", "others", "path", "records", "values")

    def __init__(self, path: FieldPath = ()) -> None:
        self.path = path
        self.values: list[Any] = []
        self.records: list[int] | None = [] if ANY in path else None
        self.kinds: set[type] = set()  # of the values, at least
        self.others: Counter[type] = Counter()  # objects, and lists in lists
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
        if not any(kind is list or kind is dict or issubclass(kind, msgspec.Struct) for kind in kinds):
            self.values += column
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
                self.others[dict] += len(values)
                self.add_objects(values, numbers)
            else:
                self.add_column(values, numbers)

    def add(self, value: dict[str, Any], record: int) -> None:
        """The fields of an object that was decoded by itself."""
        for name, inner in value.items():
            place = self._at(name)
            if place is None:
                continue
            kind = type(inner)
            if kind is dict:
                place._add_object(inner, record)
            elif kind is list:
                place._add_lists([inner], [record])
            else:
                place.values.append(inner)
                place.kinds.add(kind)
                if place.records is not None:
                    place.records.append(record)

    def _add_object(self, value: dict[str, Any], record: int) -> None:
        self.others[dict] += 1
        if len(self.path) <= _DEEP:
            self.add(value, record)
        else:
            self.full = True

    def _add_lists(self, lists: list[list[Any]], records: Sequence[int]) -> None:
        if ANY in self.path and self.path[-1] is ANY:  # lists in lists
            self.others[list] += len(lists)
            self.full = True
            return
        place = self._at(ANY)
        if place is None:
            return
        if max(map(len, lists)) > MOST_ITEMS:
            self.full, lists = True, [items[:MOST_ITEMS] for items in lists]
        numbers = list(chain.from_iterable(map(repeat, records, map(len, lists))))
        place.add_column(list(chain.from_iterable(lists)), numbers)  # null, too: a list of it is not empty

    def _at(self, step: Any) -> Place | None:
        place = self.below.get(step)
        if place is None:
            if len(self.below) >= MOST_FIELDS:
                self.full = True
                return None
            place = self.below[step] = Place((*self.path, step))
        return place

    def at(self, path: Iterable[str]) -> Place | None:
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


class PlaceLearner:
    """Decodes records into objects of the fields that were seen before, five times as fast as into dicts.

    Use it in as many threads as you like: what one of them learns is put in place at once.
    """

    def __init__(self) -> None:
        self._shape: Skeleton = _NOTHING
        self._decoder: Any = None
        self._learned = 0

    def __reduce__(self) -> tuple[type[PlaceLearner], tuple[()]]:  # types are not pickled: another process learns anew
        return PlaceLearner, ()

    def places(self, records: Sequence[bytes], lines: bytes | None) -> tuple[Place, int, list[bytes]]:
        """The places of records, how many objects are among them, and those that are not JSON.

        `lines`: all of them at once, if each is like an object.
        """
        root = Place()
        if lines is not None and self._decoder is not None:
            try:
                objects = self._decoder.decode_lines(lines)
                if len(objects) == len(records):
                    root.add_objects(objects, range(len(objects)))
                    return root, len(objects), []
            except MISFITS:  # a field that was not seen yet, or what is not JSON
                pass
        return self._one_by_one(root, records)

    def _one_by_one(self, root: Place, records: Sequence[bytes]) -> tuple[Place, int, list[bytes]]:
        decode = self._decoder.decode if self._decoder is not None else _misfit
        objects: list[Any] = []
        numbers: list[int] = []
        not_json: list[bytes] = []
        new = Place()
        unlike = 0
        for number, record in enumerate(records):
            try:
                objects.append(decode(record))
                numbers.append(number)
                continue
            except MISFITS:
                pass
            try:
                value = load(record)
            except NotJsonError:
                not_json.append(record)
                continue
            if type(value) is dict:
                unlike += 1
                root.add(value, number)
                new.add(value, number)
        root.add_objects(objects, numbers)
        if unlike and self._learned < _MOST_LEARNED:
            self._learn(new)
        return root, len(objects) + unlike, not_json

    def _learn(self, root: Place) -> None:
        self._learned += 1
        self._shape = _merged(self._shape, _shape_of(root))
        try:
            if isinstance(self._shape, dict):
                self._decoder = msgspec.json.Decoder(_struct(self._shape))
        except (TypeError, ValueError, RecursionError):  # names that no type can have
            self._learned = _MOST_LEARNED


def _misfit(record: bytes) -> Any:
    raise msgspec.DecodeError


# The names in an object, and what is at them; what is in a list; nothing but null; anything, where there are values.
Skeleton: TypeAlias = "dict[str, Skeleton] | list[Skeleton] | str"
_NOTHING, _ANYTHING = "nothing", "anything"


def _shape_of(place: Place) -> Skeleton:
    """What was seen at a place."""
    objects = not place.path or dict in place.others
    lists = ANY in place.below
    values = bool(place.kinds - {type(None)}) or list in place.others
    if objects + lists + values != 1 or place.full or len(place.below) > _MOST_NAMES:
        return _ANYTHING if objects or lists or values else _NOTHING
    if objects:
        return {name: _shape_of(inner) for name, inner in place.below.items()}
    return [_shape_of(place.below[ANY])] if lists else _ANYTHING


def _merged(one: Skeleton, other: Skeleton) -> Skeleton:
    """What holds for the records of both."""
    if one == _NOTHING or other == _NOTHING:
        return other if one == _NOTHING else one
    if isinstance(one, list) and isinstance(other, list):
        return [_merged(one[0], other[0])]
    if isinstance(one, dict) and isinstance(other, dict) and len(one | other) <= _MOST_NAMES:
        return one | {name: _merged(one[name], inner) if name in one else inner for name, inner in other.items()}
    return _ANYTHING


def _struct(shape: dict[str, Skeleton]) -> Any:
    """The type of objects that have at most these fields; its `getters` tell each field's name and how it is read."""
    names = {f"f{number}": name for number, name in enumerate(shape)}
    types = [(field, _type(shape[name]) | msgspec.UnsetType, _UNSET) for field, name in names.items()]
    getters = tuple((name, attrgetter(field)) for field, name in names.items())
    return msgspec.defstruct(
        "Record", types, rename=names, forbid_unknown_fields=True, gc=False, namespace={"getters": getters}
    )


def _type(shape: Skeleton) -> Any:
    if isinstance(shape, dict):
        return _struct(shape) | None
    if isinstance(shape, list):
        return list[_type(shape[0])] | None  # type: ignore[misc]  # a type that is computed
    return None if shape == _NOTHING else Any
