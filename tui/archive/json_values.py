"""Find where JSON values begin and end in bytes, to split records that newlines do not separate.

msgspec checks and slices at about 600 MB/s. Where it refuses (a lone surrogate, a damaged value), a slower scanner for
strings and brackets finds the ends.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import islice
from typing import Any

_SHORT = 1 << 14  # bytes
_PIECE = 1 << 20  # bytes
_MAX_TOKENS = 1 << 17  # about 0.1 s
_DEEPEST = 100_000  # brackets; no parser accepts so many levels, and 64 MiB of them would take 20 s to count

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+(?P<closed>"?)|(?P<open>[{\[])|(?P<close>[}\]])', re.DOTALL)
_PLAIN = re.compile(rb'(?:[\s,]*(?:"(?:[^"\\]|\\.)*+"|[-+.\w]++)\s*,)+', re.DOTALL)
_NEWLINES = b"\r\n"
_TRAILING = re.compile(r"trailing characters \(byte (\d+)\)")
_CUT = "Input data was truncated"

BOM = b"\xef\xbb\xbf"


@cache
def _decoder(kind: str) -> Callable[[bytes | memoryview], Any]:
    """Return a slicer of `one` value, `many` concatenated values, the `items` of a list or `members` of an object."""
    import msgspec  # a text search in lines does not need it

    raw = msgspec.Raw
    errors = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
    decode: Callable[[bytes | memoryview], Any] = {
        "one": msgspec.json.Decoder(raw).decode,
        "many": msgspec.json.Decoder(raw).decode_lines,
        "items": msgspec.json.Decoder(list[raw]).decode,  # type: ignore[valid-type]
        "members": msgspec.json.Decoder(dict[str, raw]).decode,  # type: ignore[valid-type]
    }[kind]

    def decoded(text: bytes | memoryview) -> Any:
        try:
            return decode(text)
        except errors:
            return None

    return decoded


def is_json(text: bytes) -> bool:
    """True if the text is exactly one JSON value."""
    if len(text) > _SHORT:
        return _decoder("one")(text) is not None or _loads(text)
    return _loads(text) or _decoder("one")(text) is not None


def _loads(text: bytes) -> bool:
    """True if the standard library parses the text. It also accepts lone surrogates and NaN."""
    try:
        json.loads(text.decode("utf-8", "surrogateescape"))
    except (ValueError, RecursionError):
        return False
    return True


def is_json_object(text: bytes) -> bool:
    """True if the text is exactly one JSON object or array.

    No proper prefix or suffix of an object's text is itself an object, so this also shows that a line is whole and not
    the rest of one that was cut by damage.
    """
    text = text.strip()
    return text[:1] in (b"{", b"[") and text[-1:] in (b"}", b"]") and is_json(text)


def values(text: bytes | memoryview) -> list[bytes] | None:
    """Split concatenated JSON values, each put on one line; None if the text holds anything else."""
    parsed = _decoder("many")(text)
    return None if parsed is None else one_line_each(parsed)


def items(text: bytes) -> list[bytes] | None:
    """Return the items of a JSON list, each on one line; None if it is not a list."""
    parsed = _decoder("items")(text)
    return None if parsed is None else one_line_each(parsed)


def plain_items(text: bytes) -> tuple[list[bytes], int]:
    """Return the strings, numbers and nulls before the first object in the rest of a list, and where they end."""
    plain = _PLAIN.match(text)
    values = items(b"[" + plain.group().strip(b" \t\r\n,") + b"]") if plain else None
    return (values, plain.end()) if values and plain else ([], 0)


def members(text: bytes) -> dict[str, bytes] | None:
    """Return the values of a JSON object by key; None if it is not an object."""
    parsed = _decoder("members")(text)
    return None if parsed is None else {key: bytes(raw) for key, raw in parsed.items()}


def one_line_each(values: Sequence[bytes]) -> list[bytes]:
    """Return JSON values without CR and LF, which occur only between their tokens."""
    text = b"\n".join(values)
    if b"\r" not in text and text.count(b"\n") == max(len(values) - 1, 0):
        return text.split(b"\n") if values else []  # ten times as fast as one by one
    return [bytes(value).translate(None, _NEWLINES) for value in values]


def drop_newlines(value: bytearray) -> None:
    """Remove CR and LF from a long JSON value in place; see `one_line_each`."""
    if b"\n" not in value and b"\r" not in value:
        return
    kept = 0
    for start in range(0, len(value), _PIECE):
        piece = value[start : start + _PIECE].translate(None, _NEWLINES)
        value[kept : kept + len(piece)] = piece
        kept += len(piece)
    del value[kept:]


def objects_on(line: bytes) -> list[bytes] | None:
    """Split a line of two or more objects and arrays; None for any other line."""
    if line[:1] not in (b"{", b"["):
        return None
    several = values(line)
    if several is None or len(several) < 2 or any(value[:1] not in (b"{", b"[") for value in several):
        return None
    return several


def value_end(text: memoryview) -> int:
    """Return the end of the first value and the space after it; 0 if it is incomplete, -1 if it is invalid.

    Runs at msgspec's speed without a copy: the message of msgspec's error contains the position of the next byte. A
    lone surrogate counts as invalid.
    """
    import msgspec

    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except msgspec.DecodeError as error:
        if trailing := _TRAILING.search(str(error)):
            return int(trailing[1]) - 1
        return 0 if str(error) == _CUT else -1
    except (UnicodeDecodeError, RecursionError):
        return -1
    return len(text)


def ends(text: bytes | memoryview) -> Iterator[int]:
    """Yield the end of each top-level object and array.

    Stops at an unmatched closing bracket and at an unterminated string.
    """
    depth = 0
    for token in _TOKEN.finditer(text):
        if token["open"]:
            depth += 1
        elif token["close"]:
            depth -= 1
            if depth < 0:
                return
            if not depth:
                yield token.end()
        elif not token["closed"]:
            return


def close_of(text: bytes | memoryview, depth: int) -> int:
    """Return the position after the bracket that closes `depth` open levels; 0 if it is missing.

    With depth 0: the end of the first value. 0 also for nesting that is too deep for any parser.
    """
    begun = depth > 0
    for token in _TOKEN.finditer(text):
        if token["open"]:
            depth, begun = depth + 1, True
            if depth > _DEEPEST:
                return 0
        elif token["close"]:
            depth -= 1
            if begun and depth <= 0:
                return token.end()
        elif not token["closed"]:
            return 0
    return 0


def shallow(text: bytes, limit: int = 1 << 14) -> list[tuple[int, re.Match[bytes]]]:
    """Return the first tokens of a text (strings and brackets), each with its depth."""
    return list(islice(tokens(text), limit))


def tokens(text: bytes | memoryview) -> Iterator[tuple[int, re.Match[bytes]]]:
    """Yield all tokens of a text (strings and brackets), each with its depth."""
    depth = 0
    for token in _TOKEN.finditer(text):
        if token["close"]:
            depth -= 1
        yield depth, token
        if token["open"]:
            depth += 1


def is_key(text: bytes | memoryview, end: int) -> bool:
    """True if the string that ends at `end` is an object's key."""
    return bytes(text[end : end + 64]).lstrip()[:1] == b":"


