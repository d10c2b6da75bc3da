"""Running a filter over blocks of lines: look for what a line must contain first, cut out only what hits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tui.archive.reader import Block, line_spans
from tui.filter.compiled import Compiled, Find, NotJsonError

Span = tuple[int, int]


class Matcher:
    """The terms that are on, compiled; all must hold, `invert` turns the whole round.

    `not_json` counts the records that a JMESPath term could not look at. One a task: not shared by threads.
    """

    def __init__(self, terms: Sequence[Compiled], *, invert: bool = False) -> None:
        self._terms = tuple(terms)
        self._invert = invert
        self._lead = _lead(self._terms)
        self._tests = tuple(term.test for term in terms if not (term is self._lead and term.exact))
        self.not_json = 0

    @property
    def selects_all(self) -> bool:
        """No term is on: every record matches."""
        return not self._terms and not self._invert

    def matches(self, record: bytes) -> bool:
        """Does one record match?"""
        try:
            held = all(term.test(record) for term in self._terms)
        except NotJsonError:
            self.not_json += 1
            held = False
        return held != self._invert

    def spans(self, block: Block) -> Iterator[Span]:
        """[start, end) of every matching record of a block, without its newline."""
        if self._invert:
            return self._outside(block)
        return self._held(block)

    def _held(self, block: Block) -> Iterator[Span]:
        lines = candidates(block, self._lead.finders) if self._lead else block.spans()
        tests = self._tests
        if not tests:
            yield from lines
            return
        buffer = block.buffer
        for start, end in lines:
            record = bytes(buffer[start:end])
            try:
                if all(test(record) for test in tests):
                    yield start, end
            except NotJsonError:
                self.not_json += 1

    def _outside(self, block: Block) -> Iterator[Span]:
        """The lines between those that the terms hold for."""
        done = 0
        for start, end in self._held(block):
            yield from line_spans(block.buffer, start, done)
            done = end + 1
        yield from line_spans(block.buffer, block.end, done)


def _lead(terms: Sequence[Compiled]) -> Compiled | None:
    """The term to search for first: one whose hits need no test, else one that names bytes at all."""
    findable = [term for term in terms if term.finders]
    return next((term for term in findable if term.exact), findable[0] if findable else None)


def candidates(block: Block, finders: Sequence[Find]) -> Iterator[Span]:
    """The lines that have a hit of any finder, each once."""
    buffer, stop = block.buffer, block.end
    position = 0
    with block.view() as view:
        hits = [_hit(find, view, 0, stop) for find in finders]
        while (hit := min(hits)) < stop:
            start = buffer.rfind(b"\n", position, hit) + 1 or position
            end = buffer.find(b"\n", hit, stop)
            if end < 0:
                end = stop
            yield start, end
            position = end + 1
            hits = [
                at if at >= position else _hit(find, view, position, stop)
                for at, find in zip(hits, finders, strict=True)
            ]


def _hit(find: Find, view: memoryview, start: int, stop: int) -> int:
    """The next hit, or `stop` if there is none."""
    if start >= stop:
        return stop
    at = find(view, start, stop)
    return stop if at < 0 else min(at, stop)
