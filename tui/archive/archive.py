"""An archive: which chunks a range of hours has, and between which hours they lie."""

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
from tui.archive.hosts import may_be_hosts
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

_SharedHours = tuple[dict[datetime, datetime], dict[datetime, datetime]]  # each as the one object of it, by its fold


@dataclass(frozen=True)
class Archive:
    """A store, the layout of its keys, and the time zone that they are written in. Immutable and picklable.

    `manifest` is the key of an extract's manifest, if the archive was opened by one.
    """

    url: str
    store: Store
    layout: Layout
    zone: tzinfo
    detected: bool = False
    manifest: str = ""
    reading: Reading = field(default_factory=Reading)
    folders: str = ""  # of the place that was named, that hold all keys: the store begins there
    beside: tuple[str, ...] = ()  # keys outside of them

    def layout_option(self) -> str:
        """The layout as --layout takes it for the place that was named."""
        return self.layout.below(self.folders).pattern

    def topic_option(self, topic: str, chunks: Iterable[Chunk]) -> str:
        """The same for one topic of those that chunks are of."""
        return divided(self.layout, chunks).with_field("topic", topic).below(self.folders).pattern

    def missed_hosts(self, keys: Iterable[str], chunks: Iterable[Chunk]) -> tuple[str, list[str]] | None:
        """Keys that a layout of one topic leaves out because their hosts hold dots; before them, one that does not.

        `chunks`: what the layout fits; by all names it is known which keys are of another topic.
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
        """The same that takes the topics of a detected layout for hosts; "" if they surely are topics."""
        if not self.detected or "host" in self.layout.fields or not may_be_hosts(topics):
            return ""
        return self.layout.without_field("topic", "host").below(self.folders).pattern

    @property
    def extract(self) -> bool:
        """Is it known as an extract? Then it may hold no chunk at all."""
        return bool(self.manifest)

    def catalog(
        self, start: datetime | None = None, stop: datetime | None = None, listing: Listing | None = None
    ) -> Catalog:
        """List the hours of [start, stop), all of the archive by default, and no others.

        `listing`: what was just listed; nothing of that is asked for again. Raises LayoutError, with three of the keys,
        if there are objects and the layout fits none.
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
        """The way down its keys."""
        return Walk(listing or Listing(self.store), self.layout)

    def chunks(
        self, walk: Walk, start: datetime | None = None, stop: datetime | None = None
    ) -> Iterator[Chunk | StoredObject]:
        """The chunks of a range, and what a listing gives besides: some chunks around it, and keys of another layout.

        For all hours those are all keys there are.
        """
        hours = Range.of(start, stop)
        try:
            yield from self._listed(walk, hours)
        except DeniedError:
            if start is None or stop is None or not self.layout.is_told:
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
        """The chunks of keys that the layout spells, for credentials that may get objects and not list them.

        Without that permission S3 answers 403 for a key that is not there: raises DeniedError where it says so of all.
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
            report(f"{plural(len(denied), 'hour')} may have a chunk that these credentials do not allow to see")
        yield from chunks

    def chunk_of(self, item: StoredObject, hours: _SharedHours | None = None) -> Chunk | None:
        """The chunk that an object is, if the layout fits its key. `hours`: those of others, which it can share."""
        named = self.layout.parse(item.key, self.zone)
        if named is None:
            return None
        hour = hours[named.hour.fold].setdefault(named.hour, named.hour) if hours else named.hour
        of_key = named.topic, named.host, named.rev
        return Chunk(item.key, hour, item.size, item.etag, item.uploaded, item.storage_class, *of_key, item.restored)

    def _sorted_out(
        self, items: Iterable[StoredObject], hours: _SharedHours | None = None
    ) -> Iterator[Chunk | StoredObject]:
        """Chunks, and what could be one but that the layout does not fit it."""
        folders: set[str] = set()
        for item in items:
            if item.key == self.manifest:
                continue
            chunk = self.chunk_of(item, hours)
            if chunk is None and (folder := self._folder_of(item.key)) and folder.key not in folders:
                folders.add(folder.key)  # its chunk cannot be read: that is reported, like a broken link
                yield folder
            yield chunk or item

    def _folder_of(self, key: str) -> Chunk | None:
        """The folder that holds a key and has the name of a chunk, as that chunk; a bucket has no folders."""
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
        """The last hour of [start, stop) that has a chunk, or the `first`; None if there is none."""
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
        """Raise the error for keys of another layout, or for none at all; an extract may be without chunks."""
        keys = list(islice((item.key for item in listing.objects("") if not is_leftover(item.key)), 3))
        if not keys:
            if self.extract:
                return
            raise ArchiveError(f"{self.store.url} is empty: no object was found there; check the name")
        dotted = Layout(self.layout.pattern.replace("{host}", "{host=**}"))
        hint = f", such as '{dotted.pattern}', whose hosts may hold dots" if any(map(dotted.parse, keys)) else ""
        raise LayoutError(
            f"the layout '{self.layout.pattern}' fits no key of {self.store.url}, which holds {three(keys)}; "
            f"give the layout that fits them{hint}"
        )


def empty_range(archive: Archive, start: datetime | None, stop: datetime | None) -> ArchiveError:
    """The error for a range without chunks, which says what there is instead, and whether clocks skipped its start."""
    if start and stop and first_hour(start) >= stop:
        return ArchiveError(skipped_sentence(start))
    walk = archive.walk()
    first, last = archive.end(walk, first=True), archive.end(walk)
    ends = (("from", start), ("to" if start else "before", stop))
    words = " ".join(f"{name} {spell_hour(time)}" for name, time in ends if time is not None)
    if first is None or last is None:
        return ArchiveError(f"{archive.url} holds no chunk")
    note = f" ({spell_hour(start)}: {skipped})" if start and (skipped := clock_note(start)) else ""
    return ArchiveError(
        f"{archive.url} has no chunk {words}{note}; its hours go from {spell_hour(first)} to "
        f"{spell_hour(next_hour(last))}"
    )