def count_mapped(text: bytes | memoryview, enough: int) -> int:
    """Count the values of a map of objects, up to `enough`; 0 unless all are objects with the same first key."""
    keys, objects, begun, names = 0, 0, False, set()
    for depth, token in islice(tokens(text), 1, _MAX_TOKENS):
        if not depth or objects > enough:
            break
        if begun:
            names.add(bytes(token.group()))
            begun = False
        elif depth == 1 and token["open"] == b"{":
            objects, begun = objects + 1, True
        elif depth == 1 and token["closed"] and is_key(text, token.end()):
            keys += 1
        elif depth == 1 and not token["close"]:
            return 0
    return objects if keys - objects in (0, 1) and len(names) == 1 and b"}" not in names else 0


def lists_of_objects(text: bytes | memoryview, enough: int) -> dict[tuple[bytes, ...], int]:
    """Count the objects in each list of a document, by the path of keys (as raw text) that leads to the list.

    The search stops at a list of `enough` objects and is bounded: a very late list is not found.
    """
    lists: dict[tuple[bytes, ...], int] = {}
    keys: dict[int, bytes] = {}
    inside: int | None = None  # the depth of the list that the tokens are in
    for depth, token in islice(tokens(text), _MAX_TOKENS):
        if token["close"] and depth <= (inside or 0):
            if not depth:
                break
            inside = None
        elif inside is None and token["open"] == b"[":
            inside = depth
        elif inside is None and token["closed"] and is_key(text, token.end()):
            keys[depth] = token.group()[1:-1]
        elif inside is not None and depth == inside + 1 and token["open"] == b"{":
            path = tuple(keys[step] for step in range(1, inside + 1) if step in keys)
            lists[path] = lists.get(path, 0) + 1
            if lists[path] >= enough:
                break
    return lists
