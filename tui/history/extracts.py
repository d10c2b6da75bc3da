"""The list of extracts. A scan records its extract while it runs, so that it is listed even if the scan is killed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from tui.archive.manifest import Manifest
from tui.archive.open import MANIFEST
from tui.archive.store import is_s3, open_store
from tui.archive.times import spell_hour
from tui.errors import ConfigError, HourscopeError
from tui.history.archives import absolute
from tui.history.log import (
    HistoryError,
    LogLine,
    Reporter,
    append,
    append_or,
    history_dir,
    is_running,
    now_text,
    read_log,
    runnable,
    running_mark,
    unreported,
    working_folder,
)
from tui.history.naming import free_name
from tui.printable import printable
from tui.scan import Extract, ScanEvent, ScanPlan, Totals
from tui.scan.manifest import read_manifest
from tui.send.receipt import whoami

ExtractState = Literal["running", "finished", "stopped"]


class ExtractLine(LogLine, frozen=True, kw_only=True):
    """An extract at the start or end of a scan; the last line of each `place` counts.

    `words` are the command line, which resumes it with --resume; relative paths in them refer to `folder`. `filter`:
    filter options of the command line. `hours` and `chunks` are those of the plan, of which `done` chunks were read.
    `removed`: no longer listed.
    """

    run: str
    at: str
    who: str
    pid: int = 0
    place: str
    name: str
    source: str
    url: str = ""
    filter: tuple[str, ...] = ()
    start: str | None = None
    stop: str | None = None
    hours: int = 0
    chunks: int = 0
    words: tuple[str, ...] = ()
    folder: str = ""
    started: str = ""
    state: ExtractState = "running"
    reason: str = ""
    done: int = 0
    records: int = 0
    matches: int = 0
    damaged: int = 0
    size: int | None = None
    removed: bool = False

    @property
    def command(self) -> str:
        """Return the command line that resumes it."""
        return runnable([*self.words, "--resume"], self.folder)

    def as_json(self) -> dict[str, object]:
        """Return the object for `extracts --json`."""
        return {
            "name": self.name,
            "place": self.place,
            "source": self.source,
            "filter": list(self.filter),
            "from": self.start,
            "to": self.stop,
            "hours": self.hours,
            "chunks": self.chunks,
            "chunks_done": self.done,
            "records": self.records,
            "matches": self.matches,
            "damaged": self.damaged,
            "size": self.size,
            "made": self.started,
            "ended": None if self.state == "running" else self.at,
            "state": self.state,
            "by": self.who,
            "resume": None if self.state == "finished" else self.command,
        }


@dataclass(frozen=True, slots=True)
class ScanWork:
    """A scan into an extract, described by its front end: `source` is the archive as it was named, `url` its location,
    `words` the command line without --resume."""

    plan: ScanPlan
    extract: Extract
    source: str
    url: str
    words: Sequence[str]


def recorded_scan(events: Iterator[ScanEvent], work: ScanWork, report: Reporter) -> Iterator[ScanEvent]:
    """Pass the events on; record the start and the end of the scan. Report errors of the recording."""
    totals, reason, line = Totals(), "", _begun(work)
    begun = append_or(report, _log(), line)
    with running_mark(line.run):
        try:
            for event in events:
                totals.add(event)
                yield event
        except HourscopeError as error:
            reason = str(error)
            raise
        finally:
            append_or(report if begun else unreported, _log(), _ended(line, work, totals, reason))


def _begun(work: ScanWork) -> ExtractLine:
    plan, now = work.plan, now_text()
    known: ExtractLine | None = None
    taken: list[str] = []
    with suppress(HistoryError):  # reported when the line is written
        known = next((line for line in extract_lines() if line.place == place_of(work.extract.url)), None)
        taken = [] if known else [line.name for line in extracts()]
    return ExtractLine(
        run=os.urandom(6).hex(),
        at=now,
        who=whoami(),
        pid=os.getpid(),
        place=place_of(work.extract.url),
        name=known.name if known else free_name(place_of(work.extract.url).rstrip("/").rpartition("/")[2], taken),
        source=work.source,
        url=absolute(work.url),
        filter=work.extract.manifest.filter,
        start=spell_hour(plan.start) if plan.start else None,
        stop=spell_hour(plan.stop) if plan.stop else None,
        hours=plan.hours,
        chunks=len(plan.chunks),
        words=tuple(work.words),
        folder=working_folder(),
        started=known.started if known and known.state != "finished" else now,
    )


def _ended(line: ExtractLine, work: ScanWork, totals: Totals, reason: str) -> ExtractLine:
    finished = (work.extract.manifest.finished or not work.words) and not reason  # without words, no command resumes it
    counts = totals.counts
    return msgspec.structs.replace(
        line,
        at=now_text(),
        state="finished" if finished else "stopped",
        reason=reason,
        done=totals.chunks - totals.partial,
        records=counts.records,
        matches=counts.matches,
        damaged=len({event.chunk.key for event in totals.damaged}),
        size=_folder_size(line.place),
    )


def extract_lines() -> list[ExtractLine]:
    """Return the newest line of each place, the newest first, as written."""
    newest: dict[str, ExtractLine] = {}
    for line in read_log(_log(), ExtractLine):
        newest.pop(line.place, None)
        newest[line.place] = line
    return [line for line in reversed(newest.values()) if not line.removed]


def extracts() -> list[ExtractLine]:
    """Return the existing extracts, the newest first. An extract whose scan was killed counts as stopped.

    Folders are checked; buckets are not, so that the list needs no network.
    """
    return [extract for line in extract_lines() if (extract := _as_it_is(line)) is not None]


def find_extract(name: str) -> ExtractLine | None:
    """Return the newest extract with that name or place."""
    place = place_of(name)
    return next((line for line in extracts() if name == line.name or place == line.place), None)


def rename_extract(line: ExtractLine, name: str) -> ExtractLine:
    """Change the listed name of an extract; its place stays. ConfigError if another one has that name."""
    if other := next((one for one in extracts() if one.name == name and one.place != line.place), None):
        raise ConfigError(f"{printable(name)} is the name of the extract in {printable(other.place)}; choose another")
    renamed = msgspec.structs.replace(line, name=name)
    append(_log(), renamed)
    return renamed


def forget_extract(line: ExtractLine) -> None:
    """Stop listing an extract; its files stay."""
    append(_log(), msgspec.structs.replace(line, removed=True))


def delete_extract(line: ExtractLine) -> None:
    """Delete the files in a folder that the manifest names, and the manifest. HourscopeError if that fails.

    Only files that hourscope wrote are deleted; an extract in a bucket is only forgotten.
    """
    manifest = _manifest(line)
    if manifest is not None:
        store = open_store(line.place)
        for entry in manifest.chunks:
            if entry.output is not None:
                store.delete(entry.output)
        store.delete(MANIFEST)
        _remove_empty(Path(line.place))
    forget_extract(line)


def _remove_empty(folder: Path) -> None:
    for inner in sorted((path for path in folder.rglob("*") if path.is_dir()), reverse=True):
        with suppress(OSError):  # it holds other files
            inner.rmdir()
    with suppress(OSError):
        folder.rmdir()


def extract_now(line: ExtractLine) -> ExtractLine | None:
    """Return the extract according to its newest line and its manifest; None if it is gone."""
    newest = next((newer for newer in extract_lines() if newer.place == line.place), line)
    return _by_its_manifest(newest) if newest.state == "running" and not is_s3(newest.place) else _as_it_is(newest)


def _as_it_is(line: ExtractLine) -> ExtractLine | None:
    if is_s3(line.place):
        if line.state != "running" or is_running(line.run):
            return line
        return msgspec.structs.replace(line, state="stopped")
    if not Path(line.place, MANIFEST).is_file():
        return None
    if line.state != "running":
        return line
    return _by_its_manifest(line)


def _by_its_manifest(line: ExtractLine) -> ExtractLine:
    """Return the progress of a running or killed scan."""
    state: ExtractState = "running" if is_running(line.run) else "stopped"
    manifest = _manifest(line)
    if manifest is None:
        return msgspec.structs.replace(line, state=state)
    whole = [entry for entry in manifest.chunks if not entry.partial]
    return msgspec.structs.replace(
        line,
        state="finished" if manifest.finished else state,
        done=len(whole),
        records=sum(entry.records for entry in manifest.chunks),
        matches=sum(entry.matches for entry in manifest.chunks),
        damaged=sum(bool(entry.parts) for entry in manifest.chunks),
        size=_folder_size(line.place),
    )


def _manifest(line: ExtractLine) -> Manifest | None:
    if is_s3(line.place) or not Path(line.place).is_dir():
        return None
    try:
        return read_manifest(open_store(line.place), MANIFEST)
    except HourscopeError:  # reported when the extract is opened
        return None


def _folder_size(place: str) -> int | None:
    """Return the size of its files; None for a bucket, which would have to be listed."""
    if is_s3(place):
        return None
    size = 0
    for path in Path(place).rglob("*"):
        with suppress(OSError):  # another process is writing there
            size += path.stat().st_size if path.is_file() else 0
    return size


def place_of(url: str) -> str:
    """Return the one spelling of a folder or of an S3 location."""
    return url.rstrip("/") + "/" if is_s3(url) else str(Path(url).expanduser().resolve())


def _log() -> Path:
    return history_dir() / "extracts.jsonl"
