"""Records as columns: the values of every field, decoded together into objects of the fields seen before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from operator import attrgetter
from typing import Any, TypeAlias

import msgspec

from tui.filter.compiled import NotJsonError
from tui.filter.fields import ANY, FieldPath
from tui.filter.jmespath import load
from tui.filter.shapes import MISFITS

MAX_PATHS = 1_000
_MAX_NAMES = 200  # fields of an object that is decoded field by field; one with more is a map
_ITEMS = 50  # of a list
_DEEP = 12
_MAX_SHAPES = 20  # to learn; records that differ even more are decoded one by one

MISSING = msgspec.UNSET


class Compound(Enum):
    """Placeholder for an object or a list where other records have a value: the field is not missing."""

    COMPOUND = 0


# The names in an object, each with the names below it; None where there is a value.
NamesBelow: TypeAlias = "dict[str, NamesBelow] | None"


@dataclass(slots=True)
class Cells:
    """The values of one field: one per record, MISSING or None if it has none; or, with `records`, any number of values
    and in `records`, parallel to them, the numbers of their records.
    """

    values: list[Any]
    records: list[int] | None = None


@dataclass(slots=True)
class Columns:
    """The fields of `records` JSON objects. `not_objects`: number of other records, which are left out.

    `compounds`: for each path that has only objects or lists, a byte per record: 1 if it has one there, else 0.
    """

    records: int = 0
    cells: dict[FieldPath, Cells] = field(default_factory=dict)
    compounds: dict[FieldPath, bytes] = field(default_factory=dict)
    not_objects: int = 0


class Learner:
    """Turns records into columns and remembers their fields, so the next ones are decoded five times as fast.

    Thread-safe: new fields are put in place in one assignment.
    """

    def __init__(self) -> None:
        self._shape: NamesBelow = {}
        self._decoder: _Decoder | None = None
        self._shapes = 0

    def __reduce__(self) -> tuple[type[Learner], tuple[()]]:  # types cannot be pickled; another process starts over
        return Learner, ()

    def columns(self, lines: bytes | memoryview) -> Columns:
        """Return the columns of records, one per line."""
        decoder = self._decoder
        if decoder is not None:
            try:
                return decoder.columns(lines)
            except MISFITS:  # a new field, or a record that is not an object
                pass
        made, root = _one_by_one(filter(None, bytes(lines).split(b"\n")))
        if made.records and self._shapes < _MAX_SHAPES:
            self._shapes += 1
            self._shape = _merged(self._shape, _shape_of(root))
            self._decoder = _decoder_of(self._shape) if self._shape else None
        return made


def _one_by_one(records: Iterable[bytes]) -> tuple[Columns, ColumnNode]:
    made, root = Columns(), ColumnNode(())
    for record in records:
        try:
            value = load(record)
        except NotJsonError:
            value = None
        if type(value) is dict:
            root.add(made.records, value, 0)
            made.records += 1
        else:
            made.not_objects += 1
    root.collect(made)
    return made, root


class ColumnNode:
    """A path in the records: its values, and the paths below it. The tree saves building a path for every value."""

    __slots__ = ("below", "compounds", "path", "records", "texts", "values")

    def __init__(self, path: FieldPath) -> None:
        self.path = path
        self.records: list[int] = []
        self.values: list[Any] = []
        self.compounds: list[int] = []  # records with an object or a list here
        self.below: dict[Any, ColumnNode] = {}
        self.texts: dict[tuple[str, ...], list[str]] = {}  # lists of texts, each without its duplicates

    def add(self, record: int, value: dict[str, Any], depth: int) -> None:
        """Add the fields of an object."""
        below = self.below
        for name, inner in value.items():
            node = below.get(name) or self._new(name)
            if node is not None:
                node.add_value(record, inner, depth + 1)

    def add_value(self, record: int, value: Any, depth: int) -> None:
        """Add a value of any type."""
        kind = type(value)
        if kind is dict:
            self.compounds.append(record)
            if depth <= _DEEP:
                self.add(record, value, depth)
        elif kind is list:
            self.compounds.append(record)
            self.add_items(record, value, depth)
        elif value is not None:
            self.records.append(record)
            self.values.append(value)

    def add_items(self, record: int, items: list[Any], depth: int) -> None:
        """Add the items of a list, each different item once."""
        node = self.below.get(ANY) or self._new(ANY)
        assert node is not None
        try:
            texts = self.texts.get(tuple(items))
        except TypeError:  # it contains objects or lists
            texts = None
        if texts is None and set(map(type, items)) == {str}:
            texts = self.texts[tuple(items)] = list(dict.fromkeys(items[:_ITEMS]))
        if texts is not None:
            node.records += [record] * len(texts)
            node.values += texts
            return
        seen = set()
        for item in items[:_ITEMS]:
            if type(item) is dict:
                if depth <= _DEEP:
                    node.add(record, item, depth)
            elif item is not None and type(item) is not list and (key := (type(item) is bool, item)) not in seen:
                seen.add(key)
                node.records.append(record)
                node.values.append(item)

    def _new(self, step: Any) -> ColumnNode | None:
        if len(self.below) >= MAX_PATHS and step is not ANY:
            return None
        node = self.below[step] = ColumnNode((*self.path, step))
        return node

    def collect(self, columns: Columns) -> None:
        """Put the values here and below into columns, one value per record unless the path goes through a list."""
        if self.values and ANY in self.path:
            columns.cells[self.path] = Cells(self.values, self.records)
        elif self.values:
            values: list[Any] = [MISSING] * columns.records
            for record, value in zip(self.records, self.values, strict=True):
                values[record] = value
            for record in self.compounds:
                values[record] = Compound.COMPOUND
            columns.cells[self.path] = Cells(values)
        elif self.compounds and ANY not in self.path:
            there = bytearray(columns.records)
            for record in self.compounds:
                there[record] = 1
            columns.compounds[self.path] = bytes(there)
        for node in self.below.values():
            node.collect(columns)


def _shape_of(node: ColumnNode) -> NamesBelow:
    """Return the names below a node; None if it has anything but objects."""
    if node.values or ANY in node.below or len(node.below) > _MAX_NAMES:
        return None
    return {name: _shape_of(inner) for name, inner in node.below.items()}


def _merged(one: NamesBelow, other: NamesBelow) -> NamesBelow:
    """Return the shape that fits the records of both."""
    if one is None or other is None or len(one | other) > _MAX_NAMES:
        return None
    return one | {name: _merged(one[name], inner) if name in one else inner for name, inner in other.items()}


@dataclass(frozen=True, slots=True)
class _Decoder:
    """Decodes the records of one shape; raises MISFITS for others."""

    decode: Any
    kind: _Object

    def columns(self, lines: bytes | memoryview) -> Columns:
        objects = self.decode(lines)
        made = Columns(len(objects))
        self.kind.collect(objects, made)
        return made


@dataclass(frozen=True, slots=True)
class _Object:
    """The objects at one path: their type; for each field its path, its getter, and the objects there, if any."""

    type: Any
    fields: tuple[tuple[FieldPath, Any, _Object | None], ...]

    def collect(self, objects: list[Any], columns: Columns) -> None:
        """Add the columns of the fields, here and below."""
        for path, get, inner in self.fields:
            column = list(map(get, objects))
            if inner is not None:
                empty, whole = inner.type(), all(column)
                columns.compounds[path] = b"\1" * len(column) if whole else bytes(map(bool, column))
                inner.collect(column if whole else [value or empty for value in column], columns)
                continue
            kinds = set(map(type, column))
            if list in kinds or dict in kinds:
                node = ColumnNode(path)
                for record, value in enumerate(column):
                    if type(value) is list or type(value) is dict:
                        node.add_value(record, value, len(path))
                        column[record] = Compound.COMPOUND
                node.collect(columns)
                kinds -= {list, dict}
            if kinds - {type(None), type(MISSING)}:
                columns.compounds.pop(path, None)
                columns.cells[path] = Cells(column)


def _decoder_of(shape: dict[str, NamesBelow]) -> _Decoder | None:
    """Return the decoder; None if a type cannot have these names."""
    try:
        kind = _object_of(shape, ())
        return _Decoder(msgspec.json.Decoder(kind.type).decode_lines, kind)
    except (TypeError, ValueError, RecursionError):
        return None


def _object_of(shape: dict[str, NamesBelow], path: FieldPath) -> _Object:
    fields: list[tuple[FieldPath, Any, _Object | None]] = []
    types: list[tuple[str, Any, Any]] = []
    names: dict[str, str] = {}
    for number, (name, below) in enumerate(shape.items()):
        inner = _object_of(below, (*path, name)) if below else None
        attribute = f"f{number}"
        names[attribute] = name
        types.append((attribute, inner.type | None if inner else Any, None if inner else MISSING))
        fields.append(((*path, name), attrgetter(attribute), inner))
    made = msgspec.defstruct("Record", types, rename=names, forbid_unknown_fields=True, gc=False)
    return _Object(made, tuple(fields))
