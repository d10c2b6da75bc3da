"""What was listed of a store: kept for as long as one question takes, so that nothing is asked for twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from tui.archive.chunk import ListPage, StoredObject
from tui.archive.store import Store

_THREADS = 16  # listings at a time: a request of S3 takes some 50 ms
_MOST_PREFIXES = 2000  # of a level; names of so many kinds are ids, and no way to a time

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Level:
    """The keys behind a prefix, cut at the first delimiter: `prefixes` end with it, `objects` have none."""

    objects: tuple[StoredObject, ...]
    prefixes: tuple[str, ...]


class Listing:
    """A store, listed by prefix. Threads may share it.

    `base`: what was asked for, all of it: other keys there are reported, too.
    """

    def __init__(self, store: Store, base: str | None = None) -> None:
        self.store = store
        self.base = base
        self._whole: dict[str, tuple[StoredObject, ...]] = {}
        self._firsts: dict[str, tuple[StoredObject, ...]] = {}
        self._levels: dict[tuple[str, str], Level | None] = {}

    def known(self, prefix: str) -> tuple[StoredObject, ...] | None:
        """All objects with the prefix if they have been listed already, all of them."""
        for whole, objects in tuple(self._whole.items()):
            if prefix.startswith(whole):
                return tuple(item for item in objects if item.key.startswith(prefix)) if prefix != whole else objects
        return None

    def keep(self, prefix: str, objects: Iterable[StoredObject]) -> tuple[StoredObject, ...]:
        """Remember that these are all objects with the prefix."""
        self._whole[prefix] = kept = tuple(objects)
        return kept

    def first(self, prefix: str) -> tuple[StoredObject, ...]:
        """The objects of the listing's first page; all of them, and `known` from then on, if there is no second."""
        known = self.known(prefix)
        if known is not None:
            return known
        if prefix not in self._firsts:
            page = next(self.store.pages(prefix), ListPage((), last=True))
            if page.last:
                return self.keep(prefix, page.objects)
            self._firsts[prefix] = page.objects
        return self._firsts[prefix]

    def objects(self, prefix: str) -> Iterator[StoredObject]:
        """Every object with the prefix; not remembered."""
        known = self.known(prefix)
        return iter(known) if known is not None else self.store.objects(prefix)

    def level(self, prefix: str, delimiter: str) -> Level | None:
        """The keys behind a prefix, cut at a delimiter; None if that leaves too many different ones."""
        asked = (prefix, delimiter)
        if asked not in self._levels:
            self._levels[asked] = self._level(prefix, delimiter)
        return self._levels[asked]

    def _level(self, prefix: str, delimiter: str) -> Level | None:
        known = self.known(prefix)
        if known is not None:
            return cut(known, prefix, delimiter)
        objects: list[StoredObject] = []
        prefixes: set[str] = set()
        whole = True
        for page in self.store.pages(prefix, delimiter):
            objects += page.objects
            prefixes.update(page.prefixes)
            whole = whole and not page.prefixes
            if len(prefixes) > _MOST_PREFIXES:
                return None
        if whole:  # the server does not cut keys, or there is nothing to cut
            self.keep(prefix, objects)
        level = cut(objects, prefix, delimiter)
        return Level(level.objects, tuple(sorted(prefixes.union(level.prefixes))))


def cut(objects: Iterable[StoredObject], prefix: str, delimiter: str) -> Level:
    """What a store that cuts keys says of a listing."""
    left: list[StoredObject] = []
    prefixes: set[str] = set()
    for item in objects:
        at = item.key.find(delimiter, len(prefix))
        if at < 0:
            left.append(item)
        else:
            prefixes.add(item.key[: at + len(delimiter)])
    return Level(tuple(left), tuple(sorted(prefixes)))


def in_parallel(work: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """The work on each, some at a time, in order; the first error is raised."""
    if len(items) < 2:
        return [work(item) for item in items]
    with ThreadPoolExecutor(min(_THREADS, len(items)), thread_name_prefix="list") as pool:
        return list(pool.map(work, items))
