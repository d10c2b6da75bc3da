"""Find which parts of a record an expression needs, and build the msgspec type that decodes only those.

Decoding is most of the work of a JMESPath filter: for a list of objects, decoding two fields takes a fifth of the time
of decoding whole objects. A type that also allows every other kind of JSON at a place costs nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import GenericAlias
from typing import Any

import msgspec

_MAX_DEPTH = 12
_UNNAMEABLE = re.compile(r'["\\\x00-\x1f\ud800-\udfff]')  # msgspec cannot rename a field to these


class _Skipped(msgspec.Struct, gc=False):
    """An object of which nothing is needed."""


_SCALARS = str | int | float | bool | None
_SKIPPED: Any = _Skipped | list[Any] | _SCALARS


@dataclass(slots=True)
class _Shared:
    """State of all places of a record: the attribute for each name, and the number of changes to what is needed."""

    names: dict[str, str] = field(default_factory=dict)
    changes: int = 0


class NeededPlace:
    """A place in a record and what is needed of its value: at first only its type, and scalars.

    `whole`: all of it is needed. Otherwise, of an object: either fields by name, or its keys and what every value
    needs. Of a list: what each item needs. `_emptiness_needed`: whether it is empty is needed.
    """

    def __init__(self, shared: _Shared | None = None, depth: int = 0) -> None:
        self.shared = shared or _Shared()
        self._depth = depth
        self.whole = depth > _MAX_DEPTH
        self._emptiness_needed = self._keyed = False
        self._fields: dict[str, NeededPlace] = {}
        self._item: NeededPlace | None = None
        self._value: NeededPlace | None = None
        self.type: Any = None  # the type of its objects, once they are decoded

    def _below(self) -> NeededPlace:
        self.shared.changes += 1
        return NeededPlace(self.shared, self._depth + 1)

    def need_whole(self) -> None:
        if not self.whole:
            self.whole = True
            self.shared.changes += 1

    def need_emptiness(self) -> None:
        self._emptiness_needed = True

    def need_keys(self) -> None:
        """Need the keys of an object, instead of fields by name."""
        self._keyed = True
        if self._fields:
            self.need_whole()

    def named(self, name: str) -> NeededPlace:
        """Return the place of a field."""
        if _UNNAMEABLE.search(name) or self._keyed:
            self.need_whole()
        if name not in self._fields:
            self._fields[name] = self._below()
            self.shared.names.setdefault(name, f"f{len(self.shared.names)}")
        return self._fields[name]

    def item(self) -> NeededPlace:
        """Return the place of every item of a list."""
        if self._item is None:
            self._item = self._below()
        return self._item

    def value(self) -> NeededPlace:
        """Return the place of every value of an object."""
        self.need_keys()
        if self._value is None:
            self._value = self._below()
        return self._value

    def settle(self) -> None:
        """Need the whole object if emptiness matters, unless there are decoded fields that can show it."""
        if self._emptiness_needed and not self._fields and not self._keyed:
            self.need_whole()
        for below in (*self._fields.values(), self._item, self._value):
            if below is not None:
                below.settle()

    def objects(self) -> Any:
        """Build the type of an object with the needed parts, for this place and all below."""
        if self.whole:
            self.type = Any
        elif self._keyed:
            self.type = GenericAlias(dict, (str, self._value.decoded() if self._value else msgspec.Raw))
        else:
            names = self.shared.names
            fields = [(names[name], place.decoded(), None) for name, place in self._fields.items()]
            rename = {names[name]: name for name in self._fields}
            self.type = msgspec.defstruct("Object", fields, rename=rename, gc=False)
        return self.type

    def decoded(self) -> Any:
        """Build the type for any value at this place."""
        if self.whole:
            return Any
        lists = GenericAlias(list, (self._item.decoded() if self._item else _SKIPPED,))
        return self.objects() | lists | _SCALARS


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value may come from: one of `places` that is not decoded whole; a list made of `items`; (`plain`) a value
    that was decoded whole, or made of such values; or (`scalar`) a scalar that the expression made."""

    places: tuple[NeededPlace, ...] = ()
    items: Origin | None = None
    plain: bool = False
    scalar: bool = False

    @staticmethod
    def at(*places: NeededPlace) -> Origin:
        return Origin(tuple(place for place in places if not place.whole), None, any(place.whole for place in places))

    def __or__(self, other: Origin) -> Origin:
        places = dict.fromkeys((*self.places, *other.places))
        items = self.items | other.items if self.items and other.items else self.items or other.items
        return Origin(tuple(places), items, self.plain or other.plain, self.scalar or other.scalar)

    @property
    def listed(self) -> bool:
        """True if it is a list that the expression made, or null."""
        return self.items is not None and not (self.places or self.plain or self.scalar)

    def need_whole(self) -> None:
        for place in self.places:
            place.need_whole()
        if self.items:
            self.items.need_whole()

    def need_emptiness(self) -> None:
        for place in self.places:
            place.need_emptiness()

    def need_keys(self) -> None:
        for place in self.places:
            place.need_keys()

    def named(self, name: str) -> Origin:
        """Return the origin of a field. Together with plain values, places are decoded whole, for uniform access."""
        if self.plain:
            for place in self.places:
                place.need_whole()
        return Origin.at(*(place.named(name) for place in self.places)) | Origin(plain=self.plain)

    def item(self) -> Origin:
        """Return the origin of an item, if it is a list."""
        made = Origin.at(*(place.item() for place in self.places)) | Origin(plain=self.plain)
        return made | self.items if self.items else made

    def value(self) -> Origin:
        """Return the origin of a value, if it is an object."""
        return Origin.at(*(place.value() for place in self.places)) | Origin(plain=self.plain)


SCALAR = Origin(scalar=True)
PLAIN = Origin(plain=True)


def of_scalar(origins: list[Origin]) -> Origin:
    return SCALAR


def _keys_of(origins: list[Origin]) -> Origin:
    origins[0].need_keys()
    return Origin(items=SCALAR)


def _plain(origins: list[Origin]) -> Origin:
    for origin in origins:
        origin.need_whole()
    return PLAIN


def _length_of(origins: list[Origin]) -> Origin:
    origins[0].need_keys()
    return SCALAR


def _text_of(origins: list[Origin]) -> Origin:
    origins[0].need_whole()
    return SCALAR


def _one_of(origins: list[Origin]) -> Origin:
    made = Origin()
    for origin in origins:
        made |= origin
    return made


# The origin of a function's result, by the origins of its arguments. All other functions return scalars.
RESULTS: Mapping[str, Callable[[list[Origin]], Origin]] = {
    "keys": _keys_of,
    "length": _length_of,
    "values": lambda origins: Origin(items=origins[0].value()),
    "merge": _plain,
    "not_null": _one_of,
    "reverse": lambda origins: Origin(items=origins[0].item()),
    "sort": lambda origins: Origin(items=origins[0].item()),
    "to_array": lambda origins: Origin(items=origins[0] | origins[0].item()),
    "to_string": _text_of,
}
