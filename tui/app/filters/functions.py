"""JMESPath's functions: what they take and give (jmespath.org/specification.html#built-in-functions)."""

from __future__ import annotations

from collections.abc import Mapping

SIGNATURES: Mapping[str, str] = {
    "abs": "(number) → number",
    "avg": "(numbers) → number",
    "ceil": "(number) → number",
    "contains": "(array | string, sought) → boolean",
    "ends_with": "(string, end) → boolean",
    "floor": "(number) → number",
    "join": "(glue, strings) → string",
    "keys": "(object) → strings",
    "length": "(string | array | object) → number",
    "map": "(&expression, array) → array",
    "max": "(numbers or strings) → greatest",
    "max_by": "(array, &expression) → item",
    "merge": "(object, …) → object",
    "min": "(numbers or strings) → least",
    "min_by": "(array, &expression) → item",
    "not_null": "(value, …) → first that is not null",
    "reverse": "(array | string) → same",
    "sort": "(numbers or strings) → array",
    "sort_by": "(array, &expression) → array",
    "starts_with": "(string, begin) → boolean",
    "sum": "(numbers) → number",
    "to_array": "(value) → array",
    "to_number": "(string | number) → number",
    "to_string": "(value) → string",
    "type": "(value) → name of its type",
    "values": "(object) → array",
}
