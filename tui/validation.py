"""msgspec's validation errors, reworded for the person who wrote the file."""

from __future__ import annotations

import re

import msgspec

_EXPECTED = {
    "str": "a text in quotes",
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "array": "a list",
    "object": "a table of names and values",
    "null": "null",
}


def explained(error: msgspec.ValidationError, where: str = "") -> str:
    """Reword an error: `archives.media.timezone must be a text in quotes`, with the path and the expected type.

    `where` is the path of the converted value; empty for the whole file.
    """
    what, _, path = str(error).partition(" - at `")
    place = ".".join(filter(None, (where, path.rstrip("`").removeprefix("$").removeprefix("."))))
    if missing := re.match(r"Object missing required field `(\w+)`", what):
        return f"{'.'.join(filter(None, (place, missing[1])))} is missing"
    if not place and "Expected" not in what:
        return what
    place = place or "it"
    if what.startswith("Invalid enum value"):
        return f"{place} has the unknown value {what.removeprefix('Invalid enum value ')}"
    if bound := re.match(r"Expected `(?:int|float)` ([<>]=) (\S+)", what):
        return f"{place} must be {float(bound[2]):,.0f} or {'more' if bound[1] == '>=' else 'less'}"
    if "of length >= 1" in what:
        return f"{place} must not be empty"
    if bound := re.match(r"Expected `str` of length <= (\d+)", what):
        return f"{place} is longer than {int(bound[1]):,} characters"
    if expected := re.match(r"Expected `([^`]*)`(?:, got|$)", what):
        kinds = sorted((kind for kind in _EXPECTED if kind in expected[1].split(" | ")), key=list(_EXPECTED).index)
        return f"{place} must be {' or '.join(_EXPECTED[kind] for kind in kinds) or 'of another type'}"
    return f"{place}: {what}"
