"""Decode records into objects with the fields seen before; repeated objects and lists are decoded once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, TypeAlias

import msgspec

from tui.analysis.places import Place, Text
from tui.analysis.texts import each_text
from tui.filter.compiled import NotJsonError
from tui.filter.fields import ANY, FieldPath
from tui.filter.jmespath import load
from tui.filter.shapes import MISFITS

_MAX_NAMES = 200  # fields of an object that gets a type; one with more is a map
_MAX_LEARNED = 32  # times that new fields are learned; after that, unknown records are decoded one by one
_UNSET = msgspec.UNSET

_FIRST, _SURE = 512, 4_096  # texts after which a first, and a strict, check decides whether they repeat
_TIMES_FIRST, _TIMES = 2, 4  # how often each text must occur on average in these checks
_MAX_TEXTS = 2_000  # different texts to remember
_LONGEST = 1_000  # bytes of a text, on average; longer ones are not kept as texts


class PlaceLearner:
    """Decodes records into objects with the fields seen before, five times as fast as into dicts.

    Repeated objects and lists are kept as their JSON text, which is decoded once for all of them, unless they are on
    the path `wanted`.

    Thread-safe: new fields are put in place in one assignment.
    """

    def __init__(self, wanted: FieldPath = ()) -> None:
        self._wanted = wanted
        self._shape: Skeleton = _NOTHING
        self._decoder: Any = None  # for one record
        self._lines_decoder: Any = None  # for many records, keeping repeated parts as texts
        self._texts: dict[FieldPath, _Texts] = {}
        self._learned = 0

    def __reduce__(self) -> tuple[type[PlaceLearner], tuple[FieldPath]]:
        return PlaceLearner, (self._wanted,)  # types cannot be pickled; another process starts over

    def places(self, records: Sequence[bytes], lines: bytes | None) -> tuple[Place, int, list[bytes]]:
        """Return the places of records, how many of them are objects, and those that are not JSON.

        `lines`: all records at once, if each line looks like an object.
        """
        if lines is not None and self._lines_decoder is not None:
            try:
                objects = self._lines_decoder.decode_lines(lines)
                if len(objects) == len(records):
                    root = Place()
                    root.add_objects(objects, range(len(objects)))
                    self._check_texts(root)
                    return root, len(objects), []
            except (*MISFITS, NotJsonError):  # a new field, or a record that is not JSON
                pass
        return self._one_by_one(Place(), records)

    def _check_texts(self, root: Place) -> None:
        """Stop keeping texts that do not repeat; NotJsonError if one is not JSON."""
        changed = False
        for path, texts in list(self._texts.items()):
            place = root.at(path)
            if texts.repeat and place is not None:
                texts.add(place.texts)
                changed |= not texts.repeat
        if changed:
            self._make_decoders()

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
        if unlike and self._learned < _MAX_LEARNED:
            self._learn(new)
        return root, len(objects) + unlike, not_json

    def _learn(self, root: Place) -> None:
        self._learned += 1
        self._shape = _merged(self._shape, _shape_of(root))
        self._make_decoders()

    def _make_decoders(self) -> None:
        try:
            if isinstance(self._shape, dict):
                self._decoder = msgspec.json.Decoder(_struct(self._shape, (), lambda _: False))
                self._lines_decoder = msgspec.json.Decoder(_struct(self._shape, (), self._as_text))
        except (TypeError, ValueError, RecursionError):  # a type cannot have these names
            self._learned = _MAX_LEARNED

    def _as_text(self, path: FieldPath) -> bool:
        if path == self._wanted[: len(path)]:
            return False
        return self._texts.setdefault(path, _Texts()).repeat


class _Texts:
    """The texts at a place; while they `repeat`, what is there is kept as text."""

    def __init__(self) -> None:
        self.repeat = True
        self._known: set[Text] = set()
        self._read: set[bytes] = set()
        self._seen = 0

    def add(self, texts: Counter[Text]) -> None:
        """Add the texts of a block; NotJsonError if one of them is not JSON."""
        new = texts.keys() - self._known
        unread = each_text(new) - self._read
        for text in unread:
            load(text)
        self._read |= unread
        self._known |= new
        self._seen += texts.total()
        times = _TIMES if self._seen >= _SURE else _TIMES_FIRST
        rare = self._seen >= _FIRST and times * len(self._known) > self._seen
        self.repeat = not rare and sum(map(len, unread)) <= _LONGEST * len(unread)
        if len(self._known) > _MAX_TEXTS or not self.repeat:
            self._known, self._read, self._seen = set(), set(), 0


def _misfit(record: bytes) -> Any:
    raise msgspec.DecodeError


# An object's names, each with its skeleton; a list's items; _NOTHING if all are null; _ANYTHING if there are values.
Skeleton: TypeAlias = "dict[str, Skeleton] | list[Skeleton] | str"
_NOTHING, _ANYTHING = "nothing", "anything"


def _shape_of(place: Place) -> Skeleton:
    """Return the skeleton of a place."""
    objects = not place.path or dict in place.others
    lists = ANY in place.below
    values = bool(place.kinds - {type(None)}) or list in place.others
    if objects + lists + values != 1 or place.full or len(place.below) > _MAX_NAMES:
        return _ANYTHING if objects or lists or values else _NOTHING
    if objects:
        return {name: _shape_of(inner) for name, inner in place.below.items()}
    return [_shape_of(place.below[ANY])] if lists else _ANYTHING


def _merged(one: Skeleton, other: Skeleton) -> Skeleton:
    """Return the skeleton that fits the records of both."""
    if one == _NOTHING or other == _NOTHING:
        return other if one == _NOTHING else one
    if isinstance(one, list) and isinstance(other, list):
        return [_merged(one[0], other[0])]
    if isinstance(one, dict) and isinstance(other, dict) and len(one | other) <= _MAX_NAMES:
        return one | {name: _merged(one[name], inner) if name in one else inner for name, inner in other.items()}
    return _ANYTHING


def _struct(shape: dict[str, Skeleton], path: FieldPath, as_text: Callable[[FieldPath], bool]) -> Any:
    """Return a type for objects with at most these fields; its `getters` are pairs of a field's name and its getter."""
    names = {f"f{number}": name for number, name in enumerate(shape)}
    types = [
        (field, _type(shape[name], (*path, name), as_text) | msgspec.UnsetType, _UNSET) for field, name in names.items()
    ]
    getters = tuple((name, attrgetter(field)) for field, name in names.items())
    return msgspec.defstruct(
        "Record", types, rename=names, forbid_unknown_fields=True, gc=False, namespace={"getters": getters}
    )


def _type(shape: Skeleton, path: FieldPath, as_text: Callable[[FieldPath], bool]) -> Any:
    if isinstance(shape, str):
        return None if shape == _NOTHING else Any
    if as_text(path):
        return msgspec.Raw
    if isinstance(shape, dict):
        return _struct(shape, path, as_text) | None
    return list[_type(shape[0], (*path, ANY), as_text)] | None  # type: ignore[misc]  # a computed type
