"""The state of each archive when it was last listed: its newest hour and its sizes. Home shows it without network."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from tui.archive import Archive, Catalog
from tui.archive.local import atomic_file
from tui.archive.location import Location, locate
from tui.archive.ranges import Range
from tui.archive.store import is_s3
from tui.archive.times import spell_hour, zone_name
from tui.config import Config, S3Options
from tui.errors import HourscopeError
from tui.history.log import VERSION, HistoryError, history_dir, now_text
from tui.printable import encodable

DAYS = 30  # of the strip
_HOURS = 7 * 24  # shown on home
_KEPT = 100  # archives
_LARGEST_BYTES = 1 << 20


class SeenArchive(msgspec.Struct, frozen=True, kw_only=True):
    """An archive at the time `listed`. Hours and days are as in its keys, in its `timezone`.

    `title` is how it was named, and locates it together with the options. `days`: bytes per day of the last 30; `week`:
    bytes per hour of the last 7 days. `lag`: seconds from an hour's end to its upload.
    """

    version: int = VERSION
    title: str
    url: str
    timezone: str = "UTC"
    given_timezone: str | None = None
    layout: str | None = None
    profile: str | None = None
    region: str | None = None
    endpoint_url: str | None = None
    no_sign_request: bool = False
    request_payer: bool = False
    listed: str
    first: str | None = None
    last: str | None = None
    ended: str | None = None
    size: int = 0
    hours: int = 0
    gaps: int = 0
    lag: float | None = None
    days: dict[str, int] = {}
    week: dict[str, int] = {}

    @property
    def location(self) -> Location:
        """Its location, without the config."""
        s3 = S3Options(self.profile, self.region, self.endpoint_url, self.no_sign_request, self.request_payer)
        return locate(self.url, Config(Path()), timezone=self.given_timezone, layout=self.layout, s3=s3)


def keep_seen(location: Location, archive: Archive, catalog: Catalog, gaps: int, lag: float | None) -> None:
    """Store the state of a listed archive, unless it is an extract. HistoryError if it cannot be written."""
    if archive.extract or not catalog.hours or catalog.last is None:
        return
    s3 = location.s3
    seen = SeenArchive(
        title=location.name or absolute(location.url),
        url=absolute(location.url),
        timezone=zone_name(archive.zone),
        given_timezone=location.timezone,
        layout=location.layout,
        profile=s3.profile,
        region=s3.region,
        endpoint_url=s3.endpoint_url,
        no_sign_request=s3.no_sign_request,
        request_payer=s3.request_payer,
        listed=now_text(),
        first=spell_hour(catalog.first) if catalog.first else None,
        size=catalog.size,
        hours=len(catalog.hours),
        gaps=gaps,
        lag=lag,
    )
    _write(_spans(seen, catalog, catalog.last))


def _write(seen: SeenArchive) -> None:
    path = _file(seen)
    try:
        with atomic_file(path, overwrite=True, private=True) as stream:
            stream.write(msgspec.json.encode(encodable(msgspec.to_builtins(seen))))
        _drop_oldest(path.parent)
    except (HourscopeError, OSError) as error:
        raise HistoryError(f"home will not show this archive: {error}") from error


def look_again(seen: SeenArchive, location: Location) -> None:
    """List an archive's last days again, and store the new state. HourscopeError if it cannot be listed."""
    if seen.last is None:
        return
    last = datetime.fromisoformat(seen.last)
    start = last.replace(hour=0) - timedelta(days=DAYS - 1)
    archive, listing = location.open(Range(start))
    catalog = archive.catalog(start.replace(tzinfo=archive.zone), None, listing)
    if catalog.last is None:
        return
    new = {hour: chunks for hour, chunks in catalog.hours.items() if hour.replace(tzinfo=None) > last}
    grown = msgspec.structs.replace(
        _spans(seen, catalog, catalog.last),
        listed=now_text(),
        size=seen.size + sum(chunk.size for chunks in new.values() for chunk in chunks),
        hours=seen.hours + len(new),
        gaps=seen.gaps + sum(gap.start.replace(tzinfo=None) > last for gap in catalog.gaps),
    )
    _write(grown)


def _spans(seen: SeenArchive, catalog: Catalog, newest: datetime) -> SeenArchive:
    """Update the days and the week up to the newest hour of a catalog."""
    sizes = {hour: sum(chunk.size for chunk in chunks) for hour, chunks in catalog.hours.items()}
    week, month = newest - timedelta(hours=_HOURS - 1), newest - timedelta(days=DAYS - 1)
    days: dict[str, int] = {}
    for hour, size in sizes.items():
        if hour.date() >= month.date() and hour <= newest:
            days[f"{hour:%Y-%m-%d}"] = days.get(f"{hour:%Y-%m-%d}", 0) + size
    return msgspec.structs.replace(
        seen,
        last=spell_hour(newest),
        ended=(newest.astimezone(UTC) + timedelta(hours=1)).isoformat(),
        days=days,
        week={spell_hour(hour): size for hour, size in sizes.items() if week <= hour <= newest},
    )


def seen_archives() -> dict[tuple[str, str], SeenArchive]:
    """Return every opened archive by title and url, the latest first; skip broken files."""
    archives: list[SeenArchive] = []
    for path in (history_dir() / "archives").glob("*.json"):
        with suppress(OSError, msgspec.MsgspecError, ValueError, RecursionError):
            if path.stat().st_size <= _LARGEST_BYTES:
                seen = msgspec.json.decode(path.read_bytes(), type=SeenArchive)
                archives += [seen] if seen.version <= VERSION else []
    return {(seen.title, seen.url): seen for seen in sorted(archives, key=lambda seen: seen.listed, reverse=True)}


def strip(days: Mapping[str, int], last: str, length: int = DAYS) -> list[int]:
    """Return the bytes of each day up to `last`, 0 for days without data."""
    end = datetime.fromisoformat(last).date()
    return [days.get(f"{end - timedelta(days=back):%Y-%m-%d}", 0) for back in range(length - 1, -1, -1)]


def forget_archive(seen: SeenArchive) -> None:
    """Remove an archive from the list. HistoryError if that fails."""
    try:
        _file(seen).unlink(missing_ok=True)
    except OSError as error:
        raise HistoryError(f"{seen.title} cannot be removed from the list: {error}") from error


def _drop_oldest(folder: Path) -> None:
    for path in sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime)[:-_KEPT]:
        path.unlink(missing_ok=True)


def absolute(url: str) -> str:
    """Return the location with a folder's whole path, whose links stay as they are."""
    return url if is_s3(url) else str(Path(url).expanduser().absolute())


def _file(seen: SeenArchive) -> Path:
    mark = hashlib.sha256(f"{seen.title}\n{seen.url}".encode("utf-8", "backslashreplace")).hexdigest()[:24]
    return history_dir() / "archives" / f"{mark}.json"
