"""Uploading from the spool: whole files get a revision, are uploaded, and are removed once the upload is verified.

There is one uploader per spool. It communicates with the writers only through the folder. A file is renamed to its
revision before its upload, so after a crash the same file is put under the same key. If the key exists with our size
and checksum, the upload was ours; otherwise the key belongs to another archiver, and the next revision is tried.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from tui.archive.put import note_of
from tui.archiver.folder import OPEN, SEALED, TORN, SpoolFile, file_name, named, rename, spell_rev, spooled
from tui.archiver.merge import drop_leftovers, merge
from tui.archiver.options import ArchiverOptions
from tui.archiver.repair import repair, sound_length
from tui.errors import ArchiveError, HourscopeError, KeyTakenError, OutputError, reason
from tui.units import plural, size

_LOOK_SECONDS = 0.25  # between two checks of the spool
_MIN_RETRY_SECONDS, _MAX_RETRY_SECONDS = 1.0, 30.0


@dataclass(frozen=True, slots=True)
class UploadState:
    """Waiting and uploaded files. `oldest`: seconds that the oldest whole file has waited; `trouble`: why."""

    waiting: int = 0
    spool_bytes: int = 0
    oldest: float = 0.0
    uploaded: int = 0
    uploaded_bytes: int = 0
    repaired: int = 0
    failures: int = 0
    last_time: float = 0.0
    trouble: str = ""


class Uploader:
    """Uploads files. `run` it in a separate thread; `report` receives sentences for the operator; any thread may read
    `state`."""

    def __init__(self, options: ArchiverOptions, report: Callable[[str], None]) -> None:
        self._options, self._report = options, report
        self._archive, self._folder = options.archive, options.spool
        self._next_rev: dict[datetime, int] = {}
        self._put_keys: set[str] = set()  # put by this process, and not yet verified
        self._uploaded = self._uploaded_bytes = self._repaired = self._failures = 0
        self._last_time, self._trouble = 0.0, ""
        self.state = UploadState()

    def adopt(self, part: int | None = None) -> None:
        """Mark the open files of dead processes (all, or the one with number `part`) for repair."""
        for file in self._files():
            if file.state == OPEN and part in (None, file.part):
                try:
                    rename(file.path, file_name(file.hour, file.seq, TORN))
                except OSError as error:
                    self._report(f"{file.path} is left for the next start: {reason(error)}")

    def run(self, stop: threading.Event) -> None:
        """Upload until `stop`; retry failures with growing delays."""
        wait, reported = _LOOK_SECONDS, ""
        while not stop.wait(wait):
            if self.once(stop):
                if reported:
                    self._report("uploading again")
                wait, reported = _LOOK_SECONDS, ""
                continue
            wait = min(max(wait, _MIN_RETRY_SECONDS / 2) * 2, _MAX_RETRY_SECONDS)
            if self._trouble != reported:
                reported = self._trouble
                self._report(f"{reported}; retrying")

    def once(self, stop: threading.Event | None = None) -> bool:
        """Upload every whole file; return False if something failed."""
        trouble = ""
        try:
            for file in drop_leftovers(self._folder, self._files()):
                if file.state != OPEN and not (stop and stop.is_set()):
                    trouble = self._try(file) or trouble
        except HourscopeError as error:  # of the archive, so the next file would fail too
            trouble = str(error)
        except OSError as error:
            trouble = f"the spool {self._folder} cannot be used: {reason(error)}"
        if trouble:
            self._archive.store.renew()  # the next attempt reads the credentials again
        self._failures += bool(trouble)
        self._trouble = trouble
        self.look()
        return not trouble

    def _try(self, file: SpoolFile) -> str:
        """Upload one file; return the problem with it, which must not delay other files, or ""."""
        try:
            return self._advance(file)
        except OSError as error:
            return f"{file.path} cannot be uploaded: {reason(error)}"

    def _files(self) -> list[SpoolFile]:
        return spooled(self._folder, self._archive.zone)

    def look(self) -> None:
        """Update `state`."""
        try:
            files = self._files()
        except ArchiveError as error:
            self.state = replace(self.state, failures=self._failures, trouble=str(error))
            return
        whole = [file for file in files if file.state != OPEN]
        self.state = UploadState(
            len(whole),
            sum(file.size for file in files),
            max((time.time() - file.changed for file in whole), default=0.0),
            self._uploaded,
            self._uploaded_bytes,
            self._repaired,
            self._failures,
            self._last_time,
            self._trouble,
        )

    def _advance(self, file: SpoolFile) -> str:
        """Take one file through its remaining steps; return the problem with it, or ""."""
        path, state = file.path, file.state
        if state == TORN:
            kept = repair(path)
            self._repaired += 1
            if not path.stat().st_size:
                path.unlink()
                return ""
            path, state = rename(path, file_name(file.hour, file.seq, SEALED)), SEALED
            torn = f"{plural(kept, 'line')} in a torn end" if kept is not None else "damaged on disk, not repaired"
            self._report(f"took over {path.name}, left by a process that died ({torn})")
        if state == SEALED and self._options.merge_hour:
            path = self._merged(file, path)
        trouble = self._put(file, path)
        self.look()
        return trouble

    def _merged(self, file: SpoolFile, path: Path) -> Path:
        """Merge the file into one stream, unless the disk has no room for it."""
        why = f"{path} is damaged on disk"
        if sound_length(path) == path.stat().st_size:
            try:
                return merge(path, file.hour, file.seq)
            except OutputError as error:
                why = str(error)
        self._report(f"{why}; it is uploaded as it is")
        return path

    def _put(self, file: SpoolFile, path: Path) -> str:
        """Upload the file under the first free revision; return the problem with it, or ""."""
        store, rev = self._archive.store, file.rev
        while True:
            begun = rev is not None  # the object there may be ours, from an attempt without an answer
            rev = self._free_rev(file.hour) if rev is None else rev
            key = self.key(file.hour, rev)
            there = store.holds(key, path)
            if there is None:
                path, begun = rename(path, named(file.hour, rev)), True
                with suppress(KeyTakenError):  # by another archiver, or by us, if the first answer was lost
                    store.put(key, path)
                    self._put_keys.add(key)
                there = store.holds(key, path)
            if there is None:
                raise OutputError(f"{store.url}/{key} was put and is not there; it is kept in the spool")
            self._next_rev[file.hour] = rev + 1
            if there and begun:
                self._put_keys.discard(key)
                self._done(key, path)
                return ""
            if key in self._put_keys:  # further revisions would fail the same way, without end
                return f"{store.url}/{key} is not what was put there; see archive --check; {path} is kept"
            rev = None

    def _free_rev(self, hour: datetime) -> int:
        """Return the next revision that no file of the spool has."""
        rev = self._next_rev.get(hour, 0)
        while (self._folder / named(hour, rev)).exists():
            rev += 1
        return rev

    def key(self, hour: datetime, rev: int) -> str:
        return self._archive.layout.spell(
            hour, {"topic": self._options.source.topic, "host": self._options.host, "rev": spell_rev(rev)}
        )

    def _done(self, key: str, path: Path) -> None:
        count = path.stat().st_size
        note_of(path).unlink(missing_ok=True)  # left by an upload without an answer
        path.unlink()
        self._uploaded += 1
        self._uploaded_bytes += count
        self._last_time = time.time()
        self._report(f"uploaded {key} ({size(count)})")
