"""The checks of `doctor`: the archive, this machine, nsqd."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui import __version__
from tui.analysis.zone import check_zone
from tui.app import terminal_trouble
from tui.archive import Archive, Catalog
from tui.archive.layout import Layout
from tui.archive.leftovers import is_companion
from tui.archive.times import next_hour, spell_hour, zone_name
from tui.archive.topics import named_topics, topics_of
from tui.checks import Check
from tui.cli.checkup_chunks import check_chunks
from tui.cli.group import COMMANDS, OPEN
from tui.cli.opened import is_unfinished, open_named
from tui.config import Config, NsqSpec, cache_dir, load_config, state_dir
from tui.errors import ConfigError, HourscopeError
from tui.shell import shell_word
from tui.units import count, duration, plural, size

if TYPE_CHECKING:
    from tui.nsq.target import NsqTarget

_LITTLE_BYTES = 1 << 30  # a disk with less free space gets a warning


def check_machine() -> Iterator[Check]:
    """Check Python, the terminal, and the folders that hourscope writes to."""
    yield Check("hourscope", "ok", f"{__version__} on Python {platform.python_version()}, {sys.platform}")
    yield _terminal()
    for name, folder in (("state", state_dir()), ("cache", cache_dir()), ("temporary", Path(tempfile.gettempdir()))):
        yield _folder(name, folder)


def check_config() -> tuple[Check, Config | None]:
    """Check the config file, and return it if it can be read."""
    try:
        config = load_config()
    except ConfigError as error:
        return Check("config", "failed", str(error)), None
    if not config.path.exists():
        return Check("config", "ok", f"none at {config.path} (optional)"), config
    for where, value, read in _readings(config):
        try:
            read(value)
        except HourscopeError as error:
            return Check("config", "failed", f"{config.path}: {where}: {error}"), None
    if hidden := [name for name in config.archives if name in (OPEN, *COMMANDS)]:
        name = hidden[0]
        words = f"'hourscope {name}' runs the command of that name; rename it, or open it by 'hourscope open {name}'"
        return Check("config", "warning", f"{config.path}: archives.{name}: {words}"), config
    named = [f"archive {name}" for name in config.archives] + [f"nsqd {name}" for name in config.nsq]
    return Check("config", "ok", f"{config.path}: {', '.join(named) or 'names no archive and no nsqd'}"), config


def _readings(config: Config) -> Iterator[tuple[str, str, Callable[[str], object]]]:
    """Each value that is only read where it is used, with its place and what reads it."""
    from tui.filter.filter_line import read_filter
    from tui.nsq.address import split_address, split_http_address

    for name, archive in config.archives.items():
        if archive.layout is not None:
            yield f"archives.{name}.layout", archive.layout, Layout
        if archive.s3.endpoint_url is not None:
            yield f"archives.{name}.endpoint_url", archive.s3.endpoint_url, _check_endpoint
    for name, nsq in config.nsq.items():
        yield from ((f"nsq.{name}.nsqd_tcp_address", one, split_address) for one in nsq.nsqd_tcp_addresses)
        yield from ((f"nsq.{name}.nsqd_http_address", one, split_http_address) for one in nsq.nsqd_http_addresses)
        yield from ((f"nsq.{name}.lookupd_http_address", one, split_http_address) for one in nsq.lookupd_http_addresses)
    yield from ((f"filters.{name}", words, read_filter) for name, words in config.filters.items())


def _check_endpoint(url: str) -> None:
    if not re.match(r"https?://[^/\s]", url):
        raise ConfigError(f"'{url}' is not an endpoint; write it as http://HOST:PORT")


def check_archive(archive: Archive) -> Iterator[Check]:
    """Check the listing, and a sample of the chunks."""
    how = "detected" if archive.detected else "as given"
    yield Check("layout", "ok", f"{archive.layout.pattern} ({how}), hours in {zone_name(archive.zone)}")
    began = time.monotonic()
    try:
        catalog = archive.catalog()
    except HourscopeError as error:
        yield Check("listing", "failed", str(error))
        return
    yield _listing(catalog, time.monotonic() - began)
    if is_unfinished(archive):
        yield Check("extract", "warning", "its scan did not finish; resume it for the rest")
    if not catalog.chunks:
        return
    if others := [key for key in catalog.unmatched if not is_companion(key)]:
        verb = "does" if len(others) == 1 else "do"
        such = f"{plural(len(others), 'key')} {verb} not fit the layout, such as {others[0]}"
        yield Check("other keys", "warning", f"{such}; if they are chunks, give the layout")
    topics = topics_of(catalog.chunks)
    if hosts := archive.hosts_option(topics):
        words = f"{named_topics(topics)} may be hosts: they differ only in a number; if they are"
        yield Check("topics", "warning", f"{words}, give --layout {shell_word(hosts)}")
    if cold := [chunk for chunk in catalog.chunks if chunk.needs_restore]:
        says = f"{count(len(cold))} of {plural(len(catalog.chunks), 'chunk')} must be restored before they can be read"
        yield Check("storage", "warning", f"{says}, from {spell_hour(cold[0].hour)} to {spell_hour(cold[-1].hour)}")
    yield check_zone(archive, catalog)
    yield from check_chunks(archive, catalog.chunks)


def check_nsqd(name: str, spec: NsqSpec) -> Iterator[Check]:
    """Check that each nsqd can be reached and accepts the connection; report its version and limits."""
    from tui.nsq.lookup import configured_target

    try:
        target, silent = configured_target(spec, "hourscope-doctor")
    except HourscopeError as error:
        yield Check(f"nsqd {name}", "failed", str(error))
        return
    for words in silent:
        yield Check(f"nsqd {name}", "warning", words)
    for address in target.nsqd_tcp_addresses:
        yield _nsqd(target, address, spec)


def _nsqd(target: NsqTarget, address: str, spec: NsqSpec) -> Check:
    from tui.nsq.destination import check_destination
    from tui.nsq.lookup import blame_lookupd

    try:
        nsqd = check_destination(target, address)
    except HourscopeError as error:
        says = str(error)
        if spec.lookupd_http_addresses and "-broadcast-address" not in says:
            says = f"{says}; {blame_lookupd(', '.join(spec.lookupd_http_addresses))}"
        return Check(f"nsqd {address}", "failed", says)
    limits = f"takes records up to {size(nsqd.limits.max_message)}, requests up to {size(nsqd.limits.max_body)}"
    if not nsqd.http:
        return Check(f"nsqd {address}", "warning", f"{limits}; {nsqd.warnings[0]}")
    return Check(f"nsqd {address}", "ok", f"version {nsqd.version}, {limits}; HTTP at {nsqd.http_address}")


def _terminal() -> Check:
    if not sys.stdout.isatty():
        return Check("terminal", "ok", "none: the commands work, the explorer needs one")
    if trouble := terminal_trouble():
        return Check("terminal", "warning", f"{trouble}; set TERM=xterm-256color")
    columns, rows = shutil.get_terminal_size()
    colors = "no colors (NO_COLOR)" if os.environ.get("NO_COLOR") else os.environ.get("COLORTERM") or "256 colors"
    ssh = ", over SSH: the mouse is left alone" if os.environ.get("SSH_CONNECTION") else ""
    small = columns < 80 or rows < 24
    says = f"{os.environ.get('TERM')}, {columns}×{rows}, {colors}{ssh}"
    return Check("terminal", "warning" if small else "ok", says + ("; 80×24 is the minimum" if small else ""))


def _folder(name: str, folder: Path) -> Check:
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        return Check(name, "failed", f"{folder} cannot be written; make it writable for {_user()}")
    free = shutil.disk_usage(there).free
    says = f"{folder}, {size(free)} free"
    return Check(name, "warning", f"{says}: free some space") if free < _LITTLE_BYTES else Check(name, "ok", says)


def _user() -> str:
    return os.environ.get("USER") or f"user {os.getuid()}"


def _listing(catalog: Catalog, seconds: float) -> Check:
    if not catalog.hours:
        return Check("listing", "ok", "an extract without a match")
    last = catalog.chunks[-1].hour
    age = max(timedelta(0), datetime.now(UTC) - next_hour(last).astimezone(UTC))
    says = (
        f"{plural(len(catalog.hours), 'hour')} in {plural(len(catalog.chunks), 'chunk')}, {size(catalog.size)}, "
        f"the last {spell_hour(last)}, {_age(age)} ago; {plural(catalog.gap_hours, 'gap')}; "
        f"listed in {duration(seconds)}"
    )
    return Check("listing", "ok", says)


def _age(age: timedelta) -> str:
    return plural(age.days, "day") if age.days > 1 else plural(int(age.total_seconds() // 3600), "hour")


def open_named_archive(name: str, config: Config, given: dict[str, Any]) -> Archive | Check:
    """Open the archive, or return a check that says why it cannot be opened."""
    try:
        return open_named(name, given, config).archive
    except HourscopeError as error:
        return Check("archive", "failed", str(error))
