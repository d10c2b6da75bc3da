"""The topics of an archive: list them, split a catalog by topic, and find where a topic's name ends."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from tui.archive.catalog import Catalog
from tui.archive.chunk import Chunk
from tui.archive.holes import Hole, escape
from tui.archive.hosts import are_roles, topics_and_hosts
from tui.archive.layout import Layout, ParsedKey
from tui.archive.times import next_hour
from tui.printable import printable

_NAMED = 5
_STEM = re.compile(
    r"([A-Za-z]+(?:[-_.][A-Za-z]+)*)([-_.])(?=[^/]*\d)"
)  # the beginning of a name, before a number or an id
_MAX_STEMS = 20


def topics_of(chunks: Iterable[Chunk]) -> tuple[str, ...]:
    """Return the sorted topics of chunks, without an empty one."""
    return tuple(sorted({chunk.topic for chunk in chunks} - {""}))


def named_topics(topics: Sequence[str]) -> str:
    """Return `3 topics (clicks, events, views)`, with the first names only."""
    more = f", and {len(topics) - _NAMED} more" if len(topics) > _NAMED else ""
    return f"{len(topics)} topics ({', '.join(printable(topic, 60) for topic in topics[:_NAMED])}{more})"


def possible_topics(chunks: Iterable[Chunk], layout: Layout) -> dict[str, str]:
    """Return possible topics that the layout does not separate, each with its layout.

    These are the first words of the names after the hour. Each occurs in several names, so it is not a random id, and
    they are not words for hosts. A word that begins another one comes last: its layout also fits the other's names.
    """
    folder, slash, name = layout.pattern.rpartition("/")
    head, star, rest = name.partition("*")
    if not star:
        return {}
    literal = re.fullmatch(r"([A-Za-z]+[-_.])*", head, re.ASCII) is not None
    after_time = Layout(f"{folder}{slash}{head}{{stem}}{rest}")
    number: Counter[tuple[str, str]] = Counter()
    for chunk in chunks:
        parsed = None if literal else after_time.parse(chunk.key)
        stem = _STEM.match(parsed.fields["stem"] if parsed else chunk.key.rpartition("/")[2])
        if stem is None or len(number) > _MAX_STEMS:
            return {}
        number[stem[1], stem[2]] += 1
    if len(number) < 2 or min(number.values()) < 2 or are_roles([stem for stem, _ in number]):
        return {}
    stems = sorted(number, key=lambda stem: (any(other[0].startswith(stem[0] + stem[1]) for other in number), stem))
    before = folder + slash + ("" if literal else head)
    return {stem: f"{before}{escape(stem + mark)}*{rest}" for stem, mark in stems}


def by_topic(catalog: Catalog) -> dict[str, Catalog]:
    """Split a catalog by topic. Each topic's gaps are between its own first and last hour."""
    hours: dict[str, dict[datetime, list[Chunk]]] = {}
    far = set(catalog.far)
    for hour, chunks in catalog.hours.items():
        for chunk in chunks:
            hours.setdefault(chunk.topic, {}).setdefault(hour, []).append(chunk)
    catalogs = {}
    for topic in sorted(hours):
        topic_hours = {hour: tuple(chunks) for hour, chunks in hours[topic].items()}
        near = [hour for hour, chunks in topic_hours.items() if not far.issuperset(chunks)] or list(topic_hours)
        topic_far = tuple(chunk for chunk in catalog.far if chunk.topic == topic)
        catalogs[topic] = Catalog(topic_hours, min(near), next_hour(max(near)), (), topic_far)
    return catalogs


def renamed(catalog: Catalog, layout: Layout) -> Catalog:
    """Correct topics and hosts whose names contain dots, by comparing all names."""
    better = divided(layout, catalog.chunks)
    if better == layout:
        return catalog

    def rename(chunk: Chunk) -> Chunk:
        parsed = better.parse(chunk.key)
        return chunk.of(parsed.topic, parsed.host) if parsed else chunk

    hours = {hour: tuple(map(rename, chunks)) for hour, chunks in catalog.hours.items()}
    return replace(catalog, hours=hours, far=tuple(map(rename, catalog.far)))


def divided(layout: Layout, chunks: Iterable[Chunk | ParsedKey]) -> Layout:
    """Return the layout that splits topics and hosts by the names of all chunks."""
    at = next((at for at, part in enumerate(layout.parts) if _is_open(part, "topic")), len(layout.parts))
    pair = layout.parts[at : at + 3]
    if len(pair) < 3 or pair[1] != "." or not _is_open(pair[2], "host"):
        return layout
    names = {(chunk.topic, chunk.host) for chunk in chunks}
    if not any("." in name for pair in names for name in pair):
        return layout
    spelled = [escape(part) if isinstance(part, str) else part.token for part in layout.parts]
    split = topics_and_hosts(sorted(map(".".join, names)))
    return Layout("".join((*spelled[:at], split, *spelled[at + 3 :])))


def _is_open(part: str | Hole, name: str) -> bool:
    return isinstance(part, Hole) and part.name == name and part.value is None
