"""`--check`: check everything that an archiver needs, without taking a message or creating a channel."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tui.archive.store import Store
from tui.archiver.folder import SpoolInUseError, owned, spooled
from tui.archiver.options import ArchiverOptions
from tui.archiver.spool import Spool
from tui.checks import Check, CheckState
from tui.errors import HourscopeError, KeyTakenError, SendError
from tui.nsq.destination import Destination, check_destination
from tui.nsq.lookup import Nsqd, blame_lookupd, nsqds_with_topic
from tui.nsq.target import NsqTarget
from tui.units import duration, plural, size

TIMEOUT_SECONDS = 5.0
_CLOCK_OFF_SECONDS = 5.0  # maximum difference between our clock and the store's


def check_archiver(options: ArchiverOptions) -> Iterator[Check]:
    """Check the spool, the archive, every nsqlookupd, and every nsqd."""
    yield from _spool(options)
    yield from _archive(options)
    nsqds = {address: _Named() for address in options.source.nsqd_tcp_addresses}
    for lookupd in options.source.lookupd_http_addresses:
        check, named = _lookupd(options, lookupd)
        yield check
        given = options.source.nsqd_tcp_addresses
        nsqds |= {
            nsqd.tcp_address: _Named(nsqd.http_address, "" if nsqd.tcp_address in given else lookupd) for nsqd in named
        }
    for address, named_by in nsqds.items():
        yield _nsqd(options, address, named_by)


@dataclass(frozen=True, slots=True)
class _Named:
    """An nsqd's HTTP address from nsqlookupd, if any, and that nsqlookupd if only it names the nsqd."""

    http_address: str = ""
    lookupd: str = ""


def _spool(options: ArchiverOptions) -> Iterator[Check]:
    folder = options.spool
    try:
        with owned(folder, options.identity):
            Spool(folder).probe()
            waiting = spooled(folder, options.archive.zone)
    except SpoolInUseError:
        yield Check("spool", "warning", f"an archiver uses {folder} now; a second one needs its own (--spool)")
    except HourscopeError as error:
        yield Check("spool", "failed", str(error))
        return
    else:
        left = f", {plural(len(waiting), 'file')} of an earlier run in it" if waiting else ""
        yield Check("spool", "ok", f"{folder} can be written{left}")
    free = shutil.disk_usage(folder).free
    enough = free >= options.spool_max
    says = f"{size(free)} free; the spool may use {size(options.spool_max)} (--spool-max)"
    yield Check("disk", "ok" if enough else "warning", says if enough else f"only {says}; lower it or free some space")


def _archive(options: ArchiverOptions) -> Iterator[Check]:
    """Write a small hidden object, check that overwriting is refused, compare it, and remove it."""
    store, layout = options.archive.store, options.archive.layout
    example = layout.spell(_this_hour(options), {"topic": options.source.topic, "host": options.host, "rev": "-000000"})
    key = f"{example.rpartition('/')[0]}/.hourscope-check-{os.urandom(16).hex()}".lstrip("/")
    with tempfile.NamedTemporaryFile() as probe:
        path = Path(probe.name)
        path.write_bytes(key.encode())
        try:
            store.put(key, path)
        except HourscopeError as error:
            yield Check("archive", "failed", str(error))
            return
        try:
            yield _compared(options, key, path, example)
            for item in store.objects(key):
                yield _clock(item.uploaded)
        except HourscopeError as error:
            yield Check("archive", "failed", str(error))
        finally:
            removal = _remove(store, key)
        yield from removal


def _compared(options: ArchiverOptions, key: str, path: Path, example: str) -> Check:
    """Check that the uploaded object is there, unchanged, and protected from being overwritten."""
    store = options.archive.store
    refused = _is_refused(options, key, path)
    if not store.holds(key, path):
        return Check("archive", "failed", f"{store.url}/{key} is not what was put there; check the endpoint")
    if not refused:
        says = f"{store.url} overwrites despite If-None-Match; two archivers could overwrite each other's files"
        return Check("archive", "failed", says)
    says = f"{store.url} can be written, read and listed, and refuses to overwrite; keys as {example}"
    return Check("archive", "ok", says)


