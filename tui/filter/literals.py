"""JMESPath literals: their types, and the literal that was meant where a field has another type."""

from __future__ import annotations

import msgspec

from tui.filter.build import spell_value


def type_of(value: object) -> str:
    """Return JMESPath's name for a value's type."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else "boolean"
    if isinstance(value, int | float):
        return "number"
    return "string" if isinstance(value, str) else "array" if isinstance(value, list) else "object"


def type_of_text(literal: str) -> str:
    """Return the type of a literal that `as_literal` made."""
    if literal[0] == "'" or literal[:2] == '`"':
        return "string"
    return "boolean" if literal in ("`true`", "`false`") else "number" if literal[1] in "-0123456789" else "object"


def as_literal(value: object, types: frozenset[str]) -> str:
    """Return the literal that was meant for a field of these types: `5003` for '5003' if it has numbers."""
    if isinstance(value, str) and "string" not in types:
        if "number" in types and is_number(value):
            return f"`{value.strip()}`"
        if "boolean" in types and value.casefold().strip() in ("true", "false"):
            return f"`{value.casefold().strip()}`"
    if not isinstance(value, str) and type_of(value) not in types and "string" in types:
        return spell_value(str(value).lower() if isinstance(value, bool) else str(value))
    return spell_value(value)


def is_number(text: str) -> bool:
    """True if the text is a JSON number."""
    try:
        return type_of(msgspec.json.decode(text.strip())) == "number"
    except (msgspec.DecodeError, UnicodeError):
        return False
