"""The form of a chunk's records: lines, concatenated JSON values, or the items of a JSON document."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from tui.archive.block import LONG, Block
from tui.archive.codec import HEAD_SIZE, is_utf8, looks_binary, sniff, unread_format
from tui.archive.json_values import (
    BOM,
    count_mapped,
    ends,
    is_json,
    is_json_object,
    is_key,
    items,
    lists_of_objects,
    members,
    objects_on,
    plain_items,
    shallow,
    tokens,
)
from tui.archive.members import MemberError

FormKind = Literal["lines", "values", "items"]

LONGEST_PREAMBLE = 1 << 20  # bytes of a document before its list

# Lists that hold the records even if the document has other keys: CloudTrail, Azure Monitor, CloudWatch Logs.
_RECORD_LISTS = ("Records", "records", "logEvents")
LIST_SIGNS = (b'ecords"', b'logEvents"')  # any document with one of these lists contains one of these texts
_SEPARATED = re.compile(rb'[}\]]\s*,\s*\{\s*"(?=\s*[^\s,:}\]])')
_TOGETHER = re.compile(rb'[}\]]\s*\{\s*"(?=\s*[^\s,:}\]])')
_MAGIC = re.compile(rb"\x1f\x8b\x08[\x00-\x1f]|\x28\xb5\x2f\xfd|BZh[1-9]1AY&SY|\xfd7zXZ\x00")
_MANY = 20  # objects in a record's list; a line with more is a document
_TRIED = 1 << 16  # bytes to decode of possibly compressed data
_BEGUN = re.compile(rb'\[|\{\s*"[^"\\]*"\s*:\s*\[?')
_BEGUN_LIST = re.compile(rb'(?:\{\s*"([^"\\]*)"\s*:\s*)?\[')
_ONLY_A_LIST = re.compile(rb'\{\s*"[^"\\]*"\s*:\s*\[\s*\{')
_BEGINS_LIST = re.compile(rb"^\[\s*\{", re.MULTILINE)
_MARKUP = re.compile(
    rb"\s*<(?:!--|(?:!doctype|html|head|\?xml|error|center|title|listbucketresult)\b|\w+ xmlns=)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Form:
    """How records are separated: `lines`; `values`, concatenated JSON; `items` of the lists at `path`."""

    kind: FormKind
    path: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.kind == "items":
            return ".".join(self.path) + "[*]"
        return {"lines": "lines", "values": "JSON values"}[self.kind]


LINES, VALUES = Form("lines"), Form("values")


@dataclass(frozen=True, slots=True)
class Unchosen:
    """A place inside a chunk's records that may hold the real records: `path`, or "" if --records cannot express it.

    `document`: a list in the only record. `line`: a short list in the only record, which is a line. `lists`: a list in
    each record, which is a line. `nested`: a list in each record, which is an item at `path`. `map`: similar objects
    under different keys in the only record. `strings`: JSON inside strings.
    """

    kind: Literal["document", "line", "lists", "nested", "map", "strings"]
    path: str = ""


def form_of(text: bytes, *, whole: bool, records: str | None = None) -> Form:
    """Detect the form of a chunk from its first decoded bytes (`whole`: all of them).

    `records` is the user's choice: the path of the lists that hold the records, or "." for each whole JSON value.
    """
    if records is not None:
        path = tuple(step for step in records.removesuffix("[*]").split(".") if step)
        return Form("items", path) if path or records == "[*]" else VALUES
    text = text.removeprefix(BOM).lstrip()
    if text[:1] not in (b"{", b"["):
        return LINES
    line, newline, rest = text.partition(b"\n")
    if line.rstrip().endswith(b",") and is_json_object(line.rstrip()[:-1]) and rest.lstrip()[:1] in (b"", b"{", b"["):
        return VALUES  # lines that each end with a comma
    if is_json(line):
        if rest.strip() or not whole:
            return LINES
        return _document(line, whole=True) or LINES
    if together := objects_on(line):
        if newline and rest.strip():
            return LINES  # lines that hold several values are split
        lists = {_document(value, whole=True, mixed=False) for value in together}
        return lists.pop() or VALUES if len(lists) == 1 else VALUES
    if whole and is_json(text):
        return _document(text, whole=True) or VALUES
    if not _BEGUN.fullmatch(line.strip()) and is_json(rest.partition(b"\n")[0]):
        return LINES  # only the first line is invalid
    return _document(text, whole=whole) or _open_form(text, has_newline=bool(newline))


def _document(text: bytes, *, whole: bool, mixed: bool = True) -> Form | None:
    """Return the list that holds the records, if the text is (or begins) a document with such a list.

    A list that is the whole chunk may be `mixed`, with numbers before its objects; one of several is itself a record.
    """
    if text[:1] == b"[":
        inner = text[1:].strip(b", \t\r\n")
        of_objects = inner[:1] == b"{" or (mixed and _holds_lists(text, whole=whole))
        return Form("items") if of_objects or (whole and inner == b"]") else None
    values = members(text) if whole else None
    if values is not None:
        lists = [key for key, value in values.items() if value[:1] == b"["]
        for key in lists:
            of_objects = values[key][1:].lstrip()[:1] == b"{"
            if key in _RECORD_LISTS or (len(values) == 1 and of_objects):
                return Form("items", (key,))
        return None
    return _open_document(text)


def _holds_lists(text: bytes, *, whole: bool) -> bool:
    """True if a list holds objects or lists. If its end is unknown, the first one must be valid JSON."""
    if whole:
        return any(depth == 1 and token["open"] for depth, token in tokens(text))
    inner = text[1 + plain_items(text[1:])[1] :].lstrip()
    return inner[:1] in (b"{", b"[") and is_json(inner[: next(ends(inner), 0)])


def is_record_list(line: bytes) -> bool:
    """True if a line is a list of objects, or a document that holds the records in such a list."""
    begins_list = line[:1] == b"[" and line[1:].lstrip()[:1] == b"{"
    return (begins_list or any(sign in line for sign in LIST_SIGNS)) and _document(line, whole=True) is not None


def _is_document(line: bytes) -> bool:
    """True if a line is a record list, or a document with nothing but a list of objects, under any key."""
    return is_record_list(line) or (_ONLY_A_LIST.match(line) is not None and _document(line, whole=True) is not None)


def may_hold_lists(lines: bytes) -> bool:
    """False if none of the lines is a record list. Much faster than `is_record_list` of each line."""
    brackets = lines[:1] == b"[" or b"\n[" in lines
    return (brackets and _BEGINS_LIST.search(lines) is not None) or any(sign in lines for sign in LIST_SIGNS)


def _open_document(text: bytes) -> Form | None:
    """Return the list that holds the records, for a text that ends in the middle of its first value."""
    tokens = shallow(text)
    keys = 0
    for (depth, token), (_, after), (_, inner) in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if depth != 1 or token["closed"] is None or not is_key(text, token.end()):
            continue
        keys += 1
        if after["open"] != b"[" or text[token.end() : after.start()].strip() != b":" or inner["open"] != b"{":
            continue
        key = token.group()[1:-1].decode("utf-8", "replace")
        closed = any(d == 1 and t["close"] for d, t in tokens if t.start() > after.start())
        if key in _RECORD_LISTS or (keys == 1 and not closed):
            return Form("items", (key,))
    return None


def may_come_late(text: bytes) -> bool:
    """True if a later list may hold the records: not for lines, nor after the end of the first value."""
    text = text.removeprefix(BOM).lstrip()
    line, newline, _ = text.partition(b"\n")
    if text[:1] == b"[":
        return not newline and _document(text, whole=False) is None
    pretty = line.strip() == b"{" and not any(ends(text)) and _open_document(text) is None
    return text[:1] == b"{" and (not newline or pretty)


def _open_form(text: bytes, *, has_newline: bool) -> Form:
    """Detect multi-line or concatenated values by the end of the first value."""
    end = next((token.end() for depth, token in shallow(text) if depth == 0 and token["close"]), None)
    if end is None:
        return VALUES if has_newline and not text.partition(b"\n")[0].strip(b"{[ \t\r") else LINES
    return VALUES if is_json(text[:end]) and (b"\n" in text[:end] or not has_newline) else LINES


def form_of_part(text: bytes, records: str | None = None) -> Form | None:
    """Detect the form from a part of a chunk that may begin and end within a record; None if it is unclear."""
    if records is None and (begun := _BEGUN_LIST.fullmatch(text.strip())):
        return Form("items", (begun[1].decode("utf-8", "replace"),) if begun[1] else ())
    lines = [line.rstrip() for line in text.split(b"\n", 4)[1:4]]
    in_list = any(line.endswith(b"},") or line in (b"]", b"]}") for line in lines)
    if records is None and not in_list and any(line[:1] == b"{" and is_json_object(line) for line in lines):
        return LINES  # an indented `{}` is an item in a value over several lines
    form = form_of(text, whole=True, records=records)
    together = _TOGETHER.search(text)
    unclear = together is not None or (form == VALUES and _SEPARATED.search(text) is not None)
    if form.kind != "lines" and (records is not None or not unclear):
        return form
    if together:
        form = form_of(text[together.start() + 1 :], whole=True)  # the next value may be a document
        return form if form.kind == "items" else VALUES
    if in_list:
        return Form("items")
    return Form("items") if _SEPARATED.search(text) else None


def unchosen_list(block: Block, form: Form, *, line: bool) -> Unchosen | None:
    """Return a place inside a chunk's first records that may hold the real records, if there is one.

    `line`: the block is the whole chunk and ends with a newline.
    """
    with block.view() as view:
        if block.count() == 1 and form.kind != "items" and (inner := _inner_list(view[:LONG], line=line)):
            return inner
        if len(view) > LONG:
            return None
        first = bytes(view[: block.buffer.find(b"\n", 0, block.end) % (block.end + 1)])
    if _is_json_string(first) and _are_most(_is_json_string, block):
        return Unchosen("strings")
    if _is_document(first) and _are_most(_is_document, block):
        if form == LINES:
            return Unchosen("lists", _option(_document(first, whole=True)))
        return Unchosen("nested", _option(form))
    return None


def _option(form: Form | None) -> str:
    """Return the argument of --records for a form."""
    return (str(form).removesuffix("[*]") or "[*]") if form and form.kind == "items" else "."


def _are_most(fits: Callable[[bytes], bool], block: Block) -> bool:
    records = block.records()
    return 2 * sum(map(fits, records)) > len(records)


def _inner_list(record: memoryview, *, line: bool) -> Unchosen | None:
    """Return the document's list with the most objects."""
    lists = lists_of_objects(record, _MANY)
    path = max(lists, key=lambda path: lists[path], default=())
    if lists.get(path, 0) < 2:
        return Unchosen("map") if count_mapped(record, _MANY) >= (_MANY if line else 2) else None
    reached = not any(b"." in key or not key for key in path)
    names = ".".join(key.decode("utf-8", "replace") for key in path) or "[*]"
    return Unchosen("line" if line and lists[path] < _MANY else "document", names if reached else "")


