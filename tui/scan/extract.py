"""An extract: hourly `.jsonl.gz` files named after their sources' keys, and a manifest. It is itself an archive.

Each chunk's matches become one file, written whole or not at all; a chunk without a match has no file. The manifest is
written after every chunk (at most once per second), so a killed scan can be resumed.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType

from msgspec import structs

from tui.archive import Chunk, Layout
from tui.archive.local import remove_partial
from tui.archive.manifest import ChunkEntry, DamagedPart, Manifest
from tui.archive.names import short_key
from tui.archive.open import MANIFEST
from tui.archive.store import S3_SCHEME, Store, is_s3, open_store
from tui.archive.times import parse_time
from tui.config import S3Options
from tui.errors import HourscopeError, OutputError, reason
from tui.printable import printable
from tui.scan.events import ChunkDamaged, ChunkDone, ChunkKept, ChunkRestarted, ScanEvent
from tui.scan.manifest import (
    counts_of,
    damage_of,
    damaged_part,
    difference,
    new_entry,
    new_manifest,
    read_manifest,
    with_ranges_of,
    write_manifest,
)
from tui.scan.plan import ScanPlan
from tui.scan.task import ChunkOutput

_SUFFIX = re.compile(r"(\.(log|json|jsonl|ndjson|txt))?(\.(gz|zst))?$")
_EXTENSION = ".jsonl.gz"
_SAVE_SECONDS = 1.0
_S3_KEY_BYTES = 1024

Namer = Callable[[str], str]


class Extract:
    """The folder or prefix that a scan writes to, and its progress. Use it as a context manager."""

    def __init__(
        self,
        store: Store,
        prefix: str,
        plan: ScanPlan,
        manifest: Manifest,
        existing: Collection[str] = (),
    ) -> None:
        self._existing = existing
        self._whole = True
        self._store = store
        self._prefix = prefix
        self._plan = plan
        self._name = _namer(plan)
        self._layout = Layout(manifest.layout)
        self._damage: dict[str, list[DamagedPart]] = {}
        self._saved = 0.0
        self._entries = {entry.key: entry for entry in manifest.chunks}
        self.manifest = structs.replace(manifest, chunks=())  # they are in `_entries`

    @property
    def url(self) -> str:
        """Its location, which can be opened as an archive."""
        return f"{self._store.url}/{self._prefix}"

    def __enter__(self) -> Extract:
        self._save()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            with suppress(HourscopeError):  # the first error is the one to report
                self._save()

    def output(self, chunk: Chunk) -> ChunkOutput:
        """Return the output for a chunk's matches. OutputError if its name is too long."""
        name = _file_name(self._store, self._prefix, self._layout, self._name(chunk.key), chunk.hour)
        key = self._prefix + name
        return ChunkOutput(self._store, key, exists=key in self._existing)

    def kept(self) -> Iterator[ChunkKept | ChunkDamaged]:
        """Yield the chunks that an earlier run finished and that have not changed since, with their damage."""
        for chunk in self._plan.chunks:
            entry = self._entries.get(chunk.key)
            if entry and entry.etag == chunk.etag and not entry.partial:
                for part in entry.parts:
                    yield ChunkDamaged(chunk, damage_of(part, chunk))
                yield ChunkKept(chunk, counts_of(entry))

    def record(self, event: ScanEvent) -> None:
        """Record finished chunks and their damage."""
        if isinstance(event, ChunkDamaged):
            self._damage.setdefault(event.chunk.key, []).append(damaged_part(event.damage))
        elif isinstance(event, ChunkRestarted):
            self._damage.pop(event.chunk.key, None)
        elif isinstance(event, ChunkDone) and event.partial and not event.counts.records:
            self._whole = False
        elif isinstance(event, ChunkDone):
            self._whole = self._whole and not event.partial
            output = event.output.removeprefix(self._prefix) if event.output else None
            damaged = self._damage.pop(event.chunk.key, ())
            entry = new_entry(event.chunk, output, event.counts, damaged, partial=event.partial)
            self._entries[entry.key] = entry
            if time.monotonic() - self._saved >= _SAVE_SECONDS:
                self._save()

    def finish(self, *, whole: bool) -> None:
        """Write the final manifest. `whole`: every chunk of the plan was scanned."""
        self.manifest = structs.replace(self.manifest, finished=whole and self._whole)
        self._entries = {entry.key: entry for entry in sorted(self._entries.values(), key=lambda e: (e.hour, e.key))}
        self._save()

    def _save(self) -> None:
        manifest = structs.replace(self.manifest, chunks=tuple(self._entries.values()))
        write_manifest(self._store, self._prefix + MANIFEST, manifest)
        self._saved = time.monotonic()


