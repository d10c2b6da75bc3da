"""What `doctor` looks at, one check after the other: the archive, this machine, nsqd."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles
from typing import Any, Literal

from tui import __version__
from tui.archive import Archive, Block, Catalog, Chunk, ChunkReader, Damage
from tui.archive.times import next_hour, spell_hour, zone_name
from tui.config import Config, NsqSpec, cache_dir, load_config, state_dir
from tui.errors import ArchiveError, ConfigError, HourscopeError
from tui.filter.compiled import NotJsonError
from tui.units import count, duration, plural, size

State = Literal["ok", "warning", "failed"]

_LITTLE = 1 << 30  # bytes free below which a disk is worth a word
_STEADY = timedelta(minutes=40)  # a writer's upload times: the middle half of them lies so close


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at, and one sentence about it; if it is not ok the sentence says what to do."""

    name: str
    state: State
    says: str


def check_machine() -> Iterator[Check]:
    """Python, the terminal, and the folders that hourscope writes to."""
    yield Check("hourscope", "ok", f"{__version__} on Python {platform.python_version()}, {sys.platform}")
    yield _terminal()
    for name, folder in (("state", state_dir()), ("cache", cache_dir()), ("temporary", Path(tempfile.gettempdir()))):
        yield _folder(name, folder)


def check_config() -> tuple[Check, Config | None]:
    """The config file, and what it says if it can be read."""
    try:
        config = load_config()
    except ConfigError as error:
        return Check("config", "failed", str(error)), None
    if not config.path.exists():
        return Check("config", "ok", f"none at {config.path}, and none is needed"), config
    named = [f"archive {name}" for name in config.archives] + [f"nsqd {name}" for name in config.nsq]
    return Check("config", "ok", f"{config.path}: {', '.join(named) or 'names no archive and no nsqd'}"), config


def check_archive(archive: Archive) -> Iterator[Check]:
    """What the listing says, and whether the last chunk can be read."""
    how = "detected" if archive.detected else "as given"
    yield Check("layout", "ok", f"{archive.layout.pattern} ({how}), hours in {zone_name(archive.zone)}")
    began = time.monotonic()
    try:
        catalog = archive.catalog()
    except HourscopeError as error:
        yield Check("listing", "failed", str(error))
        return
    yield _listing(catalog, time.monotonic() - began)
    if not catalog.chunks:
        return
    if catalog.unmatched:
        such = f"{plural(len(catalog.unmatched), 'key')} do not fit the layout, such as {catalog.unmatched[0]}"
        yield Check("other keys", "warning", f"{such}; give the layout if they are chunks too")
    if cold := [chunk for chunk in catalog.chunks if chunk.needs_restore]:
        says = f"{plural(len(cold), 'chunk')} of {len(catalog.chunks):,} must be restored before they can be read"
        yield Check("storage", "warning", f"{says}, from {spell_hour(cold[0].hour)} to {spell_hour(cold[-1].hour)}")
    yield _zone(archive, catalog)
    yield _reading(archive, next((c for c in reversed(catalog.chunks) if not c.needs_restore), catalog.chunks[-1]))


def check_nsqd(name: str, spec: NsqSpec) -> Iterator[Check]:
    """Is it there, does it let us in, which version is it, what does it take?"""
    from tui.send.discover import configured_target
    from tui.send.guard import check_destinations

    try:
        target, silent = configured_target(spec, "hourscope-doctor")
        there = check_destinations(target)
    except HourscopeError as error:
        yield Check(f"nsqd {name}", "failed", str(error))
        return
    for words in silent:
        yield Check(f"nsqd {name}", "warning", words)
    for found in there:
        limits = f"takes records up to {size(found.limits.max_message)}, requests up to {size(found.limits.max_body)}"
        if found.http:
            says = f"version {found.version}, {limits}; HTTP at {found.http_address}"
        else:
            says = f"{limits}; {found.warnings[0]}"
        yield Check(f"nsqd {found.address}", "ok" if found.http else "warning", says)


