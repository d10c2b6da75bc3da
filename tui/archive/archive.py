"""An archive: list the chunks of a range of hours, and find its first and last hour."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from functools import partial
from itertools import islice

from tui.archive.catalog import Catalog, make_catalog
from tui.archive.chunk import Chunk, StoredObject
from tui.archive.clocks import clock_note, skipped_sentence
from tui.archive.descent import prefixes_in_order
from tui.archive.detect import three
from tui.archive.hosts import TOPIC_BEFORE_HOST, may_be_hosts
from tui.archive.layout import Layout
from tui.archive.leftovers import is_leftover
from tui.archive.listing import Listing, in_parallel
from tui.archive.ranges import Range
from tui.archive.reading import Reading
from tui.archive.store import Store, is_s3
from tui.archive.times import first_hour, hours_between, next_hour, spell_hour
from tui.archive.topics import divided, renamed
from tui.archive.waits import report
from tui.archive.walk import Walk, apart
from tui.errors import ArchiveError, DeniedError, LayoutError
from tui.units import plural

_SharedHours = tuple[dict[datetime, datetime], dict[datetime, datetime]]  # one shared object per hour, by its fold


@dataclass(frozen=True)
class Archive:
    """A store, the layout of its keys, and the time zone of their hours. Immutable and picklable.

    `manifest` is the key of the manifest, if the archive is known to be an extract.
    """

    url: str
    store: Store
    layout: Layout
    zone: tzinfo
    detected: bool = False
    manifest: str = ""
    reading: Reading = field(default_factory=Reading)
    folders: str = ""  # the folders below the named place that contain all keys; the store's root is there
    beside: tuple[str, ...] = ()  # keys outside those folders

    def layout_option(self) -> str:
        """Return the argument of --layout for the named place."""
        return self.layout.below(self.folders).pattern

    def topic_option(self, topic: str, chunks: Iterable[Chunk]) -> str:
        """Return the argument of --layout for one topic. `chunks`: those of all topics."""
        return divided(self.layout, chunks).with_field("topic", topic).below(self.folders).pattern

    def missed_hosts(self, keys: Iterable[str], chunks: Iterable[Chunk]) -> tuple[str, list[str]] | None:
        """Find keys that the layout of one topic misses because their hosts contain dots; return them after a --layout
        that fits them.

        `chunks`: those that the layout fits. All names together show which keys are of another topic.
        """
        topic = self.layout.fixed.get("topic")
        dotted = Layout(self.layout.pattern.replace("{host}", "{host=**}"))
        missed = [key for key in keys if dotted.parse(key)]
        if topic is None or dotted == self.layout or not missed:
            return None
        opened = self.layout.without_field("topic")
        better = divided(opened, [*chunks, *(parsed for key in missed if (parsed := opened.parse(key)))])
        missed = [key for key in missed if (parsed := better.parse(key)) and parsed.topic == topic]
        return (dotted.below(self.folders).pattern, missed) if missed else None

    def hosts_option(self, topics: Collection[str]) -> str:
        """Return the --layout that reads a detected layout's topics as hosts; "" if they certainly are topics."""
        if self.detected and (pair := TOPIC_BEFORE_HOST.search(self.layout.pattern)):
            return Layout(self.layout.pattern.replace(pair[0], "{host}")).below(self.folders).pattern
        if not self.detected or "host" in self.layout.fields or not may_be_hosts(topics):
            return ""
        return self.layout.without_field("topic", "host").below(self.folders).pattern

    @property
    def extract(self) -> bool:
        """True if it is known to be an extract, which may have no chunk at all."""
        return bool(self.manifest)

    def catalog(
        self, start: datetime | None = None, stop: datetime | None = None, listing: Listing | None = None
    ) -> Catalog:
        """List the hours of [start, stop), by default the whole archive.

        `listing`: what was just listed, which is not requested again. Raises LayoutError, with three of the keys, if
        there are objects and the layout fits none.
        """
        start, stop = (time and time.astimezone(self.zone).replace(fold=0) for time in (start, stop))
        walk = self.walk(listing)
        items = list(self.chunks(walk, start, stop))
        reaches = None if walk.is_known else partial(self._reaches, walk)
        catalog = renamed(make_catalog(items, start, stop, reaches), self.layout)
        if self.beside:
            catalog = replace(catalog, unmatched=tuple(sorted((*catalog.unmatched, *self.beside))))
        if catalog.first is None and self.end(walk) is None:
            self._refuse_if_nothing_fits(walk.listing)
        return catalog

    def walk(self, listing: Listing | None = None) -> Walk:
        """Return a walk over the archive's keys."""
        return Walk(listing or Listing(self.store), self.layout)

    def chunks(
        self, walk: Walk, start: datetime | None = None, stop: datetime | None = None
    ) -> Iterator[Chunk | StoredObject]:
        """Yield the chunks of a range, and all else that was listed: chunks near it, and keys that do not fit.

        For all hours, yield all keys.
        """
        hours = Range.of(start, stop)
        try:
            yield from self._listed(walk, hours)
        except DeniedError:
            if start is None or stop is None or not self.layout.is_fixed_by_hour:
                raise
            yield from self._looked_up(start, stop)

    def _listed(self, walk: Walk, hours: Range) -> Iterator[Chunk | StoredObject]:
        if (known := walk.look(hours)) is not None:
            yield from self._sorted_out(known, ({}, {}))
            return
        branches = walk.branches(hours)
        prefixes = branches.prefixes
        if hours == Range():
            outside = walk.outside()
            if outside.too_many:
                prefixes = (walk.listing.base or "",)
            prefixes = apart((*prefixes, *branches.rest, *outside.rest))
            alone = {item.key: item for item in (*branches.objects, *outside.objects)}
            yield from self._sorted_out(item for key, item in alone.items() if not key.startswith(prefixes))
        shared: _SharedHours = ({}, {})
        for items in in_parallel(lambda prefix: list(self._sorted_out(walk.listing.objects(prefix), shared)), prefixes):
            yield from items

    def _looked_up(self, start: datetime, stop: datetime) -> Iterator[Chunk]:
        """Yield the chunks at the keys of each hour, for credentials that may get objects but not list them.

        Without s3:ListBucket, S3 answers 403 for a missing key. Raises DeniedError if it does so for all keys.
        """
        denied: list[DeniedError] = []

        def look_up(hour: datetime) -> StoredObject | None:
            try:
                return self.store.stat(self.layout.spell(hour))
            except DeniedError as error:
                denied.append(error)
                return None

        objects = in_parallel(look_up, list(hours_between(start, stop)))
        chunks = [chunk for item in objects if item and (chunk := self.chunk_of(item))]
        if denied and not chunks:
            raise denied[0]
        if denied:
            report(f"{plural(len(denied), 'hour')} may have a chunk that these credentials may not read")
        yield from chunks

    def chunk_of(self, item: StoredObject, hours: _SharedHours | None = None) -> Chunk | None:
        """Return an object as a chunk, or None if the layout does not fit its key. `hours`: a cache of shared hours."""
        named = self.layout.parse(item.key, self.zone)
        if named is None:
            return None
        hour = hours[named.hour.fold].setdefault(named.hour, named.hour) if hours else named.hour
        of_key = named.topic, named.host, named.rev
        return Chunk(item.key, hour, item.size, item.etag, item.uploaded, item.storage_class, *of_key, item.restored)

    def _sorted_out(
        self, items: Iterable[StoredObject], hours: _SharedHours | None = None
    ) -> Iterator[Chunk | StoredObject]:
        """Yield chunks, and other objects that do not fit the layout."""
        folders: set[str] = set()
        for item in items:
            if item.key == self.manifest:
                continue
            chunk = self.chunk_of(item, hours)
            if chunk is None and (folder := self._folder_of(item.key)) and folder.key not in folders:
                folders.add(folder.key)  # a chunk that cannot be read is reported, like a broken link
                yield folder
            yield chunk or item

    def _folder_of(self, key: str) -> Chunk | None:
        """Return a folder with the name of a chunk, in which the key is, as that chunk. Buckets have no folders."""
        if is_s3(self.store.url):
            return None
        ends = (match.start() for match in re.finditer("/", key))
        named = next((key[:end] for end in ends if self.layout.parse(key[:end], self.zone)), None)
        stored = named and self.store.stat(named)
        return self.chunk_of(stored) if stored else None

    def _reaches(self, walk: Walk, start: datetime, stop: datetime) -> bool:
        try:
            return self.end(walk, start, stop) is not None
        except DeniedError:  # the range was looked up by its keys
            return False

    def end(
        self, walk: Walk, start: datetime | None = None, stop: datetime | None = None, *, first: bool = False
    ) -> datetime | None:
        """Return the last (or `first`) hour of [start, stop) that has a chunk; None if there is none."""
        hours = Range.of(start, stop)
        ends = in_parallel(lambda head: self._end(walk, head, hours, first=first), walk.heads)
        known = [hour for hour in ends if hour is not None]
        return None if not known else min(known) if first else max(known)

    def _end(self, walk: Walk, head: str, hours: Range, *, first: bool) -> datetime | None:
        for prefix in prefixes_in_order(walk, head, hours, first=first):
            chunks = map(self.chunk_of, walk.listing.objects(prefix))
            known = [chunk.hour for chunk in chunks if chunk and hours.holds(chunk.hour)]
            if known:
                return min(known) if first else max(known)
        return None

    def _refuse_if_nothing_fits(self, listing: Listing) -> None:
        """Raise an error if no key fits, or if there are no keys. An extract may have no chunks."""
        keys = list(islice((item.key for item in listing.objects("") if not is_leftover(item.key)), 3))
        keys = keys or [item.key for item in islice(listing.objects(""), 3) if not self.extract]
        if not keys:
            if self.extract:
                return
            raise ArchiveError(f"{self.store.url} is empty: no object was found there; check the name")
        dotted = Layout(self.layout.pattern.replace("{host}", "{host=**}"))
        hint = f", such as '{dotted.pattern}', whose hosts may contain dots" if any(map(dotted.parse, keys)) else ""
        raise LayoutError(
            f"the layout '{self.layout.pattern}' does not fit any key of {self.store.url}, such as {three(keys)}; "
            f"give the right layout{hint}"
        )


def empty_range(archive: Archive, start: datetime | None, stop: datetime | None) -> ArchiveError:
    """Return the error for a range without chunks, with the hours that there are, and a note on skipped hours."""
    if start and stop and first_hour(start) >= stop:
        return ArchiveError(skipped_sentence(start))
    walk = archive.walk()
    first, last = archive.end(walk, first=True), archive.end(walk)
    ends = (("from", start), ("to" if start else "before", stop))
    words = " ".join(f"{name} {spell_hour(time)}" for name, time in ends if time is not None)
    if first is None or last is None:
        return ArchiveError(f"{archive.url} has no chunks")
    note = f" ({spell_hour(start)}: {skipped})" if start and (skipped := clock_note(start)) else ""
    return ArchiveError(
        f"{archive.url} has no chunk {words}{note}; its hours go from {spell_hour(first)} to "
        f"{spell_hour(next_hour(last))}"
    )
