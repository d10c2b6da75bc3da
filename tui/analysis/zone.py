"""Find the time zone of an archive's keys: a writer uploads each hour soon after it ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import chain
from pathlib import Path
from statistics import median
from zoneinfo import TZPATH, available_timezones

from tui.archive import Archive, Catalog
from tui.archive.times import local_zone, parse_zone, zone_name
from tui.checks import Check
from tui.errors import TimeError
from tui.units import plural

_HOUR = timedelta(hours=1)
_STEADY = timedelta(minutes=20)  # the most that an upload's lag may differ from the usual one
_PROMPT_LAGS = (timedelta(minutes=-5), timedelta(minutes=60))  # the range of lags if the time zone is correct
_ALIKE = timedelta(minutes=15)  # smaller differences between lags are ignored
_FITS, _BETTER = 0.75, 0.05  # shares of the hours: to fit at all, and to fit better than another zone
_MAX_HOURS = 400  # sampled evenly, to include both sides of every clock change
_MIN_HOURS = 4

# Of the zones that fit equally well, the first is used, so populous zones come first.
# fmt: off
_COMMON = (
    "UTC", "Europe/London", "Europe/Berlin", "Europe/Helsinki", "Europe/Istanbul", "Europe/Moscow", "Asia/Dubai",
    "Asia/Karachi", "Asia/Kolkata", "Asia/Dhaka", "Asia/Bangkok", "Asia/Shanghai", "Asia/Tokyo", "Australia/Sydney",
    "Australia/Brisbane", "Pacific/Auckland", "America/Sao_Paulo", "America/Halifax", "America/New_York",
    "America/Chicago", "America/Denver", "America/Los_Angeles", "America/Phoenix", "America/Anchorage",
    "Pacific/Honolulu", "America/Bogota", "America/Mexico_City", "Africa/Johannesburg", "Africa/Lagos",
    "Africa/Cairo", "Africa/Nairobi", "Asia/Jerusalem", "Asia/Tehran", "Asia/Kabul", "Asia/Kathmandu", "Asia/Yangon",
    "Australia/Adelaide", "Australia/Darwin", "Australia/Perth", "America/St_Johns",
)
# fmt: on

_Upload = tuple[datetime, datetime]  # an hour as naive local time, and when its last chunk was uploaded (UTC)


@dataclass(frozen=True, slots=True)
class _Fit:
    """How uploads fit a zone: the usual `lag` after the hour's end, and the `share` of hours with about this lag."""

    zone: tzinfo
    lag: timedelta
    share: float

    @property
    def soon(self) -> bool:
        return _PROMPT_LAGS[0] <= self.lag < _PROMPT_LAGS[1]

    @property
    def rank(self) -> tuple[float, int]:
        """A sort key; smaller is better."""
        return -round(self.share, 2), int(abs(self.lag) / _ALIKE)


def check_zone(archive: Archive, catalog: Catalog) -> Check:
    """Check the archive's time zone against the one that its upload times suggest."""
    uploads = _uploads(catalog)
    if len(uploads) < _MIN_HOURS:
        return Check("time zone", "ok", "too few hours to judge by their upload times")
    own = _fit(archive.zone, uploads)
    best = _best(own, uploads)
    if best is not own:
        return Check("time zone", "warning", _advice(archive, own, best, uploads))
    if own.soon and own.share >= _FITS:
        return Check("time zone", "ok", f"chunks come {_minutes(own.lag)} after their hour ends")
    return Check("time zone", "ok", "the upload times do not follow the hours (a copy?), so they cannot confirm it")


def zone_of_uploads(archive: Archive, catalog: Catalog) -> tzinfo:
    """Return the zone that the upload times suggest; the archive's own unless another fits clearly better."""
    uploads = _uploads(catalog)
    return _best(_fit(archive.zone, uploads), uploads).zone if len(uploads) >= _MIN_HOURS else archive.zone


def _uploads(catalog: Catalog) -> list[_Upload]:
    """Return an even sample of the catalog's hours and their uploads."""
    uploads = [(hour.replace(tzinfo=None), max(c.uploaded for c in chunks)) for hour, chunks in catalog.hours.items()]
    return uploads[:: -(-len(uploads) // _MAX_HOURS)] if uploads else []


def _best(own: _Fit, uploads: Sequence[_Upload]) -> _Fit:
    """Return the archive's own zone, unless another fits clearly better."""
    if own.soon and own.share >= 1 - _BETTER:
        return own
    needed = max(_FITS, own.share + _BETTER if own.soon else 0.0)
    best: _Fit | None = None
    for group in (_zones(_COMMON), _zones(_all_names())):
        fits = [fit for zone in group if (fit := _fit(zone, uploads)).soon and fit.share >= needed]
        best = min(chain([best] if best else [], fits), key=lambda fit: fit.rank, default=None)
        if best and best.rank <= (-1.0, 0):
            break  # no other could fit better
    return best or own


def _all_names() -> list[str]:
    """Return zone names: current ones (those in the time zone database's zone.tab) first, then legacy ones."""
    tables = [path for folder in TZPATH if (path := Path(folder, "zone.tab")).is_file()]
    rows = tables[0].read_text(encoding="utf-8").splitlines() if tables else []
    current = sorted(row.split("\t")[2] for row in rows if row.count("\t") >= 2 and not row.startswith("#"))
    return list(dict.fromkeys([*current, *sorted(available_timezones())]))


def _zones(names: Iterable[str]) -> Iterator[tzinfo]:
    """Yield the zones that this machine knows, the local one first."""
    if (local := local_zone()) is not None:
        yield local
    for name in names:
        try:
            yield parse_zone(name)
        except TimeError:
            continue


def _fit(zone: tzinfo, uploads: Sequence[_Upload]) -> _Fit:
    lags = [uploaded - (hour.replace(tzinfo=zone).astimezone(UTC) + _HOUR) for hour, uploaded in uploads]
    usual = timedelta(seconds=median(lag.total_seconds() for lag in lags))
    return _Fit(zone, usual, sum(abs(lag - usual) <= _STEADY for lag in lags) / len(lags))


def _advice(archive: Archive, own: _Fit, best: _Fit, uploads: Sequence[_Upload]) -> str:
    name, now = zone_name(best.zone), zone_name(archive.zone)
    offsets = sorted({_offset(best.zone, hour) for hour, _ in uploads})
    spelled = " to ".join(_format(offset) for offset in dict.fromkeys((offsets[0], offsets[-1])))
    shown = f"{name} ({spelled})" if spelled != name else name
    return (
        f"the names seem to be in {shown}, or another zone with the same hours: there chunks come {_minutes(best.lag)} "
        f"after their hour ends, in {now} {own.lag / _HOUR:+.1f} h; add --timezone {name}"
    )


def _offset(zone: tzinfo, hour: datetime) -> timedelta:
    return hour.replace(tzinfo=zone).utcoffset() or timedelta(0)


def _format(offset: timedelta) -> str:
    """Format an offset as `UTC+5:30`, `UTC-5` or `UTC`."""
    hours, minutes = divmod(round(abs(offset) / timedelta(minutes=1)), 60)
    if not hours and not minutes:
        return "UTC"
    return f"UTC{'-' if offset < timedelta(0) else '+'}{hours}" + (f":{minutes:02}" if minutes else "")


def _minutes(lag: timedelta) -> str:
    return plural(max(0, round(lag / timedelta(minutes=1))), "minute")