def open_extract(
    out: str, plan: ScanPlan, *, s3: S3Options | None = None, resume: bool = False, force: bool = False
) -> Extract:
    """Begin an extract at `out` (a folder, or `s3://bucket/prefix/`), or resume one.

    OutputError if there is one already without `resume` or `force`, if the one to resume is of another archive, range
    or filter, or if other files there would be read as part of the extract.
    """
    store, prefix = _place(out, s3)
    if _holds_source(store, prefix, plan):
        raise OutputError(f"{out} contains the archive being scanned; choose another place for the extract")
    fresh = new_manifest(plan, _layout(plan))
    present = read_manifest(store, prefix + MANIFEST)
    existing = {item.key for item in store.objects(prefix) if not item.key.rpartition("/")[2].startswith(".")}
    if present is None:
        if not force and existing:
            raise OutputError(f"{out} is not empty; choose another place or add --force")
    elif resume:
        if other := difference(present, fresh):
            raise OutputError(f"{out} is an extract of {other}; resume it with the same, or choose another place")
        kept = tuple(entry for entry in present.chunks if present.version > 1 or _trusted(entry))
        fresh = structs.replace(present, version=fresh.version, finished=False, chunks=kept)
    elif not force:
        raise OutputError(f"{out} holds an extract; add --resume to resume it, or --force to replace it")
    extract = Extract(store, prefix, plan, fresh, existing)
    if resume or force:
        _remove_partial(store)
    if force and not resume:
        _clear(out, store, prefix, plan, present, existing)
    return extract


def resumed_plan(out: str, plan: ScanPlan, s3: S3Options | None = None) -> ScanPlan:
    """Return the plan to resume the extract at `out`, which may have several ranges of hours."""
    store, prefix = _place(out, s3)
    return with_ranges_of(read_manifest(store, prefix + MANIFEST), plan)


def _trusted(entry: ChunkEntry) -> bool:
    """True if version 1's result is certainly right. It stopped at damage, and read any compression as text."""
    return bool(entry.matches and not entry.not_json and not entry.parts)


def _clear(
    out: str, store: Store, prefix: str, plan: ScanPlan, present: Manifest | None, existing: Collection[str]
) -> None:
    """Delete hourscope's own files, by the names that it would choose, because a manifest can be edited.

    Files with other names stay. OutputError if one would be read as a chunk of the new extract.
    """
    written = {prefix + name for name in _names_written(store, prefix, present)} if present else set()
    name, layout = _namer(plan), Layout(_layout(plan))
    coming = {prefix + _file_name(store, prefix, layout, name(chunk.key), chunk.hour) for chunk in plan.chunks}
    for key in sorted(set(existing) - written - coming):
        if layout.parse(key.removeprefix(prefix)):
            raise OutputError(
                f"{out} contains {key.removeprefix(prefix)}, which would be read as part of the extract; move it away, "
                "or choose another place"
            )
    for key in sorted(written & set(existing)):
        store.delete(key)


def _names_written(store: Store, prefix: str, manifest: Manifest) -> Iterator[str]:
    """Yield the names that hourscope may have written for a manifest's chunks, whatever outputs it lists."""
    layout = Layout(manifest.layout)
    for entry in manifest.chunks:
        for name in (_short(entry.key), _long(entry.key)):
            with suppress(OutputError):  # too long a name: nothing was written
                name = _file_name(store, prefix, layout, name, parse_time(entry.hour))
                if layout.parse(name):
                    yield name


def _remove_partial(store: Store) -> None:
    """Remove the hidden files that killed scans left in this folder."""
    if is_s3(store.url):
        return
    try:
        remove_partial(Path(store.url))
    except OSError as error:
        raise OutputError(f"the partial files in {store.url} cannot be removed: {reason(error)}") from error


def _holds_source(store: Store, prefix: str, plan: ScanPlan) -> bool:
    """True if the extract would be in or around the scanned folder, and overwrite what it reads."""
    source = plan.archive.store.url
    head = plan.archive.layout.prefixes()[0]
    folder = head[: head.rfind("/") + 1]
    if is_s3(source) or is_s3(store.url):
        return source == store.url and folder.startswith(prefix)
    return Path(source, folder).resolve().is_relative_to(Path(store.url).resolve())


def _place(out: str, s3: S3Options | None) -> tuple[Store, str]:
    if is_s3(out):
        bucket, _, prefix = out.removeprefix(S3_SCHEME).partition("/")
        return open_store(S3_SCHEME + bucket, s3), prefix.rstrip("/") + "/" if prefix.strip("/") else ""
    folder = Path(out).expanduser()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{out} cannot be created: {error.strerror}") from error
    return open_store(str(folder)), ""


def _namer(plan: ScanPlan) -> Namer:
    """Return a function that replaces a key's suffix by `.jsonl.gz`, or appends it if names would clash."""
    layout = Layout(_short(plan.archive.layout.pattern))
    names = {_short(chunk.key) for chunk in plan.chunks}
    return _short if len(names) == len(plan.chunks) and all(map(layout.parse, names)) else _long


def _short(key: str) -> str:
    return _SUFFIX.sub(_EXTENSION, key, count=1)


def _long(key: str) -> str:
    return key + _EXTENSION


def _layout(plan: ScanPlan) -> str:
    return _namer(plan)(plan.archive.layout.pattern)


def _file_name(store: Store, prefix: str, layout: Layout, name: str, hour: datetime) -> str:
    """Return the name or, if it is too long for the store, a shortened one whose hour the layout still finds."""

    def fits(shorter: str) -> bool:
        parsed = layout.parse(shorter)
        return parsed is not None and parsed.hour.replace(tzinfo=None) == hour.replace(tzinfo=None)

    short = short_key(name, fits, _S3_KEY_BYTES - len(os.fsencode(prefix)) if is_s3(store.url) else None)
    if short is None:
        raise OutputError(f"the name {printable(name, 200)} is too long for {store.url}; choose another place")
    return short
