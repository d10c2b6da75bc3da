"""Running a filter over blocks of lines: look for what a line must contain first, cut out only what hits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import stringzilla as sz

from tui.archive.reader import Block, line_spans
from tui.filter.compiled import Compiled, Find, NotJsonError, Test

Span = tuple[int, int]

_MANY = 0.5  # of a block's lines: more candidates than that, and searching for them first is a waste
_STRAIGHT_BLOCKS = 31
_NEWLINE = 0x0A


class Matcher:
    """The terms that are on, compiled; all must hold, `invert` turns the whole round.

    `not_json` counts the records that a JMESPath term could not look at. One a task: not shared by threads.
    """

    def __init__(self, terms: Sequence[Compiled], *, invert: bool = False) -> None:
        self._terms = tuple(terms)
        self._invert = invert
        self._lead = _lead(self._terms)
        self._tests = tuple(term.test for term in terms if not (term is self._lead and term.exact))
        self._straight_on = 0  # blocks that will be read line by line
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
        lead = self._lead
        if lead is None or not (lead.exact or self._worth_leading(block)):
            return self._straight(block)
        lines = candidates(block, lead.finders)
        return self._tested(block, lines) if self._tests else lines

    def _straight(self, block: Block) -> Iterator[Span]:
        """Line by line, those that pass every test."""
        test, start = _conjunction(self._tests), 0
        for record in block.records():
            end = start + len(record)
            try:
                if test(record):
                    yield start, end
            except NotJsonError:
                self.not_json += 1
            start = end + 1

    def _tested(self, block: Block, lines: Iterator[Span]) -> Iterator[Span]:
        """Those of `lines` that pass every test."""
        test, found = _conjunction(self._tests), 0
        with block.view() as view:
            for start, end in lines:
                found += 1
                try:
                    if test(bytes(view[start:end])):
                        yield start, end
                except NotJsonError:
                    self.not_json += 1
        if found > _MANY * block.count():
            self._straight_on = _STRAIGHT_BLOCKS

    def _worth_leading(self, block: Block) -> bool:
        """Not where most lines were candidates lately; nor where some are no objects, which are to be counted."""
        if self._straight_on:
            self._straight_on -= 1
            return False
        return _all_objects(block)

    def _outside(self, block: Block) -> Iterator[Span]:
        """The lines between those that the terms hold for."""
        done = 0
        for start, end in self._held(block):
            yield from line_spans(block.buffer, start, done)
            done = end + 1
        yield from line_spans(block.buffer, block.end, done)


def _conjunction(tests: Sequence[Test]) -> Test:
    if len(tests) == 1:
        return tests[0]
    return lambda record: all(test(record) for test in tests)


def _all_objects(block: Block) -> bool:
    """Does every line look like a JSON object: `{` at its begin, `}` at its end?"""
    ends = (b"{", b"}\n")
    with block.view() as view:
        return (bytes(view[:1]), bytes(view[-2:])) == ends and int(sz.count(view, b"}\n{")) == block.count() - 1


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
        while (hit := min(hits)) <= stop:
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
    """The next hit, or one behind `stop` if there is none. A last line without a newline may be hit at its end."""
    if start >= stop:
        return stop + 1
    at = find(view, start, stop)
    return stop + 1 if at < 0 or (at == stop and view[stop - 1] == _NEWLINE) else at
