"""Opening an archive: a location, with or without a layout in it, becomes store + layout + time zone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from itertools import islice
from pathlib import Path

from tui.archive.catalog import Catalog, is_chunk_name, make_catalog, widened
from tui.archive.chunk import Chunk, StoredObject
from tui.archive.detect import detect, three
from tui.archive.layout import Layout, has_holes
from tui.archive.reading import Reading
from tui.archive.store import S3_SCHEME, Store, is_s3, open_store
from tui.archive.times import parse_zone, spell_hour
from tui.config import S3Options
from tui.errors import ArchiveError, LayoutError

MANIFEST = "manifest.json"
_SAMPLE = 2000  # keys that a detection looks at, at least, of all that there are
_HELD = 100_000  # objects of a listing that are kept for the first catalog, about 30 MB

Listing = Sequence[StoredObject]


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

    @property
    def extract(self) -> bool:
        """Is it known as an extract? Then it may hold no chunk at all."""
        return bool(self.manifest)

    def catalog(
        self, start: datetime | None = None, stop: datetime | None = None, listing: Listing | None = None
    ) -> Catalog:
        """List the hours of [start, stop) (all of the archive by default), or take them from a listing just made.

        Raises LayoutError, with three of the keys, if there are objects and the layout fits none.
        """
        start, stop = (time and time.astimezone(self.zone).replace(fold=0) for time in (start, stop))
        items = self._listed(*widened(start, stop)) if listing is None else self._sorted_out(listing)
        catalog = make_catalog(items, start, stop)
        if (
            catalog.first is None
            and not self.extract
            and not any(isinstance(item, Chunk) for item in self._listed(None, None))
        ):
            raise self._nothing_fits()
        return catalog

    def _nothing_fits(self) -> ArchiveError:
        keys = list(islice((item.key for item in self.store.objects() if is_chunk_name(item.key)), 3))
        if not keys:
            return ArchiveError(f"{self.store.url} is empty: no object was found there; check the name")
        return LayoutError(
            f"the layout '{self.layout.pattern}' fits no key of {self.store.url}, which holds {three(keys)}; "
            "give the layout that fits them"
        )

    def chunk_of(self, item: StoredObject) -> Chunk | None:
        """The chunk that an object is, if the layout fits its key."""
        named = self.layout.parse(item.key, self.zone)
        if named is None:
            return None
        return Chunk(
            item.key,
            named.hour,
            item.size,
            item.etag,
            item.uploaded,
            item.storage_class,
            named.topic,
            named.host,
            named.rev,
        )

    def _listed(self, start: datetime | None, stop: datetime | None) -> Iterator[Chunk | StoredObject]:
        for prefix in self.layout.prefixes(start, stop):
            yield from self._sorted_out(self.store.objects(prefix))

    def _sorted_out(self, items: Iterable[StoredObject]) -> Iterator[Chunk | StoredObject]:
        """Chunks, and what could be one but that the layout does not fit it."""
        for item in items:
            if is_chunk_name(item.key):
                yield self.chunk_of(item) or item


def open_archive(
    url: str, *, timezone: str | None = None, s3: S3Options | None = None, layout: str | None = None
) -> Archive:
    """Open `url`: a folder, `s3://bucket/prefix`, or either with a layout in it.

    Without a layout it is taken from an extract's manifest, else detected from the keys of the listing
    (`Archive.detected` says so); `layout` overrides all that. `timezone` is the IANA name of the zone that the keys'
    hours are written in (UTC by default). Raises ArchiveError, LayoutError or TimeError, each a sentence for a person.
    """
    return open_listed(url, timezone=timezone, s3=s3, layout=layout)[0]


def open_listed(
    url: str, *, timezone: str | None = None, s3: S3Options | None = None, layout: str | None = None
) -> tuple[Archive, Listing | None]:
    """The same, and the listing that the layout was found in: a first catalog need not ask for it again.

    None where nothing was listed, or so much that a narrower listing is better than to hold it.
    """
    root, rest, pattern = _split(url)
    store = open_store(root, s3)
    if layout is not None:
        pattern = _below(rest.replace("%", "%%") if pattern is None else _fixed(rest), layout)
    if pattern is not None:
        return Archive(url, store, Layout(pattern), parse_zone(timezone)), None
    manifest_key = (rest if not rest or rest.endswith("/") else rest + "/") + MANIFEST
    keys, listing, manifest = _look(store, rest, manifest_key)
    if manifest and (known := _manifest(store, manifest)):
        layout, zone = known
        return Archive(url, store, Layout(layout), parse_zone(timezone or zone), manifest=manifest_key), listing
    if not keys:
        hint = "no object was found there; check the bucket and the prefix" if is_s3(url) else "no file is in it"
        raise ArchiveError(f"{url} is empty: {hint}")
    return Archive(url, store, _detected(keys, rest), parse_zone(timezone), detected=True), listing


def _below(prefix: str, layout: str) -> str:
    """A layout of keys below a prefix; one that begins with the prefix, as layouts are printed, is whole."""
    return layout if layout.startswith(prefix) else f"{prefix.rstrip('/')}/{layout}"


def _fixed(pattern: str) -> str:
    """The folders of a pattern that hold no hole, with a slash at the end."""
    folders = pattern.split("/")[:-1]
    fixed = next((at for at, part in enumerate(folders) if has_holes(part)), len(folders))
    return "".join(f"{part}/" for part in folders[:fixed])


def _look(store: Store, prefix: str, manifest_key: str) -> tuple[list[str], Listing | None, StoredObject | None]:
    """List all below a prefix: some keys, every object if they are not too many, and the manifest if there is one.

    The keys are all, or evenly some thousands of them: at each power of two every other one is dropped. The first pages
    of a listing are not enough: a second host or topic can begin behind thousands of keys of the first, and a layout
    that knows only the first would leave it out of every scan without a word.
    """
    keys: list[str] = []
    listing: list[StoredObject] = []
    manifest: StoredObject | None = None
    step, index = 1, 0
    for item in store.objects(prefix):
        if item.key == manifest_key:
            manifest = item
        if not is_chunk_name(item.key):
            continue
        if index % step == 0:
            keys.append(item.key)
        if len(keys) > 2 * _SAMPLE:
            keys, step = keys[::2], step * 2
        index += 1
        if index <= _HELD:
            listing.append(item)
        elif listing:
            listing = []
    return keys, tuple(listing) if index <= _HELD else None, manifest


def _detected(keys: list[str], prefix: str) -> Layout:
    """The layout of the keys below a prefix: it holds nothing that does not begin with it."""
    layout = detect(keys)
    if layout.prefixes()[0].startswith(prefix):
        return layout
    below = detect(key.removeprefix(prefix) for key in keys)
    return Layout(prefix.replace("%", "%%") + below.pattern)


def _split(url: str) -> tuple[str, str, str | None]:
    """A location → root of the store, prefix in it, layout pattern (None if there is none)."""
    if is_s3(url):
        bucket, _, rest = url.removeprefix(S3_SCHEME).partition("/")
        return S3_SCHEME + bucket, rest, rest if has_holes(rest) else None
    path = Path(url).expanduser()
    if path.is_dir() or not has_holes(url):
        if not path.exists():
            raise ArchiveError(f"{url} does not exist; give a folder, s3://BUCKET/PREFIX or a name from the config")
        return str(path), "", None
    parts = str(path).split("/")
    fixed = next(i for i, part in enumerate(parts) if has_holes(part))
    return "/".join(parts[:fixed]) or ("/" if str(path).startswith("/") else "."), "", "/".join(parts[fixed:])


def _manifest(store: Store, item: StoredObject) -> tuple[str, str] | None:
    """Layout and time zone of an extract; None if the file is another program's."""
    from tui.archive.manifest import ForeignManifestError, ManifestHead, load_manifest  # only extracts wait for it

    try:
        head = load_manifest(store, item, ManifestHead)
    except ForeignManifestError:
        return None
    return item.key.removesuffix(MANIFEST).replace("%", "%%") + head.layout, head.timezone


def empty_range(archive: Archive, start: datetime | None, stop: datetime | None) -> ArchiveError:
    """The error for a range without chunks, which says what there is instead."""
    whole = archive.catalog()
    words = " ".join(f"{name} {spell_hour(time)}" for name, time in (("from", start), ("to", stop)) if time is not None)
    if whole.first is None or whole.stop is None:
        return ArchiveError(f"{archive.url} holds no chunk")
    return ArchiveError(
        f"{archive.url} has no chunk {words}; its hours go from {spell_hour(whole.first)} to {spell_hour(whole.stop)}"
    )
