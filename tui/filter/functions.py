"""JMESPath's functions as jmespath.py defines them (jmespath/functions.py), without its slow dispatch and checks.

A value of the wrong type is a TypeError. Functions of an `&expression` get its result for each item. An object may be a
dict, or a struct of its needed fields.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

Number = int | float

NUMBERS = frozenset((int, float))
COMPARABLE = frozenset((int, float, str))
_STRINGS = frozenset((str,))
_TYPES = {str: "string", bool: "boolean", int: "number", float: "number", list: "array"}

_encode = json.JSONEncoder(separators=(",", ":"), default=str).encode


def _checked(value: Any, *types: type) -> Any:
    if type(value) not in types:
        raise TypeError(type(value).__name__)
    return value


def _all_of(values: Any, types: frozenset[type]) -> Any:
    if type(values) is not list or not types.issuperset(map(type, values)):
        raise TypeError(type(values).__name__)
    return values


def _alike(values: Any) -> Any:
    """Return the values if all are numbers or all are strings; else TypeError."""
    if type(values) is list and (_STRINGS if values and type(values[0]) is str else NUMBERS).issuperset(
        map(type, values)
    ):
        return values
    raise TypeError(type(values).__name__)


def _abs(value: Any) -> Any:
    return abs(_checked(value, int, float))


def _avg(values: Any) -> Number | None:
    return sum(values) / len(values) if _all_of(values, NUMBERS) else None


def _ceil(value: Any) -> Any:
    return math.ceil(_checked(value, int, float))


def _floor(value: Any) -> Any:
    return math.floor(_checked(value, int, float))


def _contains(where: Any, what: Any) -> bool:
    return what in _checked(where, str, list)


def _starts_with(where: Any, what: Any) -> bool:
    return bool(_checked(where, str).startswith(_checked(what, str)))


def _ends_with(where: Any, what: Any) -> bool:
    return bool(_checked(where, str).endswith(_checked(what, str)))


def _join(glue: Any, values: Any) -> str:
    return str(_checked(glue, str).join(_all_of(values, _STRINGS)))


def _keys(value: Any) -> list[str]:
    return list(_checked(value, dict))


def _values(value: Any) -> list[Any]:
    return list(_checked(value, dict).values())


def _length(value: Any) -> int:
    return len(_checked(value, str, list, dict))


def _max(values: Any) -> Any:
    return max(values) if _alike(values) else None


def _min(values: Any) -> Any:
    return min(values) if _alike(values) else None


def _sort(values: Any) -> list[Any]:
    return sorted(_alike(values))


def _sum(values: Any) -> Any:
    return sum(_all_of(values, NUMBERS))


def _merge(first: Any, *others: Any) -> dict[Any, Any]:
    merged = dict(_checked(first, dict))
    for other in others:  # anything that dict.update() accepts, as in jmespath.py
        merged.update(other)
    return merged


def _not_null(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


def _reverse(value: Any) -> Any:
    return _checked(value, str, list)[::-1]


def _to_array(value: Any) -> list[Any]:
    return value if type(value) is list else [value]


def _to_number(value: Any) -> Number | None:
    if type(value) is not str:
        return value if type(value) in NUMBERS else None
    try:
        return int(value)
    except ValueError:
        try:
            return float(value)
        except ValueError:
            return None


def _to_string(value: Any) -> str:
    return value if type(value) is str else _encode(value)


def _type(value: Any) -> str:
    return "null" if value is None else _TYPES.get(type(value), "object")


def _max_by(values: list[Any], keys: list[Any]) -> Any:
    return values[max(range(len(values)), key=_all_of(keys, COMPARABLE).__getitem__)] if values else None


def _min_by(values: list[Any], keys: list[Any]) -> Any:
    return values[min(range(len(values)), key=_all_of(keys, COMPARABLE).__getitem__)] if values else None


def _sort_by(values: list[Any], keys: list[Any]) -> list[Any]:
    return [values[at] for at in sorted(range(len(values)), key=_alike(keys).__getitem__)]


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "abs": _abs,
    "avg": _avg,
    "ceil": _ceil,
    "contains": _contains,
    "ends_with": _ends_with,
    "floor": _floor,
    "join": _join,
    "keys": _keys,
    "length": _length,
    "max": _max,
    "max_by": _max_by,
    "merge": _merge,
    "min": _min,
    "min_by": _min_by,
    "not_null": _not_null,
    "reverse": _reverse,
    "sort": _sort,
    "sort_by": _sort_by,
    "starts_with": _starts_with,
    "sum": _sum,
    "to_array": _to_array,
    "to_number": _to_number,
    "to_string": _to_string,
    "type": _type,
    "values": _values,
}


def is_true(value: Any) -> bool:
    """True for all values except false, null and the empty string, list and object, as in JMESPath (0 is true)."""
    return bool(value) or type(value) in NUMBERS


def is_equal(one: Any, other: Any) -> bool:
    """Compare as JMESPath's `==`, in which true does not equal 1, unlike in Python."""
    return (type(one) is type(other) and one == other) or _is_equal_number(one, other)


def _is_equal_number(one: Any, other: Any) -> bool:
    return type(one) in NUMBERS and type(other) in NUMBERS and bool(one == other)
