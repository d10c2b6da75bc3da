"""The matching records of a block, and those that are not JSON."""

from __future__ import annotations

from tui.archive import Block
from tui.archive.json_values import values
from tui.filter import Matcher
from tui.filter.compiled import MAX_PARSED, NotJsonError


def matching_block(block: Block, matcher: Matcher) -> tuple[Block, int]:
    """Return the matching records as a block (the same block if all match), and their number."""
    if matcher.selects_all:
        return block, block.count()
    lines, matches = matching_lines(block, matcher)
    return Block(bytearray(lines), len(lines), block.offset), matches


def not_json(block: Block) -> tuple[list[bytes], int]:
    """Return the records of a block that are not JSON, and the number of those too large to parse."""
    if block.is_long and block.end - block.ends_line > MAX_PARSED:
        return [], 1
    with block.view() as view:
        parsed = values(view)
    if parsed is not None and len(parsed) == block.count():
        return [], 0
    return [record for record in block.records() if not _can_be_parsed(record)], 0


def _can_be_parsed(record: bytes) -> bool:
    """True if a filter accepts it as JSON (`NaN` is not)."""
    from tui.filter.jmespath import load  # verify does not need it if everything is JSON

    try:
        load(record)
    except NotJsonError:
        return False
    return True


def matching_lines(block: Block, matcher: Matcher) -> tuple[bytes | bytearray, int]:
    """Return the matching lines of a block, each with a newline, and their number."""
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
    first = last = -1  # adjacent lines are copied together
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
    """Add the newline that a chunk's last line may lack."""
    return lines if lines.endswith(b"\n") else lines + b"\n"
