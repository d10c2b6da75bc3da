"""Where JSON values begin and end in bytes: what tells records apart that no newline does.

msgspec checks and slices at about 600 MB/s; where it refuses (a lone surrogate, a damaged value) a slower scanner that
knows strings and brackets finds the ends.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from itertools import islice
from typing import Any

_SHORT = 1 << 14  # bytes
_PIECE = 1 << 20  # bytes
_LOOKED_AT = 1 << 17  # tokens, about 0.1 s
_DEEPEST = 100_000  # brackets; no parser follows so many, and 64 MiB of them would take 20 s to count

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+(?P<closed>"?)|(?P<open>[{\[])|(?P<close>[}\]])', re.DOTALL)
_PLAIN = re.compile(rb'(?:[\s,]*(?:"(?:[^"\\]|\\.)*+"|[-+.\w]++)\s*,)+', re.DOTALL)
_NEWLINES = b"\r\n"
_BEHIND = re.compile(r"trailing characters \(byte (\d+)\)")
_CUT = "Input data was truncated"

BOM = b"\xef\xbb\xbf"


@cache
def _decoder(kind: str) -> Callable[[bytes | memoryview], Any]:
    """What slices `one` value, `many` (with or without newlines), the `items` of a list, the `members` of an object."""
    import msgspec  # a scan for a text in lines does without

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
    """Is it one JSON value?"""
    if len(text) > _SHORT:
        return _decoder("one")(text) is not None or _loads(text)
    return _loads(text) or _decoder("one")(text) is not None


def _loads(text: bytes) -> bool:
    """The same as the standard library sees it, which also takes lone surrogates and NaN."""
    try:
        json.loads(text.decode("utf-8", "surrogateescape"))
    except (ValueError, RecursionError):
        return False
    return True


def is_json_object(text: bytes) -> bool:
    """Is it one JSON object or array, and nothing else?

    No end of an object's text is an object itself (its last brace has no partner), and no beginning is: so where a line
    may be the rest of one that damage has cut, this tells.
    """
    text = text.strip()
    return text[:1] in (b"{", b"[") and text[-1:] in (b"}", b"]") and is_json(text)


def values(text: bytes | memoryview) -> list[bytes] | None:
    """The JSON values that a text consists of, each on one line; None if it is not just values."""
    parsed = _decoder("many")(text)
    return None if parsed is None else [one_line(bytes(raw)) for raw in parsed]


def items(text: bytes) -> list[bytes] | None:
    """The items of a JSON list, each on one line; None if it is no list."""
    parsed = _decoder("items")(text)
    return None if parsed is None else [one_line(bytes(raw)) for raw in parsed]


def plain_items(text: bytes) -> tuple[list[bytes], int]:
    """The items before the first object of the rest of a list: strings, numbers, null; and where they end."""
    plain = _PLAIN.match(text)
    values = items(b"[" + plain.group().strip(b" \t\r\n,") + b"]") if plain else None
    return (values, plain.end()) if values and plain else ([], 0)


def members(text: bytes) -> dict[str, bytes] | None:
    """The values of a JSON object by their keys; None if it is no object."""
    parsed = _decoder("members")(text)
    return None if parsed is None else {key: bytes(raw) for key, raw in parsed.items()}


def one_line(value: bytes) -> bytes:
    """The same JSON value without CR and LF, which only stand between its tokens."""
    return value.translate(None, _NEWLINES) if b"\n" in value or b"\r" in value else value


def drop_newlines(value: bytearray) -> None:
    """Put a long JSON value on one line, as `one_line`, in place."""
    if b"\n" not in value and b"\r" not in value:
        return
    kept = 0
    for start in range(0, len(value), _PIECE):
        piece = value[start : start + _PIECE].translate(None, _NEWLINES)
        value[kept : kept + len(piece)] = piece
        kept += len(piece)
    del value[kept:]


def objects_on(line: bytes) -> list[bytes] | None:
    """The objects and arrays that a line consists of, if they are two or more; None otherwise."""
    if line[:1] not in (b"{", b"["):
        return None
    several = values(line)
    if several is None or len(several) < 2 or any(value[:1] not in (b"{", b"[") for value in several):
        return None
    return several


def value_end(text: memoryview) -> int:
    """Behind the first value of a text, and the space that follows it; 0 if more bytes are needed, -1 if it is broken.

    As fast as it is decoded, and without a copy: msgspec names the byte behind it, if only in the words of an error. A
    lone surrogate is broken to it.
    """
    import msgspec

    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except msgspec.DecodeError as error:
        if behind := _BEHIND.search(str(error)):
            return int(behind[1]) - 1
        return 0 if str(error) == _CUT else -1
    except (UnicodeDecodeError, RecursionError):
        return -1
    return len(text)


def ends(text: bytes | memoryview) -> Iterator[int]:
    """Where each bracketed value of a text ends.

    It ends early at a bracket without a partner, and at a string that is not closed: more bytes are needed.
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
    """Behind the bracket that closes what is `depth` brackets deep at the text's begin; 0 if it is not there.

    With depth 0: behind the first value. What is nested too deep for any parser is not closed.
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


def shallow(text: bytes, most: int = 1 << 14) -> list[tuple[int, re.Match[bytes]]]:
    """The first tokens of a text (strings and brackets), each with the depth that it stands at."""
    return list(islice(tokens(text), most))


def tokens(text: bytes | memoryview) -> Iterator[tuple[int, re.Match[bytes]]]:
    """The same of all tokens, one by one."""
    depth = 0
    for token in _TOKEN.finditer(text):
        if token["close"]:
            depth -= 1
        yield depth, token
        if token["open"]:
            depth += 1


def is_key(text: bytes | memoryview, end: int) -> bool:
    """Is the string that ends there a key of an object?"""
    return bytes(text[end : end + 64]).lstrip()[:1] == b":"


def count_mapped(text: bytes | memoryview, enough: int) -> int:
    """How many values a map of objects holds, up to `enough`; 0 if not all are objects that begin with the same key."""
    keys, objects, begun, names = 0, 0, False, set()
    for depth, token in islice(tokens(text), 1, _LOOKED_AT):
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
    """How many objects each list of a document holds that keys alone lead to, by those keys as they are spelled.

    The look ends at a list of `enough` of them, and bounded: a list that comes very late is not seen.
    """
    lists: dict[tuple[bytes, ...], int] = {}
    keys: dict[int, bytes] = {}
    inside: int | None = None  # the depth of the list that the tokens are in
    for depth, token in islice(tokens(text), _LOOKED_AT):
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
