"""manifest.json: of what an extract was made, and what of it is done."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from typing import Any

from tui import __version__
from tui.archive import Archive
from tui.archive.store import Store
from tui.archive.times import parse_time, parse_zone, spell_hour, zone_name
from tui.errors import OutputError
from tui.scan.events import Counts
from tui.scan.plan import ScanPlan

Range = tuple[str | None, str | None]


@dataclass(frozen=True, slots=True)
class Entry:
    """One source chunk: what it was (ETag), where its matches are (None: it had none), what was counted."""

    hour: datetime
    etag: str
    output: str | None
    counts: Counts
    partial: bool = False
    damage: tuple[int, str] | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """`layout` is that of the extract's own keys; `filter` is the command line's words. Times are in `timezone`.

    `start` and `stop` bound what was scanned; `ranges` says which hours between them, half-open each.
    """

    archive: str
    source_layout: str
    layout: str
    timezone: str
    start: str | None
    stop: str | None
    filter: tuple[str, ...]
    created: str
    finished: bool = False
    chunks: Mapping[str, Entry] = field(default_factory=dict)
    ranges: tuple[Range, ...] = ()

    @classmethod
    def of(cls, plan: ScanPlan, layout: str) -> Manifest:
        archive = plan.archive
        span = _spelled(plan.start), _spelled(plan.stop)
        return cls(
            archive.url,
            archive.layout.pattern,
            layout,
            zone_name(archive.zone),
            *span,
            (*plan.filter.arguments(), *plan.wanted.arguments()),
            datetime.now(UTC).isoformat(timespec="seconds"),
            ranges=tuple((_spelled(start), _spelled(stop)) for start, stop in plan.ranges) or (span,),
        )

    def with_entry(self, key: str, entry: Entry) -> Manifest:
        return replace(self, chunks={**self.chunks, key: entry})

    def closed(self, whole: bool) -> Manifest:
        return replace(self, finished=whole, chunks=dict(sorted(self.chunks.items(), key=lambda e: (e[1].hour, e[0]))))

    def reopened(self) -> Manifest:
        return replace(self, finished=False)

    def scanned_hours(self, zone: tzinfo) -> dict[datetime, int]:
        """The hours of which no known chunk was left half read, and the matches in each, be it none.

        In the zone that the extract is opened in.
        """
        found: dict[datetime, int] = {}
        for entry in self.chunks.values():
            hour = entry.hour.replace(tzinfo=zone)
            found[hour] = found.get(hour, 0) + entry.counts.matches
        for entry in self.chunks.values():
            if entry.partial:
                found.pop(entry.hour.replace(tzinfo=zone), None)
        return found

    def difference(self, other: Manifest) -> str:
        """What this extract is of that `other` is not; empty if both are of the same."""
        if self.archive != other.archive:
            return f"another archive ({self.archive})"
        if self.timezone != other.timezone:
            return f"another time zone ({self.timezone})"
        if (self.start, self.stop) != (other.start, other.stop):
            return f"another range (from {self.start} to {self.stop})"
        if self.ranges != other.ranges:
            return f"other ranges ({', '.join(f'{start} to {stop}' for start, stop in self.ranges)})"
        if self.filter != other.filter:
            return f"another filter ({' '.join(self.filter) or 'every record'})"
        if self.layout != other.layout:  # chunks have come whose names clash with those that are there
            return f"another layout ({self.layout})"
        return ""


def scanned_hours(archive: Archive) -> dict[datetime, int]:
    """The hours that an extract's scan has read, and the matches in each; empty for an archive that is no extract.

    An hour of these without a chunk had no match: it is no gap. While an extract is not finished, its hours are those
    that it knows so far.
    """
    manifest = read_manifest(archive.store, archive.manifest) if archive.extract else None
    return manifest.scanned_hours(archive.zone) if manifest else {}


def write_manifest(store: Store, key: str, manifest: Manifest) -> None:
    """Replace the manifest, whole or not at all."""
    data = {
        "hourscope": __version__,
        "archive": manifest.archive,
        "source_layout": manifest.source_layout,
        "layout": manifest.layout,
        "timezone": manifest.timezone,
        "from": manifest.start,
        "to": manifest.stop,
        "ranges": [{"from": start, "to": stop} for start, stop in manifest.ranges],
        "filter": list(manifest.filter),
        "created": manifest.created,
        "finished": manifest.finished,
        "chunks": [_entry_out(source, entry) for source, entry in manifest.chunks.items()],
    }
    with store.create(key, overwrite=True) as stream:
        stream.write(json.dumps(data, indent=1, ensure_ascii=False).encode("utf-8", "surrogateescape") + b"\n")


def read_manifest(store: Store, key: str) -> Manifest | None:
    """The manifest, or None if there is none; OutputError if it is none of ours."""
    if not any(item.key == key for item in store.objects(key)):
        return None
    try:
        with store.open(key) as stream:
            data: dict[str, Any] = json.loads(stream.read().decode("utf-8", "surrogateescape"))
        return Manifest(
            data["archive"],
            data["source_layout"],
            data["layout"],
            data["timezone"],
            data["from"],
            data["to"],
            tuple(data["filter"]),
            data["created"],
            data["finished"],
            {item["key"]: _entry_in(item, data["timezone"]) for item in data["chunks"]},
            tuple((item["from"], item["to"]) for item in data.get("ranges", (data,))),
        )
    except (ValueError, KeyError, TypeError) as error:
        where = f"{store.url}/{key}"
        raise OutputError(f"{where} is no manifest of an extract; move it away, or choose another place") from error


def _spelled(hour: datetime | None) -> str | None:
    return spell_hour(hour) if hour else None


def _entry_out(key: str, entry: Entry) -> dict[str, Any]:
    damage = {"offset": entry.damage[0], "reason": entry.damage[1]} if entry.damage else None
    return {
        "key": key,
        "hour": spell_hour(entry.hour),
        "etag": entry.etag,
        "output": entry.output,
        **asdict(entry.counts),
        "partial": entry.partial,
        "damaged": damage,
    }


def _entry_in(item: dict[str, Any], timezone: str) -> Entry:
    damage = item["damaged"]
    return Entry(
        parse_time(item["hour"], parse_zone(timezone)),
        item["etag"],
        item["output"],
        Counts(*(item[name] for name in ("bytes_compressed", "bytes", "records", "matches", "not_json"))),
        item["partial"],
        (damage["offset"], damage["reason"]) if damage else None,
    )
