"""The manifest of an extract: create it from a plan, compare, read and write it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime, tzinfo

import msgspec

from tui import __version__
from tui.archive import Archive, Chunk, Damage
from tui.archive.manifest import VERSION, ChunkEntry, DamagedPart, Manifest, WrittenRange, load_manifest
from tui.archive.store import Store
from tui.archive.times import parse_time, spell_hour, spell_moment, zone_name
from tui.errors import ArchiveError, OutputError
from tui.printable import printable
from tui.scan.events import Counts
from tui.scan.plan import ScanPlan
from tui.shell import shell_join

_LONGEST = 300  # characters of a filter or a place in a sentence
_LONGEST_REASON = 1000  # characters


def new_manifest(plan: ScanPlan, layout: str) -> Manifest:
    """Create the manifest of a new scan. `layout` is the layout of the extract's own keys."""
    archive = plan.archive
    span = _spelled(plan.start), _spelled(plan.stop)
    ranges = tuple(WrittenRange(_spelled(start), _spelled(stop)) for start, stop in plan.ranges)
    return Manifest(
        hourscope=__version__,
        version=VERSION,
        archive=archive.url,
        source_layout=archive.layout.pattern,
        layout=layout,
        timezone=zone_name(archive.zone),
        start=span[0],
        stop=span[1],
        ranges=ranges or (WrittenRange(*span),),
        filter=(*plan.filter.words(), *plan.excerpt.arguments()),
        lists=plan.filter.lists,
        empty=_empty_hours(plan),
        created=spell_moment(datetime.now(UTC), "seconds"),
    )


def new_entry(
    chunk: Chunk, output: str | None, counts: Counts, damaged: Iterable[DamagedPart] = (), *, partial: bool = False
) -> ChunkEntry:
    """Create the entry of a scanned chunk. `output` is relative to the extract."""
    return ChunkEntry(
        key=chunk.key,
        hour=spell_hour(chunk.hour),
        etag=chunk.etag,
        output=output,
        **asdict(counts),
        partial=partial,
        damaged=tuple(damaged),
    )


def counts_of(entry: ChunkEntry) -> Counts:
    """Return the counts in an entry."""
    return Counts(**{figure.name: getattr(entry, figure.name) for figure in fields(Counts)})


def damaged_part(damage: Damage) -> DamagedPart:
    """Convert damage to the manifest's form."""
    reason = printable(damage.reason, _LONGEST_REASON)
    return DamagedPart(start=damage.start, stop=damage.stop, reason=reason, doubtful=damage.doubtful)


def damage_of(part: DamagedPart, chunk: Chunk) -> Damage:
    """Convert back: the inverse of `damaged_part`. For version 1, without positions, it is the whole chunk."""
    return Damage(part.start or 0, chunk.size if part.stop is None else part.stop, part.reason, part.doubtful)


def with_ranges_of(manifest: Manifest | None, plan: ScanPlan) -> ScanPlan:
    """Restore the ranges of a resumed extract: its command line has one range, but it may have several inside it."""
    if manifest is None or len(manifest.ranges) < 2 or plan.start is None or plan.stop is None:
        return plan
    if (manifest.start, manifest.stop) != (_spelled(plan.start), _spelled(plan.stop)):
        return plan
    zone = plan.archive.zone
    ranges = tuple(
        (parse_time(span.start, zone), parse_time(span.stop, zone))
        for span in manifest.ranges
        if span.start is not None and span.stop is not None
    )
    chunks = tuple(chunk for chunk in plan.chunks if any(start <= chunk.hour < stop for start, stop in ranges))
    return replace(plan, chunks=chunks, ranges=ranges)


