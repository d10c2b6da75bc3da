"""What the index can answer without reading a chunk: that nothing in it matches, or how often each value occurs.

A chunk is only passed over where its summary proves that no record of it matches; the proof is about all of its
records, so that a summary of damaged chunks counts for those that can be read.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, replace
from functools import partial
from operator import attrgetter

from tui.analysis.needed import lacks
from tui.archive import Archive, Chunk, Damage
from tui.errors import IndexFileError
from tui.filter import Filter
from tui.index import Index, open_index
from tui.index.counted import CountedChunk, CountedDamage, Head
from tui.scan import ChunkDamaged, ChunkDone, ChunkRestarted, Counts, Known, ScanEvent

_figures = attrgetter(*(figure.name for figure in fields(Counts)))  # astuple() copies each of them
_WRITE_SECONDS = 5.0  # of a scan that are not remembered if it is killed


def known_from(
    index: Index, chunks: Iterable[Chunk] = (), *, counts_only: bool = False, exact: bool = True
) -> Callable[[Chunk, Filter], Known | None]:
    """What `run_plan` asks before it reads a chunk. `chunks`: those that it will ask about. `counts_only`: nobody wants
    the matches themselves. `exact`: records are to be counted, not just lines.
    """
    index.expect(chunks)

    def known(chunk: Chunk, filter: Filter) -> Known | None:  # noqa: A002
        if not filter.active and (not counts_only or filter.invert or filter.within):
            return None
        head = index.head(chunk)
        if not filter.active:
            answer = known_counts(head, parses=False) if head is not None else None
            return answer and replace(answer, counts=replace(answer.counts, matches=answer.counts.records))
        if head is not None and (answer := _of_summary(index, chunk, head, filter, counts_only)) is not None:
            return answer
        terms = filter_terms(filter)
        earlier = index.known(chunk, terms) if counts_only and filter.within is None else None
        if earlier is None or (exact and not earlier.exact):
            own_terms = frozenset(terms)
            wider = (
                _of_earlier(scan)
                for fewer, scan in index.without_match(chunk)
                if fewer <= own_terms and (scan.exact or not exact)
            )
            return next((scan for scan in wider if not (scan.counts.not_json or scan.counts.unparsed)), None)
        return _of_earlier(earlier) if earlier is not None else None

    return known


def _of_summary(index: Index, chunk: Chunk, head: Head, filter_: Filter, counts_only: bool) -> Known | None:
    if not counts_alike(head, filter_):
        return None
    parses = any(term.kind == "match" for term in filter_.active)
    lacking = lacks(filter_)
    if lacking is not None and lacking(partial(index.may_hold, chunk)):
        return known_counts(head, parses=parses)
    summary = index.summary(chunk) if parses else None
    if summary is None:
        return None
    from tui.analysis.exact import excludes, matches_of  # only for a JMESPath: they take a library

    if excludes(summary, filter_):
        return known_counts(head, parses=True)
    matches = matches_of(summary, filter_) if counts_only else None
    if matches is None:
        return None
    answer = known_counts(head, parses=True)
    return replace(answer, counts=replace(answer.counts, matches=matches))


def counts_alike(head: Head, filter_: Filter) -> bool:
    """Would reading count the same records as not JSON? Those that lack the text of another term it does not parse, nor
    those that are like objects, or large, and lack the text of a match.
    """
    if head.unparsed or head.broken_json:
        return False
    return not head.not_json or all(term.kind == "match" for term in filter_.active)


def known_chunks(archive: Archive, chunks: Iterable[Chunk], filter_: Filter) -> dict[str, Known]:
    """By key, those chunks that hold no match."""
    with open_index(archive) as index:
        chunks = list(chunks)
        known = known_from(index, chunks)
        answers = ((chunk.key, known(chunk, filter_)) for chunk in chunks)
        return {key: answer for key, answer in answers if answer is not None}


def filter_terms(filter_: Filter) -> list[str]:
    """Each term as one text: what more of them can only narrow. An inverted filter is one term."""
    words = [term.identity for term in filter_.active]
    return ["-v " + json.dumps(sorted(words))] if filter_.invert else words


def remembered(
    events: Iterable[ScanEvent], index: Index, filter_: Filter, *, exact: bool = True
) -> Iterator[ScanEvent]:
    """The events of a scan; what it counts in each chunk is remembered, until the index cannot be written.

    It is written every few seconds and at the end: a transaction for each chunk takes longer than a small chunk.
    """
    counted: list[tuple[Chunk, CountedChunk, int]] = []  # not written yet
    written = time.monotonic()
    damage: dict[str, list[CountedDamage]] = defaultdict(list)
    unread: set[str] = set()
    terms, writable = filter_terms(filter_), bool(filter_.active) and filter_.within is None
    for event in events:
        yield event
        if isinstance(event, ChunkDamaged):
            part = event.damage
            damage[event.chunk.key].append(CountedDamage(part.start, part.stop, part.reason, part.doubtful))
            if event.unread:
                unread.add(event.chunk.key)
        elif isinstance(event, ChunkRestarted):
            damage.pop(event.chunk.key, None)
        elif isinstance(event, ChunkDone) and writable and not (event.partial or event.skipped):
            if event.chunk.key in unread or event.unchosen:
                continue
            known = CountedChunk(
                list(_figures(event.counts)), damage.pop(event.chunk.key, []), event.form, event.codec, exact
            )
            counted.append((event.chunk, known, event.counts.matches))
            if time.monotonic() - written > _WRITE_SECONDS:
                writable = _put(index, terms, counted)
                counted, written = [], time.monotonic()
    if counted and writable:
        _put(index, terms, counted)


def _put(index: Index, terms: list[str], counted: list[tuple[Chunk, CountedChunk, int]]) -> bool:
    try:
        index.put_known(terms, counted)
    except IndexFileError:  # a cache: the scan has its answer all the same
        return False
    return True


def _of_earlier(earlier: CountedChunk) -> Known:
    counts = replace(Counts(*earlier.counts), bytes_compressed=0)
    return Known(counts, _damage(earlier.damage), earlier.form, earlier.codec)


def _damage(parts: Iterable[CountedDamage]) -> tuple[Damage, ...]:
    return tuple(Damage(part.start, part.stop, part.reason, part.doubtful) for part in parts)


def known_counts(head: Head, *, parses: bool) -> Known:
    """What a scan without a match would have counted. `parses`: it looks at the records as JSON."""
    counts = Counts(
        records=head.records,
        bytes=head.bytes,
        not_json=head.not_json if parses else 0,
        broken_json=head.broken_json if parses else 0,
        unparsed=head.unparsed if parses else 0,
        blank=head.blank,
        split=head.split,
    )
    return Known(counts, _damage(head.damage), head.form, head.codec)