def _is_json_string(record: bytes) -> bool:
    """True for a string that holds JSON, or a list of such strings."""
    if record[:1] == b"[" and record[1:].lstrip()[:1] == b'"':
        record = (items(record) or [b""])[0]
    return record[:2] in (b'"{', b'"[') and is_json(record) and is_json(json.loads(record).encode("utf-8", "replace"))


def compressed_in(text: bytes) -> tuple[int, str]:
    """Find compressed data in decoded text; return its start and format, or "".

    If there is too little data for the decoder (bzip2 needs up to 900 kB at once), it must begin a line.
    """
    for magic in _MAGIC.finditer(text):
        start = magic.start()
        codec = sniff(text[start : start + HEAD_SIZE])
        try:
            if codec and (
                any(codec.member().pieces(text[start : start + _TRIED]))
                or text[max(0, start - 1) : start] in (b"", b"\n")
            ):
                return start, codec.name
        except MemberError:
            continue
    return 0, ""


def misfit(text: bytes, *, whole: bool) -> str:
    """Return why a chunk's first decoded bytes (`whole`: all of them) cannot be records, or ""."""
    if whole and not text.strip(b"\0"):
        return "it holds only zero bytes"
    if _MARKUP.match(text.removeprefix(BOM)):
        return "it is an HTML or XML page, such as an error page saved in place of the chunk"
    head = text[:HEAD_SIZE]
    if codec := sniff(head):
        return f"it is compressed more than twice (then {codec.name}), which hourscope does not read"
    if name := unread_format(head, ""):
        return f"it holds {name}, which hourscope does not read"
    if looks_binary(head) and not is_utf8(head):
        return "it holds binary data in no format that hourscope reads"
    return ""
