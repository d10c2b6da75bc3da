"""Blanking values in a notebook before sharing it.

A value at a path is blanked in the records, in the rows that list it, in commands that name the path, and wherever else
the same text occurs. Records that cannot be parsed are left out, because they may contain such values.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from tui.errors import FilterError
from tui.history.notebook import FIRST_RECORDS, Written, prose
from tui.printable import printable

BLANK = "[redacted]"
_LITERAL = re.compile(r"'([^']*)'|`([^`]*)`")
_INDENT = "    "
_COMMAND = _INDENT + "hourscope "
_SHORT = 2  # longer texts are also searched for elsewhere


def redacted(entries: Sequence[Written], paths: Iterable[str]) -> list[Written]:
    """Blank the values at the paths (`visitor.id`, `tags[*]`). FilterError for an empty path."""
    parsed = [_parts(path) for path in paths]
    if not parsed:
        return list(entries)
    values: set[str] = set()
    blanked = [_entry(entry, parsed, values) for entry in entries]
    return [replace(entry, lines=tuple(_without(line, values) for line in entry.lines)) for entry in blanked]


def not_there(entries: Sequence[Written], paths: Iterable[str]) -> list[str]:
    """Return a sentence for each path without a value to blank, which may be misspelled."""
    before = _blanks(entries)
    return [
        f"nothing in this notebook is at {printable(path)}; check its spelling before sharing it"
        for path in paths
        if _blanks(redacted(entries, [path])) == before
    ]


def _blanks(entries: Sequence[Written]) -> int:
    return sum(entry.text.count(BLANK) for entry in entries)


def _parts(path: str) -> tuple[str, ...]:
    parts = tuple(part.strip('"') for part in re.sub(r"\[[^\]]*\]", "", path).split("."))
    if not all(parts):
        raise FilterError("--redact needs a path, such as visitor.id", path, 0)
    return parts


def _entry(entry: Written, paths: Sequence[tuple[str, ...]], values: set[str]) -> Written:
    names = {".".join(path) for path in paths}
    listed = {_plain(field) for field in entry.meta.spot.fields} if entry.meta else set()
    rows_hold = any(_covers(name, field) for name in names for field in listed)
    kept, in_records = [], False
    for line in entry.lines:
        in_records = line == FIRST_RECORDS or (in_records and (not line or line.startswith(_INDENT)))
        if in_records and line.startswith(_INDENT):
            kept.append(_record(line, paths, values))
        elif rows_hold and line.startswith(_INDENT) and not line.startswith(_COMMAND):
            kept.append(f"{_INDENT}{BLANK}")
        elif any(_names(line, path) for path in paths):
            kept.append(_line(line, paths, values))
        else:
            kept.append(line)
    return replace(entry, lines=tuple(kept))


def _record(line: str, paths: Sequence[tuple[str, ...]], values: set[str]) -> str:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return f"{_INDENT}({len(line) - len(_INDENT):,} characters of a record, left out: not JSON, so not redacted)"
    for path in paths:
        value = _blanked(value, path, values)
    return _INDENT + json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _blanked(value: Any, path: tuple[str, ...], values: set[str]) -> Any:
    if isinstance(value, list):
        return [_blanked(item, path, values) for item in value]
    if not path:
        _collect(value, values)
        return BLANK
    if isinstance(value, dict):
        head, *rest = path
        return {name: _blanked(item, tuple(rest), values) if name == head else item for name, item in value.items()}
    return value


def _collect(value: Any, values: set[str]) -> None:
    """Collect the values to search for in the rest of the notebook; short ones occur there with other meanings."""
    match value:
        case dict():
            for item in value.values():
                _collect(item, values)
        case str() if len(value) > _SHORT:
            values.add(value)
        case int() | float() if not isinstance(value, bool) and len(str(value)) > 3:
            values.add(str(value))


def _names(line: str, path: tuple[str, ...]) -> bool:
    """Return whether a line names the path, or searches the list that contains it."""
    plain = re.sub(r"\\([\\`*_<>\[\]#|])", r"\1", line)  # without Markdown escapes
    return bool(
        re.search(rf"(?<![\w.]){re.escape('.'.join(path))}(?!\w)", plain)
        or re.search(rf"(?<![\w.]){re.escape(path[0])}\[", plain)
    )


def _line(line: str, paths: Sequence[tuple[str, ...]], values: set[str]) -> str:
    """Blank a line that names the path: all quoted parts of a command, or a whole sentence."""
    if not line.startswith(_COMMAND):
        return _INDENT + BLANK if line.startswith(_INDENT) else BLANK
    for path in paths:
        compared = rf"(?<![\w.]){re.escape('.'.join(path))}\s*(?:[=!<>]=|[<>])[\s\"'`]+([^'`\"]+)"
        values.update(value for value in re.findall(compared, line) if len(value) > _SHORT)
    return _LITERAL.sub(BLANK, line)


def _without(line: str, values: set[str]) -> str:
    for value in sorted(values, key=len, reverse=True):
        for spelled in {value, printable(value), prose(value)}:
            if spelled in line:
                line = re.sub(rf"(?<!\w){re.escape(spelled)}(?!\w)", BLANK, line)
    return line


def _plain(field: str) -> str:
    return re.sub(r"\[[^\]]*\]", "", field)


def _covers(path: str, field: str) -> bool:
    """Return whether one is the other, or is inside it."""
    return path == field or field.startswith(path + ".") or path.startswith(field + ".")
