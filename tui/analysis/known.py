"""What the index can answer without reading a chunk: that nothing in it matches, or how often each value occurs.

A chunk is skipped only if its summary proves that no record matches. The summary of a damaged chunk covers the records
that can be read, so it is proof for these.
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

_figures = attrgetter(*(figure.name for figure in fields(Counts)))  # astuple() would copy each figure
_WRITE_SECONDS = 5.0  # between writes; a scan that is killed loses at most this much


def known_from(
    index: Index, chunks: Iterable[Chunk] = (), *, counts_only: bool = False, exact: bool = True
) -> Callable[[Chunk, Filter], Known | None]:
    """Return the function that `run_plan` calls before it reads a chunk. `chunks`: those it will be called for.
    `counts_only`: the matches themselves are not needed. `exact`: count records, not just lines.
    """
    index.expect(chunks)

    def known(chunk: Chunk, filter: Filter) -> Known | None:  # noqa: A002
        if not filter.active and (not counts_only or filter.invert or filter.within):
            return None
        head = index.head(chunk)
        if not filter.active:
            answer = known_counts(head, parses=False) if head is not None else None
            return answer and replace(answer, counts=replace(answer.counts, matches=answer.counts.records))
        if head is not None and (answer := _from_summary(index, chunk, head, filter, counts_only)) is not None:
            return answer
        terms = filter_terms(filter)
        earlier = index.known(chunk, terms) if counts_only and filter.within is None else None
        if earlier is None or (exact and not earlier.exact):
            all_terms = frozenset(terms)
            wider = (
                _from_earlier(scan)
                for fewer, scan in index.without_match(chunk)
                if fewer <= all_terms and (scan.exact or not exact)
            )
            return next((scan for scan in wider if not (scan.counts.not_json or scan.counts.unparsed)), None)
        return _from_earlier(earlier) if earlier is not None else None

    return known


def _from_summary(index: Index, chunk: Chunk, head: Head, filter_: Filter, counts_only: bool) -> Known | None:
    if not counts_alike(head, filter_):
        return None
    parses = any(term.kind == "match" for term in filter_.active)
    lacking = lacks(filter_)
    if lacking is not None and lacking(partial(index.may_hold, chunk)):
        return known_counts(head, parses=parses)
    summary = index.summary(chunk) if parses else None
    if summary is None:
        return None
    from tui.analysis.exact import excludes, matches_of  # imports a library that only a JMESPath needs

    if excludes(summary, filter_):
        return known_counts(head, parses=True)
    matches = matches_of(summary, filter_) if counts_only else None
    if matches is None:
        return None
    answer = known_counts(head, parses=True)
    return replace(answer, counts=replace(answer.counts, matches=matches))


def counts_alike(head: Head, filter_: Filter) -> bool:
    """True if reading the chunk would count the same records as not JSON.

    A scan does not parse records that lack the text of another term, nor records that look like objects, or are large,
    and lack the text of a match.
    """
    if head.unparsed or head.broken_json:
        return False
    return not head.not_json or all(term.kind == "match" for term in filter_.active)


def known_chunks(archive: Archive, chunks: Iterable[Chunk], filter_: Filter) -> dict[str, Known]:
    """Return, by key, the chunks that hold no match."""
    with open_index(archive) as index:
        chunks = list(chunks)
        known = known_from(index, chunks)
        answers = ((chunk.key, known(chunk, filter_)) for chunk in chunks)
        return {key: answer for key, answer in answers if answer is not None}


def filter_terms(filter_: Filter) -> list[str]:
    """Return each term as one text; more terms can only narrow the matches. An inverted filter is one term."""
    words = [term.identity for term in filter_.active]
    return ["-v " + json.dumps(sorted(words))] if filter_.invert else words


def remembered(
    events: Iterable[ScanEvent], index: Index, filter_: Filter, *, exact: bool = True
) -> Iterator[ScanEvent]:
    """Pass on the events of a scan and store its counts of each chunk, unless the index cannot be written.

    They are written every few seconds and at the end: a transaction per chunk takes longer than a small chunk.
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
    except IndexFileError:  # the index is only a cache; the scan is complete without it
        return False
    return True


def _from_earlier(earlier: CountedChunk) -> Known:
    counts = replace(Counts(*earlier.counts), bytes_compressed=0)
    return Known(counts, _damage(earlier.damage), earlier.form, earlier.codec)


def _damage(parts: Iterable[CountedDamage]) -> tuple[Damage, ...]:
    return tuple(Damage(part.start, part.stop, part.reason, part.doubtful) for part in parts)


def known_counts(head: Head, *, parses: bool) -> Known:
    """Return the counts of a scan that finds no match. `parses`: the scan parses records as JSON."""
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
