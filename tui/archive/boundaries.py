"""Where JSON values that no newline separates end in a text, and where a document's list begins."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from itertools import pairwise
from typing import cast

from tui.archive.forms import LONGEST_PREAMBLE
from tui.archive.json_values import BOM, close_of, ends, is_json_object, items, shallow, values

BETWEEN_VALUES = re.compile(rb"[}\]]\s*(?=[{\[])")
BETWEEN_ITEMS = re.compile(rb"[}\]]\s*,\s*(?=[{\[])")
_LIST_OF_OBJECTS = re.compile(rb'\s*\[\s*\{"')
_STRAY = re.compile(rb'[^"{}\[\]:,]{0,1024}')  # what may stand between two values and be no part of one
_WITHIN = (b",", b"}", b"]", b":", b'"')
_BEHIND = 64  # bytes behind a value
SEPARATORS = b" \t\r\n,"
BEGINNINGS = (b"{", b"[")
NEAR_END = 1 << 16  # bytes in which a boundary is looked for first
TRIES = 16  # boundaries that may turn out to stand inside a string or a nested list


def boundaries(between: re.Pattern[bytes], text: bytes) -> Iterator[int]:
    """Where one value ends and the next begins, the last few, from the text's end on."""
    stops = deque((match.end() for match in between.finditer(text, max(0, len(text) - NEAR_END))), TRIES)
    if not stops:
        stops = deque((match.end() for match in between.finditer(text)), TRIES)
    yield from reversed(stops)


def last_stops(text: bytes) -> Iterator[int]:
    """Where the last item may end: before the brackets that close its list and document, or at the text's end."""
    text = text.rstrip(SEPARATORS)
    for closing in (b"]", b"]}"):
        if text.endswith(closing):
            yield len(text) - len(closing)
    yield len(text)


def values_of(text: bytes, *, final: bool) -> tuple[list[bytes], int, int]:
    """The values that a text begins with, how many of its bytes they take, and how many of these are stray."""
    for stop in [*([len(text)] if final else []), *boundaries(BETWEEN_VALUES, text)]:
        whole = values(text[:stop])
        if whole is not None:
            return whole, stop, 0
    return _one_by_one(text, final=final)


def _one_by_one(text: bytes, *, final: bool) -> tuple[list[bytes], int, int]:
    """The same by brackets: values that msgspec refuses, or with stray bytes between them.

    Behind stray bytes may be the rest of a record whose beginning is lost. A value in it is followed by more of it.
    """
    records: list[bytes] = []
    used = strays = 0
    for start, stop in pairwise([0, *ends(text)]):
        piece = text[start:stop].strip(SEPARATORS).removeprefix(BOM)
        stray = cast(re.Match[bytes], _STRAY.match(piece)).end()
        if piece[stray : stray + 1] not in BEGINNINGS:
            break
        if stray:
            behind = text[stop : stop + _BEHIND].lstrip()[:1]
            if behind in _WITHIN or not (behind or final) or not is_json_object(piece[stray:]):
                break
        records.append(piece[stray:])
        used, strays = stop, strays + stray
    return records, used, strays


def checked_items(text: bytes) -> list[bytes]:
    whole = items(b"[" + text.strip(SEPARATORS) + b"]")
    return slices(text, list(ends(text))) if whole is None else whole


def slices(text: bytes, stops: list[int]) -> list[bytes]:
    """What ends at each stop: values that msgspec refuses, with whatever stands before them."""
    pieces = (text[start:stop].strip(SEPARATORS) for start, stop in pairwise([0, *stops]))
    return [piece.removeprefix(BOM) for piece in pieces if piece]


def list_start(text: bytes, path: tuple[str, ...]) -> tuple[int, int]:
    """Behind the bracket that opens the list at `path` of the text's first document, and where that document ends.

    Each is 0 if it is not in the text.
    """
    keys: dict[int, bytes] = {}
    sought = {depth: step.encode() for depth, step in enumerate(path, 1)}
    for depth, token in shallow(text[:LONGEST_PREAMBLE]):
        if token["open"] == b"[" and depth == len(path) and keys == sought:
            return token.end(), 0
        if token["close"] and not depth:
            return 0, token.end()
        if token["closed"] is not None and 1 <= depth <= len(path) and _is_key(text, token.end()):
            keys = {d: key for d, key in keys.items() if d < depth} | {depth: token.group()[1:-1]}
    return 0, close_of(text, 0)


def begins_document(text: bytes, path: tuple[str, ...]) -> bool:
    """Is it the beginning of a document, and not the inside of one?"""
    if path:
        return text.lstrip()[:1] == b"{" and list_start(text, path)[0] > 0
    return _LIST_OF_OBJECTS.match(text) is not None


def _is_key(text: bytes, end: int) -> bool:
    return text[end : end + 64].lstrip()[:1] == b":"
