"""Opening an archive: a location, with or without a layout in it, becomes store + layout + time zone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from tui.archive.archive import Archive as Archive
from tui.archive.chunk import StoredObject
from tui.archive.detect import detect
from tui.archive.holes import escape, has_holes, split_pattern, unescape
from tui.archive.key_heads import find_outside, lead
from tui.archive.layout import Layout
from tui.archive.listing import Listing as Listing
from tui.archive.narrowed import split_folders, within
from tui.archive.ranges import Range
from tui.archive.sample import sample_keys
from tui.archive.store import S3_SCHEME, Store, is_s3, open_store
from tui.archive.times import parse_zone
from tui.config import S3Options
from tui.errors import ArchiveError, DeniedError

MANIFEST = "manifest.json"


def open_archive(
    url: str, *, timezone: str | None = None, s3: S3Options | None = None, layout: str | None = None
) -> Archive:
    """Open `url`: a folder, `s3://bucket/prefix`, or either with a layout in it.

    Without a layout it is taken from an extract's manifest, else detected from the keys of the listing
    (`Archive.detected` says so); `layout` overrides all that. `timezone` is the IANA name of the zone that the keys'
    hours are written in (UTC by default). Raises ArchiveError, LayoutError or TimeError, each a sentence for a person.
    """
    return open_listed(url, timezone=timezone, s3=s3, layout=layout)[0]


def open_known(url: str, pattern: str, *, timezone: str | None = None, s3: S3Options | None = None) -> Archive:
    """The archive of a bucket with a whole layout, as it was once found: nothing is asked for."""
    root, _, _ = _split(url)
    return Archive(url, open_store(root, s3), Layout(pattern), parse_zone(timezone))


def open_listed(
    url: str,
    *,
    timezone: str | None = None,
    s3: S3Options | None = None,
    layout: str | None = None,
    hours: Range | None = None,
) -> tuple[Archive, Listing]:
    """The same, and what was listed to find the layout: a first catalog need not ask for it again.

    `hours`: a range that will be asked for; the layout of a large archive is found there.
    """
    root, rest, pattern = _split(url)
    store = open_store(root, s3)
    manifest_key = (rest if not rest or rest.endswith("/") else rest + "/") + MANIFEST
    if pattern is None and layout is not None:
        whole, known = Layout(_below(rest, layout)), _known_extract(Listing(store), manifest_key)
        if known:
            return Archive(url, store, whole, parse_zone(timezone or known[1]), manifest=manifest_key), Listing(store)
        pattern = whole.pattern
    elif layout is not None:
        pattern = _below(unescape(_fixed(rest)), layout)
    if pattern is not None:
        return _rooted(Archive(url, store, Layout(pattern), parse_zone(timezone)), Listing(store))
    listing = Listing(store, rest)
    listing.first(rest)
    if known := _known_extract(listing, manifest_key):
        layout_, zone = known
        return Archive(url, store, Layout(layout_), parse_zone(timezone or zone), manifest=manifest_key), listing
    keys = sample_keys(listing, rest, hours)
    if not keys:
        hint = "no object was found there; check the bucket and the prefix" if is_s3(url) else "it contains no files"
        raise ArchiveError(f"{url} is empty: {hint}")
    detected = within(detect(keys, url), rest, keys[0])
    return _rooted(Archive(url, store, detected, parse_zone(timezone), detected=True), listing)


def _below(prefix: str, layout: str) -> str:
    """A layout of keys below a prefix; one whose keys begin with the prefix, as layouts are printed, is whole."""
    if lead(split_pattern(layout)).startswith(prefix):
        return layout
    return f"{escape(prefix.rstrip('/'))}/{layout}"


def _fixed(pattern: str) -> str:
    """The folders of a pattern that hold no hole, with a slash at the end."""
    folders = pattern.split("/")[:-1]
    fixed = next((at for at, part in enumerate(folders) if has_holes(part)), len(folders))
    return "".join(f"{part}/" for part in folders[:fixed])


def _rooted(archive: Archive, listing: Listing) -> tuple[Archive, Listing]:
    """An archive in a folder begins at the folder that holds all its keys, however it was named: so keys are the same.

    What lies outside is `beside` it.
    """
    folders, layout = split_folders(archive.layout)
    if is_s3(archive.store.url) or not folders:
        return archive, listing
    store = open_store(str(Path(archive.store.url, folders)))
    inside = Listing(store, "")
    known = listing.known("")
    if known is not None:
        below = (item for item in known if item.key.startswith(folders))
        inside.keep("", (replace(item, key=item.key.removeprefix(folders)) for item in below))
        others: Iterable[StoredObject] = (item for item in known if not item.key.startswith(folders))
    else:
        others = _beside(listing, folders) if archive.detected else ()
    beside = tuple(sorted(item.key for item in others))
    return replace(archive, store=store, layout=layout, folders=folders, beside=beside), inside


def _beside(listing: Listing, folders: str) -> Iterator[StoredObject]:
    """Objects outside of the folders that hold all chunks; of another folder, those of its listing's first page."""
    outside = find_outside(listing, "", (folders,))
    yield from outside.objects
    for prefix in outside.rest:
        yield from listing.first(prefix)


def fixed_prefix(url: str, layout: str | None = None) -> tuple[str, str] | None:
    """The bucket of a location and what all keys of its archive begin with; None for a folder."""
    if not is_s3(url):
        return None
    root, rest, pattern = _split(url)
    if layout is not None:
        pattern = _below(rest if pattern is None else unescape(_fixed(rest)), layout)
    return root.removeprefix(S3_SCHEME), rest if pattern is None else lead(Layout(pattern).parts)


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
    return unescape("/".join(parts[:fixed])) or ("/" if str(path).startswith("/") else "."), "", "/".join(parts[fixed:])


def _known_extract(listing: Listing, key: str) -> tuple[str, str] | None:
    """Layout and time zone by an extract's manifest, if there is one."""
    item = _manifest_of(listing, key)
    return _manifest(listing.store, item) if item else None


def _manifest_of(listing: Listing, key: str) -> StoredObject | None:
    """The object that an extract's manifest would be."""
    known = listing.known(key)
    if known is not None:
        return next((item for item in known if item.key == key), None)
    try:
        return listing.store.stat(key)
    except DeniedError:  # to list is allowed, to read is not: so says whoever reads
        return None


def _manifest(store: Store, item: StoredObject) -> tuple[str, str] | None:
    """Layout and time zone of an extract; None if the file is another program's."""
    from tui.archive.manifest import ForeignManifestError, ManifestHead, load_manifest  # only extracts wait for it

    try:
        head = load_manifest(store, item, ManifestHead)
    except ForeignManifestError:
        return None
    return escape(item.key.removesuffix(MANIFEST)) + head.layout, head.timezone
