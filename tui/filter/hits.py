"""Find the lines of a block that have a hit of a search."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tui.archive.block import Block
from tui.filter.compiled import Compiled, Find, FindAll

Span = tuple[int, int]

_NEWLINE = b"\n"


def has_hit(block: Block, finders: Sequence[Find]) -> bool:
    """True if there is any hit."""
    with block.raw() as view:
        for find in finders:  # any() would double the time
            if find(view, 0, block.end) >= 0:
                return True
    return False


def hit_lines(block: Block, term: Compiled) -> Iterator[Span]:
    """Yield the lines with a hit of a term, each once."""
    if term.every:
        return _lines_of_every(block, term.every)
    return _lines_of_one(block, *term.finders) if len(term.finders) == 1 else _lines_of_first(block, term.finders)


def _lines_of_one(block: Block, find: Find, position: int = 0) -> Iterator[Span]:
    """Yield the lines from `position` on with a hit, each once. With many hits, the calls per hit take most time."""
    stop, newline_before, newline_after = block.end, block.buffer.rfind, block.buffer.find
    with block.raw() as view:
        while position < stop:
            at = find(view, position, stop)
            if at < 0 or _is_past_end(view, at):
                return
            end = newline_after(_NEWLINE, at, stop)
            end = stop if end < 0 else end
            yield newline_before(_NEWLINE, position, at) + 1 or position, end
            position = end + 1


def _lines_of_first(block: Block, finders: Sequence[Find]) -> Iterator[Span]:
    """Yield the lines with a hit of any finder, each once."""
    stop, position = block.end, 0
    with block.raw() as view:
        hits = {find: at for find in finders if (at := _hit(find, view, 0, stop)) <= stop}
        while len(hits) > 1:
            start, end = _line_at(block, min(hits.values()), position)
            yield start, end
            position = end + 1
            for find in [find for find, at in hits.items() if at < position]:
                hits[find] = _hit(find, view, position, stop)
                if hits[find] > stop:
                    del hits[find]
        for find in hits:  # at most one is left; nearly always it was the only one
            yield from _lines_of_one(block, find, position)


def _lines_of_every(block: Block, every: FindAll) -> Iterator[Span]:
    """Yield the lines with one of the hits, each once."""
    position = 0
    with block.raw() as view:
        hits = sorted(every(view, block.end))
    for hit in hits:
        if hit >= position:
            start, end = _line_at(block, hit, position)
            yield start, end
            position = end + 1


def _line_at(block: Block, hit: int, position: int) -> Span:
    """Return the line that contains a hit; it does not begin before `position`."""
    start = block.buffer.rfind(_NEWLINE, position, hit) + 1 or position
    end = block.buffer.find(_NEWLINE, hit, block.end)
    return start, block.end if end < 0 else end


def _hit(find: Find, view: memoryview, start: int, stop: int) -> int:
    """Return the next hit, or `stop` + 1 if there is none."""
    if start >= stop:
        return stop + 1
    at = find(view, start, stop)
    return stop + 1 if at < 0 or _is_past_end(view, at) else at


def _is_past_end(view: memoryview, at: int) -> bool:
    """True for a position after the last newline, which is not in a line."""
    return at == len(view) and view[at - 1] == _NEWLINE[0]
