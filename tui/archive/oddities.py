"""Find lines in a block that are not exactly one record, and split them."""

from __future__ import annotations

import re

import stringzilla as sz

from tui.archive.block import Block
from tui.archive.forms import LIST_SIGNS
from tui.archive.json_values import BOM, is_json_object, objects_on, values

_NEWLINE = b"\n"
_ODD = (b"\r", b"\n\n", b"\n ", b"\n\t", b"\n" + BOM, b"\n[{")
_ODD_BEGIN = b"\n \t[" + BOM[:1]
_TOGETHER = (b"}{", b"} {")
_AFTER_LISTS = (b"}[", b"} [", b"][", b"] [", b"]{", b"] {")
_RARELY_ODD = (b"\n{\n", b"}\t", b"}  ", b"} \t", *LIST_SIGNS)
_CLOSELY = 1 << 16  # bytes of a block that are checked closely
_BETWEEN = re.compile(rb"[}\]]\s*[{\[]")


def may_be_odd(block: Block, *, closely: bool) -> bool:
    """True if a line may not be exactly one record: a CR, a blank line, a BOM, zeros, two values, a list of records.

    Every pass over the block costs a literal scan 3 % of its time. If each line is `{`...`}`, a single pass shows that
    none is blank and none ends in CR. Rare cases are only checked `closely`: in a chunk's first block, and after an odd
    line was found.
    """
    with block.raw() as view:
        if not block.all_objects():
            if view[0] in _ODD_BEGIN or _holds(view, _ODD):
                return True
            if closely and _holds(view[:_CLOSELY], _AFTER_LISTS):
                return True
        if block.holds_zeros() or _holds(view, _TOGETHER):
            return True
        return closely and _holds(view[:_CLOSELY], _RARELY_ODD)


def _holds(view: memoryview, texts: tuple[bytes, ...]) -> bool:
    return any(int(sz.find(view, text)) >= 0 for text in texts)


def split(lines: list[bytes]) -> list[bytes]:
    """Split lines of several JSON objects; return all records."""
    text = _NEWLINE.join(lines)
    together = values(text)
    if together is not None and len(together) == len(lines):
        return lines  # only strings contained what looks like two values
    return [record for line in lines for record in (_BETWEEN.search(line) and objects_on(line)) or (line,)]


def first_object(text: bytes) -> int | None:
    """Return the start of the first JSON object that ends its line. Compressed data before it has no newline."""
    start = 0
    for line in text.split(_NEWLINE):
        begin = line.find(b'{"')
        if begin >= 0 and is_json_object(line[begin:]):
            return start + begin
        start += len(line) + 1
    return None


def ends_whole(line: bytes) -> bool:
    """True if the last line, which lacks its newline, is one or more whole JSON objects."""
    line = line.rstrip(b"\r\0")
    return is_json_object(line) or objects_on(line) is not None
