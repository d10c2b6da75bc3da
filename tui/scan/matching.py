"""The matching records of a block, and those that are not JSON."""

from __future__ import annotations

from tui.archive import Block
from tui.archive.json_values import values
from tui.filter import Matcher
from tui.filter.compiled import MAX_PARSED, NotJsonError


def matching_block(block: Block, matcher: Matcher) -> tuple[Block, int]:
    """The matching records as a block, and how many they are. It is the block itself if all match."""
    if matcher.selects_all:
        return block, block.count()
    lines, matches = matching_lines(block, matcher)
    return Block(bytearray(lines), len(lines), block.offset), matches


def not_json(block: Block) -> tuple[list[bytes], int]:
    """The records of a block that are not JSON, and how many are too long to be parsed."""
    if block.is_long and block.end - block.ends_line > MAX_PARSED:
        return [], 1
    with block.view() as view:
        parsed = values(view)
    if parsed is not None and len(parsed) == block.count():
        return [], 0
    return [record for record in block.records() if not _can_be_parsed(record)], 0


def _can_be_parsed(record: bytes) -> bool:
    """Does a filter take it for JSON? `NaN` is not."""
    from tui.filter.jmespath import load  # verify does without as long as all is JSON

    try:
        load(record)
    except NotJsonError:
        return False
    return True


def matching_lines(block: Block, matcher: Matcher) -> tuple[bytes | bytearray, int]:
    """The matching lines of a block as one piece, each with a newline, and how many they are."""
    if block.is_long:
        if not matcher.selects_all and not matcher.count(block):
            return b"", 0
        if not block.ends_line:
            block.buffer += b"\n"
        return block.buffer, 1
    if matcher.selects_all:
        return block.lines(), block.count()
    pieces: list[bytes] = []
    matches = 0
    first = last = -1  # neighbours are cut out together
    spans = matcher.raw_spans(block)  # before `raw`: it may settle the block
    with block.raw() as view:
        for start, end in spans:
            matches += 1
            if start == last:
                last = end + 1
                continue
            if last > first:
                pieces.append(bytes(view[first:last]))
            first, last = start, end + 1
        if last > first:
            pieces.append(_ended(bytes(view[first:last])))
    return b"".join(pieces), matches


def _ended(lines: bytes) -> bytes:
    """The chunk's last line may lack its newline."""
    return lines if lines.endswith(b"\n") else lines + b"\n"
