"""Run a filter over blocks of lines: first search for what a line must contain, then split out only lines with hits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import compress, islice

import stringzilla as sz

from tui.archive.block import LONG, Block, block_of, line_spans
from tui.archive.oddities import may_be_odd
from tui.filter.compiled import MAX_PARSED, Compiled, NotJsonError, Test, TooLargeError
from tui.filter.hits import Span, has_hit, hit_lines
from tui.filter.within import Within

_MANY = 0.3  # fraction of a block's lines; with more candidates, searching first is a waste
_GLANCE = 1 << 14  # bytes of a block from which their number is estimated
_FEW = 16  # lines with a hit; checking so few costs less than settling the whole block
_RETRY_BLOCKS = 31  # blocks after which a shortcut that failed is tried again
_NEWLINE = b"\n"
_CHECKED_BYTES = 1 << 16  # of a record that is parsed only to check that it is JSON
_BEGINS = re.compile(rb'\{[ \t\r]*["}]')


class Matcher:
    """The enabled terms, compiled. All must match; `invert` inverts the whole filter.

    `not_json` counts the records that a JMESPath term could not test because they are not JSON, `broken_json` those of
    them that begin like JSON, and `unparsed` those that are too large to parse. With `within`, matching records whose
    time is outside it are left out; `no_time` counts those whose time cannot be read. Not thread-safe: one per task.
    """

    def __init__(self, terms: Sequence[Compiled], *, invert: bool = False, within: Within | None = None) -> None:
        self._terms = tuple(terms)
        self._invert = invert
        self._lead = _lead(self._terms)
        self._tested_terms = tuple(term for term in terms if not (term is self._lead and term.exact))
        self._tests = tuple(term.test for term in self._tested_terms)
        self._not_at_once = 0  # number of next blocks whose lines are tested one by one
        self._not_raw = 0  # number of next blocks that are settled at once, because the last one had to be
        self.not_json = 0
        self.broken_json = 0
        self.unparsed = 0
        self.no_time = 0
        self._times = within.times() if within else None
        self._is_within = within.holds() if within else None

    @property
    def selects_all(self) -> bool:
        """True if every record matches, because no term is enabled."""
        return not self._terms and not self._invert and self._times is None

    def matches(self, record: bytes) -> bool:
        """True if the record matches."""
        if not self._terms_match(record):
            return False
        return self._times is None or bool(self._in_time([(0, len(record))], record))

    def _terms_match(self, record: bytes) -> bool:
        try:
            held = all(term.test(record) for term in self._terms)
        except NotJsonError:
            self.count_not_json(record)
            held = False
        except TooLargeError:
            self.unparsed += 1
            held = False
        return held != self._invert

    def count_not_json(self, record: bytes) -> None:
        """Count a record that is not JSON: as broken JSON or as text, by its first byte."""
        self.not_json += 1
        self.broken_json += record[:1] in (b"{", b"[")

    def count_unread(self, not_json: Iterable[bytes], unparsed: int) -> None:
        """Count matching records that could not be parsed after the match."""
        for record in not_json:
            self.count_not_json(record)
        self.unparsed += unparsed

    def spans(self, block: Block) -> Iterator[Span]:
        """Yield [start, end) of every matching record of a block, without its newline."""
        matched = self._terms_matching(block)
        spans = compress(block.spans(), matched) if isinstance(matched, list) else matched
        spans = _between(block, spans) if self._invert else spans
        if self._times is None:
            return spans
        with block.view() as view:
            return iter(self._in_time(list(spans), view))

    def raw_spans(self, block: Block) -> Iterator[Span]:
        """Yield the spans in `block.raw()`. They are valid until the block is settled."""
        raw = self._raw_matches(block)
        return self.spans(block) if raw is None else iter(raw)

    def _raw_matches(self, block: Block) -> list[Span] | None:
        """Return the matching lines if each line with a hit is exactly one record, else None.

        This avoids settling the block: checking its other lines, too, would take five times as long as the search.
        """
        if self._lead is None or self._invert or self._times is not None or block.end > LONG:
            return None
        if self._not_raw:
            self._not_raw -= 1
            return None
        matches = self._matches_of_hits(block, self._lead)
        if matches is None:
            self._not_raw = _RETRY_BLOCKS
        return matches

    def _matches_of_hits(self, block: Block, lead: Compiled) -> list[Span] | None:
        if not lead.exact and not (_are_json(block) and _worth_leading(block, lead.texts) and not block.holds_zeros()):
            return None
        lines = hit_lines(block, lead)
        hits = list(lines if self._tests else islice(lines, _FEW + 1))
        if not hits:
            return hits
        if len(hits) > _FEW and not self._tests:
            return None
        text = bytearray(b"".join([block.buffer[start : end + 1] for start, end in hits]))
        records = Block(text, len(text), 0)
        if may_be_odd(records, closely=False):
            return None
        if not self._tests:
            return hits
        if not records.all_objects():
            return None
        with records.raw() as view:
            verdicts = _verdicts(self._tested_terms, view, len(hits))
        return None if verdicts is None else list(compress(hits, verdicts))

    def _in_time(self, spans: list[Span], lines: bytes | memoryview) -> list[Span]:
        """Return the spans of records whose time is in the range."""
        if not spans or self._times is None or self._is_within is None:
            return spans
        times = self._times(block_of([bytes(lines[start:end]) for start, end in spans], 0))
        self.no_time += times.count(None)
        return [span for span, time in zip(spans, times, strict=True) if self._is_within(time)]

    def count(self, block: Block) -> int:
        """Count the matching records of a block."""
        if self._times is not None:
            return sum(1 for _ in self.spans(block))
        if (raw := self._raw_matches(block)) is not None:
            return len(raw)
        matched = self._terms_matching(block)
        count = matched.count(True) if isinstance(matched, list) else sum(1 for _ in matched)
        return block.count() - count if self._invert else count

    def _terms_matching(self, block: Block) -> list[bool] | Iterator[Span]:
        """Match the terms, before inversion: return a bool for each record, or the spans of the matching records."""
        lead = self._lead
        if lead is not None and lead.exact and not self._invert and not has_hit(block, lead.finders):
            return iter(())
        block.settle()
        if lead is not None and not lead.exact and not _are_json(block):
            return self._one_by_one(block, strict=True)
        if lead is not None and (lead.exact or _worth_leading(block, lead.texts)):
            lines = hit_lines(block, lead)
            return self._tested(block, lines) if self._tests else lines
        verdicts = self._at_once(block)
        return self._one_by_one(block) if verdicts is None else verdicts

    def _at_once(self, block: Block) -> list[bool] | None:
        """Test all records at once; None if they must be tested one by one, as the next blocks will be then.

        The decoder accepts several values on a line, and values that continue on the next line. But no value continues
        between a `}` and a `{`. So if every line is `{`…`}`, each has at least one value; if there are as many values
        as lines, each has exactly one.
        """
        if self._not_at_once:
            self._not_at_once -= 1
            return None
        verdicts = None
        if block.end <= MAX_PARSED and block.all_objects():
            with block.view() as view:
                verdicts = _verdicts(self._terms, view, block.count())
        self._not_at_once = 0 if verdicts is not None else _RETRY_BLOCKS
        return verdicts

    def _one_by_one(self, block: Block, *, strict: bool = False) -> Iterator[Span]:
        """Test all lines one by one; yield those that pass. `strict`: parse even lines without the searched text."""
        test, start = _conjunction(self._tests), 0
        for record in block.records():
            end = start + len(record)
            try:
                if strict and len(record) <= MAX_PARSED:
                    _load(record)
                if test(record):
                    yield start, end
            except NotJsonError:
                self.count_not_json(record)
            except TooLargeError:
                self.unparsed += 1
            start = end + 1

    def _tested(self, block: Block, lines: Iterable[Span]) -> Iterator[Span]:
        """Yield the lines that pass every test; test all at once if possible, as in `_at_once`."""
        if self._not_at_once or block.end > MAX_PARSED or not block.all_objects():
            self._not_at_once = max(0, self._not_at_once - 1)
            return self._tested_apart(block, lines)
        spans = list(lines)
        with block.view() as view:
            text = b"".join([view[start : end + 1] for start, end in spans])
        verdicts = _verdicts(self._tested_terms, memoryview(text), len(spans)) if spans else []
        if verdicts is None:
            self._not_at_once = _RETRY_BLOCKS
            return self._tested_apart(block, spans)
        return compress(spans, verdicts)

    def _tested_apart(self, block: Block, lines: Iterable[Span]) -> Iterator[Span]:
        test = _conjunction(self._tests)
        with block.view() as view:
            for start, end in lines:
                try:
                    if test(bytes(view[start:end])):
                        yield start, end
                except NotJsonError:
                    self.count_not_json(bytes(view[start : start + 1]))
                except TooLargeError:
                    self.unparsed += 1


def _conjunction(tests: Sequence[Test]) -> Test:
    if len(tests) == 1:
        return tests[0]
    return lambda record: all(test(record) for test in tests)


def _verdicts(terms: Sequence[Compiled], lines: memoryview, count: int) -> list[bool] | None:
    """Return whether each of `count` lines matches all terms; None if they cannot be tested at once."""
    verdicts = [tested for term in terms if term.verdicts and (tested := term.verdicts(lines)) and len(tested) == count]
    if not verdicts or len(verdicts) < len(terms):
        return None
    return verdicts[0] if len(verdicts) == 1 else list(map(all, zip(*verdicts, strict=True)))


def _between(block: Block, spans: Iterator[Span]) -> Iterator[Span]:
    """Yield the lines that are not in `spans`."""
    done = 0
    for start, end in spans:
        yield from line_spans(block.buffer, start, done)
        done = end + 1
    yield from line_spans(block.buffer, block.end, done)


def _worth_leading(block: Block, texts: Iterable[bytes]) -> bool:
    """True if few lines have a hit, judging by the beginning, and all are objects (other lines must be counted)."""
    with block.raw()[:_GLANCE] as view:
        hits = sum(int(sz.count(view, text)) for text in texts)
        many = hits > _MANY * int(sz.count(view, _NEWLINE))
    return not many and block.all_objects()


def _are_json(block: Block) -> bool:
    """True if two sampled lines are JSON: a program that writes `{'a': 1}` or `{a: 1}` always does so."""
    for at in (0, block.end // 2):
        start = block.buffer.rfind(_NEWLINE, 0, at) + 1
        end = block.buffer.find(_NEWLINE, start, block.end)
        end = block.end if end < 0 else end
        with block.raw() as view:
            if end - start > _CHECKED_BYTES:
                if not _BEGINS.match(view, start):
                    return False
                continue
            record = bytes(view[start:end])
        try:
            _load(record)
        except NotJsonError:
            return False
    return True


def _load(record: bytes) -> None:
    """Raise NotJsonError if the record is not JSON."""
    from tui.filter.jmespath import load  # already imported wherever a JMESPath is used

    load(record)


def _lead(terms: Sequence[Compiled]) -> Compiled | None:
    """Return the term to search for first: one whose hits need no test, else any with finders."""
    findable = [term for term in terms if term.finders]
    return next((term for term in findable if term.exact), findable[0] if findable else None)
