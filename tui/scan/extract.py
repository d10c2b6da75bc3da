"""An extract: hourly `.jsonl.gz` files that keep their sources' keys, and a manifest. It is itself an archive.

Each chunk's matches become one file, whole or not at all; a chunk without a match leaves none. The manifest is
written after every chunk (at most once a second), so that a scan that was killed goes on where it was.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from tui.archive import Chunk, Damage, Layout
from tui.archive.open import MANIFEST
from tui.archive.store import S3_SCHEME, Store, is_s3, open_store
from tui.config import S3Options
from tui.errors import HourscopeError, OutputError
from tui.scan.events import ChunkDamaged, ChunkDone, ChunkKept, ScanEvent
from tui.scan.manifest import Entry, Manifest, read_manifest, write_manifest
from tui.scan.plan import ScanPlan
from tui.scan.task import Output

_SUFFIX = re.compile(r"(\.(log|json|jsonl|ndjson|txt))?(\.(gz|zst))?$")
_EXTENSION = ".jsonl.gz"
_SAVE_INTERVAL = 1.0  # seconds


class Extract:
    """The folder or prefix that a scan writes, and what of it is done. Use it as a context manager."""

    def __init__(
        self, store: Store, prefix: str, plan: ScanPlan, manifest: Manifest, existing: Collection[str] = ()
    ) -> None:
        self._existing = existing
        self._whole = True
        self._store = store
        self._prefix = prefix
        self._plan = plan
        self._name = _namer(plan)
        self._damage: dict[str, ChunkDamaged] = {}
        self._saved = 0.0
        self.manifest = manifest

    @property
    def url(self) -> str:
        """Where it is; it opens as an archive."""
        return f"{self._store.url}/{self._prefix}"

    def __enter__(self) -> Extract:
        self._save()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            with suppress(HourscopeError):  # the first error is the one to tell
                self._save()

    def output(self, chunk: Chunk) -> Output:
        """Where the matches of a chunk go."""
        key = self._prefix + self._name(chunk.key)
        return Output(self._store, key, exists=key in self._existing)

    def kept(self) -> Iterator[ChunkKept | ChunkDamaged]:
        """The chunks that an earlier run finished and that have not changed since, with their damage."""
        for chunk in self._plan.chunks:
            entry = self.manifest.chunks.get(chunk.key)
            if entry and entry.etag == chunk.etag and not entry.partial:
                if entry.damage:
                    yield ChunkDamaged(chunk, Damage(entry.damage[0], chunk.size, entry.damage[1]))
                yield ChunkKept(chunk, entry.counts)

    def record(self, event: ScanEvent) -> None:
        """Note what was finished."""
        if isinstance(event, ChunkDamaged):
            self._damage[event.chunk.key] = event
        elif isinstance(event, ChunkDone) and event.partial and not event.counts.records:
            self._whole = False
        elif isinstance(event, ChunkDone):
            self._whole = self._whole and not event.partial
            output = event.output.removeprefix(self._prefix) if event.output else None
            damage = self._damage.get(event.chunk.key)
            self.manifest = self.manifest.with_entry(
                event.chunk.key,
                Entry(
                    event.chunk.hour,
                    event.chunk.etag,
                    output,
                    event.counts,
                    event.partial,
                    (damage.damage.start, damage.damage.reason) if damage else None,
                ),
            )
            if time.monotonic() - self._saved >= _SAVE_INTERVAL:
                self._save()

    def finish(self, *, whole: bool) -> None:
        """Close the books; `whole` says that every chunk of the plan was scanned."""
        self.manifest = self.manifest.closed(whole and self._whole)
        self._save()

    def _save(self) -> None:
        write_manifest(self._store, self._prefix + MANIFEST, self.manifest)
        self._saved = time.monotonic()


def open_extract(
    out: str, plan: ScanPlan, *, s3: S3Options | None = None, resume: bool = False, force: bool = False
) -> Extract:
    """Begin an extract at `out` (a folder, or `s3://bucket/prefix/`), or go on with one.

    OutputError if there is one already and neither `resume` nor `force` is given, or if the one to resume is of another
    archive, range or filter.
    """
    store, prefix = _place(out, s3)
    if _holds_source(store, prefix, plan):
        raise OutputError(f"{out} holds the archive that is scanned; choose another place for the extract")
    fresh = Manifest.of(plan, _layout(plan))
    found = read_manifest(store, prefix + MANIFEST)
    existing = {item.key for item in store.objects(prefix)}
    if found is None:
        if not force and existing:
            raise OutputError(f"{out} is not empty; choose another place or add --force")
    elif resume:
        if difference := found.difference(fresh):
            raise OutputError(f"{out} is an extract of {difference}; resume it with the same, or choose another place")
        return Extract(store, prefix, plan, found.reopened(), existing)
    elif not force:
        raise OutputError(f"{out} holds an extract; add --resume to go on with it, or --force to replace it")
    else:
        for entry in found.chunks.values():
            if entry.output:
                store.delete(prefix + entry.output)
    return Extract(store, prefix, plan, fresh, existing)


def _holds_source(store: Store, prefix: str, plan: ScanPlan) -> bool:
    """Would the extract lie in, or around, the folder that is scanned? Then it would replace what it reads."""
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
        raise OutputError(f"{out} cannot be made: {error.strerror}") from error
    return open_store(str(folder)), ""


def _namer(plan: ScanPlan) -> Callable[[str], str]:
    """The source's key with `.jsonl.gz` for its suffix, or behind it where two sources would get the same."""
    layout = Layout(_short(plan.archive.layout.pattern))
    names = {_short(chunk.key) for chunk in plan.chunks}
    if len(names) == len(plan.chunks) and all(map(layout.parse, names)):
        return _short
    return lambda key: key + _EXTENSION


def _short(key: str) -> str:
    return _SUFFIX.sub(_EXTENSION, key, count=1)


def _layout(plan: ScanPlan) -> str:
    return _namer(plan)(plan.archive.layout.pattern)