def _terminal() -> Check:
    term = os.environ.get("TERM", "")
    if not sys.stdout.isatty():
        return Check("terminal", "ok", "none: the commands work, the explorer needs one")
    if term in ("", "dumb", "unknown"):
        return Check("terminal", "warning", f"TERM={term} cannot show the explorer; set TERM=xterm-256color")
    columns, rows = shutil.get_terminal_size()
    colours = "no colours (NO_COLOR)" if os.environ.get("NO_COLOR") else os.environ.get("COLORTERM") or "256 colours"
    ssh = ", over SSH: the mouse is left alone" if os.environ.get("SSH_CONNECTION") else ""
    small = columns < 80 or rows < 24
    says = f"{term}, {columns}×{rows}, {colours}{ssh}"
    return Check("terminal", "warning" if small else "ok", says + ("; 80×24 is the least" if small else ""))


def _folder(name: str, folder: Path) -> Check:
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        return Check(name, "failed", f"{folder} cannot be written; make it writable for {_user()}")
    free = shutil.disk_usage(there).free
    says = f"{folder}, {size(free)} free"
    return Check(name, "warning", f"{says}: that is little") if free < _LITTLE else Check(name, "ok", says)


def _user() -> str:
    return os.environ.get("USER") or f"user {os.getuid()}"


def _listing(catalog: Catalog, seconds: float) -> Check:
    if not catalog.hours:
        return Check("listing", "ok", "an extract without a match")
    last = catalog.chunks[-1].hour
    age = max(timedelta(0), datetime.now(UTC) - next_hour(last).astimezone(UTC))
    says = (
        f"{plural(len(catalog.hours), 'hour')} in {plural(len(catalog.chunks), 'chunk')}, {size(catalog.size)}, "
        f"the last {spell_hour(last)}, {_age(age)} ago; {plural(len(catalog.gaps), 'gap')}; "
        f"listed in {duration(seconds)}"
    )
    return Check("listing", "ok", says)


def _age(age: timedelta) -> str:
    return plural(age.days, "day") if age.days > 1 else plural(int(age.total_seconds() // 3600), "hour")


def _zone(archive: Archive, catalog: Catalog) -> Check:
    """A writer uploads an hour soon after its end: whole hours of difference are a time zone."""
    lags = [chunk.uploaded - next_hour(chunk.hour).astimezone(UTC) for chunk in catalog.chunks]
    if len(lags) < 4:
        return Check("time zone", "ok", "too few chunks to tell from their upload times")
    low, usual, high = (timedelta(seconds=s) for s in quantiles(lag.total_seconds() for lag in lags))
    if high - low > _STEADY:
        return Check("time zone", "ok", "the upload times do not follow the hours (a copy?), so they tell nothing")
    off = round((usual - timedelta(minutes=10)) / timedelta(hours=1))
    if off == 0:
        return Check("time zone", "ok", f"chunks come {round(usual.total_seconds() / 60)} minutes after their hour")
    says = f"chunks come {usual.total_seconds() / 3600:+.1f} h after their hour in {zone_name(archive.zone)}"
    return Check("time zone", "warning", f"{says}: the keys may be written in UTC{-off:+d}; give --timezone")


def _reading(archive: Archive, chunk: Chunk) -> Check:
    began = time.monotonic()
    records: list[bytes] = []
    try:
        with ChunkReader(archive.store, chunk.key, etag=chunk.etag, reading=archive.reading) as reader:
            for item in reader.results(lambda: Block.records, hold=0):
                if isinstance(item, Damage):
                    return Check("reading", "failed", f"{chunk.key}, {item}")
                records = records or item or []
    except ArchiveError as error:
        return Check("reading", "failed", f"{chunk.key}: {error}")
    bad = sum(not _is_json(record) for record in records)
    says = f"{count(len(records))} records of {chunk.key} in {duration(time.monotonic() - began)}"
    if bad:
        return Check("reading", "warning", f"{says}, {count(bad)} of them no JSON: only -g and -e can find those")
    return Check("reading", "ok", says)


def _is_json(record: bytes) -> bool:
    from tui.filter.jmespath import load  # `--help` starts without jmespath

    try:
        load(record)
    except NotJsonError:
        return False
    return True


def open_named_archive(name: str, config: Config, given: dict[str, Any]) -> Archive | Check:
    """The archive, or why it cannot be opened."""
    from tui.cli.options import open_named

    try:
        return open_named(name, given, config).archive
    except HourscopeError as error:
        return Check("archive", "failed", str(error))