def difference(one: Manifest, other: Manifest) -> str:
    """Describe the source of extract `one` if `other` has a different one; "" if both have the same."""
    if one.archive != other.archive:
        return f"another archive ({_short(one.archive)})"
    if one.timezone != other.timezone:
        return f"another time zone ({one.timezone})"
    if (one.start, one.stop) != (other.start, other.stop):
        return f"another range (from {one.start} to {one.stop})"
    if _ranges(one) != _ranges(other):
        return f"other ranges ({_short(', '.join(f'{span.start} to {span.stop}' for span in one.ranges))})"
    if one.filter != other.filter:
        return f"another filter ({_short(' '.join(one.filter)) or 'every record'})"
    if one.lists != other.lists:
        return "other texts in the file of -f"
    if one.layout != other.layout:  # new chunks have names that clash with existing ones
        return f"another layout ({_short(one.layout)})"
    return ""


def _ranges(manifest: Manifest) -> tuple[WrittenRange, ...]:
    return manifest.ranges or (WrittenRange(manifest.start, manifest.stop),)


def _short(text: str) -> str:
    return printable(text, _LONGEST)


def hours_of(manifest: Manifest, zone: tzinfo) -> dict[datetime, int]:
    """Return the hours without a partly read chunk, and the matches in each (or 0), in the time zone `zone`."""
    matches: dict[datetime, int] = {}
    for entry in manifest.chunks:
        hour = parse_time(entry.hour).replace(tzinfo=zone)
        matches[hour] = matches.get(hour, 0) + entry.matches
    for empty in manifest.empty:
        matches.setdefault(parse_time(empty).replace(tzinfo=zone), 0)
    for entry in manifest.chunks:
        if entry.partial:
            matches.pop(parse_time(entry.hour).replace(tzinfo=zone), None)
    return matches


def scanned_hours(archive: Archive) -> dict[datetime, int]:
    """Return the hours that an extract's scan has read, and the matches in each; empty if it is not an extract.

    Such an hour without a chunk had no match: it is not a gap. For an unfinished extract, these are the hours so far.
    """
    manifest = read_manifest(archive.store, archive.manifest) if archive.extract else None
    return hours_of(manifest, archive.zone) if manifest else {}


@dataclass(frozen=True, slots=True)
class ExtractOrigin:
    """The source of an extract, in words."""

    source: str
    hours: str
    filter: str
    finished: bool

    def __str__(self) -> str:
        return f"{self.source}, {self.hours}, {self.filter}{'' if self.finished else ' (not finished)'}"


def origin_of(archive: Archive) -> ExtractOrigin | None:
    """Return the source of an extract; None for another archive."""
    manifest = read_manifest(archive.store, archive.manifest) if archive.extract else None
    if manifest is None:
        return None
    ranges = _ranges(manifest)
    hours = ", ".join(f"{span.start or 'the first hour'} to {span.stop or 'the last'}" for span in ranges[:2])
    words = manifest.filter
    chosen = words[1] if len(words) == 2 and words[0] == "-m" else shell_join(words) or "every record"
    more = " and more" if len(ranges) > 2 else ""
    return ExtractOrigin(_short(manifest.archive), hours + more, _short(chosen), manifest.finished)


def _empty_hours(plan: ScanPlan) -> tuple[str, ...]:
    """When an extract is scanned: return the hours of the plan that its own scan read without a match."""
    ranges = plan.ranges or ((plan.start, plan.stop),)
    known = scanned_hours(plan.archive).keys() - {chunk.hour for chunk in plan.chunks}
    return tuple(
        spell_hour(hour)
        for hour in sorted(known)
        if any((not start or hour >= start) and (not stop or hour < stop) for start, stop in ranges)
    )


def write_manifest(store: Store, key: str, manifest: Manifest) -> None:
    """Replace the manifest, whole or not at all."""
    text = json.dumps(msgspec.to_builtins(manifest), indent=1, ensure_ascii=False)
    with store.create(key, overwrite=True) as stream:
        stream.write(text.encode("utf-8", "surrogateescape") + b"\n")


def read_manifest(store: Store, key: str) -> Manifest | None:
    """Read the manifest; None if there is none. OutputError if it is invalid or another program's."""
    item = next((item for item in store.objects(key) if item.key == key), None)
    if item is None:
        return None
    try:
        return load_manifest(store, item, Manifest)
    except ArchiveError as error:
        raise OutputError(str(error)) from error


def _spelled(hour: datetime | None) -> str | None:
    return spell_hour(hour) if hour else None
