"""`--check`: a look at everything that an archiver needs, without taking a message or making a channel."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from tui.archiver.folder import SpoolInUseError, owned, spooled
from tui.archiver.lookup import producers
from tui.archiver.options import ArchiverOptions
from tui.archiver.spool import Spool
from tui.errors import HourscopeError, KeyTakenError, SendError
from tui.send.guard import Destination, check_destination
from tui.send.target import NsqTarget
from tui.units import plural, size

_TIMEOUT = 5.0
_CLOCK_OFF = 5.0  # seconds that our clock may differ from the store's


@dataclass(frozen=True, slots=True)
class Found:
    """One thing looked at, and a sentence about it; if it is not ok the sentence says what to do."""

    name: str
    state: Literal["ok", "warning", "failed"]
    says: str


def check_archiver(options: ArchiverOptions) -> Iterator[Found]:
    """The spool, the archive, every nsqlookupd, every nsqd."""
    yield from _spool(options)
    yield from _archive(options)
    nsqds = dict.fromkeys(options.source.nsqd_tcp_addresses, "")
    for address in options.source.lookupd_http_addresses:
        found, there = _lookupd(options, address)
        yield found
        nsqds |= there
    for address, http_address in nsqds.items():
        yield _nsqd(options, address, http_address)


def _spool(options: ArchiverOptions) -> Iterator[Found]:
    folder = options.spool
    try:
        with owned(folder, options.identity):
            Spool(folder).probe()
            waiting = spooled(folder, options.archive.zone)
    except SpoolInUseError:
        yield Found("spool", "warning", f"an archiver uses {folder} now; a second one needs its own (--spool)")
    except HourscopeError as error:
        yield Found("spool", "failed", str(error))
        return
    else:
        left = f", {plural(len(waiting), 'file')} of an earlier run in it" if waiting else ""
        yield Found("spool", "ok", f"{folder} can be written{left}")
    free = shutil.disk_usage(folder).free
    enough = free >= options.spool_max
    says = f"{size(free)} free for a spool of {size(options.spool_max)} at most (--spool-max)"
    yield Found("disk", "ok" if enough else "warning", says if enough else f"only {says}; lower it or make room")


def _archive(options: ArchiverOptions) -> Iterator[Found]:
    """Writes a small hidden object, sees that a second one is refused, compares, and removes it."""
    store, layout = options.archive.store, options.archive.layout
    example = layout.spell(_this_hour(options), topic=options.source.topic, host=options.host, rev="-000000")
    key = f"{example.rpartition('/')[0]}/.hourscope-check-{uuid.uuid4().hex}".lstrip("/")
    with tempfile.NamedTemporaryFile() as probe:
        path = Path(probe.name)
        path.write_bytes(key.encode())
        try:
            store.put(key, path)
            stamps = [item.uploaded for item in store.objects(key)]
            refused = _is_refused(options, key, path)
            same = store.holds(key, path)
        except HourscopeError as error:
            yield Found("archive", "failed", str(error))
            return
    if not same:
        yield Found("archive", "failed", f"{store.url}/{key} is not what was put there; check the endpoint")
    elif not refused:
        yield Found("archive", "failed", f"{store.url} overwrites in spite of If-None-Match; two archivers could clash")
    else:
        yield Found("archive", "ok", f"{store.url} can be written, and refuses to overwrite; keys as {example}")
    for stamp in stamps:
        off = abs((datetime.now(UTC) - stamp).total_seconds())
        good = off <= _CLOCK_OFF
        yield Found(
            "clock", "ok" if good else "warning", f"{off:.0f} s from the archive's" + ("" if good else "; sync it")
        )
    try:
        store.delete(key)
    except HourscopeError as error:
        yield Found("clean-up", "warning", f"the object {key} of this check stays: {error}")


def _this_hour(options: ArchiverOptions) -> datetime:
    return datetime.fromtimestamp(options.now(), options.archive.zone).replace(minute=0, second=0, microsecond=0)


def _is_refused(options: ArchiverOptions, key: str, path: Path) -> bool:
    try:
        options.archive.store.put(key, path)
    except KeyTakenError:
        return True
    return False


def _lookupd(options: ArchiverOptions, address: str) -> tuple[Found, dict[str, str]]:
    """What it says, and the nsqds that it knows: their TCP addresses, with their HTTP addresses."""
    name, topic = f"nsqlookupd {address}", options.source.topic
    try:
        found = producers(address, topic)
    except SendError as error:
        return Found(name, "failed", str(error)), {}
    if not found:
        return Found(name, "warning", f"it knows no topic {topic} yet; the archiver would wait for it"), {}
    return Found(name, "ok", f"{topic} is on {plural(len(found), 'nsqd')}"), found


def _nsqd(options: ArchiverOptions, address: str, http_address: str) -> Found:
    source, name = options.source, f"nsqd {address}"
    http_addresses = (http_address,) if http_address else ()
    target = NsqTarget(source.topic, (address,), http_addresses, source.tls, source.auth_secret)
    try:
        found = check_destination(target, timeout=_TIMEOUT)
    except HourscopeError as error:
        return Found(name, "failed", str(error))
    if not found.http:
        return Found(name, "ok", f"it answers; its HTTP does not, so the channel {source.channel} cannot be seen")
    return Found(name, *_channel(options, found))


def _channel(options: ArchiverOptions, found: Destination) -> tuple[Literal["ok", "warning"], str]:
    source, version = options.source, f"nsqd {found.version}"
    if not found.exists:
        return "warning", f"{version} has no topic {source.topic} yet; it would be made"
    channel = next((channel for channel in found.channels if channel.name == source.channel), None)
    if channel is None:
        return (
            "warning",
            f"{version}: {source.topic} has no channel {source.channel} yet; it would be made, and begin then",
        )
    if channel.name.endswith("#ephemeral") or source.topic.endswith("#ephemeral"):
        return "warning", f"{version}: an ephemeral channel drops messages; an archive needs a durable one"
    if channel.paused or found.paused:
        return "warning", f"{version}: the channel {channel.name} or its topic is paused, and gives no messages"
    others = f", {plural(len(channel.clients), 'consumer')} on it" if channel.clients else ""
    return "ok", f"{version}: {plural(channel.depth, 'message')} wait in {source.topic}/{channel.name}{others}"
