"""Times in records, in a readable form: epochs in seconds to nanoseconds, and ISO 8601."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo

from tui.archive.times import local_zone, zone_name

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST, _LATEST = 946_684_800, 2_524_608_000  # 2000 to 2050: other numbers are not times
_SCALES = (1, 1_000, 1_000_000, 1_000_000_000)
_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d([.,]\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?")


def readable(value: object, zone: tzinfo) -> str:
    """Return `2015-01-20 14:00:05` for a number, `Tue 14:00:05` for a text, in `zone`; empty if it is not a time."""
    if isinstance(value, bool):
        return ""
    number = isinstance(value, int | float)
    moment = _parse_epoch(value) if isinstance(value, int | float) else None
    if isinstance(value, str):
        moment = _parse_iso(value)  # without an offset, it is UTC
    try:
        return "" if moment is None else f"{moment.astimezone(zone):{'%Y-%m-%d' if number else '%a'} %H:%M:%S}"
    except (OverflowError, ValueError):
        return ""


def _parse_epoch(value: float) -> datetime | None:
    for scale in _SCALES:
        if _EARLIEST <= value / scale < _LATEST:
            return _EPOCH + timedelta(seconds=value / scale)
    return None


def _parse_iso(text: str) -> datetime | None:
    if len(text) > 40 or not _ISO.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text.replace(",", "."))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def choices_of_zone(own: tzinfo) -> tuple[tzinfo, ...]:
    """Return the zones that `z` cycles through: the archive's, UTC, and this machine's if it has a name."""
    zones = {zone_name(zone): zone for zone in (own, UTC, local_zone()) if zone is not None}
    return tuple(zones.values())
