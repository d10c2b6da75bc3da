"""Open an archive: turn a location, with or without a layout in it, into store, layout and time zone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from tui.archive.archive import Archive as Archive
from tui.archive.chunk import StoredObject
from tui.archive.detect import detect, three
from tui.archive.holes import escape, has_holes, lead, split_pattern, unescape
from tui.archive.key_heads import find_outside
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

    Without a layout in it, the layout comes from an extract's manifest or is detected from the listed keys
    (`Archive.detected`). `layout` overrides both. `timezone` is the IANA name of the time zone of the hours in the keys
    (UTC by default). Raises ArchiveError, LayoutError or TimeError, each with one sentence for the user.
    """
    return open_listed(url, timezone=timezone, s3=s3, layout=layout)[0]


def open_known(url: str, pattern: str, *, timezone: str | None = None, s3: S3Options | None = None) -> Archive:
    """Open the archive of a bucket with its known full layout, without any request."""
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
    """Open an archive as `open_archive`, and return the listing so far, which the first catalog can reuse.

    `hours`: the range that will be read; the layout of a large archive is detected there.
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
        raise _without_chunks(url, [item.key for item in listing.first(rest)])
    detected = within(detect(keys, url), rest, keys[0])
    return _rooted(Archive(url, store, detected, parse_zone(timezone), detected=True), listing)


def _without_chunks(url: str, keys: Sequence[str]) -> ArchiveError:
    """Return the error for a place without keys, or with none but those of `is_leftover`."""
    if keys:
        kinds = "hidden files and leftovers of tools"
        return ArchiveError(f"{url} holds only {kinds}, such as {three(keys)}; if these are the chunks, give a layout")
    hint = "no object was found there; check the bucket and the prefix" if is_s3(url) else "it contains no files"
    return ArchiveError(f"{url} is empty: {hint}")


def _below(prefix: str, layout: str) -> str:
    """Prepend a prefix to a layout, unless it already begins with the prefix, as printed layouts do."""
    if lead(split_pattern(layout)).startswith(prefix):
        return layout
    return f"{escape(prefix.rstrip('/'))}/{layout}"


def _fixed(pattern: str) -> str:
    """Return the leading folders of a pattern without holes, ending with a slash."""
    folders = pattern.split("/")[:-1]
    fixed = next((at for at, part in enumerate(folders) if has_holes(part)), len(folders))
    return "".join(f"{part}/" for part in folders[:fixed])


def _rooted(archive: Archive, listing: Listing) -> tuple[Archive, Listing]:
    """Make the folder that contains all keys the root of an archive, so that keys are the same however it was named.

    Keys outside that folder are `beside` it. Buckets stay as they are.
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
    """Yield objects outside the folders that contain all chunks: the first page of each other folder."""
    outside = find_outside(listing, "", (folders,))
    yield from outside.objects
    for prefix in outside.rest:
        yield from listing.first(prefix)


def fixed_prefix(url: str, layout: str | None = None) -> tuple[str, str] | None:
    """Return the bucket of a location and the prefix of all keys of its archive; None for a folder."""
    if not is_s3(url):
        return None
    root, rest, pattern = _split(url)
    if layout is not None:
        pattern = _below(rest if pattern is None else unescape(_fixed(rest)), layout)
    return root.removeprefix(S3_SCHEME), rest if pattern is None else lead(Layout(pattern).parts)


def _split(url: str) -> tuple[str, str, str | None]:
    """Split a location into the root of the store, the prefix in it, and the layout pattern (None if it has none)."""
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
    """Return the layout and time zone in an extract's manifest; None if there is no manifest."""
    item = _manifest_of(listing, key)
    return _manifest(listing.store, item) if item else None


def _manifest_of(listing: Listing, key: str) -> StoredObject | None:
    """Return the object with the key of a manifest; None if it does not exist or cannot be read."""
    known = listing.known(key)
    if known is not None:
        return next((item for item in known if item.key == key), None)
    try:
        return listing.store.stat(key)
    except DeniedError:  # allowed to list but not to read; reading a chunk will report it
        return None


def _manifest(store: Store, item: StoredObject) -> tuple[str, str] | None:
    """Read the layout and time zone of an extract; None if the file is another program's."""
    from tui.archive.manifest import ForeignManifestError, ManifestHead, load_manifest  # only extracts need it

    try:
        head = load_manifest(store, item, ManifestHead)
    except ForeignManifestError:
        return None
    return escape(item.key.removesuffix(MANIFEST)) + head.layout, head.timezone