def _clock(stamp: datetime) -> Check:
    """Compare the store's time of an upload just made with our clock."""
    now = datetime.now(UTC)
    seconds = (now - stamp).total_seconds()
    if abs(seconds) <= _CLOCK_OFF_SECONDS:
        return Check("clock", "ok", "agrees with the archive's")
    which = "ahead of" if seconds > 0 else "behind"
    says = (
        f"this machine's clock is {duration(abs(seconds))} {which} the archive's ({stamp:%Y-%m-%d %H:%M:%S} UTC there, "
        f"{now:%H:%M:%S} here); synchronize it, or hours get the wrong messages"
    )
    return Check("clock", "warning", says)


def _remove(store: Store, key: str) -> list[Check]:
    """Remove the object of the check; return a warning if that fails."""
    try:
        store.delete(key)
    except HourscopeError as error:
        return [Check("clean-up", "warning", f"the object {key} of this check cannot be removed: {error}")]
    return []


def _this_hour(options: ArchiverOptions) -> datetime:
    return datetime.fromtimestamp(options.now(), options.archive.zone).replace(minute=0, second=0, microsecond=0)


def _is_refused(options: ArchiverOptions, key: str, path: Path) -> bool:
    try:
        options.archive.store.put(key, path)
    except KeyTakenError:
        return True
    return False


def _lookupd(options: ArchiverOptions, address: str) -> tuple[Check, tuple[Nsqd, ...]]:
    """Check an nsqlookupd, and return the nsqds that it names."""
    name, topic = f"nsqlookupd {address}", options.source.topic
    try:
        nsqds = nsqds_with_topic(address, topic, timeout=TIMEOUT_SECONDS)
    except SendError as error:
        return Check(name, "failed", f"{error}; check --lookupd-http-address"), ()
    if not nsqds:
        return Check(name, "warning", f"does not know the topic {topic} yet; the archiver would wait for it"), ()
    return Check(name, "ok", f"{topic} is on {plural(len(nsqds), 'nsqd')}"), nsqds


def _nsqd(options: ArchiverOptions, address: str, named: _Named) -> Check:
    source, name = options.source, f"nsqd {address}"
    http_addresses = (named.http_address,) if named.http_address else ()
    target = NsqTarget(source.topic, (address,), http_addresses, source.tls, source.auth_secret)
    try:
        destination = check_destination(target, timeout=TIMEOUT_SECONDS)
    except HourscopeError as error:
        blame = f"; {blame_lookupd(named.lookupd)}" if named.lookupd else ""
        return Check(name, "failed", f"{error}{blame}")
    for what, given in (("topic", source.topic), ("channel", source.channel)):
        if given.endswith("#ephemeral"):
            return Check(name, "warning", f"an ephemeral {what} drops messages; an archive needs a durable one")
    if not destination.http:
        says = f"answers over TCP; its HTTP does not, so the channel {source.channel} was not checked"
        return Check(name, "warning", says)
    return Check(name, *_channel(options, destination))


def _channel(options: ArchiverOptions, destination: Destination) -> tuple[CheckState, str]:
    source, version = options.source, f"nsqd {destination.version}"
    if not destination.exists:
        return "warning", f"{version} has no topic {source.topic} yet; the archiver would create it"
    channel = next((channel for channel in destination.channels if channel.name == source.channel), None)
    if channel is None:
        says = f"{version}: {source.topic} has no channel {source.channel} yet; the archiver would create it"
        return "warning", f"{says}, and receive messages from then on"
    if channel.paused or destination.paused:
        return "warning", f"{version}: the channel {channel.name} or its topic is paused, and delivers no messages"
    others = f", {plural(len(channel.clients), 'consumer')} on it" if channel.clients else ""
    waiting = f"{plural(channel.depth, 'message')} waiting in {source.topic}/{channel.name}"
    return "ok", f"{version}: {waiting}{others}"
