"""Find where concatenated JSON values end, and where a document's list begins."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from itertools import chain, islice, pairwise
from typing import cast

from tui.archive.json_values import BOM, close_of, ends, is_json_object, is_key, items, tokens, values

BETWEEN_VALUES = re.compile(rb"[}\]]\s*(?=[{\[])")
BETWEEN_ITEMS = re.compile(rb"[}\]]\s*,\s*(?=[{\[])")
_AFTER_ITEM = re.compile(rb"[}\]]\s*,")  # where objects and numbers alternate
_LIST_OF_OBJECTS = re.compile(rb'\s*\[\s*\{"')
_STRAY = re.compile(rb'[^"{}\[\]:,]{0,1024}')  # bytes between two values that belong to neither
_WITHIN = (b",", b"}", b"]", b":", b'"')
_AFTER_BYTES = 64  # checked after a value
SEPARATORS = b" \t\r\n,"
_LIST = re.compile(rb"\s*:\s*\[")
BEGINNINGS = (b"{", b"[")
NEAR_END = 1 << 16  # bytes at the end that are searched first for a boundary
_NEXT_TO_END = 1 << 10  # bytes that are searched before these, because a search costs more than a try
_REST_TRIES, _REST_BYTES = 8, 1 << 20  # starts of a record to try, and bytes in which its list must end
_REST_TOKENS = 1 << 14  # of a document after its list
TRIES = 16  # boundaries to try: some may be inside a string or a nested list


def boundaries(between: re.Pattern[bytes], text: bytes) -> Iterator[int]:
    """Yield the last few positions where one value ends and the next begins, from the end backwards."""
    for size in (_NEXT_TO_END, NEAR_END, len(text)):
        stops = deque((match.end() for match in between.finditer(text, max(0, len(text) - size))), TRIES)
        if len(stops) == TRIES or size >= len(text) or (stops and size > _NEXT_TO_END):
            break
    yield from reversed(stops)


def last_stops(text: bytes) -> Iterator[int]:
    """Yield possible ends of the last item: before the brackets that close its list and document, or the text's end."""
    text = text.rstrip(SEPARATORS)
    for closing in (b"]", b"]}"):
        if text.endswith(closing):
            yield len(text) - len(closing)
    yield len(text)


def values_of(text: bytes, *, final: bool) -> tuple[list[bytes], int, int]:
    """Return the values at the start of a text, the number of bytes used, and how many of these are stray."""
    for stop in [*([len(text)] if final else []), *boundaries(BETWEEN_VALUES, text)]:
        whole = values(text[:stop])
        if whole is not None:
            return whole, stop, 0
    return _one_by_one(text, final=final)


def _one_by_one(text: bytes, *, final: bool) -> tuple[list[bytes], int, int]:
    """Split by brackets: for values that msgspec refuses, or with stray bytes between them.

    After stray bytes there may be the rest of a record whose beginning is lost. A value inside that rest is followed by
    more of the record.
    """
    records: list[bytes] = []
    used = strays = 0
    for start, stop in pairwise([0, *ends(text)]):
        piece = text[start:stop].strip(SEPARATORS).removeprefix(BOM)
        stray = cast(re.Match[bytes], _STRAY.match(piece)).end()
        if piece[stray : stray + 1] not in BEGINNINGS:
            break
        if stray:
            after = text[stop : stop + _AFTER_BYTES].lstrip()[:1]
            if after in _WITHIN or not (after or final) or not is_json_object(piece[stray:]):
                break
        records.append(piece[stray:])
        used, strays = stop, strays + stray
    return records, used, strays


def item_boundaries(text: bytes) -> Iterator[int]:
    """Yield positions where one item of a list may end and the next begin: first those between two objects or lists."""
    return chain(boundaries(BETWEEN_ITEMS, text), boundaries(_AFTER_ITEM, text))


def checked_items(text: bytes) -> list[bytes]:
    whole = items(b"[" + text.strip(SEPARATORS) + b"]")
    return slices(text, list(ends(text))) if whole is None else whole


def slices(text: bytes, stops: list[int]) -> list[bytes]:
    """Cut a text at the stops, into values that msgspec refuses, with any bytes before them."""
    pieces = (text[start:stop].strip(SEPARATORS) for start, stop in pairwise([0, *stops]))
    return [piece.removeprefix(BOM) for piece in pieces if piece]


def list_start(text: bytes, path: tuple[str, ...]) -> tuple[int, int]:
    """Return the position after the bracket that opens the list at `path` in the first document, and its end.

    Each is 0 if it is not in the text.
    """
    keys: dict[int, bytes] = {}
    sought = {depth: step.encode() for depth, step in enumerate(path, 1)}
    for depth, token in tokens(text):
        if token["open"] == b"[" and depth == len(path) and keys == sought:
            return token.end(), 0
        if token["close"] and not depth:
            return 0, token.end()
        if token["closed"] is not None and 1 <= depth <= len(path) and is_key(text, token.end()):
            keys = {d: key for d, key in keys.items() if d < depth} | {depth: token.group()[1:-1]}
    return 0, close_of(text, 0)


def list_again(text: bytes, key: str) -> int:
    """Return the position after the bracket of another list with the same key in the rest of an object, or 0."""
    for depth, token in islice(tokens(text), _REST_TOKENS):
        if depth < 0:
            break
        is_same = not depth and token["closed"] and token.group()[1:-1] == key.encode()
        if is_same and (begun := _LIST.match(text, token.end())):
            return begun.end()
    return 0


def rest_of_list(text: bytes, starts: list[int], path: tuple[str, ...], *, final: bool) -> tuple[list[bytes], int]:
    """Return the items from the first of `starts` to the end of their list, if its document ends before another one.

    `final`: the document may also end with the text. Without a `path`, the beginning of the document may be lost: its
    list may be in an object, which has other keys behind the list or not.
    """
    for start in starts[:_REST_TRIES]:
        stop = start + close_of(text[start : start + _REST_BYTES], 1) - 1
        if stop <= start or text[stop : stop + 1] != b"]":  # it is the end of an object: of a record that began before
            continue
        after = text[stop + 1 : stop + 1 + NEAR_END]
        depth = open_after_list(after, path)
        end = close_of(after, depth) if depth else 0
        ends_text = final and not text[stop + 1 + end :].strip()
        if (end or not depth) and (ends_text or begins_document(after[end:], path)):
            whole = items(b"[%b]" % text[start:stop])
            if whole:
                return whole, stop
    return [], 0


def open_after_list(after: bytes, path: tuple[str, ...]) -> int:
    """Return the number of a document's brackets that are open after its list; one at most if the path is unknown."""
    return len(path) or int(after.lstrip()[:1] in (b",", b"}"))


def begins_document(text: bytes, path: tuple[str, ...]) -> bool:
    """True at the beginning of a document, not inside one."""
    if path:
        return text.lstrip()[:1] == b"{" and list_start(text, path)[0] > 0
    if _LIST_OF_OBJECTS.match(text) is None:
        return False
    return text[close_of(text, 0) or len(text) :].lstrip()[:1] in (b"", b"[")  # else it is a list in a record
