"""The listing of a store, cached for the duration of one query so that nothing is requested twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from tui.archive.chunk import ListPage, StoredObject
from tui.archive.store import Store

_THREADS = 16  # listings at a time; an S3 request takes some 50 ms
_MAX_PREFIXES = 2000  # per level; so many different names are ids and do not lead to a time

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Level:
    """The keys after a prefix, grouped at the first delimiter: `prefixes` end with it, `objects` lack it."""

    objects: tuple[StoredObject, ...]
    prefixes: tuple[str, ...]


class Listing:
    """A store, listed by prefix. Thread-safe.

    `base`: the prefix that the user named; all other keys below it are reported, too.
    """

    def __init__(self, store: Store, base: str | None = None) -> None:
        self.store = store
        self.base = base
        self._whole: dict[str, tuple[StoredObject, ...]] = {}
        self._firsts: dict[str, tuple[StoredObject, ...]] = {}
        self._levels: dict[tuple[str, str], Level | None] = {}

    def known(self, prefix: str) -> tuple[StoredObject, ...] | None:
        """Return all objects with the prefix if all were listed already, else None."""
        for whole, objects in tuple(self._whole.items()):
            if prefix.startswith(whole):
                return tuple(item for item in objects if item.key.startswith(prefix)) if prefix != whole else objects
        return None

    def keep(self, prefix: str, objects: Iterable[StoredObject]) -> tuple[StoredObject, ...]:
        """Remember that these are all objects with the prefix."""
        self._whole[prefix] = kept = tuple(objects)
        return kept

    def first(self, prefix: str) -> tuple[StoredObject, ...]:
        """Return the objects of the listing's first page. If it is the only page, they are `known` from then on."""
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
        """Yield every object with the prefix, without caching them."""
        known = self.known(prefix)
        return iter(known) if known is not None else self.store.objects(prefix)

    def level(self, prefix: str, delimiter: str) -> Level | None:
        """Return the keys after a prefix, grouped at a delimiter; None if there are too many groups."""
        query = (prefix, delimiter)
        if query not in self._levels:
            self._levels[query] = self._level(prefix, delimiter)
        return self._levels[query]

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
            if len(prefixes) > _MAX_PREFIXES:
                return None
        if whole:  # the server ignores the delimiter, or there is nothing to group
            self.keep(prefix, objects)
        level = cut(objects, prefix, delimiter)
        return Level(level.objects, tuple(sorted(prefixes.union(level.prefixes))))


def cut(objects: Iterable[StoredObject], prefix: str, delimiter: str) -> Level:
    """Group a listing's keys at a delimiter, as a store would."""
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
    """Call `work` on the items, several at a time. Returns the results in order; raises the first error."""
    if len(items) < 2:
        return [work(item) for item in items]
    with ThreadPoolExecutor(min(_THREADS, len(items)), thread_name_prefix="list") as pool:
        return list(pool.map(work, items))
